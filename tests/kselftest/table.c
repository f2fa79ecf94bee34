// SPDX-License-Identifier: GPL-2.0
/*
 * The tree counted, against the tables as they lie in memory and against what
 * the kernel charges for them
 */
#define _GNU_SOURCE

#include "check.h"
#include "child.h"
#include "memory.h"

FIXTURE(table) {
	struct child child;
	struct zoo *zoo;
	int fd;
	struct tlbscope_info info;
};

static void keep_zoo(int fd, void *arg)
{
	struct zoo *zoo = arg;

	if (zoo_build(zoo))
		_exit(1);
	if (scope_levels() == 5) {
		char *p = mem_small_at(5ULL << 50, PAGE);

		if (!p)
			_exit(1);
		*p = 1;
	}
	child_pause(fd);
}

FIXTURE_SETUP(table)
{
	self->zoo = mmap(NULL, sizeof(*self->zoo), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->zoo);
	ASSERT_EQ(0, child_start(&self->child, keep_zoo, self->zoo));
	ASSERT_EQ(0, scope_info(&self->info));
	self->fd = scope_open("tables");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, scope_target(self->fd, self->child.pid));
}

FIXTURE_TEARDOWN(table)
{
	child_end(&self->child);
	close(self->fd);
}

static void count(struct __test_metadata *_metadata, int fd, __u64 start,
		  __u64 end, unsigned int vec_len, __u32 flags,
		  struct tables *t)
{
	struct tlbscope_tables query = {
		.start = start, .end = end, .vec_len = vec_len, .flags = flags,
	};

	ASSERT_EQ(0, scope_tables(fd, &query, t));
}

static void check_same_sums(struct __test_metadata *_metadata,
			    const struct tables *want, const struct tables *got)
{
	unsigned int i, n;

	for (i = 0; i < TLBSCOPE_MAX_LEVELS; i++) {
		EXPECT_EQ(want->level[i].tables, got->level[i].tables)
			TH_LOG("level %u", i + 1);
		EXPECT_EQ(want->level[i].used, got->level[i].used)
			TH_LOG("level %u", i + 1);
		EXPECT_EQ(want->level[i].leaves, got->level[i].leaves)
			TH_LOG("level %u", i + 1);
		EXPECT_EQ(want->level[i].pointers, got->level[i].pointers)
			TH_LOG("level %u", i + 1);
		for (n = 0; n < TLBSCOPE_OCCUPANCY; n++)
			EXPECT_EQ(want->level[i].occupancy[n],
				  got->level[i].occupancy[n])
				TH_LOG("level %u, occupancy %u", i + 1, n);
	}
}

/* How a table is printed */
#define TABLE	"0x%llx at 0x%llx level %u used %u leaves %u pointers %u"

static void check_same_tables(struct __test_metadata *_metadata,
			      const struct tables *want,
			      const struct tables *got)
{
	const struct tlbscope_table *a, *b;
	size_t i;

	EXPECT_EQ(want->n, got->n);
	for (i = 0; i < want->n && i < got->n; i++) {
		a = &want->v[i];
		b = &got->v[i];
		ASSERT_TRUE(a->address == b->address && a->phys == b->phys &&
			    a->level == b->level && a->used == b->used &&
			    a->leaves == b->leaves &&
			    a->pointers == b->pointers)
			TH_LOG("table %zu: " TABLE ", not " TABLE, i,
			       b->address, b->phys, b->level, b->used,
			       b->leaves, b->pointers, a->address, a->phys,
			       a->level, a->used, a->leaves, a->pointers);
	}
}

TEST_F(table, agrees_with_memory)
{
	struct tables sums, list;
	struct oracle o;

	count(_metadata, self->fd, 0, self->info.user_end, 0, 0, &sums);
	count(_metadata, self->fd, 0, self->info.user_end, 10000, 0, &list);
	EXPECT_NE(0, sums.root);
	EXPECT_HEX(list.v[0].phys, sums.root, "the root is the first table");
	ASSERT_EQ(0, oracle_read(sums.root, self->info.levels, 0,
				 self->info.user_end - 1, &o));
	check_same_sums(_metadata, &o.tables, &sums);
	check_same_sums(_metadata, &o.tables, &list);
	check_same_tables(_metadata, &o.tables, &list);
	/* The zoo's slots alone need a table each */
	EXPECT_LT(self->zoo->n, sums.level[0].tables);
}

