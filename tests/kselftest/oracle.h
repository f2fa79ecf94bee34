/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A second reader of page tables: from a root's physical address on, through
 * /proc/kcore and with none of the module's code
 *
 * What it finds is exact where nobody changes the tables meanwhile: for a
 * process that is stopped.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "scope.h"

/**
 * struct oracle - what the tables between two addresses hold
 * @ranges: every entry but tables and zeroes, unmerged; @entry as it is, @state
 *	TLBSCOPE_LEAF, TLBSCOPE_PROTNONE or, for all others, TLBSCOPE_UNKNOWN
 * @tables: every table, and the sums
 */
struct oracle {
	struct ranges ranges;
	struct tables tables;
};

int oracle_read(__u64 root, unsigned int levels, __u64 start, __u64 last,
		struct oracle *o);
void oracle_free(struct oracle *o);

int oracle_confirms(const struct tlbscope_walk *w);
void oracle_merge(struct ranges *r, __u64 ignore);

#endif /* ORACLE_H */
