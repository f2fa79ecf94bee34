// SPDX-License-Identifier: GPL-2.0
/*
 * One address: every kind of page that a process can have, as the module shows
 * it and as pagemap, kpageflags, smaps and the memory itself show it
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>

#include "check.h"
#include "child.h"
#include "memory.h"

#define VSYSCALL	((const char *)0xffffffffff600000UL)

FIXTURE(walk) {
	int fd;
	struct tlbscope_info info;
};

FIXTURE_SETUP(walk)
{
	self->fd = scope_open("walk");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, scope_info(&self->info));
	ASSERT_EQ(0, scope_target(self->fd, SELF));
}

FIXTURE_TEARDOWN(walk)
{
	close(self->fd);
}

TEST_F(walk, small_page)
{
	char *p = mem_small(3 * PAGE);
	struct tlbscope_walk w;
	struct vma vma;

	ASSERT_NE(NULL, p);
	mem_stamp(p, 3 * PAGE, 11);
	w = check_page(_metadata, self->fd, SELF, p + PAGE, PAGE, RIGHT_RW);
	EXPECT_EQ(1, w.level);
	EXPECT_TRUE(last_entry(&w) & BIT_DIRTY);
	EXPECT_TRUE(last_entry(&w) & BIT_ACCESSED);
	EXPECT_HEX(KPF_ANON, page_flags(w.phys) &
		   (KPF_ANON | KPF_THP | KPF_HUGE | KPF_NOPAGE), "kpageflags");
	EXPECT_EQ(1, page_count(w.phys));
	ASSERT_EQ(0, vma_at(SELF, p, &vma));
	EXPECT_EQ(w.page_size, vma.page_size);

	/* Any byte of the page will do, up to its last */
	check_page(_metadata, self->fd, SELF, p + 2 * PAGE - 1, PAGE, RIGHT_RW);
	check_page(_metadata, self->fd, SELF, p + PAGE + 0x123, PAGE, RIGHT_RW);
}

TEST_F(walk, zero_page)
{
	char *p = mem_small(2 * PAGE);
	struct tlbscope_walk w, other;

	ASSERT_NE(NULL, p);
	(void)*(volatile char *)p;
	(void)*(volatile char *)(p + PAGE);
	w = check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_R);
	EXPECT_TRUE(page_flags(w.phys) & KPF_ZERO_PAGE);
	other = check_page(_metadata, self->fd, SELF, p + PAGE, PAGE, RIGHT_R);
	EXPECT_HEX(w.phys, other.phys, "one page for all zeroes");

	*p = 1;
	other = check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_RW);
	EXPECT_NE(w.phys, other.phys);
}

TEST_F(walk, huge_page)
{
	struct tlbscope_walk w;
	struct vma vma;
	char *p;
	size_t i;

	if (!mem_has_thp())
		skip("this kernel has no transparent huge pages");
	p = mem_huge(2);
	ASSERT_NE(NULL, p);
	mem_stamp(p, 2 * HUGE, 12);
	for (i = 0; i < 2 * HUGE; i += 37 * PAGE) {
		w = check_page(_metadata, self->fd, SELF, p + i, HUGE,
			       RIGHT_RW);
		EXPECT_EQ(2, w.level);
		EXPECT_TRUE(last_entry(&w) & BIT_PSE);
	}
	w = check_page(_metadata, self->fd, SELF, p, HUGE, RIGHT_RW);
	EXPECT_EQ(0, w.phys % HUGE);
	EXPECT_HEX(KPF_ANON | KPF_THP, page_flags(w.phys) &
		   (KPF_ANON | KPF_THP | KPF_HUGE), "kpageflags");
	check_page(_metadata, self->fd, SELF, p + HUGE - 1, HUGE, RIGHT_RW);
	ASSERT_EQ(0, vma_at(SELF, p, &vma));
	EXPECT_EQ(2 * HUGE, vma.anon_huge);
}

TEST_F(walk, huge_zero_page)
{
	struct tlbscope_walk w, other;
	char zero[2];
	char *p;

	if (!mem_has_thp())
		skip("this kernel has no transparent huge pages");
	if (read_line(zero, sizeof(zero), "/sys/kernel/mm/transparent_hugepage/use_zero_page") ||
	    zero[0] != '1')
		skip("use_zero_page is off");
	p = mem_reserve(2 * HUGE, HUGE);
	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, mprotect(p, 2 * HUGE, PROT_READ | PROT_WRITE));
	ASSERT_EQ(0, madvise(p, 2 * HUGE, MADV_HUGEPAGE));
	(void)*(volatile char *)(p + 5 * PAGE);
	(void)*(volatile char *)(p + HUGE);
	w = check_page(_metadata, self->fd, SELF, p + 5 * PAGE, HUGE, RIGHT_R);
	EXPECT_TRUE(page_flags(w.phys) & KPF_ZERO_PAGE);
	other = check_page(_metadata, self->fd, SELF, p + HUGE + 5 * PAGE, HUGE,
			   RIGHT_R);
	EXPECT_HEX(w.phys, other.phys, "one huge page for all zeroes");
}

