// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges over memory of every kind, against a walk of each page, pagemap, and
 * the tables as they lie in memory
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>

#include "check.h"
#include "child.h"
#include "memory.h"

/* A process that made all of it and then stands still */
FIXTURE(range) {
	struct child child;
	struct zoo *zoo;
	int fd;
	__u64 user_end;
};

FIXTURE_SETUP(range)
{
	struct tlbscope_info info;

	ASSERT_EQ(0, zoo_start(&self->child, &self->zoo));
	ASSERT_EQ(0, scope_info(&info));
	self->user_end = info.user_end;
	self->fd = scope_open("ranges");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, scope_target(self->fd, self->child.pid));
}

FIXTURE_TEARDOWN(range)
{
	child_end(&self->child);
	close(self->fd);
}

static void read_all(struct __test_metadata *_metadata, int fd, __u64 start,
		     __u64 end, __u32 flags, struct ranges *r)
{
	ASSERT_EQ(0, scope_all_ranges(fd, start, end, flags, r));
	ASSERT_LT(0, r->n);
}

/* The zoo is what it is meant to be: each part's records have its state */
TEST_F(range, parts)
{
	const struct zoo_part *part;
	unsigned int i, size;
	struct ranges r;
	__u64 pages;
	size_t n;

	for (i = 0; i < self->zoo->n; i++) {
		part = &self->zoo->part[i];
		size = span(part->level) / PAGE;
		read_all(_metadata, self->fd, part->start, part->end,
			 TLBSCOPE_RANGES_ALL | TLBSCOPE_RANGES_UNMERGED, &r);
		for (n = 0, pages = 0; n < r.n; n++) {
			EXPECT_EQ(part->state, r.v[n].state)
				TH_LOG("%s", part->name);
			EXPECT_EQ(part->level, r.v[n].level)
				TH_LOG("%s", part->name);
			pages += (r.v[n].end - r.v[n].start) / PAGE;
		}
		EXPECT_EQ((part->end - part->start) / PAGE, pages)
			TH_LOG("%s", part->name);
		EXPECT_EQ(pages / size, r.n)
			TH_LOG("%s", part->name);
		ranges_free(&r);

		ASSERT_EQ(0, scope_all_ranges(self->fd, part->start, part->end,
					      0, &r));
		EXPECT_EQ(part->state == TLBSCOPE_LEAF, r.n > 0)
			TH_LOG("%s", part->name);
		ranges_free(&r);
	}
	TH_LOG("%u kinds of memory", self->zoo->n);
	EXPECT_LE(6, self->zoo->n);
}

/* What a walk of every page says, as a list of leaves */
static void walk_all(struct __test_metadata *_metadata, int fd, __u64 start,
		     __u64 end, struct ranges *r)
{
	struct tlbscope_range *v;
	struct tlbscope_walk w;
	__u64 at, next;

	r->n = 0;
	r->v = calloc((end - start) / PAGE, sizeof(*r->v));
	ASSERT_NE(NULL, r->v);
	for (at = start; at < end; at = next) {
		ASSERT_EQ(0, scope_walk(fd, at, 0, &w));
		next = (at / w.page_size + 1) * w.page_size;
		if (w.state == TLBSCOPE_NONE)
			continue;
		v = &r->v[r->n++];
		v->start = at;
		v->end = next < end ? next : end;
		v->phys = w.phys;
		v->entry = last_entry(&w);
		v->level = w.level;
		v->state = w.state;
		v->rights = w.rights;
	}
}

TEST_F(range, agrees_with_walk)
{
	struct ranges want, got;

	walk_all(_metadata, self->fd, self->zoo->start, self->zoo->end, &want);
	read_all(_metadata, self->fd, self->zoo->start, self->zoo->end,
		 TLBSCOPE_RANGES_ALL | TLBSCOPE_RANGES_UNMERGED, &got);
	check_same_ranges(_metadata, &want, &got, 0);

	ranges_free(&got);
	oracle_merge(&want, 0);
	read_all(_metadata, self->fd, self->zoo->start, self->zoo->end,
		 TLBSCOPE_RANGES_ALL, &got);
	check_same_ranges(_metadata, &want, &got, 0);
}

