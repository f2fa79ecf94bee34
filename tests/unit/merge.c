// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>
#include <stdlib.h>

#include "entry.h"
#include "merge.h"
#include "unit.h"

static const struct tlbscope_format format = {
	.frame = 0x000ffffffffff000ULL,
	.uffd_wp = 1ULL << 10,
	.soft_dirty = 1ULL << 11,
};

#define VEC_LEN	16

static struct tlbscope_range vec[VEC_LEN];
static struct tlbscope_ranges req;
static struct merge merge;

static void begin(unsigned int flags)
{
	req = (struct tlbscope_ranges) {
		.flags = flags,
		.vec = (uintptr_t)vec,
		.vec_len = VEC_LEN,
	};
	merge = (struct merge) { .req = &req, .format = &format, .phys = true };
}

static struct tlbscope_range leaf(uint64_t start, uint64_t phys, unsigned int level)
{
	return (struct tlbscope_range) {
		.start = start,
		.end = start + entry_span(level),
		.phys = phys,
		.entry = phys | ENTRY_PRESENT | (level > 1 ? ENTRY_PSE : 0),
		.level = level,
		.state = TLBSCOPE_LEAF,
	};
}

static struct tlbscope_range absent(uint64_t start, enum tlbscope_state state)
{
	return (struct tlbscope_range) {
		.start = start,
		.end = start + 4096,
		.entry = state == TLBSCOPE_SWAP ? start << 3 | 0x40 : 0,
		.level = 1,
		.state = state,
	};
}

static bool add(struct tlbscope_range r)
{
	return merge_add(&merge, &r);
}

TEST(frames_that_run_on_are_merged)
{
	begin(0);
	CHECK(add(leaf(0x1000, 0x7000, 1)));
	CHECK(add(leaf(0x2000, 0x8000, 1)));
	CHECK(add(leaf(0x3000, 0x9000, 1)));
	CHECK_EQ(req.filled, 1);
	CHECK_EQ(vec[0].start, 0x1000);
	CHECK_EQ(vec[0].end, 0x4000);
	CHECK_EQ(vec[0].phys, 0x7000);
	CHECK_EQ(vec[0].entry, 0x7001);
	CHECK_EQ(vec[0].level, 1);
}

TEST(frames_that_do_not_run_on_are_not)
{
	begin(0);
	add(leaf(0x1000, 0x7000, 1));
	add(leaf(0x2000, 0x7000, 1));
	add(leaf(0x3000, 0x6000, 1));
	CHECK_EQ(req.filled, 3);
}

TEST(a_hole_parts)
{
	begin(0);
	add(leaf(0x1000, 0x7000, 1));
	add(leaf(0x3000, 0x9000, 1));
	CHECK_EQ(req.filled, 2);
	CHECK_EQ(vec[0].end, 0x2000);
}

TEST(sizes_part)
{
	begin(0);
	add(leaf(0x1ff000, 0x5ff000, 1));
	add(leaf(0x200000, 0x600000, 2));
	add(leaf(0x400000, 0x800000, 2));
	CHECK_EQ(req.filled, 2);
	CHECK_EQ(vec[1].end, 0x600000);
}

TEST(flags_part_unless_ignored)
{
	struct tlbscope_range dirty = leaf(0x2000, 0x8000, 1);

	dirty.entry |= format.soft_dirty;
	begin(0);
	add(leaf(0x1000, 0x7000, 1));
	add(dirty);
	CHECK_EQ(req.filled, 2);
	CHECK_EQ(vec[1].entry, 0x8801);

	begin(0);
	req.ignore = format.soft_dirty;
	add(leaf(0x1000, 0x7000, 1));
	add(dirty);
	CHECK_EQ(req.filled, 1);

	begin(TLBSCOPE_RANGES_UNMERGED);
	req.ignore = format.soft_dirty;
	add(dirty);
	CHECK_EQ(vec[0].entry, 0x8001);
}