FIXTURE(hugetlb) {
	int fd;
};

FIXTURE_VARIANT(hugetlb) {
	unsigned long size;
	unsigned int level;
};

FIXTURE_VARIANT_ADD(hugetlb, 2M) {
	.size = HUGE,
	.level = 2,
};

FIXTURE_VARIANT_ADD(hugetlb, 1G) {
	.size = GIB,
	.level = 3,
};

FIXTURE_SETUP(hugetlb)
{
	self->fd = scope_open("walk");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, scope_target(self->fd, SELF));
}

FIXTURE_TEARDOWN(hugetlb)
{
	close(self->fd);
}

TEST_F(hugetlb, page)
{
	char *p = mem_hugetlb(variant->size);
	struct tlbscope_walk w;
	struct vma vma;
	size_t at;

	if (!p)
		skip("no hugetlb page of %lu MiB in the pool",
		     variant->size / MIB);
	for (at = 0; at < variant->size; at += variant->size / 8) {
		mem_stamp(p + at, PAGE, at);
		w = check_page(_metadata, self->fd, SELF, p + at,
			       variant->size, RIGHT_RW);
		EXPECT_EQ(variant->level, w.level);
	}
	check_page(_metadata, self->fd, SELF, p + variant->size - 1,
		   variant->size, RIGHT_RW);
	w = check_page(_metadata, self->fd, SELF, p, variant->size, RIGHT_RW);
	EXPECT_TRUE(page_flags(w.phys) & KPF_HUGE);
	ASSERT_EQ(0, vma_at(SELF, p, &vma));
	EXPECT_EQ(w.page_size, vma.page_size);

	ASSERT_EQ(0, mprotect(p, variant->size, PROT_NONE));
	w = walk_at(_metadata, self->fd, p + 5 * PAGE, 0);
	EXPECT_EQ(TLBSCOPE_PROTNONE, w.state);
	EXPECT_EQ(variant->size, w.page_size);
	EXPECT_HEX((pagemap_at(SELF, p) & PM_PFN) * PAGE + 5 * PAGE, w.phys,
		   "pagemap");
}

/* The frame stays, nobody may use it, and it is the same one afterwards */
static void check_protnone(struct __test_metadata *_metadata, int fd, char *p,
			   unsigned long size)
{
	struct tlbscope_walk before, none, after;
	char *at = p + 3 * PAGE;

	before = check_page(_metadata, fd, SELF, at, size, RIGHT_RW);
	ASSERT_EQ(0, mprotect(p, HUGE, PROT_NONE));
	none = walk_at(_metadata, fd, at, 0);
	EXPECT_EQ(TLBSCOPE_PROTNONE, none.state);
	EXPECT_EQ(size, none.page_size);
	EXPECT_HEX(before.phys, none.phys, "frame without access");
	EXPECT_EQ(0, none.rights);
	EXPECT_FALSE(last_entry(&none) & BIT_PRESENT);
	EXPECT_HEX((pagemap_at(SELF, at) & PM_PFN) * PAGE, none.phys,
		   "pagemap");
	ASSERT_EQ(0, mprotect(p, HUGE, PROT_READ | PROT_WRITE));
	*(volatile char *)at = *(volatile char *)at;
	after = check_page(_metadata, fd, SELF, at, size, RIGHT_RW);
	EXPECT_HEX(before.phys, after.phys, "frame afterwards");
}

TEST_F(walk, no_access)
{
	char *p = mem_small(HUGE);

	ASSERT_NE(NULL, p);
	mem_stamp(p, HUGE, 13);
	check_protnone(_metadata, self->fd, p, PAGE);
}

TEST_F(walk, no_access_huge)
{
	char *p;

	if (!mem_has_thp())
		skip("this kernel has no transparent huge pages");
	p = mem_huge(1);
	ASSERT_NE(NULL, p);
	check_protnone(_metadata, self->fd, p, HUGE);
}

