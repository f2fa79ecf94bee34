// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "target.h"

static void name_target(struct target *target)
{
	pid_t pid = tlbscope_pid(target->t);

	if (target->pid == TLBSCOPE_KERNEL) {
		strcpy(target->command, "kernel");
		strcpy(target->title, "the kernel");
		return;
	}
	proc_name(target->command, pid);
	snprintf(target->title, sizeof(target->title), "%s (%d)",
		 target->command, pid);
}

/**
 * target_open - get at an address space
 * @target: to be filled in; target_close() when done
 * @verb: who asks
 * @word: as on the command line
 * @flags: TLBSCOPE_OPEN_*
 *
 * Return: 0 or an exit status, the reason has been said
 */
int target_open(struct target *target, const char *verb, const char *word,
		unsigned int flags)
{
	int err;

	*target = (struct target){ 0 };
	err = args_target(verb, word, &target->pid);
	if (err)
		return err;
	err = tlbscope_machine(&target->machine);
	if (!err)
		err = tlbscope_open(&target->t, target->pid, flags);
	if (err)
		return target_fail(target, verb, err);
	target->knows = tlbscope_knows(target->t);
	target->source = tlbscope_source_name(tlbscope_source(target->t));
	name_target(target);
	return 0;
}

void target_close(struct target *target)
{
	tlbscope_close(target->t);
}

/* target_fail - say what a call's errno means. Return: EXIT_FAILED */
int target_fail(const struct target *target, const char *verb, int err)
{
	char line[256];

	return fail(verb, "%s",
		    tlbscope_explain(line, sizeof(line), target->pid, err));
}

/* target_put - members that say whose facts an object holds */
void target_put(const struct target *target, json_object *o)
{
	if (target->pid == TLBSCOPE_KERNEL)
		put_null(o, "pid");
	else
		put_int(o, "pid", (uint64_t)tlbscope_pid(target->t));
	put_str(o, "command", target->command);
	put_str(o, "source", target->source);
}

/* target_start - first address of the half that is the target's own */
uint64_t target_start(const struct target *target)
{
	return target->pid == TLBSCOPE_KERNEL ? target->machine.kernel_start : 0;
}

/* target_end - first address behind it; 0 for the very top, as in a range */
uint64_t target_end(const struct target *target)
{
	return target->pid == TLBSCOPE_KERNEL ? 0 : target->machine.user_end;
}