/* Only what is present, which is what is asked for without ALL */
static void keep_leaves(struct ranges *r)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		if (r->v[i].state == TLBSCOPE_LEAF)
			r->v[n++] = r->v[i];
	r->n = n;
}

/* The whole of the process, as its tables lie in memory */
TEST_F(range, agrees_with_memory)
{
	struct tlbscope_walk w;
	struct ranges got;
	struct oracle o;
	size_t i;

	ASSERT_EQ(0, scope_walk(self->fd, self->zoo->start, 0, &w));
	ASSERT_EQ(0, oracle_read(w.step[0].phys & ~(PAGE - 1), w.levels, 0,
				 self->user_end - 1, &o));
	read_all(_metadata, self->fd, 0, self->user_end,
		 TLBSCOPE_RANGES_ALL | TLBSCOPE_RANGES_UNMERGED, &got);
	/* Which of the states without a frame only the kernel can tell */
	for (i = 0; i < got.n; i++)
		if (got.v[i].state > TLBSCOPE_PROTNONE)
			got.v[i].state = TLBSCOPE_UNKNOWN;
	check_same_ranges(_metadata, &o.ranges, &got,
			  BIT_ACCESSED | BIT_DIRTY);
	ranges_free(&got);

	keep_leaves(&o.ranges);
	read_all(_metadata, self->fd, 0, self->user_end,
		 TLBSCOPE_RANGES_UNMERGED, &got);
	check_same_ranges(_metadata, &o.ranges, &got,
			  BIT_ACCESSED | BIT_DIRTY);
	ranges_free(&got);

	oracle_merge(&o.ranges, 0);
	read_all(_metadata, self->fd, 0, self->user_end, 0, &got);
	check_same_ranges(_metadata, &o.ranges, &got, 0);
	EXPECT_LT(20, got.n);
}

/* What pagemap says of a page and what a record says of it */
static bool pagemap_agrees(const struct tlbscope_range *r, __u64 address,
			   __u64 entry)
{
	if (!r)
		return !(entry & (PM_PRESENT | PM_SWAP));
	if (has_frame(r->state))
		return (entry & PM_PRESENT) &&
		       (entry & PM_PFN) * PAGE == r->phys + (address - r->start);
	/* From 6.15 on pagemap has a word for guard pages */
	if (r->state == TLBSCOPE_MARKER)
		return !(entry & PM_PRESENT) &&
		       (entry & (PM_SWAP | PM_UFFD_WP | PM_GUARD));
	return !(entry & PM_PRESENT) && (entry & PM_SWAP);
}

static void check_vma(struct __test_metadata *_metadata, pid_t pid,
		      const struct vma *vma, const struct ranges *r, size_t *i)
{
	size_t n = (vma->end - vma->start) / PAGE, page;
	const struct tlbscope_range *record;
	__u64 *entries = calloc(n, 8), at;

	ASSERT_NE(NULL, entries);
	ASSERT_EQ(0, pagemap_read(pid, vma->start, entries, n));
	for (page = 0; page < n; page++) {
		at = vma->start + page * PAGE;
		while (*i < r->n && r->v[*i].end <= at)
			++*i;
		record = *i < r->n && r->v[*i].start <= at ? &r->v[*i] : NULL;
		/* Of some special mappings pagemap tells nothing */
		if (vma->pfnmap)
			continue;
		ASSERT_TRUE(pagemap_agrees(record, at, entries[page])) {
			TH_LOG("0x%llx in %s: pagemap has 0x%llx", at,
			       vma->name, entries[page]);
			log_range(_metadata, "got", r, *i);
		}
	}
	free(entries);
}