/* Between any two addresses, for instance within tables */
TEST_F(table, bounds)
{
	__u64 bounds[][2] = {
		{ self->zoo->start, self->zoo->end },
		{ self->zoo->start + 5 * PAGE, self->zoo->end - 7 * PAGE },
		{ self->zoo->start + PAGE, self->zoo->start + 2 * PAGE },
		{ self->zoo->start + HUGE - PAGE, self->zoo->start + HUGE + PAGE },
		{ 0, PAGE },
		{ self->zoo->end - GIB, self->zoo->end + GIB },
	};
	struct tables sums, list, resumed;
	struct oracle o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bounds); i++) {
		count(_metadata, self->fd, bounds[i][0], bounds[i][1], 0, 0,
		      &sums);
		count(_metadata, self->fd, bounds[i][0], bounds[i][1], 10000, 0,
		      &list);
		count(_metadata, self->fd, bounds[i][0], bounds[i][1], 1, 0,
		      &resumed);
		ASSERT_EQ(0, oracle_read(sums.root, self->info.levels,
					 bounds[i][0], bounds[i][1] - 1, &o));
		check_same_sums(_metadata, &o.tables, &sums);
		check_same_tables(_metadata, &o.tables, &list);
		check_same_tables(_metadata, &o.tables, &resumed);
		check_same_sums(_metadata, &o.tables, &resumed);
		oracle_free(&o);
	}
}

TEST_F(table, small_buffers)
{
	static const unsigned int lengths[] = { 1, 2, 3, 4, 5, 50 };
	struct tables want, got;
	size_t i;

	count(_metadata, self->fd, 0, self->info.user_end, 10000, 0, &want);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		count(_metadata, self->fd, 0, self->info.user_end, lengths[i],
		      0, &got);
		check_same_tables(_metadata, &want, &got);
		check_same_sums(_metadata, &want, &got);
		tables_free(&got);
	}
}

/* Both halves, where most of the tables are the kernel's */
TEST_F(table, both_halves)
{
	struct tables user, both;

	count(_metadata, self->fd, 0, self->info.user_end, 0, 0, &user);
	count(_metadata, self->fd, 0, ~0ULL, 0, 0, &both);
	EXPECT_LT(user.level[0].tables, both.level[0].tables);
	EXPECT_LE(user.level[2].tables + 1, both.level[2].tables);
	EXPECT_EQ(1, both.level[self->info.levels - 1].tables);
}

/* Pages that are mapped by one entry, but not by huge pages of hugetlb's */
static unsigned long deposits(struct __test_metadata *_metadata, int fd,
			      __u64 user_end)
{
	unsigned long n = 0;
	struct ranges r;
	size_t i;

	ASSERT_EQ(0, scope_all_ranges(fd, 0, user_end,
				      TLBSCOPE_RANGES_ALL |
				      TLBSCOPE_RANGES_UNMERGED, &r));
	for (i = 0; i < r.n; i++)
		if (r.v[i].level == 2 && has_frame(r.v[i].state) &&
		    (page_flags(r.v[i].phys) & (KPF_ANON | KPF_ZERO_PAGE)) &&
		    !(page_flags(r.v[i].phys) & KPF_HUGE))
			n++;
	ranges_free(&r);
	return n;
}

/*
 * VmPTE is what the kernel charges a process for its tables, which differs from
 * the bytes of the tables by two things: the root and, with 5 levels, the
 * P4D tables are not charged; and for each transparent huge page of anonymous
 * memory a table is put aside, so that a split cannot fail for want of one. It
 * is charged, but it is in no tree.
 */
TEST_F(table, agrees_with_VmPTE)
{
	unsigned long kib, tables = 0, put_aside;
	unsigned int level;
	struct tables t;

	count(_metadata, self->fd, 0, self->info.user_end, 0, 0, &t);
	for (level = 1; level <= 3; level++)
		tables += t.level[level - 1].tables;
	put_aside = deposits(_metadata, self->fd, self->info.user_end);
	kib = status_kib(self->child.pid, "VmPTE");
	TH_LOG("VmPTE %lu KiB: %lu tables and %lu put aside; %llu not charged",
	       kib, tables, put_aside,
	       t.level[3].tables + t.level[4].tables);
	EXPECT_EQ(kib, (tables + put_aside) * 4);
	if (mem_has_thp())
		EXPECT_LE(2, put_aside);
}

