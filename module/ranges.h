/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A visitor that merges leaves into ranges
 */
#ifndef TLBSCOPE_RANGES_H
#define TLBSCOPE_RANGES_H

#include "walk.h"

/**
 * struct ranges - ranges being put together
 * @all: entries too that are not present, but for TLBSCOPE_NONE
 * @unmerged: every leaf for itself
 * @keep: the bits of an entry that keep leaves apart
 * @vec: where the records go
 * @vec_len: its length, from 1
 * @filled: records in it
 * @next: where to go on once it is full; else the end of the walk
 *
 * The rest belongs to the visitor: the run that is growing now.
 *
 * @run: its record in @vec, or @nothing
 * @nothing: what a hole goes on with
 * @expect: the raw entry that would go on with it; 0 in a hole
 * @step: from one entry of the run to the next; 0 in a hole
 */
struct ranges {
	bool all;
	bool unmerged;
	u64 keep;
	struct tlbscope_range *vec;
	unsigned int vec_len;
	unsigned int filled;
	u64 next;

	struct tlbscope_range *run;
	struct tlbscope_range nothing;
	u64 expect;
	u64 step;
};

int ranges_walk(struct ranges *ranges, struct walk *walk);

#endif /* TLBSCOPE_RANGES_H */
