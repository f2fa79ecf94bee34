// SPDX-License-Identifier: GPL-2.0
/*
 * The library's calls without the module, on live processes
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libtlbscope.h"
#include "mapping.h"
#include "sample.h"
#include "unit.h"

#define FALLBACK	TLBSCOPE_OPEN_FALLBACK
#define ALL		TLBSCOPE_RANGES_ALL
#define UNMERGED	TLBSCOPE_RANGES_UNMERGED
#define PAGE		4096UL
#define HUGE		(2UL << 20)

static struct tlbscope *open_self(void)
{
	struct tlbscope *t = NULL;

	CHECK_EQ(tlbscope_open(&t, TLBSCOPE_SELF, FALLBACK), 0);
	return t;
}

static char *map_pages(size_t pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	return p;
}

/* Bytes in all ranges of a state; and how many ranges, if asked */
static uint64_t sum_ranges(struct tlbscope *t, uint64_t start, uint64_t end,
			   unsigned int flags, enum tlbscope_state state,
			   unsigned int *count)
{
	struct tlbscope_iter *it;
	struct tlbscope_range r;
	uint64_t sum = 0, last = start;
	unsigned int n = 0;
	int more;

	if (tlbscope_ranges_begin(t, start, end, flags, 0, &it)) {
		UNIT_FAIL("cannot begin");
		return 0;
	}
	while ((more = tlbscope_ranges_next(it, &r)) > 0) {
		CHECK(r.start >= last && r.end > r.start && r.end <= end);
		last = r.end;
		if (r.state == state) {
			sum += r.end - r.start;
			n++;
		}
	}
	CHECK_EQ(more, 0);
	CHECK_EQ(tlbscope_ranges_next(it, &r), 0);
	CHECK_EQ(tlbscope_iter_address(it), end);
	tlbscope_iter_end(it);
	if (count)
		*count = n;
	return sum;
}

TEST(null_where_it_may_be)
{
	char *p = map_pages(1, PROT_READ | PROT_WRITE);
	struct tlbscope *t = open_self();
	uint64_t phys;

	tlbscope_close(NULL);
	tlbscope_iter_end(NULL);
	*p = 1;
	if (tlbscope_knows(t) & TLBSCOPE_KNOWS_PHYS)
		CHECK_EQ(tlbscope_translate(t, (uintptr_t)p, &phys, NULL), 0);
	tlbscope_close(t);
	munmap(p, PAGE);
}

TEST(unknown_flags)
{
	struct tlbscope *t = (void *)1;
	struct tlbscope_iter *it = (void *)1;
	struct tlbscope_census census;
	struct tlbscope_walk walk;

	CHECK_EQ(tlbscope_open(&t, TLBSCOPE_SELF, 4), -EINVAL);
	CHECK(!t);
	CHECK_EQ(tlbscope_open(&t, TLBSCOPE_SELF, TLBSCOPE_OPEN_MODULE | FALLBACK), -EINVAL);
	t = open_self();
	CHECK_EQ(tlbscope_walk_address(t, 0, 2, &walk), -EINVAL);
	CHECK_EQ(tlbscope_ranges_begin(t, 0, 0, 8, 0, &it), -EINVAL);
	CHECK(!it);
	CHECK_EQ(tlbscope_tables_begin(t, 0, 0, 2, &it), -EINVAL);
	CHECK_EQ(tlbscope_census(t, 0, 0, 2, &census), -EINVAL);
	tlbscope_close(t);
}

