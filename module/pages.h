/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages of a range: which there are, and reading them
 */
#ifndef TLBSCOPE_PAGES_H
#define TLBSCOPE_PAGES_H

#include <linux/types.h>

#include "uapi/tlbscope.h"

struct mm_struct;
struct target;

/**
 * struct pages - the pages of a range
 * @n: pages
 * @reads: how many of them are read
 * @address: of each page
 * @read: where it is read, in random order
 */
struct pages {
	u32 n;
	u32 reads;
	u64 address[TLBSCOPE_PAGES_MAX];
	u64 read[TLBSCOPE_PAGES_MAX];
};

int pages_find(struct pages *pages, const struct target *target, u64 start,
	       u64 end, bool *mapped);
bool pages_read(const struct pages *pages, struct mm_struct *mm, u32 *cycles);

#endif /* TLBSCOPE_PAGES_H */