/* What a huge page of a file costs: no table is put aside for it */
static void keep_file(int fd, void *arg)
{
	char *p = mem_reserve(HUGE, HUGE);
	int file = memfd_create("huge", MFD_CLOEXEC);
	int *ret = arg;

	if (!p || file < 0 || ftruncate(file, HUGE))
		_exit(1);
	p = mmap(p, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file,
		 0);
	mem_stamp(p, HUGE, 41);
	madvise(p, HUGE, MADV_HUGEPAGE);
	*ret = mem_collapse(p, HUGE);
	mem_stamp(p, HUGE, 42);
	child_pause(fd);
}

TEST_F(table, huge_page_of_a_file)
{
	unsigned long tables, huge = 0;
	struct child child;
	struct ranges r;
	struct tables t;
	size_t i;
	int *ret;

	ret = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, ret);
	ASSERT_EQ(0, child_start(&child, keep_file, ret));
	if (*ret)
		skip("this kernel makes no huge page of a file: %s",
		     strerror(-*ret));
	ASSERT_EQ(0, scope_target(self->fd, child.pid));
	ASSERT_EQ(0, scope_all_ranges(self->fd, 0, self->info.user_end,
				      TLBSCOPE_RANGES_UNMERGED, &r));
	for (i = 0; i < r.n; i++)
		if (r.v[i].level == 2 && !(page_flags(r.v[i].phys) & KPF_ANON)) {
			EXPECT_TRUE(page_flags(r.v[i].phys) & KPF_THP);
			huge++;
		}
	EXPECT_EQ(1, huge);
	count(_metadata, self->fd, 0, self->info.user_end, 0, 0, &t);
	tables = t.level[0].tables + t.level[1].tables + t.level[2].tables +
		 deposits(_metadata, self->fd, self->info.user_end);
	EXPECT_EQ(status_kib(child.pid, "VmPTE"), tables * 4);
	child_end(&child);
}

/* Leaves counted here are the records that ranges gives */
TEST_F(table, agrees_with_ranges)
{
	unsigned long leaves[4] = {};
	unsigned int level;
	struct ranges r;
	struct tables t;
	size_t i;

	count(_metadata, self->fd, 0, self->info.user_end, 0, 0, &t);
	ASSERT_EQ(0, scope_all_ranges(self->fd, 0, self->info.user_end,
				      TLBSCOPE_RANGES_UNMERGED, &r));
	for (i = 0; i < r.n; i++)
		leaves[r.v[i].level]++;
	for (level = 1; level <= 3; level++)
		EXPECT_EQ(leaves[level], t.level[level - 1].leaves)
			TH_LOG("level %u", level);
	for (level = 2; level <= self->info.levels; level++)
		EXPECT_EQ(t.level[level - 2].tables,
			  t.level[level - 1].pointers)
			TH_LOG("level %u", level);
	EXPECT_EQ(1, t.level[self->info.levels - 1].tables);
	/* With 5 levels there is a page far above, too */
	EXPECT_EQ(self->info.levels == 4 ? 1 : 2, t.level[3].tables);
	EXPECT_EQ(self->info.levels == 4 ? 0 : 1, t.level[4].tables);
}

/* Two roots, but one tree below them */
TEST_F(table, user_root)
{
	struct tables kernel, user;

	if (!scope_pti()) {
		struct tlbscope_tables query = {
			.end = PAGE, .flags = TLBSCOPE_USER_ROOT,
		};

		EXPECT_EQ(-EOPNOTSUPP, scope_tables(self->fd, &query, &user));
		skip("there is one root without page-table isolation");
	}
	count(_metadata, self->fd, 0, self->info.user_end, 10000, 0, &kernel);
	count(_metadata, self->fd, 0, self->info.user_end, 10000,
	      TLBSCOPE_USER_ROOT, &user);
	EXPECT_HEX(kernel.root + PAGE, user.root, "root");
	EXPECT_HEX(user.root, user.v[0].phys, "the root is the first table");
	user.v[0].phys = kernel.v[0].phys;
	check_same_tables(_metadata, &kernel, &user);
	check_same_sums(_metadata, &kernel, &user);
}

TEST_HARNESS_MAIN