TEST(bad_addresses)
{
	struct tlbscope *t = open_self();
	struct tlbscope_walk walk;
	struct tlbscope_iter *it;
	uint64_t phys;
	static const uint64_t bad[][2] = {
		{ 1, 0 }, { 0, 4097 }, { 0x2000, 0x1000 }, { 0x2000, 0x2000 },
		{ 1ULL << 62, 0 }, { 0, 1ULL << 62 }, { 0x800, 0x1000 },
	};
	struct tlbscope_translation many[3] = { {}, { .address = 1ULL << 62 } };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_EQ(tlbscope_ranges_begin(t, bad[i][0], bad[i][1], 0, 0, &it), -EINVAL);
		CHECK(!it);
	}
	CHECK_EQ(tlbscope_walk_address(t, 1ULL << 62, 0, &walk), -EINVAL);
	CHECK_EQ(tlbscope_translate(t, 1ULL << 62, &phys, NULL), -EINVAL);
	CHECK_EQ(tlbscope_translate(t, 0, &phys, NULL), -ENODATA);
	CHECK_EQ(tlbscope_translate_many(t, many, 0, 0), 0);
	CHECK_EQ(tlbscope_translate_many(t, many, 3, 0), 1);
	CHECK_EQ(many[0].state, TLBSCOPE_NONE);
	CHECK_EQ(tlbscope_translate_many(t, many + 1, 2, 0), -EINVAL);
	CHECK_EQ(tlbscope_translate_many(t, many, 1, 1u << 31), -EINVAL);
	CHECK_EQ(tlbscope_translate_many(t, many, (size_t)-1, 0), -EINVAL);
	tlbscope_close(t);
}

TEST(bits_that_cannot_be_ignored)
{
	struct tlbscope *t = open_self();
	struct tlbscope_iter *it;

	CHECK_EQ(tlbscope_ranges_begin(t, 0, 0, 0, 1, &it), -EINVAL);
	CHECK_EQ(tlbscope_ranges_begin(t, 0, 0, 0, 1ULL << 63, &it), -EINVAL);
	CHECK_EQ(tlbscope_ranges_begin(t, 0, 0, 0, TLBSCOPE_RANGES_IGNORABLE, &it), 0);
	tlbscope_iter_end(it);
	tlbscope_close(t);
}

TEST(what_only_the_module_can)
{
	struct tlbscope *t = open_self();
	struct tlbscope_census census;
	struct tlbscope_walk walk;
	struct tlbscope_iter *it;
	struct tlbscope_range r;

	CHECK_EQ(tlbscope_walk_address(t, 0, TLBSCOPE_USER_ROOT, &walk), -EOPNOTSUPP);
	CHECK_EQ(tlbscope_walk_address(t, -4096ULL, 0, &walk), -EOPNOTSUPP);
	CHECK_EQ(tlbscope_tables_begin(t, 0, 0, 0, &it), -EOPNOTSUPP);
	CHECK_EQ(tlbscope_census(t, 0, 0, TLBSCOPE_USER_ROOT, &census), -EOPNOTSUPP);
	CHECK_EQ(tlbscope_ranges_begin(t, -4096ULL, 0, 0, 0, &it), 0);
	CHECK_EQ(tlbscope_ranges_next(it, &r), -EOPNOTSUPP);
	tlbscope_iter_end(it);
	tlbscope_close(t);
	CHECK_EQ(tlbscope_open(&t, TLBSCOPE_KERNEL, FALLBACK), -EOPNOTSUPP);
	if (access("/proc/tlbscope", F_OK)) {
		CHECK_EQ(tlbscope_open(&t, TLBSCOPE_SELF, TLBSCOPE_OPEN_MODULE), -ENOENT);
		CHECK_EQ(tlbscope_open(&t, TLBSCOPE_KERNEL, 0), -ENOENT);
	}
}

TEST(processes_that_are_none)
{
	struct tlbscope *t;
	siginfo_t info;
	pid_t pid;

	CHECK_EQ(tlbscope_open(&t, 0x7ffffffe, FALLBACK), -ESRCH);
	CHECK_EQ(tlbscope_open(&t, -2, FALLBACK), -ESRCH);
	CHECK_EQ(tlbscope_open(&t, -2, 0), -ESRCH);
	if (!geteuid() && access("/proc/2/exe", F_OK) && !access("/proc/2", F_OK))
		CHECK_EQ(tlbscope_open(&t, 2, 0), -ESRCH);
	pid = fork();
	if (!pid)
		_exit(0);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	CHECK_EQ(tlbscope_open(&t, pid, 0), -ESRCH);
	CHECK_EQ(tlbscope_open(&t, pid, FALLBACK), -ESRCH);
	CHECK(!t);
	waitpid(pid, NULL, 0);
	CHECK_EQ(tlbscope_open(&t, pid, 0), -ESRCH);
}

