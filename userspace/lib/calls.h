/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls that make the kernel flush, on memory that is made for them
 */
#ifndef TLBSCOPE_CALLS_H
#define TLBSCOPE_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "libtlbscope.h"

/**
 * struct area - the memory that a call is made on
 * @reserve: address space that is kept free around it
 * @reserve_len: bytes of that
 * @at: the pages, writable between two calls
 * @other: as many that are not mapped, where mremap moves them
 * @len: bytes
 * @uffd: userfaultfd, -1 if the call needs none
 */
struct area {
	char *reserve;
	size_t reserve_len;
	char *at;
	char *other;
	size_t len;
	int uffd;
};

/**
 * struct call_ops - a call
 * @prepare: once; NULL if there is nothing to prepare
 * @call: what is timed
 * @undo: back to an area that is writable and whose pages are not there
 *
 * All return 0 or -1 with errno, as system calls do.
 */
struct call_ops {
	int (*prepare)(struct area *area);
	int (*call)(struct area *area);
	int (*undo)(struct area *area);
};

const struct call_ops *call_ops(enum tlbscope_call call);
int area_map(struct area *area, unsigned int pages);
void area_touch(struct area *area);
void area_unmap(struct area *area);

#endif /* TLBSCOPE_CALLS_H */
