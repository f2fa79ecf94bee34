// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sys/mman.h>

#include "entry.h"
#include "fixture.h"
#include "pages.h"
#include "thp.h"
#include "unit.h"

static const struct tlbscope_format format = {
	.frame = 0x000ffffffffff000ULL,
	.uffd_wp = 1ULL << 10,
	.soft_dirty = 1ULL << 11,
};

static struct tlbscope_range decode(uint64_t entry, unsigned int level, bool no_access)
{
	struct tlbscope_range leaf = { .start = 0x1000, .end = 0x2000, .level = level };

	pages_decode(&leaf, entry, no_access, &format);
	return leaf;
}

TEST(present)
{
	struct tlbscope_range r = decode(PM_PRESENT | 0x12345, 1, false);

	CHECK_EQ(r.state, TLBSCOPE_LEAF);
	CHECK_EQ(r.phys, 0x12345000);
	CHECK_EQ(r.entry, 0x12345001);
	CHECK_EQ(r.rights, 0);
	CHECK_EQ(entry_state(r.entry, 1), TLBSCOPE_LEAF);
}

TEST(present_and_huge)
{
	struct tlbscope_range r = decode(PM_PRESENT | 0x12400, 2, false);

	CHECK_EQ(entry_state(r.entry, 2), TLBSCOPE_LEAF);
	CHECK_EQ(entry_phys(r.entry, 2, &format), 0x12400000);
}

TEST(present_and_huge_but_cut)
{
	struct tlbscope_range r = decode(PM_PRESENT | 0x12405, 2, false);

	CHECK_EQ(r.phys, 0x12405000);
	CHECK_EQ(r.entry, 0x12400081);
}

TEST(present_without_the_frame)
{
	struct tlbscope_range r = decode(PM_PRESENT, 1, false);

	CHECK_EQ(r.state, TLBSCOPE_LEAF);
	CHECK_EQ(r.phys, 0);
	CHECK_EQ(r.entry, ENTRY_PRESENT);
}

TEST(software_bits)
{
	CHECK_EQ(decode(PM_PRESENT | PM_SOFT_DIRTY | 1, 1, false).entry, 0x1801);
	CHECK_EQ(decode(PM_PRESENT | PM_UFFD_WP | 1, 1, false).entry, 0x1401);
	/* File-backed or shared, and mapped once: nothing about the entry */
	CHECK_EQ(decode(PM_PRESENT | 1ULL << 61 | 1ULL << 56 | 1, 1, false).entry, 0x1001);
}

TEST(present_in_name_only)
{
	struct tlbscope_range r = decode(PM_PRESENT | 0x12345, 1, true);

	CHECK_EQ(r.state, TLBSCOPE_PROTNONE);
	CHECK_EQ(r.phys, 0x12345000);
	CHECK_EQ(entry_state(r.entry, 1), TLBSCOPE_PROTNONE);
	CHECK_EQ(entry_phys(r.entry, 1, &format), 0x12345000);
}

TEST(not_present)
{
	CHECK_EQ(decode(0, 1, false).state, TLBSCOPE_NONE);
	CHECK_EQ(decode(PM_SWAP, 1, false).state, TLBSCOPE_SWAP);
	CHECK_EQ(decode(PM_SWAP | PM_SOFT_DIRTY | 0x123420 | 21, 1, false).state, TLBSCOPE_SWAP);
	CHECK_EQ(decode(PM_SWAP | 0x123420, 1, false).phys, 0);
	CHECK_EQ(decode(PM_SWAP | 0x123420, 1, false).entry, 0);
	CHECK_EQ(decode(PM_GUARD, 1, false).state, TLBSCOPE_MARKER);
	CHECK_EQ(decode(PM_GUARD | PM_SWAP | 31, 1, false).state, TLBSCOPE_MARKER);
	/* The soft-dirty bit of a mapping is set on its holes too */
	CHECK_EQ(decode(PM_SOFT_DIRTY, 1, false).state, TLBSCOPE_NONE);
}

TEST(swap_types_that_are_no_swap)
{
	unsigned int type;

	for (type = 22; type < 32; type++)
		CHECK_EQ(decode(PM_SWAP | 0x1000 | type, 1, false).state, TLBSCOPE_UNKNOWN);
}

#define FILE_ENTRIES	(PAGES_BATCH + 100)

static uint64_t file[FILE_ENTRIES];
static struct pages window;

static void open_window(size_t count)
{
	int dir;
	size_t i;

	for (i = 0; i < FILE_ENTRIES; i++)
		file[i] = 1000 + i;
	dir = fixture_make("pagemap", file, count * sizeof(file[0]));
	window.fd = openat(dir, "pagemap", O_RDONLY);
	pages_forget(&window, PAGES_BATCH);
	fixture_remove(dir, "pagemap");
}

TEST(window)
{
	uint64_t end = FILE_ENTRIES * 4096ULL;
	const uint64_t *entry;

	open_window(FILE_ENTRIES);
	CHECK_EQ(pages_get(&window, 0x5000, 1, end, &entry), 0);
	CHECK_EQ(*entry, 1005);
	CHECK_EQ(window.count, PAGES_BATCH);
	CHECK_EQ(pages_get(&window, 0x7000, 10, end, &entry), 0);
	CHECK_EQ(window.start, 0x5000);
	CHECK_EQ(entry[9], 1016);
	/* Back, over the end, and as little as there is */
	CHECK_EQ(pages_get(&window, 0x4000, 1, end, &entry), 0);
	CHECK_EQ(*entry, 1004);
	CHECK_EQ(pages_get(&window, (PAGES_BATCH + 3) * 4096ULL, 2, end, &entry), 0);
	CHECK_EQ(entry[1], 1000 + PAGES_BATCH + 4);
	CHECK_EQ(pages_get(&window, 0x3000, 1, 0x4000, &entry), 0);
	CHECK_EQ(window.count, 1);
	close(window.fd);
}