TEST(names)
{
	struct tlbscope *t = open_self();

	CHECK_EQ(tlbscope_pid(t), getpid());
	CHECK(tlbscope_source(t) != TLBSCOPE_SOURCE_MODULE);
	CHECK(strstr(tlbscope_source_name(tlbscope_source(t)), "pagemap"));
	CHECK_STR(tlbscope_source_name(TLBSCOPE_SOURCE_MODULE), "the tlbscope module");
	CHECK_EQ(tlbscope_page_size(0), 0);
	CHECK_EQ(tlbscope_page_size(2), HUGE);
	CHECK_EQ(tlbscope_page_size(6), 0);
	CHECK_EQ(tlbscope_index(5ULL << 21, 2), 5);
	CHECK_EQ(tlbscope_index(~0ULL, 0), 0);
	tlbscope_close(t);
}

TEST(touched_untouched_and_torn)
{
	char *p = map_pages(64, PROT_READ | PROT_WRITE);
	struct tlbscope *t = open_self();
	uint64_t at = (uintptr_t)p;
	struct tlbscope_walk walk;
	unsigned int count;

	CHECK_EQ(sum_ranges(t, at, at + 64 * PAGE, ALL, TLBSCOPE_LEAF, NULL), 0);
	memset(p, 1, 64 * PAGE);
	CHECK_EQ(sum_ranges(t, at, at + 64 * PAGE, 0, TLBSCOPE_LEAF, NULL), 64 * PAGE);
	CHECK_EQ(sum_ranges(t, at + PAGE, at + 3 * PAGE, UNMERGED, TLBSCOPE_LEAF, &count),
		 2 * PAGE);
	CHECK_EQ(count, 2);
	munmap(p + 10 * PAGE, 5 * PAGE);
	CHECK_EQ(sum_ranges(t, at, at + 64 * PAGE, UNMERGED, TLBSCOPE_LEAF, &count), 59 * PAGE);
	CHECK_EQ(count, 59);
	CHECK_EQ(tlbscope_walk_address(t, at + 12 * PAGE, 0, &walk), 0);
	CHECK_EQ(walk.state, TLBSCOPE_NONE);
	CHECK_EQ(walk.page_size, 0);
	CHECK_EQ(tlbscope_walk_address(t, at + 9 * PAGE + 5, 0, &walk), 0);
	CHECK_EQ(walk.state, TLBSCOPE_LEAF);
	CHECK_EQ(walk.levels, 0);
	CHECK_EQ(walk.step[0].entry, 0);
	tlbscope_close(t);
	munmap(p, 64 * PAGE);
}

TEST(prot_none_is_no_leaf)
{
	char *p = map_pages(16, PROT_READ | PROT_WRITE);
	struct tlbscope *t = open_self();
	uint64_t at = (uintptr_t)p, phys;
	struct tlbscope_walk walk;

	memset(p, 1, 16 * PAGE);
	mprotect(p + 4 * PAGE, 4 * PAGE, PROT_NONE);
	CHECK_EQ(sum_ranges(t, at, at + 16 * PAGE, ALL, TLBSCOPE_PROTNONE, NULL), 4 * PAGE);
	CHECK_EQ(sum_ranges(t, at, at + 16 * PAGE, ALL, TLBSCOPE_LEAF, NULL), 12 * PAGE);
	CHECK_EQ(sum_ranges(t, at, at + 16 * PAGE, 0, TLBSCOPE_PROTNONE, NULL), 0);
	CHECK_EQ(tlbscope_walk_address(t, at + 5 * PAGE, 0, &walk), 0);
	CHECK_EQ(walk.state, TLBSCOPE_PROTNONE);
	CHECK_EQ(tlbscope_translate(t, at + 5 * PAGE, &phys, NULL), -ENODATA);
	tlbscope_close(t);
	munmap(p, 16 * PAGE);
}

