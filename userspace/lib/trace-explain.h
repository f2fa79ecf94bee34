/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pure part of tlbscope_trace_explain(): a line out of facts
 */
#ifndef TLBSCOPE_TRACE_EXPLAIN_H
#define TLBSCOPE_TRACE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct trace_facts - what an error may come from
 * @pid: the target
 * @perf: the kernel has perf events
 * @tracefs: the kernel has tracefs
 * @mounted: that is mounted
 * @lockdown: the kernel is locked down for confidentiality
 * @root: the caller has user ID 0
 * @paranoid: kernel.perf_event_paranoid
 */
struct trace_facts {
	pid_t pid;
	bool perf;
	bool tracefs;
	bool mounted;
	bool lockdown;
	bool root;
	int paranoid;
};

int trace_explain_line(char *buf, size_t len, const struct trace_facts *f, int err);

#endif /* TLBSCOPE_TRACE_EXPLAIN_H */
