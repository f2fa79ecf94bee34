/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An error as a line for people, in two steps: facts, and a line out of them
 */
#ifndef TLBSCOPE_EXPLAIN_H
#define TLBSCOPE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct explain_facts - what an error may come from
 * @pid: the target, as given to tlbscope_open()
 * @exists: there is such a process
 * @kthread: it is a thread of the kernel
 * @zombie: it has ended, and its parent has not asked for its exit code
 * @root: the caller has user ID 0
 * @lockdown: the kernel is locked down for confidentiality
 * @module: the module is loaded
 * @may_ask: the caller may use it
 * @pti: page-table isolation is on
 * @xen_pv: the kernel is a paravirtual guest of Xen
 * @levels: paging levels
 */
struct explain_facts {
	pid_t pid;
	bool exists;
	bool kthread;
	bool zombie;
	bool root;
	bool lockdown;
	bool module;
	bool may_ask;
	bool pti;
	bool xen_pv;
	unsigned int levels;
};

void explain_gather(struct explain_facts *facts, pid_t pid);
int explain_line(char *buf, size_t len, const struct explain_facts *f, int err);
bool explain_parse_lockdown(const char *text);

#endif /* TLBSCOPE_EXPLAIN_H */