/* More mappings than lie in a batch, with memory in every second page */
TEST(more_ranges_than_a_batch)
{
	size_t pages = 5000, i;
	char *p = map_pages(pages, PROT_READ | PROT_WRITE);
	struct tlbscope *t = open_self();
	uint64_t at = (uintptr_t)p;
	unsigned int count;

	for (i = 0; i < pages; i += 2)
		p[i * PAGE] = 1;
	CHECK_EQ(sum_ranges(t, at, at + pages * PAGE, ALL, TLBSCOPE_LEAF, &count),
		 pages / 2 * PAGE);
	CHECK_EQ(count, pages / 2);
	for (i = 0; i < pages; i += 20)
		mprotect(p + i * PAGE, PAGE, PROT_READ);
	CHECK_EQ(sum_ranges(t, at, at + pages * PAGE, ALL, TLBSCOPE_LEAF, &count),
		 pages / 2 * PAGE);
	CHECK_EQ(count, pages / 2);
	tlbscope_close(t);
	munmap(p, pages * PAGE);
}

/* One iterator is many mappings ahead of where the other begins */
TEST(iterators_at_different_mappings)
{
	size_t pages = 3000, i;
	char *p = map_pages(pages, PROT_READ | PROT_WRITE);
	struct tlbscope *t = open_self();
	uint64_t at = (uintptr_t)p, end = at + pages * PAGE;
	struct tlbscope_iter *ahead;
	struct tlbscope_range r;
	unsigned int count, n = 0;

	memset(p, 1, pages * PAGE);
	for (i = 0; i < pages; i += 2)
		mprotect(p + i * PAGE, PAGE, PROT_READ);
	tlbscope_ranges_begin(t, at, end, UNMERGED, 0, &ahead);
	while (n < 1500 && tlbscope_ranges_next(ahead, &r) > 0)
		n++;
	CHECK_EQ(sum_ranges(t, at, end, UNMERGED, TLBSCOPE_LEAF, &count), pages * PAGE);
	CHECK_EQ(count, pages);
	while (tlbscope_ranges_next(ahead, &r) > 0)
		n++;
	CHECK_EQ(n, pages);
	tlbscope_iter_end(ahead);
	tlbscope_close(t);
	munmap(p, pages * PAGE);
}

/* pagemap shows nothing of what has no struct page, as [vvar] on most kernels */
TEST(what_pagemap_does_not_show_is_unknown)
{
	static struct mappings maps = { .fd = -1 };
	struct tlbscope *t = open_self();
	struct mapping m = { 0 };
	struct tlbscope_walk walk;
	int dir = open("/proc/self", O_RDONLY | O_DIRECTORY);

	CHECK_EQ(mappings_open(&maps, dir, "smaps"), 0);
	while (mappings_next(&maps, &m) > 0 && !m.no_pages)
		;
	if (m.no_pages) {
		CHECK_EQ(tlbscope_walk_address(t, m.start, 0, &walk), 0);
		CHECK_EQ(walk.state, TLBSCOPE_UNKNOWN);
	} else {
		unit_skipped = "no such mapping here";
	}
	mappings_close(&maps);
	close(dir);
	tlbscope_close(t);
}