TEST_F(range, agrees_with_pagemap)
{
	struct vmas vmas;
	struct vma *vma;
	struct ranges r;
	size_t i, n;

	read_all(_metadata, self->fd, 0, self->user_end, TLBSCOPE_RANGES_ALL,
		 &r);
	ASSERT_EQ(0, vmas_read(self->child.pid, &vmas));
	for (i = 0, n = 0; n < vmas.n; n++)
		if (vmas.v[n].start < self->user_end)
			check_vma(_metadata, self->child.pid, &vmas.v[n], &r,
				  &i);

	/* And nothing is where the process has no mapping */
	for (i = 0; i < r.n; i++) {
		vma = vmas_find(&vmas, r.v[i].start);
		while (vma && vma->end < r.v[i].end)
			vma = vmas_find(&vmas, vma->end);
		EXPECT_NE(NULL, vma)
			log_range(_metadata, "in no mapping", &r, i);
	}
}

/*
 * The sizes that smaps and kpageflags know of. A huge page without access is
 * AnonHugePages to some kernels and not to others.
 */
TEST_F(range, agrees_with_smaps)
{
	__u64 huge = 0, forbidden = 0, anon_huge = 0, flags;
	struct vmas vmas;
	struct ranges r;
	struct vma *vma;
	size_t i;

	read_all(_metadata, self->fd, 0, self->user_end,
		 TLBSCOPE_RANGES_UNMERGED | TLBSCOPE_RANGES_ALL, &r);
	ASSERT_EQ(0, vmas_read(self->child.pid, &vmas));
	for (i = 0; i < vmas.n; i++)
		anon_huge += vmas.v[i].anon_huge;
	for (i = 0; i < r.n; i++) {
		vma = vmas_find(&vmas, r.v[i].start);
		if (!has_frame(r.v[i].state) || !vma || vma->pfnmap)
			continue;
		flags = page_flags(r.v[i].phys);
		if (vma->page_size > PAGE) {
			EXPECT_EQ(vma->page_size, span(r.v[i].level));
			EXPECT_TRUE(flags & KPF_HUGE);
		} else if (r.v[i].level == 2) {
			EXPECT_TRUE(flags & (KPF_THP | KPF_ZERO_PAGE));
			if (r.v[i].state == TLBSCOPE_PROTNONE)
				forbidden += HUGE;
			else if (flags & KPF_ANON)
				huge += HUGE;
		}
	}
	EXPECT_TRUE(anon_huge == huge || anon_huge == huge + forbidden)
		TH_LOG("AnonHugePages 0x%llx, leaves 0x%llx, without access 0x%llx",
		       anon_huge, huge, forbidden);
}

TEST_F(range, small_buffers)
{
	static const unsigned int lengths[] = { 1, 2, 3, 7, 100, 1000 };
	static const __u32 flags[] = {
		0, TLBSCOPE_RANGES_ALL,
		TLBSCOPE_RANGES_ALL | TLBSCOPE_RANGES_UNMERGED,
	};
	struct tlbscope_ranges query = {
		.start = self->zoo->start, .end = self->zoo->end,
	};
	struct ranges want, got;
	size_t i, f;

	for (f = 0; f < ARRAY_SIZE(flags); f++) {
		query.flags = flags[f];
		query.vec_len = 100000;
		ASSERT_EQ(0, scope_ranges(self->fd, &query, &want));
		ASSERT_LT(10, want.n);
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			query.vec_len = lengths[i];
			ASSERT_EQ(0, scope_ranges(self->fd, &query, &got));
			check_same_ranges(_metadata, &want, &got, 0);
			ranges_free(&got);
		}
		ranges_free(&want);
	}
}

/* The part of a list between two addresses */
static void cut(const struct ranges *all, __u64 start, __u64 end,
		struct ranges *r)
{
	struct tlbscope_range v;
	size_t i;

	r->n = 0;
	r->v = calloc(all->n + 1, sizeof(v));
	for (i = 0; r->v && i < all->n; i++) {
		v = all->v[i];
		if (v.end <= start || v.start >= end)
			continue;
		if (v.start < start) {
			if (has_frame(v.state))
				v.phys += start - v.start;
			v.start = start;
		}
		if (v.end > end)
			v.end = end;
		r->v[r->n++] = v;
	}
}