TEST(forgotten_windows_are_read_again)
{
	uint64_t end = FILE_ENTRIES * 4096ULL;
	const uint64_t *entry;

	open_window(FILE_ENTRIES);
	pages_get(&window, 0, 1, end, &entry);
	window.entry[0] = 7;
	pages_get(&window, 0, 1, end, &entry);
	CHECK_EQ(*entry, 7);
	pages_forget(&window, 1);
	pages_get(&window, 0, 1, end, &entry);
	CHECK_EQ(*entry, 1000);
	CHECK_EQ(window.count, 1);
	close(window.fd);
}

TEST(a_pagemap_that_ends)
{
	const uint64_t *entry;

	open_window(4);
	CHECK(pages_alive(window.fd));
	CHECK_EQ(pages_get(&window, 0, 4, 4096 * 8, &entry), 0);
	CHECK_EQ(pages_get(&window, 0x2000, 4, 4096 * 8, &entry), -EIO);
	CHECK_EQ(pages_get(&window, 0x4000, 1, 4096 * 8, &entry), -ESRCH);
	close(window.fd);
	open_window(0);
	CHECK(!pages_alive(window.fd));
	close(window.fd);
}

TEST(frames_are_shown_to_root)
{
	if (geteuid())
		SKIP("needs root");
	CHECK(pages_show_frames());
}

#define MIB(n)	((uint64_t)(n) << 20)

static enum thp_verdict decide(uint64_t mapped, uint64_t maybe, uint64_t rss,
			       uint64_t present, bool zero_known)
{
	struct thp_evidence e = {
		.mapped = mapped, .maybe = maybe, .rss = rss, .present = present,
		.zero_known = zero_known,
	};

	return thp_decide(&e);
}

TEST(verdicts)
{
	/* As many as smaps says: all. More, or fewer: which ones? */
	CHECK_EQ(decide(MIB(8), 4, MIB(9), MIB(9), true), THP_ALL);
	CHECK_EQ(decide(MIB(8), 4, MIB(9), MIB(9), false), THP_ALL);
	CHECK_EQ(decide(MIB(8), 5, MIB(10), MIB(10), true), THP_UNKNOWN);
	CHECK_EQ(decide(MIB(8), 3, MIB(10), MIB(10), true), THP_UNKNOWN);
	/* None is mapped so, unless it is the zero page, which counts nowhere */
	CHECK_EQ(decide(0, 3, MIB(6), MIB(6), true), THP_NONE);
	CHECK_EQ(decide(0, 3, MIB(4), MIB(6), true), THP_NONE);
	CHECK_EQ(decide(0, 3, MIB(6), MIB(6), false), THP_NONE);
	CHECK_EQ(decide(0, 3, MIB(4), MIB(6), false), THP_UNKNOWN);
	CHECK_EQ(decide(0, 0, 0, MIB(1), false), THP_NONE);
}

static uint64_t chunk[THP_PAGES];

static void fill_chunk(uint64_t frame, uint64_t step)
{
	size_t i;

	for (i = 0; i < THP_PAGES; i++)
		chunk[i] = PM_PRESENT | PM_SOFT_DIRTY | (frame + i * step);
}

TEST(chunks_that_cannot_be_huge)
{
	fill_chunk(0x200, 1);
	CHECK_EQ(thp_classify(chunk, true, -1), THP_CHUNK_MAYBE);
	chunk[511] = PM_SWAP;
	CHECK_EQ(thp_classify(chunk, true, -1), THP_CHUNK_SMALL);
	CHECK_EQ(thp_classify(chunk, false, -1), THP_CHUNK_SMALL);
	fill_chunk(0x201, 1);
	CHECK_EQ(thp_classify(chunk, true, -1), THP_CHUNK_SMALL);
	fill_chunk(0x200, 2);
	CHECK_EQ(thp_classify(chunk, true, -1), THP_CHUNK_SMALL);
	fill_chunk(0, 0);
	CHECK_EQ(thp_classify(chunk, false, -1), THP_CHUNK_MAYBE);
}

TEST(chunks_by_kpageflags)
{
	uint64_t flags[4 * THP_PAGES] = { 0 };
	int dir, fd;

	flags[1 * THP_PAGES] = 1ULL << 22;			/* THP */
	flags[2 * THP_PAGES] = 1ULL << 22 | 1ULL << 24;		/* and ZERO_PAGE */
	flags[3 * THP_PAGES] = 1ULL << 17;			/* HUGE */
	dir = fixture_make("kpageflags", flags, sizeof(flags));
	fd = openat(dir, "kpageflags", O_RDONLY);
	fill_chunk(0, 1);
	CHECK_EQ(thp_classify(chunk, true, fd), THP_CHUNK_SMALL);
	fill_chunk(1 * THP_PAGES, 1);
	CHECK_EQ(thp_classify(chunk, true, fd), THP_CHUNK_MAYBE);
	fill_chunk(2 * THP_PAGES, 1);
	CHECK_EQ(thp_classify(chunk, true, fd), THP_CHUNK_ZERO);
	fill_chunk(3 * THP_PAGES, 1);
	CHECK_EQ(thp_classify(chunk, true, fd), THP_CHUNK_MAYBE);
	/* A frame that it does not list */
	fill_chunk(4 * THP_PAGES, 1);
	CHECK_EQ(thp_classify(chunk, true, fd), THP_CHUNK_SMALL);
	close(fd);
	fixture_remove(dir, "kpageflags");
}

UNIT_MAIN("pages")
