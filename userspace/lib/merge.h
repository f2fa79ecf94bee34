/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Leaves put together into ranges, by the rule of the ABI
 */
#ifndef TLBSCOPE_MERGE_H
#define TLBSCOPE_MERGE_H

#include <stdbool.h>

#include <tlbscope.h>

/**
 * struct merge - where the ranges of one request go
 * @req: the request: where its records go, flags, bits ignored; @req->filled
 *	counts
 * @format: which bits of an entry are the frame's
 * @phys: whether physical addresses are known; without, they are 0 and keep
 *	nothing apart
 */
struct merge {
	struct tlbscope_ranges *req;
	const struct tlbscope_format *format;
	bool phys;
};

bool merge_add(struct merge *m, const struct tlbscope_range *leaf);

#endif /* TLBSCOPE_MERGE_H */
