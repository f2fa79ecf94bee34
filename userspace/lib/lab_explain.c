// SPDX-License-Identifier: GPL-2.0
/*
 * The error of an experiment as a line for people
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "method.h"
#include "process.h"
#include "source.h"

#define CPU_WORDS	(CPU_SETSIZE / 64)

static int no_method(char *buf, size_t len, const struct lab_facts *f)
{
	const struct tlbscope_invalidation *what = f->what;
	const char *local = "";
	unsigned int method;

	if (!what)
		return snprintf(buf, len, "no method of invalidation works here: %s",
				tlbscope_method_missing(TLBSCOPE_INVLPG, &f->info));
	method = what->method;
	if (method == TLBSCOPE_IPI) {
		local = "ipi with ";
		method = what->local;
	}
	if (!method_name(method))
		return snprintf(buf, len, "%smethod %u is not known here", local, method);
	return snprintf(buf, len, "%s%s cannot be done here: %s (try: tlbscope info)",
			local, method_name(method),
			tlbscope_method_missing(method, &f->info));
}

static int no_target(char *buf, size_t len, const struct lab_facts *f, int err)
{
	if (!f->target.exists || !f->target.kthread)
		return explain_line(buf, len, &f->target, err);
	return snprintf(buf, len,
			"process %d is a thread of the kernel: it has no address space of its own (try: a process, or self)",
			f->target.pid);
}

static int no_right(char *buf, size_t len, const struct lab_facts *f)
{
	if (f->target.kthread)
		return no_target(buf, len, f, -ESRCH);
	if (!f->target.lockdown)
		return explain_line(buf, len, &f->target, -EPERM);
	return snprintf(buf, len,
			"the kernel is locked down and lets nobody use debugfs, not even root; see /sys/kernel/security/lockdown");
}

static int no_cpu(char *buf, size_t len, const struct lab_facts *f)
{
	if (f->absent >= 0)
		return snprintf(buf, len, "CPU %d is not on line (try: lscpu --online)",
				f->absent);
	return snprintf(buf, len, "a CPU went off line meanwhile (try again)");
}

static int too_large(char *buf, size_t len)
{
	return snprintf(buf, len,
			"too much for one request: at most %d pages, %d samples of a CPU, %d samples of all CPUs together",
			TLBSCOPE_PAGES_MAX, TLBSCOPE_SAMPLES_MAX, TLBSCOPE_RECORDS_MAX);
}

static int not_valid(char *buf, size_t len, const struct lab_facts *f)
{
	if (f->target.pid == TLBSCOPE_KERNEL)
		return snprintf(buf, len,
				"experiments are made on processes, not on the kernel's own half");
	return snprintf(buf, len,
			"not a valid request: it takes a range that starts and ends at multiples of 4096 in the user's half, bystanders outside of it, and a CPU at least");
}

/**
 * lab_explain_line - the line for an error of an experiment
 * @buf: where to
 * @len: its size in bytes
 * @f: what it may come from
 * @err: negative errno
 *
 * Return: as snprintf().
 */
int lab_explain_line(char *buf, size_t len, const struct lab_facts *f, int err)
{
	switch (-err) {
	case ENODEV:
		return snprintf(buf, len,
				"debugfs, where experiments are made, is not mounted (try: mount -t debugfs none /sys/kernel/debug)");
	case EOPNOTSUPP:
		return no_method(buf, len, f);
	case EPERM:
	case EACCES:
		return no_right(buf, len, f);
	case ENXIO:
		return no_cpu(buf, len, f);
	case EFAULT:
		return snprintf(buf, len,
				"nothing of the process is mapped in this range (try: tlbscope ranges %d)",
				f->target.pid);
	case E2BIG:
		return too_large(buf, len);
	case EINVAL:
		return not_valid(buf, len, f);
	case ESRCH:
		return no_target(buf, len, f, err);
	case EINTR:
		return snprintf(buf, len, "interrupted by a signal");
	default:
		return explain_line(buf, len, &f->target, err);
	}
}

/**
 * lab_absent_cpu - the first CPU that is asked for and not on line
 * @online: as in /sys/devices/system/cpu/online: "0-3,6"
 * @mask: those asked for, a bit each
 * @words: of 64 bits
 *
 * Return: its number, -1 if there is none.
 */
int lab_absent_cpu(const char *online, const uint64_t *mask, size_t words)
{
	unsigned long first, last, cpu, next = 0;
	char *end;

	for (; *online >= '0' && *online <= '9'; online = end + (*end == ',')) {
		first = strtoul(online, &end, 10);
		last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
		for (cpu = next; cpu < first && cpu < 64 * words; cpu++)
			if (mask[cpu / 64] >> (cpu % 64) & 1)
				return (int)cpu;
		next = last + 1;
	}
	for (cpu = next; cpu < 64 * words; cpu++)
		if (mask[cpu / 64] >> (cpu % 64) & 1)
			return (int)cpu;
	return -1;
}

static int absent_cpu(const struct tlbscope_invalidation *what)
{
	uint64_t initiator[CPU_WORDS] = { 0 };
	char online[256];
	int cpu = -1;

	if (!what || process_read_file(AT_FDCWD, "/sys/devices/system/cpu/online",
				       online, sizeof(online)) <= 0)
		return -1;
	if (what->cpus)
		cpu = lab_absent_cpu(online, (uint64_t *)(uintptr_t)what->cpus,
				     what->cpus_len / 8);
	if (cpu >= 0 || what->initiator < 0 || what->initiator >= CPU_SETSIZE)
		return cpu;
	initiator[what->initiator / 64] = 1ULL << (what->initiator % 64);
	return lab_absent_cpu(online, initiator, CPU_WORDS);
}

/* debugfs is closed in both modes */
static bool is_locked_down(void)
{
	char text[128];

	return process_read_file(AT_FDCWD, "/sys/kernel/security/lockdown",
				 text, sizeof(text)) > 0 && !strstr(text, "[none]");
}

const char *tlbscope_lab_explain(char *buf, size_t len, pid_t pid,
				 const struct tlbscope_invalidation *what, int err)
{
	struct lab_facts facts = { .what = what };

	tlbscope_machine(&facts.info);
	explain_gather(&facts.target, pid);
	facts.target.lockdown = is_locked_down();
	facts.absent = absent_cpu(what);
	lab_explain_line(buf, len, &facts, err);
	return buf;
}