TEST(two_iterators_at_once)
{
	char *p = map_pages(3000, PROT_READ | PROT_WRITE);
	struct tlbscope *t = open_self();
	uint64_t at = (uintptr_t)p, end = at + 3000 * PAGE;
	struct tlbscope_iter *a, *b;
	struct tlbscope_range ra, rb;
	struct tlbscope_table table;
	unsigned int n = 0;

	memset(p, 1, 3000 * PAGE);
	tlbscope_ranges_begin(t, at, end, UNMERGED, 0, &a);
	tlbscope_ranges_begin(t, at, end, UNMERGED, 0, &b);
	CHECK_EQ(tlbscope_tables_next(a, &table), -EINVAL);
	while (tlbscope_ranges_next(a, &ra) > 0 && tlbscope_ranges_next(b, &rb) > 0) {
		CHECK_EQ(ra.start, rb.start);
		CHECK_EQ(ra.start, at + n++ * PAGE);
		CHECK_EQ(tlbscope_iter_address(a), ra.end);
	}
	CHECK_EQ(n, 3000);
	tlbscope_iter_end(a);
	tlbscope_iter_end(b);
	tlbscope_close(t);
	munmap(p, 3000 * PAGE);
}

/*
 * On the sample: once as the kernel is, once as if it were older than 6.7
 */
static struct sample sample;

static int count_level(struct tlbscope *t, const char *name, unsigned int level)
{
	const struct sample_area *a = sample_area(&sample, name);
	struct tlbscope_iter *it;
	struct tlbscope_range r;
	int n = 0;

	if (!a || tlbscope_ranges_begin(t, a->start, a->end, UNMERGED, 0, &it))
		return -1;
	while (tlbscope_ranges_next(it, &r) > 0)
		n += r.level == level;
	tlbscope_iter_end(it);
	return n;
}

static void check_area(struct tlbscope *t, const char *name, unsigned int small,
		       unsigned int huge)
{
	int seen_small = count_level(t, name, 1), seen_huge = count_level(t, name, 2);

	/* Not all can be had everywhere */
	if (!sample_area(&sample, name))
		return;
	if (seen_small != (int)small || seen_huge != (int)huge)
		UNIT_FAIL("%s: %d of 4 KiB and %d of 2 MiB, not %u and %u", name,
			  seen_small, seen_huge, small, huge);
}

static void check_small(struct tlbscope *t)
{
	const struct sample_area *a = sample_area(&sample, "protnone");

	check_area(t, "small", 64, 0);
	check_area(t, "sparse", 22, 0);
	check_area(t, "untouched", 0, 0);
	check_area(t, "protnone", 0, 0);
	check_area(t, "zero", 16, 0);
	check_area(t, "shared", 16, 0);
	CHECK_EQ(sum_ranges(t, a->start, a->end, ALL, TLBSCOPE_PROTNONE, NULL), 16 * PAGE);
}

static void check_not_present(struct tlbscope *t)
{
	const struct sample_area *a = sample_area(&sample, "guard");

	if (a) {
		check_area(t, "guard", 12, 0);
		CHECK_EQ(sum_ranges(t, a->start, a->end, ALL, TLBSCOPE_MARKER, NULL), 4 * PAGE);
	}
	a = sample_area(&sample, "swap");
	if (a)
		CHECK_EQ(sum_ranges(t, a->start, a->end, ALL, TLBSCOPE_SWAP, NULL) +
			 sum_ranges(t, a->start, a->end, ALL, TLBSCOPE_LEAF, NULL),
			 64 * PAGE);
}

static void check_hugetlb(struct tlbscope *t)
{
	const struct sample_area *a;

	if (sample_area(&sample, "hugetlb-2m"))
		check_area(t, "hugetlb-2m", 0, 1);
	a = sample_area(&sample, "hugetlb-1g");
	if (a) {
		CHECK_EQ(count_level(t, "hugetlb-1g", 3), 1);
		/* Cut out of the middle of a page */
		CHECK_EQ(sum_ranges(t, a->start + 5 * PAGE, a->start + 7 * PAGE, 0,
				    TLBSCOPE_LEAF, NULL), 2 * PAGE);
	}
}

