// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel-page-flags.h>
#include <unistd.h>

#include "pages.h"
#include "thp.h"

/**
 * thp_decide - which chunks that can be huge are
 * @e: what is known of their mapping
 *
 * Return: enum thp_verdict.
 */
enum thp_verdict thp_decide(const struct thp_evidence *e)
{
	if (!e->mapped) {
		/* None, unless the huge zero page hides where all is present */
		if (!e->maybe || e->zero_known || e->rss == e->present)
			return THP_NONE;
		return THP_UNKNOWN;
	}
	return e->mapped == e->maybe * THP_SIZE ? THP_ALL : THP_UNKNOWN;
}

/* Of one page, 0 if it cannot be had */
static uint64_t page_flags(int kpageflags, uint64_t frame)
{
	uint64_t flags;

	if (pread(kpageflags, &flags, sizeof(flags), frame * sizeof(flags)) !=
	    sizeof(flags))
		return 0;
	return flags;
}

/**
 * thp_classify - what a chunk can be
 * @entry: its entries of pagemap
 * @frames: whether they show the frames
 * @kpageflags: /proc/kpageflags, or -1
 *
 * Return: enum thp_chunk.
 */
enum thp_chunk thp_classify(const uint64_t entry[THP_PAGES], bool frames,
			    int kpageflags)
{
	uint64_t frame = entry[0] & PM_FRAME, flags;
	unsigned int i;

	if (frames && frame % THP_PAGES)
		return THP_CHUNK_SMALL;
	for (i = 0; i < THP_PAGES; i++) {
		if (!(entry[i] & PM_PRESENT))
			return THP_CHUNK_SMALL;
		if (frames && (entry[i] & PM_FRAME) != frame + i)
			return THP_CHUNK_SMALL;
	}
	if (!frames || kpageflags < 0)
		return THP_CHUNK_MAYBE;
	flags = page_flags(kpageflags, frame);
	if (!(flags & (1ULL << KPF_THP | 1ULL << KPF_HUGE)))
		return THP_CHUNK_SMALL;
	return flags & (1ULL << KPF_ZERO_PAGE) ? THP_CHUNK_ZERO : THP_CHUNK_MAYBE;
}
