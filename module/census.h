/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A visitor that counts tables and their entries
 */
#ifndef TLBSCOPE_CENSUS_H
#define TLBSCOPE_CENSUS_H

#include "walk.h"

/**
 * struct census - tables being counted
 * @level: the sums, that of level L at @level[L - 1]; added to
 * @vec: where a record of each table goes; NULL for the sums alone
 * @vec_len: its length, from 1
 * @filled: records in it
 * @start_level: skip the tables above this level that the walk starts within,
 *	they were counted before; 0 to count all
 * @next: where to go on once @vec is full; else the end of the walk
 * @next_level: with this as @start_level
 */
struct census {
	struct tlbscope_level level[TLBSCOPE_MAX_LEVELS];
	struct tlbscope_table *vec;
	unsigned int vec_len;
	unsigned int filled;
	unsigned int start_level;
	u64 next;
	unsigned int next_level;
};

int census_walk(struct census *census, struct walk *walk);

#endif /* TLBSCOPE_CENSUS_H */