TEST(pat_of_a_huge_page_parts)
{
	struct tlbscope_range pat = leaf(0x400000, 0x800000, 2);

	pat.entry |= ENTRY_PAT_HUGE;
	begin(0);
	add(leaf(0x200000, 0x600000, 2));
	add(pat);
	CHECK_EQ(req.filled, 2);
}

TEST(rights_part)
{
	struct tlbscope_range r = leaf(0x2000, 0x8000, 1);

	r.rights = TLBSCOPE_MAY_EXEC;
	begin(0);
	add(leaf(0x1000, 0x7000, 1));
	add(r);
	CHECK_EQ(req.filled, 2);
}

TEST(prot_none_merges_by_its_inverted_frame)
{
	unsigned int i;

	begin(TLBSCOPE_RANGES_ALL);
	for (i = 0; i < 3; i++) {
		struct tlbscope_range r = leaf(0x1000 + 4096 * i, 0x7000 + 4096 * i, 1);

		r.state = TLBSCOPE_PROTNONE;
		r.entry = (r.phys ^ format.frame) | ENTRY_PROTNONE;
		add(r);
	}
	CHECK_EQ(req.filled, 1);
	CHECK_EQ(vec[0].end, 0x4000);
}

TEST(only_leaves_without_all)
{
	begin(0);
	add(leaf(0x1000, 0x7000, 1));
	CHECK(add(absent(0x2000, TLBSCOPE_SWAP)));
	CHECK(add(absent(0x3000, TLBSCOPE_PROTNONE)));
	CHECK(add(absent(0x4000, TLBSCOPE_NONE)));
	add(leaf(0x5000, 0xb000, 1));
	CHECK_EQ(req.filled, 2);
}

TEST(never_nothing)
{
	begin(TLBSCOPE_RANGES_ALL);
	CHECK(add(absent(0x1000, TLBSCOPE_NONE)));
	CHECK_EQ(req.filled, 0);
}

TEST(without_a_frame_the_state_merges)
{
	begin(TLBSCOPE_RANGES_ALL);
	/* The entries of swapped pages differ, and mean nothing here */
	add(absent(0x1000, TLBSCOPE_SWAP));
	add(absent(0x2000, TLBSCOPE_SWAP));
	add(absent(0x3000, TLBSCOPE_MARKER));
	CHECK_EQ(req.filled, 2);
	CHECK_EQ(vec[0].end, 0x3000);
}

TEST(ignore_leaves_swap_entries_alone)
{
	begin(TLBSCOPE_RANGES_ALL);
	req.ignore = TLBSCOPE_RANGES_IGNORABLE;
	add(absent(0x1000, TLBSCOPE_SWAP));
	CHECK_EQ(vec[0].entry, 0x1000 << 3 | 0x40);
}

TEST(without_physical_addresses_size_and_state_merge)
{
	struct tlbscope_range a = leaf(0x1000, 0, 1), b = leaf(0x2000, 0, 1);

	begin(0);
	merge.phys = false;
	add(a);
	add(b);
	add(leaf(0x200000, 0, 2));
	CHECK_EQ(req.filled, 2);
	CHECK_EQ(vec[0].end, 0x3000);
}

TEST(unmerged_is_a_record_a_leaf)
{
	begin(TLBSCOPE_RANGES_UNMERGED);
	add(leaf(0x1000, 0x7000, 1));
	add(leaf(0x2000, 0x8000, 1));
	CHECK_EQ(req.filled, 2);
}

TEST(full_takes_no_more_records_but_what_runs_on)
{
	begin(0);
	req.vec_len = 1;
	CHECK(add(leaf(0x1000, 0x7000, 1)));
	CHECK(add(leaf(0x2000, 0x8000, 1)));
	CHECK(!add(leaf(0x3000, 0x1000, 1)));
	CHECK_EQ(req.filled, 1);
	CHECK_EQ(vec[0].end, 0x3000);
}