TEST_F(walk, swapped)
{
	char *p = mem_small(32 * PAGE);
	struct tlbscope_walk w;
	__u64 said, entry;
	size_t i;

	if (!mem_has_swap())
		skip("no swap space");
	ASSERT_NE(NULL, p);
	mem_stamp(p, 32 * PAGE, 14);
	ASSERT_EQ(0, mem_swap_out(p, 32 * PAGE));
	for (i = 0; i < 32; i++) {
		w = walk_at(_metadata, self->fd, p + i * PAGE + 8, 0);
		EXPECT_EQ(TLBSCOPE_SWAP, w.state);
		EXPECT_EQ(1, w.level);
		EXPECT_EQ(PAGE, w.page_size);
		/* Where in the swap space: pagemap's type and offset */
		said = pagemap_at(SELF, p + i * PAGE);
		entry = last_entry(&w);
		EXPECT_TRUE(said & PM_SWAP);
		EXPECT_HEX(said & 0x1f, entry >> 59, "swap type");
		EXPECT_HEX((said & PM_PFN) >> 5, ~entry << 5 >> 14,
			   "swap offset");
	}
	EXPECT_TRUE(mem_stamped(p, 32 * PAGE, 14));
	/* In again by reading: writable only if the kernel thinks it pays */
	w = walk_at(_metadata, self->fd, p, 0);
	EXPECT_EQ(TLBSCOPE_LEAF, w.state);
	EXPECT_HEX((pagemap_at(SELF, p) & PM_PFN) * PAGE, w.phys, "pagemap");
}

static void write_when_told(int fd, void *p)
{
	child_pause(fd);
	*(volatile char *)p = 2;
	child_pause(fd);
}

TEST_F(walk, copy_on_write)
{
	char *p = mem_small(2 * PAGE);
	struct tlbscope_walk before, shared, mine, copy;
	struct child child;
	int fd = scope_open("walk");

	ASSERT_NE(NULL, p);
	ASSERT_LE(0, fd);
	mem_stamp(p, 2 * PAGE, 15);
	before = check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_RW);
	ASSERT_EQ(0, child_start(&child, write_when_told, p));
	ASSERT_EQ(0, scope_target(fd, child.pid));

	/* One frame, which neither may write */
	mine = check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_R);
	shared = check_page(_metadata, fd, child.pid, p, PAGE, RIGHT_R);
	EXPECT_HEX(before.phys, mine.phys, "parent's after fork");
	EXPECT_HEX(before.phys, shared.phys, "child's after fork");
	EXPECT_EQ(2, page_count(shared.phys));
	EXPECT_NE(mine.step[mine.levels - 1].phys,
		  shared.step[shared.levels - 1].phys);

	ASSERT_EQ(0, child_step(&child));
	copy = check_page(_metadata, fd, child.pid, p, PAGE, RIGHT_RW);
	EXPECT_NE(before.phys, copy.phys);
	mine = check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_R);
	EXPECT_HEX(before.phys, mine.phys, "parent's after the child's write");
	EXPECT_EQ(1, page_count(mine.phys));
	EXPECT_EQ(1, page_count(copy.phys));
	child_end(&child);
}

TEST_F(walk, copy_on_write_huge)
{
	struct tlbscope_walk before, shared, rest, copy;
	struct child child;
	int fd = scope_open("walk");
	char *p;

	if (!mem_has_thp())
		skip("this kernel has no transparent huge pages");
	p = mem_huge(1);
	ASSERT_NE(NULL, p);
	ASSERT_LE(0, fd);
	mem_stamp(p, HUGE, 16);
	before = check_page(_metadata, self->fd, SELF, p, HUGE, RIGHT_RW);
	ASSERT_EQ(0, child_start(&child, write_when_told, p));
	ASSERT_EQ(0, scope_target(fd, child.pid));
	shared = check_page(_metadata, fd, child.pid, p, HUGE, RIGHT_R);
	EXPECT_HEX(before.phys, shared.phys, "child's after fork");

	/* A write gives the child one small page of its own */
	ASSERT_EQ(0, child_step(&child));
	copy = check_page(_metadata, fd, child.pid, p, PAGE, RIGHT_RW);
	EXPECT_NE(before.phys, copy.phys);
	rest = check_page(_metadata, fd, child.pid, p + 7 * PAGE, PAGE,
			  RIGHT_R);
	EXPECT_HEX(before.phys + 7 * PAGE, rest.phys, "child's other pages");
	check_page(_metadata, self->fd, SELF, p, HUGE, RIGHT_R);
	child_end(&child);
}

/* Two mappings of a file show the same frames, at other addresses */
static void check_shared(struct __test_metadata *_metadata, int fd, int file,
			 int prot, unsigned int rights)
{
	struct tlbscope_walk w, other;
	char *p[2];
	size_t i;

	for (i = 0; i < 2; i++) {
		p[i] = mmap(NULL, 4 * PAGE, prot, MAP_SHARED, file, 0);
		ASSERT_NE(MAP_FAILED, p[i]);
	}
	if (prot & PROT_WRITE)
		mem_stamp(p[0], 4 * PAGE, 17);
	for (i = 0; i < 4; i++) {
		(void)*(volatile char *)(p[0] + i * PAGE);
		if (prot & PROT_WRITE)
			*(volatile __u64 *)(p[1] + i * PAGE + 16) = i + 1;
		(void)*(volatile char *)(p[1] + i * PAGE);
		w = check_page(_metadata, fd, SELF, p[0] + i * PAGE, PAGE,
			       rights);
		other = check_page(_metadata, fd, SELF, p[1] + i * PAGE, PAGE,
				   rights);
		EXPECT_HEX(w.phys, other.phys, "page %zu of a shared file", i);
		EXPECT_FALSE(page_flags(w.phys) & KPF_ANON);
		EXPECT_LE(2, page_count(w.phys));
		if (prot & PROT_WRITE)
			EXPECT_EQ(i + 1, *(volatile __u64 *)(p[0] + i * PAGE + 16));
	}
}