TEST_F(range, bounds_cut_leaves)
{
	__u64 start, end = self->zoo->end;
	struct ranges all, want, got;
	unsigned int i;

	read_all(_metadata, self->fd, self->zoo->start, end,
		 TLBSCOPE_RANGES_ALL | TLBSCOPE_RANGES_UNMERGED, &all);
	for (i = 0; i < self->zoo->n; i++) {
		start = self->zoo->part[i].start + (i % 2 ? 3 * PAGE : 0);
		end = start + (i % 3 ? 0x10 : 1) * PAGE;
		cut(&all, start, end, &want);
		ASSERT_EQ(0, scope_all_ranges(self->fd, start, end,
					      TLBSCOPE_RANGES_ALL |
					      TLBSCOPE_RANGES_UNMERGED, &got));
		check_same_ranges(_metadata, &want, &got, 0);
		ranges_free(&want);
		ranges_free(&got);
	}

	/* From one part into the next, across the holes between them */
	start = self->zoo->part[0].start + 7 * PAGE;
	end = self->zoo->part[self->zoo->n - 1].start + PAGE;
	cut(&all, start, end, &want);
	ASSERT_EQ(0, scope_all_ranges(self->fd, start, end,
				      TLBSCOPE_RANGES_ALL |
				      TLBSCOPE_RANGES_UNMERGED, &got));
	check_same_ranges(_metadata, &want, &got, 0);
}

/* Any two bounds make one list of what any bound between them makes two of */
TEST_F(range, halves_make_a_whole)
{
	__u64 start = self->zoo->start, end = self->zoo->end, middle;
	__u32 flags = TLBSCOPE_RANGES_ALL | TLBSCOPE_RANGES_UNMERGED;
	struct ranges all, a, b;
	unsigned int i;
	__u64 pages;
	size_t n;

	read_all(_metadata, self->fd, start, end, flags, &all);
	for (pages = 0, n = 0; n < all.n; n++)
		pages += all.v[n].end - all.v[n].start;
	for (i = 0; i < 40; i++) {
		middle = start + PAGE * ((i * 7919) % ((end - start) / PAGE));
		if (middle == start)
			continue;
		ASSERT_EQ(0, scope_all_ranges(self->fd, start, middle, flags,
					      &a));
		ASSERT_EQ(0, scope_all_ranges(self->fd, middle, end, flags,
					      &b));
		EXPECT_TRUE(a.n + b.n == all.n || a.n + b.n == all.n + 1);
		for (n = 0; n < a.n; n++)
			pages -= a.v[n].end - a.v[n].start;
		for (n = 0; n < b.n; n++)
			pages -= b.v[n].end - b.v[n].start;
		EXPECT_EQ(0, pages)
			TH_LOG("cut at 0x%llx", middle);
		for (pages = 0, n = 0; n < all.n; n++)
			pages += all.v[n].end - all.v[n].start;
		ranges_free(&a);
		ranges_free(&b);
	}
}

TEST_F(range, holes)
{
	struct tlbscope_ranges query = { .vec_len = 1 };
	struct ranges r;

	/* Nothing at all, and nothing more behind the last */
	query.start = self->zoo->end;
	query.end = self->zoo->end + GIB;
	ASSERT_EQ(0, scope_ranges(self->fd, &query, &r));
	EXPECT_EQ(0, r.n);
	query.start = 0;
	query.end = PAGE;
	ASSERT_EQ(0, scope_ranges(self->fd, &query, &r));
	EXPECT_EQ(0, r.n);
	query.start = self->user_end - PAGE;
	query.end = self->user_end;
	ASSERT_EQ(0, scope_ranges(self->fd, &query, &r));
	EXPECT_EQ(0, r.n);
}

/* Both halves at once, up to the very top */
TEST_F(range, both_halves)
{
	struct ranges user, both;
	size_t i;

	read_all(_metadata, self->fd, 0, self->user_end, 0, &user);
	read_all(_metadata, self->fd, 0, ~0ULL, 0, &both);
	ASSERT_LT(user.n, both.n);
	EXPECT_LT(self->user_end, both.v[user.n].start);
	for (i = user.n; i < both.n; i++)
		EXPECT_TRUE((long long)both.v[i].start < 0);
	both.n = user.n;
	check_same_ranges(_metadata, &user, &both, 0);
}

