// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/userfaultfd.h>

#include "memory.h"
#include "proc.h"

#define HUGE_SHIFT(shift)	((shift) << MAP_HUGE_SHIFT)

static void *valid(void *p)
{
	return p == MAP_FAILED ? NULL : p;
}

/* Address space of our own, PROT_NONE, at a multiple of @align */
void *mem_reserve(size_t len, size_t align)
{
	unsigned long start;
	char *p;

	p = valid(mmap(NULL, len + align, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
	if (!p)
		return NULL;
	start = ((unsigned long)p + align - 1) / align * align;
	if (start > (unsigned long)p)
		munmap(p, start - (unsigned long)p);
	munmap((char *)start + len, (unsigned long)p + align - start);
	return (void *)start;
}

static void *small(void *p, size_t len, int flags)
{
	p = valid(mmap(p, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1,
		       0));
	/* Without huge pages in the kernel there is nothing to forbid */
	if (p)
		madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

/* Writable memory in 4 KiB pages, not there yet, from a multiple of 2 MiB on */
void *mem_small(size_t len)
{
	void *p = mem_reserve(len, HUGE);

	return p ? small(p, len, MAP_FIXED) : NULL;
}

/* The same at an address, if nothing is there */
void *mem_small_at(__u64 address, size_t len)
{
	void *p = small((void *)(unsigned long)address, len,
			MAP_FIXED_NOREPLACE);

	if (p && (unsigned long)p != address) {
		munmap(p, len);
		return NULL;
	}
	return p;
}

bool mem_has_thp(void)
{
	return !access("/sys/kernel/mm/transparent_hugepage", F_OK);
}

long mem_info(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	size_t len = strlen(name);
	char line[128];
	long kib = -1;

	while (f && kib < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			kib = strtol(line + len + 1, NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

bool mem_has_swap(void)
{
	return mem_info("SwapTotal") > 0;
}

static bool is_thp(const void *p)
{
	__u64 entry = pagemap_at(SELF, p);
	__u64 last = pagemap_at(SELF, (const char *)p + HUGE - PAGE);
	__u64 frames = HUGE / PAGE;

	/* A page that is mapped whole lies aligned in memory */
	return (entry & PM_PRESENT) && (last & PM_PRESENT) &&
	       !((entry & PM_PFN) % frames) &&
	       (last & PM_PFN) - (entry & PM_PFN) == frames - 1 &&
	       (page_flags((entry & PM_PFN) * PAGE) & KPF_THP);
}

/* Make @p, which is touched already, huge */
int mem_collapse(void *p, size_t len)
{
	unsigned int tries;
	int ret = -EINVAL;

	for (tries = 0; tries < 10; tries++) {
		ret = madvise(p, len, MADV_COLLAPSE) ? -errno : 0;
		if (ret != -EAGAIN && ret != -EBUSY)
			break;
	}
	return ret;
}

/* @n transparent huge pages, writable and written */
void *mem_huge(size_t n)
{
	char *p = mem_reserve(n * HUGE, HUGE);
	size_t i;

	if (!p || mprotect(p, n * HUGE, PROT_READ | PROT_WRITE) ||
	    madvise(p, n * HUGE, MADV_HUGEPAGE))
		return NULL;
	for (i = 0; i < n; i++) {
		p[i * HUGE] = 1;
		if (!is_thp(p + i * HUGE)) {
			memset(p + i * HUGE, 1, HUGE);
			mem_collapse(p + i * HUGE, HUGE);
		}
		if (!is_thp(p + i * HUGE))
			return NULL;
	}
	return p;
}

/* One page of hugetlb's of 2 MiB or 1 GiB */
void *mem_hugetlb(size_t size)
{
	int shift = size == GIB ? HUGE_SHIFT(30) : HUGE_SHIFT(21);
	char *p = valid(mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | shift,
			     -1, 0));

	if (p)
		*p = 1;
	return p;
}

/* Each page says which it is, and of whom */
void mem_stamp(void *p, size_t len, __u64 seed)
{
	size_t at;

	for (at = 0; at < len; at += PAGE) {
		*(__u64 *)((char *)p + at) = seed;
		*(__u64 *)((char *)p + at + 8) = at / PAGE;
	}
}

bool mem_stamped(const void *p, size_t len, __u64 seed)
{
	size_t at;

	for (at = 0; at < len; at += PAGE)
		if (*(const __u64 *)((const char *)p + at) != seed ||
		    *(const __u64 *)((const char *)p + at + 8) != at / PAGE)
			return false;
	return true;
}

static bool all_swapped(const void *p, size_t len)
{
	size_t at;

	for (at = 0; at < len; at += PAGE)
		if (!(pagemap_at(SELF, (const char *)p + at) & PM_SWAP))
			return false;
	return true;
}

/* Swap all of it out: needs tries, pages may be busy for a moment */
int mem_swap_out(void *p, size_t len)
{
	unsigned int tries;

	for (tries = 0; tries < 50; tries++) {
		if (madvise(p, len, MADV_PAGEOUT))
			return -errno;
		if (all_swapped(p, len))
			return 0;
		usleep(10000);
	}
	return -EAGAIN;
}

/*
 * Leave a note where no page is: shared memory that is write-protected by
 * userfaultfd before it is touched. The descriptor stays open: with it the
 * notes would go.
 */
int mem_marker(void *p, size_t len)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = 1 << 12, /* UFFD_FEATURE_WP_HUGETLBFS_SHMEM */
	};
	struct uffdio_register reg = {
		.range = { (unsigned long)p, len },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect wp = {
		.range = { (unsigned long)p, len },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg) ||
	    ioctl(fd, UFFDIO_WRITEPROTECT, &wp)) {
		int ret = -errno;

		close(fd);
		return ret;
	}
	return fd;
}

/*
 * Make this CPU forget its translations, so that a first access sets the
 * accessed bit again: a change of more pages than are worth doing one by one.
 */
void mem_flush_tlb(void)
{
	size_t len = 64 * PAGE;
	char *p = small(NULL, len, MAP_POPULATE);

	if (!p)
		return;
	mprotect(p, len, PROT_READ);
	munmap(p, len);
}

/* A part in a slot of its own; what is left of the slot is a hole */
static char *zoo_add(struct zoo *zoo, const char *name, size_t at, size_t len,
		     unsigned int state, unsigned int level)
{
	__u64 slot = ZOO_START + zoo->n * ZOO_SLOT;
	struct zoo_part *part = &zoo->part[zoo->n++];

	part->name = name;
	part->start = slot + at;
	part->end = slot + at + len;
	part->state = state;
	part->level = level;
	zoo->end = slot + ZOO_SLOT;
	return (char *)(unsigned long)part->start;
}

static int add_small(struct zoo *zoo)
{
	/* Across the end of a table */
	char *p = zoo_add(zoo, "small pages", HUGE - 100 * PAGE, 300 * PAGE,
			  TLBSCOPE_LEAF, 1);

	if (!mem_small_at((unsigned long)p, 300 * PAGE))
		return -ENOMEM;
	mem_stamp(p, 300 * PAGE, 1);
	return mprotect(p + 10 * PAGE, 90 * PAGE, PROT_READ) ? -errno : 0;
}

static int add_zero(struct zoo *zoo)
{
	char *p = zoo_add(zoo, "zero page", 0, 64 * PAGE, TLBSCOPE_LEAF, 1);
	size_t i;

	if (!mem_small_at((unsigned long)p, 64 * PAGE))
		return -ENOMEM;
	for (i = 0; i < 64; i++)
		(void)*(volatile char *)(p + i * PAGE);
	return 0;
}

static int add_protnone(struct zoo *zoo)
{
	char *p = zoo_add(zoo, "no access", 5 * PAGE, 20 * PAGE,
			  TLBSCOPE_PROTNONE, 1);

	if (!mem_small_at((unsigned long)p, 20 * PAGE))
		return -ENOMEM;
	mem_stamp(p, 20 * PAGE, 2);
	return mprotect(p, 20 * PAGE, PROT_NONE) ? -errno : 0;
}

static int add_swapped(struct zoo *zoo)
{
	char *p;

	if (!mem_has_swap())
		return 0;
	p = zoo_add(zoo, "swapped", 0, 32 * PAGE, TLBSCOPE_SWAP, 1);
	if (!mem_small_at((unsigned long)p, 32 * PAGE))
		return -ENOMEM;
	mem_stamp(p, 32 * PAGE, 3);
	return mem_swap_out(p, 32 * PAGE);
}

/* 16 pages of a file in memory, mapped again and again */
static int add_shared(struct zoo *zoo)
{
	char *p = zoo_add(zoo, "shared", 0, 64 * PAGE, TLBSCOPE_LEAF, 1);
	int fd = memfd_create("zoo", MFD_CLOEXEC);
	size_t i;

	if (fd < 0 || ftruncate(fd, 16 * PAGE))
		return -errno;
	for (i = 0; i < 4; i++) {
		if (mmap(p + i * 16 * PAGE, 16 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0) == MAP_FAILED)
			return -errno;
		mem_stamp(p + i * 16 * PAGE, 16 * PAGE, 4);
	}
	close(fd);
	return 0;
}

static int add_marker(struct zoo *zoo)
{
	char *p = (char *)(ZOO_START + zoo->n * ZOO_SLOT);
	int fd;

	if (!valid(mmap(p, 8 * PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
			0)))
		return -errno;
	fd = mem_marker(p, 8 * PAGE);
	if (fd < 0) {
		munmap(p, 8 * PAGE);
		return 0;
	}
	zoo_add(zoo, "marker", 0, 8 * PAGE, TLBSCOPE_MARKER, 1);
	return 0;
}

static int add_sparse(struct zoo *zoo)
{
	char *p = (char *)(ZOO_START + zoo->n * ZOO_SLOT);
	size_t i;

	if (!mem_small_at((unsigned long)p, HUGE))
		return -ENOMEM;
	for (i = 0; i < 512; i += 3)
		mem_stamp(p + i * PAGE, PAGE, 5);
	zoo_add(zoo, "sparse", 0, PAGE, TLBSCOPE_LEAF, 1);
	return 0;
}

/* To a place of the zoo's */
static int move(char *from, char *to, size_t len)
{
	return mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
	       MAP_FAILED ? -errno : 0;
}

static int add_thp(struct zoo *zoo)
{
	char *p, *huge;
	int ret;

	if (!mem_has_thp())
		return 0;
	p = zoo_add(zoo, "huge page", 0, HUGE, TLBSCOPE_LEAF, 2);
	huge = mem_huge(1);
	ret = huge ? move(huge, p, HUGE) : -ENOMEM;
	if (ret)
		return ret;
	mem_stamp(p, HUGE, 6);

	p = zoo_add(zoo, "huge page, no access", 0, HUGE, TLBSCOPE_PROTNONE, 2);
	huge = mem_huge(1);
	ret = huge ? move(huge, p, HUGE) : -ENOMEM;
	if (ret)
		return ret;
	if (mprotect(p, HUGE, PROT_NONE))
		return -errno;

	/* What is left of a huge page; the part is its first half */
	p = zoo_add(zoo, "split huge page", 0, 100 * PAGE, TLBSCOPE_LEAF, 1);
	huge = mem_huge(1);
	ret = huge ? move(huge, p, HUGE) : -ENOMEM;
	if (ret)
		return ret;
	if (munmap(p + 100 * PAGE, PAGE) ||
	    mprotect(p + 200 * PAGE, 50 * PAGE, PROT_READ))
		return -errno;
	return 0;
}

static int add_hugetlb(struct zoo *zoo)
{
	char *p = (char *)(ZOO_START + zoo->n * ZOO_SLOT);

	if (!valid(mmap(p, HUGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
			HUGE_SHIFT(21) | MAP_FIXED_NOREPLACE, -1, 0)))
		return 0; /* None in the pool */
	mem_stamp(p, HUGE, 7);
	zoo_add(zoo, "hugetlb", 0, HUGE, TLBSCOPE_LEAF, 2);
	return 0;
}

/**
 * zoo_build - make memory of every kind in the caller's address space
 * @zoo: receives what is where
 *
 * Return: 0, or a negative errno with a line on stderr.
 */
int zoo_build(struct zoo *zoo)
{
	static int (*const add[])(struct zoo *zoo) = {
		add_small, add_zero, add_protnone, add_shared, add_marker,
		add_sparse, add_thp, add_hugetlb, add_swapped,
	};
	size_t i;
	int ret;

	memset(zoo, 0, sizeof(*zoo));
	zoo->start = ZOO_START;
	for (i = 0; i < sizeof(add) / sizeof(add[0]); i++) {
		ret = add[i](zoo);
		if (ret) {
			fprintf(stderr, "# zoo: %s: %s\n",
				zoo->part[zoo->n ? zoo->n - 1 : 0].name,
				strerror(-ret));
			return ret;
		}
	}
	/*
	 * Reclaim looks at accessed bits, and clears them, in all but what is
	 * locked; on fault only, so that this brings nothing back.
	 */
	return mlockall(MCL_CURRENT | MCL_ONFAULT) ? -errno : 0;
}