TEST_F(walk, tmpfs_file)
{
	int file = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, 4 * PAGE));
	check_shared(_metadata, self->fd, file, PROT_READ | PROT_WRITE,
		     RIGHT_RW);
}

TEST_F(walk, memfd)
{
	int file = memfd_create("walk", 0);

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, 4 * PAGE));
	check_shared(_metadata, self->fd, file, PROT_READ | PROT_WRITE,
		     RIGHT_RW);
}

TEST_F(walk, program_file)
{
	int file = open("/proc/self/exe", O_RDONLY);

	ASSERT_LE(0, file);
	check_shared(_metadata, self->fd, file, PROT_READ, RIGHT_R);
}

/* A private mapping shows the file's frame until it is written */
TEST_F(walk, private_file)
{
	int file = memfd_create("walk", 0);
	struct tlbscope_walk w, other;
	char *shared, *private;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, PAGE));
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	private = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_NE(MAP_FAILED, private);
	mem_stamp(shared, PAGE, 18);
	EXPECT_TRUE(mem_stamped(private, PAGE, 18));
	w = check_page(_metadata, self->fd, SELF, shared, PAGE, RIGHT_RW);
	other = check_page(_metadata, self->fd, SELF, private, PAGE, RIGHT_R);
	EXPECT_HEX(w.phys, other.phys, "before the write");
	*private = 1;
	other = check_page(_metadata, self->fd, SELF, private, PAGE, RIGHT_RW);
	EXPECT_NE(w.phys, other.phys);
}

TEST_F(walk, rights)
{
	char *p = mem_small(4 * PAGE);
	struct tlbscope_walk w;

	ASSERT_NE(NULL, p);
	mem_stamp(p, 4 * PAGE, 19);
	ASSERT_EQ(0, mprotect(p, PAGE, PROT_READ));
	ASSERT_EQ(0, mprotect(p + PAGE, PAGE, PROT_READ | PROT_EXEC));
	ASSERT_EQ(0, mprotect(p + 2 * PAGE, PAGE,
			      PROT_READ | PROT_WRITE | PROT_EXEC));
	check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_R);
	check_page(_metadata, self->fd, SELF, p + PAGE, PAGE, RIGHT_RX);
	*(volatile char *)(p + 2 * PAGE) = 1;
	w = check_page(_metadata, self->fd, SELF, p + 2 * PAGE, PAGE,
		       RIGHT_RW | RIGHT_RX);
	EXPECT_FALSE(last_entry(&w) & BIT_NX);
	w = check_page(_metadata, self->fd, SELF, p + 3 * PAGE, PAGE, RIGHT_RW);
	EXPECT_TRUE(last_entry(&w) & BIT_NX);
}

TEST_F(walk, protection_key)
{
	char *p = mem_small(PAGE);
	struct tlbscope_walk w;
	int key;

	if (!(self->info.features & TLBSCOPE_FEAT_PKU))
		skip("the CPU has no protection keys, or they are not in use");
	key = pkey_alloc(0, 0);
	ASSERT_LT(0, key);
	ASSERT_NE(NULL, p);
	*p = 1;
	ASSERT_EQ(0, pkey_mprotect(p, PAGE, PROT_READ | PROT_WRITE, key));
	w = check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_RW);
	EXPECT_EQ(key, (last_entry(&w) >> 59) & 15);
}

TEST_F(walk, accessed_and_dirty)
{
	int file = memfd_create("walk", 0);
	struct tlbscope_walk w;
	char *p;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, PAGE));
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, p);
	(void)*(volatile char *)p;
	w = walk_at(_metadata, self->fd, p, 0);
	EXPECT_FALSE(last_entry(&w) & BIT_DIRTY);

	ASSERT_EQ(0, write_file("1", "/proc/self/clear_refs"));
	mem_flush_tlb();
	w = walk_at(_metadata, self->fd, p, 0);
	EXPECT_FALSE(last_entry(&w) & (BIT_ACCESSED | BIT_DIRTY));
	(void)*(volatile char *)p;
	w = walk_at(_metadata, self->fd, p, 0);
	EXPECT_HEX(BIT_ACCESSED, last_entry(&w) & (BIT_ACCESSED | BIT_DIRTY),
		   "after a read");
	*(volatile char *)p = 1;
	w = walk_at(_metadata, self->fd, p, 0);
	EXPECT_HEX(BIT_ACCESSED | BIT_DIRTY,
		   last_entry(&w) & (BIT_ACCESSED | BIT_DIRTY),
		   "after a write");
}

