/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which pages are huge, where the kernel does not say it of each
 *
 * Before PAGEMAP_SCAN nothing told whether 512 pages in a row are mapped by one
 * entry of level 2 or by 512 of level 1: the same large folio can be mapped
 * either way. But smaps says of each mapping how much is mapped by level 2. The
 * chunks that can be huge are counted, and where the numbers leave no choice,
 * it is known which are.
 */
#ifndef TLBSCOPE_THP_H
#define TLBSCOPE_THP_H

#include <stdbool.h>
#include <stdint.h>

#define THP_SIZE	(1ULL << 21)
#define THP_PAGES	512

/**
 * enum thp_chunk - 2 MiB that are aligned and lie in one mapping
 * @THP_CHUNK_SMALL: cannot be huge
 * @THP_CHUNK_MAYBE: can be huge, a transparent huge page or hugetlbfs's
 * @THP_CHUNK_ZERO: the huge zero page, which is never mapped otherwise
 */
enum thp_chunk {
	THP_CHUNK_SMALL,
	THP_CHUNK_MAYBE,
	THP_CHUNK_ZERO,
};

/**
 * enum thp_verdict - which chunks that can be huge are
 * @THP_NONE: none of them
 * @THP_ALL: all of them
 * @THP_UNKNOWN: some, or it cannot be told
 */
enum thp_verdict {
	THP_NONE,
	THP_ALL,
	THP_UNKNOWN,
};

/**
 * struct thp_evidence - what is known of a mapping
 * @mapped: bytes that smaps says level 2 maps; without the zero page
 * @rss: bytes that smaps says are present; without the zero page
 * @present: bytes that pagemap says are present
 * @maybe: chunks that can be huge
 * @zero_known: the huge zero page would have been seen
 */
struct thp_evidence {
	uint64_t mapped;
	uint64_t rss;
	uint64_t present;
	uint64_t maybe;
	bool zero_known;
};

enum thp_verdict thp_decide(const struct thp_evidence *e);
enum thp_chunk thp_classify(const uint64_t entry[THP_PAGES], bool frames,
			    int kpageflags);

#endif /* TLBSCOPE_THP_H */
