// SPDX-License-Identifier: GPL-2.0
/*
 * The process that sample.c starts: makes its memory, says where it is, waits
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PAGE	4096UL
#define HUGE	(2UL << 20)

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif

static char *next = (char *)0x200000000000;

/* At an address of its own, with space around it, huge-page aligned */
static char *map(size_t size, int prot, int flags, int fd)
{
	char *p = mmap(next, size, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);

	next += 4UL << 30;
	return p == MAP_FAILED ? NULL : p;
}

static char *map_private(size_t size)
{
	char *p = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (p)
		madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

static void say(const char *name, const char *p, size_t size)
{
	if (p)
		printf("%s %lx %lx\n", name, (unsigned long)p, (unsigned long)(p + size));
}

static void small_pages(void)
{
	char *p = map_private(64 * PAGE);

	memset(p, 1, 64 * PAGE);
	say("small", p, 64 * PAGE);

	/* Every third page */
	p = map_private(64 * PAGE);
	for (int i = 0; i < 64; i += 3)
		p[i * PAGE] = 1;
	say("sparse", p, 64 * PAGE);

	say("untouched", map_private(64 * PAGE), 64 * PAGE);

	p = map_private(16 * PAGE);
	memset(p, 1, 16 * PAGE);
	mprotect(p, 16 * PAGE, PROT_NONE);
	say("protnone", p, 16 * PAGE);

	p = map_private(16 * PAGE);
	for (int i = 0; i < 16; i++)
		(void)*(volatile char *)(p + i * PAGE);
	say("zero", p, 16 * PAGE);
}

/* Bytes between two addresses that entries of level 2 map, as the kernel says */
static size_t huge_bytes(const char *from, const char *to)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start = 0, other, end, kib, sum = 0;
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx", &other, &end) == 2)
			start = other;
		if (start >= (unsigned long)from && start < (unsigned long)to &&
		    sscanf(line, "AnonHugePages: %lu", &kib) == 1)
			sum += kib << 10;
	}
	if (f)
		fclose(f);
	return sum;
}

/*
 * Only where there are as many huge pages as wanted, which can be switched off
 * or be out of memory. They stay, but khugepaged shall make no more of them.
 */
static bool say_huge(const char *name, char *p, size_t size, size_t huge)
{
	madvise(p, size, MADV_NOHUGEPAGE);
	if (huge_bytes(p, p + size) != huge)
		return false;
	say(name, p, size);
	return true;
}

static bool huge_zero_page(void)
{
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/use_zero_page", "r");
	bool used = f && fgetc(f) == '1';

	if (f)
		fclose(f);
	return used;
}

static char *map_huge(size_t size, int prot)
{
	char *p = map(size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	madvise(p, size, MADV_HUGEPAGE);
	return p;
}

static void huge_pages(void)
{
	int rw = PROT_READ | PROT_WRITE;
	char *p = map_huge(4 * HUGE, rw);

	memset(p, 1, 4 * HUGE);
	if (!say_huge("thp", p, 4 * HUGE, 4 * HUGE))
		return;

	/* The same memory, by entries of level 1 in the middle */
	p = map_huge(3 * HUGE, rw);
	memset(p, 1, 3 * HUGE);
	mprotect(p + HUGE, PAGE, PROT_READ);
	mprotect(p + HUGE, PAGE, rw);
	say_huge("thp-split", p, 3 * HUGE, 2 * HUGE);

	/* Not aligned: two whole ones in four */
	p = map_huge(4 * HUGE, rw);
	munmap(p, 3 * PAGE);
	munmap(p + 4 * HUGE - 5 * PAGE, 5 * PAGE);
	memset(p + 3 * PAGE, 1, 4 * HUGE - 8 * PAGE);
	say_huge("thp-odd", p, 4 * HUGE, 2 * HUGE);

	/* The zero page does not count as one */
	p = map_huge(2 * HUGE, PROT_READ);
	(void)*(volatile char *)p;
	if (huge_zero_page())
		say_huge("thp-zero", p, 2 * HUGE, 0);
}

/* Where there is more than one page, only the first is touched */
static void hugetlb(const char *name, size_t size, unsigned int shift)
{
	char *p = map(size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | shift << MAP_HUGE_SHIFT, -1);

	if (p)
		p[0] = 1;
	say(name, p, size);
}

static void shared(void)
{
	char *p = map(16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);

	memset(p, 1, 16 * PAGE);
	say("shared", p, 16 * PAGE);
}

static void not_present(void)
{
	char *p = map_private(64 * PAGE);

	memset(p, 1, 64 * PAGE);
	if (!madvise(p, 32 * PAGE, MADV_PAGEOUT))
		say("swap", p, 64 * PAGE);

	p = map_private(16 * PAGE);
	memset(p, 1, 16 * PAGE);
	if (!madvise(p + 4 * PAGE, 4 * PAGE, MADV_GUARD_INSTALL))
		say("guard", p, 16 * PAGE);
}

int main(void)
{
	char c;

	prctl(PR_SET_PDEATHSIG, 9);
	small_pages();
	huge_pages();
	hugetlb("hugetlb-2m", 2 * HUGE, 21);
	hugetlb("hugetlb-1g", 1UL << 30, 30);
	shared();
	not_present();
	puts("ready");
	fflush(stdout);
	fclose(stdout);
	if (read(0, &c, 1) == 1)
		execlp("sleep", "sleep", "1000", NULL);
	return 0;
}