TEST_F(walk, soft_dirty)
{
	__u64 bit = self->info.format.soft_dirty;
	char *p = mem_small(PAGE);
	struct tlbscope_walk w;

	if (!bit)
		skip("this kernel has no soft-dirty bit");
	ASSERT_NE(NULL, p);
	*p = 1;
	w = walk_at(_metadata, self->fd, p, 0);
	EXPECT_TRUE(last_entry(&w) & bit);
	EXPECT_TRUE(pagemap_at(SELF, p) & PM_SOFT_DIRTY);
	ASSERT_EQ(0, write_file("4", "/proc/self/clear_refs"));
	w = walk_at(_metadata, self->fd, p, 0);
	EXPECT_FALSE(last_entry(&w) & bit);
	EXPECT_FALSE(w.rights & TLBSCOPE_MAY_WRITE);
	*(volatile char *)p = 2;
	w = walk_at(_metadata, self->fd, p, 0);
	EXPECT_TRUE(last_entry(&w) & bit);
	EXPECT_TRUE(w.rights & TLBSCOPE_MAY_WRITE);
}

TEST_F(walk, above_47_bits)
{
	__u64 address = (1ULL << 47) + (3ULL << 48) + 5 * GIB + 7 * PAGE;
	struct tlbscope_walk w;
	char *p;

	if (self->info.levels == 4)
		skip("with 4 levels there is nothing above");
	p = mem_small_at(address, PAGE);
	ASSERT_NE(NULL, p);
	mem_stamp(p, PAGE, 20);
	w = check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_RW);
	EXPECT_EQ(5, w.levels);
	EXPECT_EQ(8 * 3, w.step[0].phys % PAGE);
	EXPECT_EQ(8 * 256, w.step[1].phys % PAGE);
	check_page(_metadata, self->fd, SELF, p + PAGE - 1, PAGE, RIGHT_RW);
	check_hole(_metadata, self->fd, p + PAGE, 1);
	ASSERT_EQ(0, munmap(p, PAGE));
	check_hole(_metadata, self->fd, p, 5);
}

TEST_F(walk, hole_at_each_level)
{
	unsigned int level, levels = self->info.levels;
	char *p = (char *)(2 * ZOO_START);

	/* Nobody else is near: the root says so, and so does each level below */
	check_hole(_metadata, self->fd, p, 4);
	if (levels == 5)
		check_hole(_metadata, self->fd, (char *)(9ULL << 48), 5);
	ASSERT_NE(NULL, mem_small_at((unsigned long)p, PAGE));
	check_hole(_metadata, self->fd, p, 4);
	*p = 1;
	check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_RW);
	for (level = 1; level <= 4; level++) {
		check_hole(_metadata, self->fd, p + span(level), level);
		check_hole(_metadata, self->fd, p + 2 * span(level) - 1, level);
		/* The last of the table */
		if (level < levels)
			check_hole(_metadata, self->fd,
				   (char *)((unsigned long)p |
					    (span(level + 1) - 1)), level);
	}
	ASSERT_EQ(0, munmap(p, PAGE));
	check_hole(_metadata, self->fd, p, 4);
}

TEST_F(walk, ends_of_the_halves)
{
	__u64 end = self->info.user_end, start = self->info.kernel_start;
	struct tlbscope_walk w;

	EXPECT_EQ(0, scope_walk(self->fd, 0, 0, &w));
	EXPECT_EQ(TLBSCOPE_NONE, w.state);
	EXPECT_EQ(0, scope_walk(self->fd, end - 1, 0, &w));
	EXPECT_EQ(TLBSCOPE_NONE, w.state);
	EXPECT_EQ(-EINVAL, scope_walk(self->fd, end, 0, &w));
	EXPECT_EQ(-EINVAL, scope_walk(self->fd, start - 1, 0, &w));
	EXPECT_EQ(0, scope_walk(self->fd, start, 0, &w));
	EXPECT_EQ(0, scope_walk(self->fd, ~0ULL, 0, &w));
	EXPECT_EQ(0, oracle_confirms(&w));
}

TEST_F(walk, guard_gap)
{
	char *p = mem_small(3 * PAGE);
	struct tlbscope_walk w;

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, mprotect(p + PAGE, PAGE, PROT_NONE));
	mem_stamp(p, PAGE, 21);
	mem_stamp(p + 2 * PAGE, PAGE, 21);
	check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_RW);
	check_hole(_metadata, self->fd, p + PAGE, 1);
	check_page(_metadata, self->fd, SELF, p + 2 * PAGE, PAGE, RIGHT_RW);

	/* What is there already keeps its frame */
	ASSERT_EQ(0, mprotect(p, PAGE, PROT_NONE));
	w = walk_at(_metadata, self->fd, p, 0);
	EXPECT_EQ(TLBSCOPE_PROTNONE, w.state);
}

