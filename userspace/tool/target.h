/* SPDX-License-Identifier: GPL-2.0 */
/* The address space that a verb is asked about */
#ifndef TOOL_TARGET_H
#define TOOL_TARGET_H

#include <libtlbscope.h>

#include "out.h"
#include "proc.h"

/**
 * struct target - an open address space and what to call it
 * @t: handle
 * @pid: as given to tlbscope_open()
 * @knows: TLBSCOPE_KNOWS_*
 * @machine: facts of CPU and kernel
 * @command: name of the process, "kernel" for the kernel
 * @title: "python3 (1234)", "the kernel"
 * @source: where answers come from
 */
struct target {
	struct tlbscope *t;
	pid_t pid;
	unsigned int knows;
	struct tlbscope_info machine;
	char command[PROC_NAME_LEN];
	char title[PROC_NAME_LEN + 16];
	const char *source;
};

int target_open(struct target *target, const char *verb, const char *word,
		unsigned int flags);
void target_close(struct target *target);
int target_fail(const struct target *target, const char *verb, int err);
void target_put(const struct target *target, json_object *o);
uint64_t target_start(const struct target *target);
uint64_t target_end(const struct target *target);

#endif /* TOOL_TARGET_H */