/* One huge page by itself, and counted */
static void check_thp(struct tlbscope *t)
{
	const struct sample_area *a = sample_area(&sample, "thp");
	struct tlbscope_census census;
	struct tlbscope_iter *it;
	struct tlbscope_range r;
	struct tlbscope_walk walk;
	unsigned int count;

	if (!a)
		return;
	CHECK_EQ(tlbscope_walk_address(t, a->start + HUGE + 5, 0, &walk), 0);
	CHECK_EQ(walk.page_size, HUGE);
	CHECK_EQ(walk.level, 2);
	CHECK_EQ(tlbscope_census(t, a->start, a->end, 0, &census), 0);
	CHECK_EQ(census.level[1].leaves, 4);
	CHECK_EQ(census.level[0].leaves, 0);
	CHECK(census.kernel_bytes >= 4 * PAGE && census.kernel_bytes < 1 << 24);
	/* Cut in the middle of a page */
	CHECK_EQ(tlbscope_ranges_begin(t, a->start + 5 * PAGE, a->end, UNMERGED, 0, &it), 0);
	CHECK_EQ(tlbscope_ranges_next(it, &r), 1);
	CHECK_EQ(r.end, a->start + HUGE);
	tlbscope_iter_end(it);
	CHECK_EQ(sum_ranges(t, a->start + 5 * PAGE, a->end, UNMERGED, TLBSCOPE_LEAF, &count),
		 4 * HUGE - 5 * PAGE);
	CHECK_EQ(count, 4);
	CHECK_EQ(sum_ranges(t, a->start, a->start + HUGE + 5 * PAGE, UNMERGED, TLBSCOPE_LEAF,
			    &count), HUGE + 5 * PAGE);
	CHECK_EQ(count, 2);
}

static void check_scanned(struct tlbscope *t)
{
	check_small(t);
	check_area(t, "thp", 0, 4);
	check_area(t, "thp-split", 512, 2);
	check_area(t, "thp-odd", 2 * 512 - 8, 2);
	check_area(t, "thp-zero", 0, 1);
	check_hugetlb(t);
	check_not_present(t);
	check_thp(t);
}

/* Without PAGEMAP_SCAN: where the numbers leave a choice, level 0 */
static void check_reckoned(struct tlbscope *t)
{
	bool phys = tlbscope_knows(t) & TLBSCOPE_KNOWS_PHYS;

	check_small(t);
	check_area(t, "thp", 0, 4);
	check_area(t, "thp-split", 0, 0);
	if (sample_area(&sample, "thp-split"))
		CHECK_EQ(count_level(t, "thp-split", 0), 3 * 512);
	check_area(t, "thp-odd", 2 * 512 - 8, 2);
	check_area(t, "thp-zero", 0, phys);
	if (sample_area(&sample, "thp-zero"))
		CHECK_EQ(count_level(t, "thp-zero", 0), phys ? 0 : 512);
	check_hugetlb(t);
	check_not_present(t);
	check_thp(t);
}

/* From here on PAGEMAP_SCAN is not known to the kernel */
static void forget_scan(void)
{
	unsigned int request = _IOC(_IOC_READ | _IOC_WRITE, 'f', 16, 96);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, request, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	CHECK(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
}

static void become_nobody(void)
{
	CHECK(!setgid(65534) && !setuid(65534));
	prctl(PR_SET_DUMPABLE, 1);
}

/*
 * Runs in a child of its own, which may give things up. It starts a sample for
 * itself, so that it may look at it whoever it is.
 */
static void in_child(void (*prepare)(void), void (*check)(struct tlbscope *t))
{
	struct tlbscope *t = NULL;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid) {
		waitpid(pid, &status, 0);
		CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
		return;
	}
	if (prepare)
		prepare();
	if (sample_start(&sample)) {
		UNIT_FAIL("no sample");
	} else {
		CHECK_EQ(tlbscope_open(&t, sample.pid, FALLBACK), 0);
		if (t)
			check(t);
		tlbscope_close(t);
		sample_stop(&sample);
	}
	exit(unit_failed);
}