TEST_F(walk, guard_region)
{
	char *p = mem_small(3 * PAGE);
	struct tlbscope_walk w;

	ASSERT_NE(NULL, p);
	mem_stamp(p, 3 * PAGE, 22);
	if (madvise(p + PAGE, PAGE, MADV_GUARD_INSTALL))
		skip("this kernel has no guard regions (from 6.13 on)");
	w = walk_at(_metadata, self->fd, p + PAGE, 0);
	EXPECT_EQ(TLBSCOPE_MARKER, w.state);
	EXPECT_EQ(PAGE, w.page_size);
	EXPECT_FALSE(pagemap_at(SELF, p + PAGE) & PM_PRESENT);
	check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_RW);
	check_page(_metadata, self->fd, SELF, p + 2 * PAGE, PAGE, RIGHT_RW);
}

TEST_F(walk, marker)
{
	char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct tlbscope_walk w;
	int fd;

	ASSERT_NE(MAP_FAILED, p);
	fd = mem_marker(p, 8 * PAGE);
	if (fd == -ENOSYS || fd == -EINVAL)
		skip("this kernel cannot write-protect what is not there");
	ASSERT_LE(0, fd);
	w = walk_at(_metadata, self->fd, p + 3 * PAGE, 0);
	EXPECT_EQ(TLBSCOPE_MARKER, w.state);
	EXPECT_TRUE(pagemap_at(SELF, p + 3 * PAGE) & PM_UFFD_WP);

	/* Reading brings the page, which stays protected */
	(void)*(volatile char *)(p + 3 * PAGE);
	w = check_page(_metadata, self->fd, SELF, p + 3 * PAGE, PAGE, RIGHT_R);
	ASSERT_NE(0, self->info.format.uffd_wp);
	EXPECT_TRUE(last_entry(&w) & self->info.format.uffd_wp);
	EXPECT_TRUE(pagemap_at(SELF, p + 3 * PAGE) & PM_UFFD_WP);
}

/*
 * The one page of the kernel's half that can be the user's: there with
 * vsyscall=emulate, else not
 */
TEST_F(walk, vsyscall)
{
	struct tlbscope_walk w = walk_at(_metadata, self->fd, VSYSCALL, 0);
	FILE *maps = fopen("/proc/self/maps", "re");
	bool readable = false;
	char line[256], here[64], there[64];

	ASSERT_NE(NULL, maps);
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[vsyscall]") && strstr(line, " r-xp "))
			readable = true;
	fclose(maps);
	TH_LOG("the page is %s", readable ? "there" : "not there");
	EXPECT_EQ(readable, w.state == TLBSCOPE_LEAF &&
			    (w.rights & TLBSCOPE_MAY_USER));
	if (!readable)
		return;
	EXPECT_EQ(PAGE, w.page_size);
	EXPECT_HEX(RIGHT_R, w.rights, "rights");
	memcpy(here, VSYSCALL, sizeof(here));
	ASSERT_EQ(0, phys_read(w.phys, there, sizeof(there)));
	EXPECT_EQ(0, memcmp(here, there, sizeof(here)));
	if (scope_pti()) {
		w = walk_at(_metadata, self->fd, VSYSCALL, TLBSCOPE_USER_ROOT);
		EXPECT_EQ(TLBSCOPE_LEAF, w.state);
		EXPECT_HEX(RIGHT_R, w.rights, "rights in the user's root");
	}
}

TEST_F(walk, vdso)
{
	const char *p = (const char *)getauxval(AT_SYSINFO_EHDR);
	char there[64];
	struct tlbscope_walk w;

	if (!p)
		skip("there is no vDSO");
	EXPECT_EQ(0, memcmp(p, "\177ELF", 4));
	w = walk_at(_metadata, self->fd, p, 0);
	EXPECT_EQ(TLBSCOPE_LEAF, w.state);
	EXPECT_HEX(kernel_rights(RIGHT_RX), w.rights, "rights");
	ASSERT_EQ(0, phys_read(w.phys, there, sizeof(there)));
	EXPECT_EQ(0, memcmp(p, there, sizeof(there)));
}

TEST_F(walk, code_stack_and_heap)
{
	char *heap = malloc(64);
	char stack[64] __attribute__((aligned(64))) = { 1 };
	struct tlbscope_walk w;

	*heap = 1;
	w = walk_at(_metadata, self->fd, stack, 0);
	EXPECT_EQ(TLBSCOPE_LEAF, w.state);
	EXPECT_HEX(RIGHT_RW, w.rights, "stack");
	w = walk_at(_metadata, self->fd, heap, 0);
	EXPECT_EQ(TLBSCOPE_LEAF, w.state);
	EXPECT_HEX(RIGHT_RW, w.rights, "heap");
	w = walk_at(_metadata, self->fd, (void *)scope_open, 0);
	EXPECT_EQ(TLBSCOPE_LEAF, w.state);
	EXPECT_HEX(kernel_rights(RIGHT_RX), w.rights, "code");
}