/* From the user's root: the same pages, with a user's rights */
TEST_F(range, user_root)
{
	struct ranges kernel, user;
	size_t i;

	if (!scope_pti()) {
		EXPECT_EQ(-EOPNOTSUPP,
			  scope_all_ranges(self->fd, 0, self->user_end,
					   TLBSCOPE_USER_ROOT, &user));
		skip("there is one root without page-table isolation");
	}
	read_all(_metadata, self->fd, 0, self->user_end,
		 TLBSCOPE_RANGES_UNMERGED, &kernel);
	read_all(_metadata, self->fd, 0, self->user_end,
		 TLBSCOPE_RANGES_UNMERGED | TLBSCOPE_USER_ROOT, &user);
	for (i = 0; i < kernel.n; i++) {
		EXPECT_FALSE(kernel.v[i].rights & TLBSCOPE_MAY_EXEC);
		if (!(kernel.v[i].entry & BIT_NX))
			kernel.v[i].rights |= TLBSCOPE_MAY_EXEC;
	}
	check_same_ranges(_metadata, &kernel, &user, 0);
}

/* Pieces of one huge page, every other of which was read since */
static void use_every_other(int fd, void *arg)
{
	char *p = arg;
	size_t i;

	child_pause(fd);
	mem_flush_tlb();
	for (i = 0; i < 511; i += 2)
		(void)*(volatile char *)(p + i * PAGE);
	child_pause(fd);
}

TEST_F(range, ignore)
{
	struct tlbscope_ranges query = {};
	struct tlbscope_info info;
	struct child child;
	struct ranges r;
	char *p;

	if (!mem_has_thp())
		skip("this kernel has no transparent huge pages");
	p = mem_huge(1);
	ASSERT_NE(NULL, p);
	mem_stamp(p, HUGE, 31);
	ASSERT_EQ(0, munmap(p + 511 * PAGE, PAGE));
	ASSERT_EQ(0, child_start(&child, use_every_other, p));
	ASSERT_EQ(0, write_file("1", "/proc/%d/clear_refs", child.pid));
	ASSERT_EQ(0, child_step(&child));
	ASSERT_EQ(0, scope_target(self->fd, child.pid));
	ASSERT_EQ(0, scope_info(&info));
	query.start = (unsigned long)p;
	query.end = (unsigned long)p + HUGE;
	ASSERT_EQ(0, scope_ranges(self->fd, &query, &r));
	EXPECT_EQ(511, r.n);
	ranges_free(&r);
	query.ignore = BIT_DIRTY | info.format.soft_dirty;
	ASSERT_EQ(0, scope_ranges(self->fd, &query, &r));
	EXPECT_EQ(511, r.n);
	ranges_free(&r);
	query.ignore |= BIT_ACCESSED;
	ASSERT_EQ(0, scope_ranges(self->fd, &query, &r));
	EXPECT_EQ(1, r.n);
	EXPECT_EQ(query.end - PAGE, r.v[0].end);
	ranges_free(&r);
	query.flags = TLBSCOPE_RANGES_UNMERGED;
	ASSERT_EQ(0, scope_ranges(self->fd, &query, &r));
	EXPECT_EQ(511, r.n);
	child_end(&child);
}

/* What the walk of a huge region costs with interrupts off is bounded */
TEST_F(range, time_is_reported)
{
	struct tlbscope_range v[8];
	struct tlbscope_ranges args = {
		.size = sizeof(args), .end = self->user_end,
		.vec = (unsigned long)v, .vec_len = 8,
	};

	ASSERT_EQ(0, ioctl(self->fd, TLBSCOPE_IOC_RANGES, &args));
	EXPECT_LT(0, args.irqs_off);
}

TEST_HARNESS_MAIN
