/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A handle, and what answers its calls: a source
 *
 * Sources answer the requests of the ABI, whichever they are: module.c by
 * passing them on to the module, pagemap.c out of /proc/PID.
 */
#ifndef TLBSCOPE_SOURCE_H
#define TLBSCOPE_SOURCE_H

#include "libtlbscope.h"

struct pagemap;

/**
 * struct source_ops - a source
 * @walk: answers a walk; the request's size, flags and address are set, and
 *	all else in it is the answer's
 * @translate: answers many addresses as TLBSCOPE_IOC_TRANSLATE does; NULL for a
 *	source that takes them one by one
 * @ranges: answers a request for ranges, as TLBSCOPE_IOC_RANGES does
 * @tables: answers a request for tables, as TLBSCOPE_IOC_TABLES does; NULL for
 *	a source that does not know them
 * @close: frees what the source holds; @fd and @dir are closed after it
 *
 * The requests have been checked as far as every source needs it: no unknown
 * flags, addresses aligned, start below end.
 */
struct source_ops {
	int (*walk)(struct tlbscope *t, struct tlbscope_walk *walk);
	int (*translate)(struct tlbscope *t, struct tlbscope_translate *req);
	int (*ranges)(struct tlbscope *t, struct tlbscope_ranges *req);
	int (*tables)(struct tlbscope *t, struct tlbscope_tables *req);
	void (*close)(struct tlbscope *t);
};

/**
 * struct tlbscope - a handle
 * @ops: the source
 * @fd: its file: /proc/tlbscope/walk or /proc/PID/pagemap
 * @dir: /proc/PID of the target; -1 for the kernel
 * @source: how it is called
 * @knows: TLBSCOPE_KNOWS_*
 * @pid: as tlbscope_pid() says
 * @info: the machine
 * @walk: the request of tlbscope_translate(), made ready once
 * @pagemap: the fallback's own, else NULL
 */
struct tlbscope {
	const struct source_ops *ops;
	int fd;
	int dir;
	enum tlbscope_source source;
	unsigned int knows;
	pid_t pid;
	struct tlbscope_info info;
	struct tlbscope_walk walk;
	struct pagemap *pagemap;
};

/* Both take a handle whose @pid and @dir are set, and 0 or a negative errno */
int module_open(struct tlbscope *t, pid_t pid);
int pagemap_open(struct tlbscope *t);

/* TLBSCOPE_IOC_INFO on an open file of the module; -EPROTO of another ABI */
int module_info(int fd, struct tlbscope_info *info);

/* TLBSCOPE_IOC_TARGET on an open file of the module; @pid as for tlbscope_open() */
int module_target(int fd, pid_t pid);

/* What the machine says without the module */
void machine_guess(struct tlbscope_info *info);

#endif /* TLBSCOPE_SOURCE_H */