static void ignore_signal(int sig)
{
	(void)sig;
}

TEST_F(walk, poisoned)
{
	char *p = mem_small(3 * PAGE);
	struct tlbscope_walk w;
	__u64 phys;

	ASSERT_NE(NULL, p);
	mem_stamp(p, 3 * PAGE, 23);
	phys = check_page(_metadata, self->fd, SELF, p + PAGE, PAGE,
			  RIGHT_RW).phys;
	/* Sent now or at the first access, as the machine is set up */
	signal(SIGBUS, ignore_signal);
	if (madvise(p + PAGE, PAGE, MADV_HWPOISON)) {
		ASSERT_EQ(EINVAL, errno);
		skip("this kernel does not handle memory failures");
	}
	EXPECT_TRUE(page_flags(phys) & KPF_HWPOISON);
	w = walk_at(_metadata, self->fd, p + PAGE, 0);
	EXPECT_EQ(TLBSCOPE_HWPOISON, w.state);
	EXPECT_EQ(PAGE, w.page_size);
	EXPECT_FALSE(pagemap_at(SELF, p + PAGE) & PM_PRESENT);
	check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_RW);
	check_page(_metadata, self->fd, SELF, p + 2 * PAGE, PAGE, RIGHT_RW);
}

/* What a watcher saw of a page, while it was moved */
struct watch {
	int fd;
	const char *p;
	volatile bool stop;
	unsigned long seen[TLBSCOPE_STATES];
	unsigned long errors;
};

static void *watch(void *arg)
{
	struct watch *watch = arg;
	struct tlbscope_walk w;

	while (!watch->stop) {
		if (scope_walk(watch->fd, (unsigned long)watch->p, 0, &w) ||
		    w.state >= TLBSCOPE_STATES)
			watch->errors++;
		else
			watch->seen[w.state]++;
	}
	return NULL;
}

/*
 * A page that the kernel moves to another frame, as it would if this one were
 * failing. Between the two there is a migration entry, which the watcher may or
 * may not meet.
 */
TEST_F(walk, moved)
{
	const unsigned int most = 256;
	struct watch seen = { .fd = scope_open("walk") };
	char *p = mem_small(most * PAGE), *at;
	struct tlbscope_walk before, after;
	unsigned int i, pages;
	pthread_t thread;
	int ret = 0;

	ASSERT_LE(0, seen.fd);
	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, scope_target(seen.fd, SELF));
	mem_stamp(p, most * PAGE, 24);
	seen.p = p;
	ASSERT_EQ(0, pthread_create(&thread, NULL, watch, &seen));
	for (pages = 0; pages < most && !seen.seen[TLBSCOPE_MIGRATION];
	     pages++) {
		at = p + pages * PAGE;
		seen.p = at;
		before = walk_at(_metadata, self->fd, at, 0);
		ret = madvise(at, PAGE, MADV_SOFT_OFFLINE) ? errno : 0;
		if (ret)
			break;
		after = walk_at(_metadata, self->fd, at, 0);
		EXPECT_EQ(TLBSCOPE_LEAF, after.state);
		EXPECT_NE(before.phys, after.phys);
		EXPECT_HEX((pagemap_at(SELF, at) & PM_PFN) * PAGE, after.phys,
			   "pagemap");
	}
	seen.stop = true;
	pthread_join(thread, NULL);
	if (ret == EINVAL || ret == EOPNOTSUPP)
		skip("this kernel does not take pages offline");
	EXPECT_EQ(0, ret);
	EXPECT_TRUE(mem_stamped(p, most * PAGE, 24));
	EXPECT_EQ(0, seen.errors);
	EXPECT_LT(0, seen.seen[TLBSCOPE_LEAF] + seen.seen[TLBSCOPE_MIGRATION]);
	for (i = 0; i < TLBSCOPE_STATES; i++)
		if (i != TLBSCOPE_LEAF && i != TLBSCOPE_MIGRATION &&
		    i != TLBSCOPE_NONE)
			EXPECT_EQ(0, seen.seen[i])
				TH_LOG("state %u", i);
	TH_LOG("%u pages moved", pages);
	if (!seen.seen[TLBSCOPE_MIGRATION])
		skip("no migration entry was met in %u moves", pages);
}