TEST(the_top_of_the_address_space)
{
	struct tlbscope_range top = leaf(-4096ULL, 0x8000, 1);

	begin(0);
	add(leaf(-8192ULL, 0x7000, 1));
	add(top);
	CHECK_EQ(req.filled, 1);
	CHECK_EQ(vec[0].end, 0);
}

/*
 * Random leaves through vectors of random length: taken apart again, the
 * records must be the leaves, and no two neighbours may go together.
 */
#define LEAVES	400

static size_t random_leaves(struct tlbscope_range *l, unsigned long long *seed)
{
	uint64_t at = 0x40000000, phys = 0x80000000;
	size_t i;

	for (i = 0; i < LEAVES; i++) {
		unsigned int level = unit_random(seed) % 8 ? 1 : 2;

		at = (at + entry_span(level) - 1) & ~(entry_span(level) - 1);
		if (!(unit_random(seed) % 6))
			at += entry_span(level);
		if (!(unit_random(seed) % 4))
			phys += 512 * entry_span(2);
		phys = (phys + entry_span(level) - 1) & ~(entry_span(level) - 1);
		l[i] = leaf(at, phys, level);
		if (!(unit_random(seed) % 5))
			l[i].entry |= format.soft_dirty;
		if (level == 1 && !(unit_random(seed) % 5))
			l[i] = absent(at, TLBSCOPE_SWAP);
		at = l[i].end;
		phys += entry_span(level);
	}
	return LEAVES;
}

static bool goes_together(const struct tlbscope_range *a, const struct tlbscope_range *b)
{
	if (a->end != b->start || a->level != b->level || a->state != b->state)
		return false;
	if (a->state == TLBSCOPE_SWAP)
		return true;
	return a->phys + (a->end - a->start) == b->phys &&
	       !((a->entry ^ b->entry) & format.soft_dirty);
}

static size_t run_merge(const struct tlbscope_range *l, size_t count,
			struct tlbscope_range *out, unsigned int flags,
			unsigned long long *seed)
{
	size_t got = 0, i = 0;

	while (i < count) {
		begin(flags);
		req.vec_len = 1 + unit_random(seed) % VEC_LEN;
		while (i < count && merge_add(&merge, &l[i]))
			i++;
		memcpy(out + got, vec, req.filled * sizeof(vec[0]));
		got += req.filled;
	}
	return got;
}

static void check_apart(const struct tlbscope_range *l, size_t count,
			const struct tlbscope_range *out, size_t got)
{
	size_t i = 0, k;

	for (k = 0; k < got; k++) {
		uint64_t at = out[k].start, phys = out[k].phys;

		CHECK(!k || !goes_together(&out[k - 1], &out[k]));
		for (; at != out[k].end && i < count && !unit_failed; i++) {
			CHECK_EQ(l[i].start, at);
			CHECK_EQ(l[i].state, out[k].state);
			CHECK_EQ(l[i].level, out[k].level);
			CHECK_EQ(l[i].phys, out[k].phys ? phys : 0);
			at += l[i].end - l[i].start;
			phys += l[i].end - l[i].start;
		}
	}
	CHECK_EQ(i, count);
}

TEST(random_leaves_taken_apart_are_the_leaves)
{
	static struct tlbscope_range l[LEAVES], out[LEAVES];
	unsigned long long seed = 0x1eaf;
	unsigned int i;

	for (i = 0; i < 200 && !unit_failed; i++) {
		size_t count = random_leaves(l, &seed);

		check_apart(l, count, out,
			    run_merge(l, count, out, TLBSCOPE_RANGES_ALL, &seed));
		CHECK_EQ(run_merge(l, count, out, TLBSCOPE_RANGES_ALL |
				   TLBSCOPE_RANGES_UNMERGED, &seed), count);
	}
}

UNIT_MAIN("merge")