static void check_whatever(struct tlbscope *t)
{
	if (tlbscope_source(t) == TLBSCOPE_SOURCE_PAGEMAP_SCAN)
		check_scanned(t);
	else
		check_reckoned(t);
}

static void check_without_scan(struct tlbscope *t)
{
	CHECK_EQ(tlbscope_source(t), TLBSCOPE_SOURCE_PAGEMAP);
	check_reckoned(t);
}

static void check_as_nobody(struct tlbscope *t)
{
	const struct sample_area *a = sample_area(&sample, "small");
	unsigned int count;
	uint64_t phys;

	CHECK_EQ(tlbscope_knows(t) & ~TLBSCOPE_KNOWS_SIZES, 0);
	CHECK_EQ(!!(tlbscope_knows(t) & TLBSCOPE_KNOWS_SIZES),
		 tlbscope_source(t) == TLBSCOPE_SOURCE_PAGEMAP_SCAN);
	CHECK_EQ(tlbscope_translate(t, a->start, &phys, NULL), -EPERM);
	/* Merged by state and size alone */
	CHECK_EQ(sum_ranges(t, a->start, a->end, 0, TLBSCOPE_LEAF, &count), 64 * PAGE);
	CHECK_EQ(count, 1);
	check_whatever(t);
}

static void forget_scan_as_nobody(void)
{
	become_nobody();
	forget_scan();
}

static void say_kinds(struct tlbscope *t)
{
	unsigned int i;

	CHECK(t);
	printf("# memory of the kinds");
	for (i = 0; i < sample.count; i++)
		printf(" %s", sample.area[i].name);
	putchar('\n');
	CHECK(sample.count >= 6);
}

TEST(sample_starts)
{
	in_child(NULL, say_kinds);
}

TEST(sample_as_the_kernel_is)
{
	in_child(NULL, check_whatever);
}

TEST(sample_without_pagemap_scan)
{
	in_child(forget_scan, check_without_scan);
}

TEST(sample_as_nobody)
{
	if (geteuid())
		SKIP("needs root");
	in_child(become_nobody, check_as_nobody);
}

TEST(sample_as_nobody_without_pagemap_scan)
{
	if (geteuid())
		SKIP("needs root");
	in_child(forget_scan_as_nobody, check_as_nobody);
}

static void open_init(struct tlbscope *t)
{
	struct tlbscope *init;
	int err = tlbscope_open(&init, 1, 0);

	CHECK(t);
	CHECK(err == -EACCES || err == -EPERM);
}

TEST(processes_of_others)
{
	if (geteuid())
		SKIP("needs root");
	in_child(become_nobody, open_init);
}

static void check_gone(struct tlbscope *t)
{
	uint64_t at = sample_area(&sample, "small")->start, phys;
	struct tlbscope_census census;
	struct tlbscope_iter *it;
	struct tlbscope_range r;
	struct tlbscope_walk walk;

	CHECK_EQ(tlbscope_walk_address(t, at, 0, &walk), -ESRCH);
	CHECK_EQ(tlbscope_translate(t, at, &phys, NULL), -ESRCH);
	CHECK_EQ(tlbscope_census(t, 0, 0, 0, &census), -ESRCH);
	CHECK_EQ(tlbscope_ranges_begin(t, at, at + PAGE, 0, 0, &it), 0);
	CHECK_EQ(tlbscope_ranges_next(it, &r), -ESRCH);
	tlbscope_iter_end(it);
}

static void check_exit(struct tlbscope *t)
{
	sample_stop(&sample);
	check_gone(t);
	CHECK(!sample_start(&sample));
}

static void check_exec(struct tlbscope *t)
{
	sample_exec(&sample);
	check_gone(t);
}

TEST(the_process_exits)
{
	in_child(NULL, check_exit);
	in_child(forget_scan, check_exit);
}

TEST(the_process_starts_another_program)
{
	in_child(NULL, check_exec);
	in_child(forget_scan, check_exec);
}

UNIT_MAIN("library")