TEST_F(walk, mremap_of_a_page)
{
	char *p = mem_small(PAGE), *to = mem_reserve(PAGE, PAGE);
	struct tlbscope_walk before, after;

	ASSERT_NE(NULL, p);
	ASSERT_NE(NULL, to);
	mem_stamp(p, PAGE, 25);
	before = check_page(_metadata, self->fd, SELF, p, PAGE, RIGHT_RW);
	ASSERT_EQ(to, mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	after = check_page(_metadata, self->fd, SELF, to, PAGE, RIGHT_RW);
	EXPECT_HEX(before.phys, after.phys, "moved");
	EXPECT_EQ(TLBSCOPE_NONE, walk_at(_metadata, self->fd, p, 0).state);
}

TEST_F(walk, mremap_of_a_table)
{
	char *p = mem_small(HUGE), *to = mem_reserve(HUGE, HUGE);
	__u64 frame[512];
	size_t i;

	ASSERT_NE(NULL, p);
	ASSERT_NE(NULL, to);
	mem_stamp(p, HUGE, 26);
	for (i = 0; i < 512; i++)
		frame[i] = (pagemap_at(SELF, p + i * PAGE) & PM_PFN) * PAGE;
	ASSERT_EQ(to, mremap(p, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	for (i = 0; i < 512; i += 73)
		EXPECT_HEX(frame[i], check_page(_metadata, self->fd, SELF,
						to + i * PAGE, PAGE,
						RIGHT_RW).phys,
			   "page %zu", i);
	EXPECT_EQ(TLBSCOPE_NONE, walk_at(_metadata, self->fd, p, 0).state);
}

/* After a split the pieces stay where they were */
static void check_split(struct __test_metadata *_metadata, int fd, char *p,
			__u64 phys, size_t but, unsigned int rights)
{
	struct tlbscope_walk w;
	size_t i;

	for (i = 0; i < 512; i += 50) {
		if (i == but)
			continue;
		w = check_page(_metadata, fd, SELF, p + i * PAGE, PAGE, rights);
		EXPECT_HEX(phys + i * PAGE, w.phys, "piece %zu", i);
	}
}

TEST_F(walk, split_by_munmap)
{
	__u64 phys;
	char *p;

	if (!mem_has_thp())
		skip("this kernel has no transparent huge pages");
	p = mem_huge(1);
	ASSERT_NE(NULL, p);
	mem_stamp(p, HUGE, 27);
	phys = check_page(_metadata, self->fd, SELF, p, HUGE, RIGHT_RW).phys;
	ASSERT_EQ(0, munmap(p + 100 * PAGE, PAGE));
	check_hole(_metadata, self->fd, p + 100 * PAGE, 1);
	check_split(_metadata, self->fd, p, phys, 100, RIGHT_RW);
}

TEST_F(walk, split_by_mprotect)
{
	struct tlbscope_walk w;
	__u64 phys;
	char *p;

	if (!mem_has_thp())
		skip("this kernel has no transparent huge pages");
	p = mem_huge(1);
	ASSERT_NE(NULL, p);
	mem_stamp(p, HUGE, 28);
	phys = check_page(_metadata, self->fd, SELF, p, HUGE, RIGHT_RW).phys;
	ASSERT_EQ(0, mprotect(p + 100 * PAGE, PAGE, PROT_READ));
	w = check_page(_metadata, self->fd, SELF, p + 100 * PAGE, PAGE,
		       RIGHT_R);
	EXPECT_HEX(phys + 100 * PAGE, w.phys, "the piece");
	check_split(_metadata, self->fd, p, phys, 100, RIGHT_RW);
}

/* With two roots: one lower tree, which is executable only for the user */
TEST_F(walk, user_root)
{
	struct tlbscope_walk kernel, user;
	unsigned int i;

	if (!scope_pti()) {
		EXPECT_EQ(-EOPNOTSUPP,
			  scope_walk(self->fd, (unsigned long)scope_open,
				     TLBSCOPE_USER_ROOT, &user));
		skip("there is one root without page-table isolation");
	}
	kernel = walk_at(_metadata, self->fd, (void *)scope_open, 0);
	user = walk_at(_metadata, self->fd, (void *)scope_open,
		       TLBSCOPE_USER_ROOT);
	EXPECT_HEX(RIGHT_R, kernel.rights, "in the kernel's root");
	EXPECT_HEX(RIGHT_RX, user.rights, "in the user's root");
	EXPECT_HEX(kernel.phys, user.phys, "frame");
	EXPECT_HEX(kernel.step[0].phys + PAGE, user.step[0].phys, "root");
	EXPECT_HEX(BIT_NX, (kernel.step[0].entry ^ user.step[0].entry) &
		   ~(BIT_ACCESSED | BIT_DIRTY), "the roots' entries");
	for (i = 1; i < user.levels; i++)
		EXPECT_HEX(kernel.step[i].phys, user.step[i].phys, "step %u", i);

	/* Nearly all of the kernel is not in it */
	EXPECT_EQ(TLBSCOPE_NONE,
		  walk_at(_metadata, self->fd,
			  (void *)self->info.kernel_start,
			  TLBSCOPE_USER_ROOT).state);
}

TEST_HARNESS_MAIN
