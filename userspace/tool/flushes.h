/* SPDX-License-Identifier: GPL-2.0 */
/* Who has flushed, as text and as JSON */
#ifndef TOOL_FLUSHES_H
#define TOOL_FLUSHES_H

#include <libtlbscope.h>

#include "machine.h"
#include "proc.h"

/**
 * struct flushes - what a trace has counted up to now
 * @trace: it
 * @pid: the target, or TLBSCOPE_EVERYBODY
 * @command: its name
 * @children: those that it starts are traced too
 * @most: how many programs to show, 0 for all
 * @seconds: since it began
 * @recent: since tlbscope_trace_mark(); 0 where all of it is told at once
 * @machine: facts of CPU and kernel
 * @cpu: the model
 */
struct flushes {
	struct tlbscope_trace *trace;
	pid_t pid;
	char command[PROC_NAME_LEN];
	bool children;
	uint64_t most;
	double seconds;
	double recent;
	struct tlbscope_info machine;
	char cpu[MACHINE_LEN];
};

void flushes_print(const struct flushes *f);
void flushes_draw(const struct flushes *f, unsigned int rows);
void flushes_print_json(const struct flushes *f, bool line);

#endif /* TOOL_FLUSHES_H */
