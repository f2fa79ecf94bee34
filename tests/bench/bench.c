// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to read page tables through the module, and what the kernel's
 * own files cost for the same
 *
 *	bench [-j]	-j: JSON, an object a line
 *
 * Exits with 1 if a goal is missed, 2 if something could not be measured.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/fs.h>

#ifdef HAVE_LIBTLBSCOPE
#include "libtlbscope.h"
#endif

#include "clock.h"
#include "cost.h"
#include "report.h"
#include "uapi/tlbscope.h"

#define PAGE		4096UL
#define HUGE		(2UL << 20)
#define LENGTH		(512UL << 20)
#define ENTRIES		(LENGTH / PAGE)

/* Tries of what takes long, and of what does not */
#define FEW		3
#define MANY		50
#define TIMES		100

#define OPENS		256

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(2);
}

/*
 * The memory: 512 MiB of 4 KiB pages. Its frames run on as far as the allocator
 * gave them so, or as pieces of huge pages, or not at all.
 */

static char *reserve(void)
{
	char *p = mmap(NULL, LENGTH + HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return (char *)(((unsigned long)p + HUGE - 1) & ~(HUGE - 1));
}

static void touch_in_order(char *p)
{
	size_t i;

	for (i = 0; i < ENTRIES; i++)
		p[i * PAGE] = 1;
}

/* Each page once, far from the one before: the factor and 2^17 are coprime */
static void touch_scattered(char *p)
{
	size_t i;

	for (i = 0; i < ENTRIES; i++)
		p[i * 48271 % ENTRIES * PAGE] = 1;
}

static char *make_small(void (*touch)(char *p))
{
	char *p = reserve();

	/* Without huge pages in the kernel there is nothing to forbid */
	madvise(p, LENGTH, MADV_NOHUGEPAGE);
	touch(p);
	return p;
}

/* Huge pages, each of which is mapped by a table since a part of it changed */
static char *make_split(void)
{
	char *p = reserve();
	size_t i;

	if (madvise(p, LENGTH, MADV_HUGEPAGE))
		return NULL;
	touch_in_order(p);
	for (i = 0; i < LENGTH; i += HUGE)
		if (mprotect(p + i, PAGE, PROT_READ) ||
		    mprotect(p + i, PAGE, PROT_READ | PROT_WRITE))
			die("mprotect");
	/* Not to be put together again */
	if (madvise(p, LENGTH, MADV_NOHUGEPAGE))
		die("madvise");
	touch_in_order(p);
	return p;
}

/*
 * The requests
 */

struct request {
	int fd;
	const char *p;
	struct tlbscope_range *range;
	unsigned int flags;
	unsigned int filled;
	__u64 irqs_off;
	struct tlbscope_level level;
};

static void get_ranges(void *arg)
{
	struct request *r = arg;
	struct tlbscope_ranges args = {
		.size = sizeof(args), .flags = r->flags,
		.start = (unsigned long)r->p,
		.end = (unsigned long)r->p + LENGTH,
		.vec = (unsigned long)r->range, .vec_len = ENTRIES,
	};

	if (ioctl(r->fd, TLBSCOPE_IOC_RANGES, &args) || args.next != args.end)
		die("TLBSCOPE_IOC_RANGES");
	r->filled = args.filled;
	if (args.irqs_off > r->irqs_off)
		r->irqs_off = args.irqs_off;
}

static void get_tables(void *arg)
{
	struct request *r = arg;
	struct tlbscope_tables args = {
		.size = sizeof(args), .start = (unsigned long)r->p,
		.end = (unsigned long)r->p + LENGTH,
	};

	if (ioctl(r->fd, TLBSCOPE_IOC_TABLES, &args))
		die("TLBSCOPE_IOC_TABLES");
	r->level = args.level[0];
	if (args.irqs_off > r->irqs_off)
		r->irqs_off = args.irqs_off;
}

static void walk_one(void *arg)
{
	struct request *r = arg;
	struct tlbscope_walk args = {
		.size = sizeof(args), .address = (unsigned long)r->p + PAGE,
	};

	if (ioctl(r->fd, TLBSCOPE_IOC_WALK, &args) ||
	    args.state != TLBSCOPE_LEAF)
		die("TLBSCOPE_IOC_WALK");
}

/* What any call takes: the way into the kernel and back */
static void call_nothing(void *arg)
{
	(void)arg;
	syscall(SYS_getppid);
}

/* And what any ioctl of the module takes, to the point where it is known */
static void call_unknown(void *arg)
{
	struct request *r = arg;

	ioctl(r->fd, _IO(TLBSCOPE_IOC_MAGIC, 255), 0);
}

#define BATCH	1024

struct batch {
	int fd;
	unsigned int n;
	struct tlbscope_translation v[BATCH];
};

static void translate_batch(void *arg)
{
	struct batch *b = arg;
	struct tlbscope_translate args = {
		.size = sizeof(args), .vec = (unsigned long)b->v,
		.vec_len = b->n,
	};

	if (ioctl(b->fd, TLBSCOPE_IOC_TRANSLATE, &args) || args.done != b->n)
		die("TLBSCOPE_IOC_TRANSLATE");
}

#ifdef HAVE_LIBTLBSCOPE
struct by_library {
	struct tlbscope *t;
	const char *p;
	struct tlbscope_translation *v;
};

static void translate_many_by_library(void *arg)
{
	struct by_library *l = arg;

	if (tlbscope_translate_many(l->t, l->v, BATCH, 0) != BATCH)
		die("tlbscope_translate_many");
}

static void translate_by_library(void *arg)
{
	struct by_library *l = arg;
	uint64_t phys;

	if (tlbscope_translate(l->t, (unsigned long)l->p + PAGE, &phys, NULL))
		die("tlbscope_translate");
}
#endif

/*
 * The kernel's own files
 */

struct file {
	const char *path;
	int fd;
	const char *p;
	char *buf;
	size_t len;
};

static void read_pagemap(void *arg)
{
	struct file *f = arg;
	off_t at = (unsigned long)f->p / PAGE * 8;
	size_t done;
	ssize_t n;

	for (done = 0; done < ENTRIES * 8; done += n) {
		n = pread(f->fd, f->buf, f->len, at + done);
		if (n <= 0)
			die("pagemap");
	}
}

static void read_one_entry(void *arg)
{
	struct file *f = arg;

	if (pread(f->fd, f->buf, 8, ((unsigned long)f->p / PAGE + 1) * 8) != 8)
		die("pagemap");
}

static void open_and_read_one_entry(void *arg)
{
	struct file f = *(struct file *)arg;

	f.fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (f.fd < 0)
		die("pagemap");
	read_one_entry(&f);
	close(f.fd);
}

static void read_whole(void *arg)
{
	struct file *f = arg;
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		die(f->path);
	do {
		n = read(fd, f->buf, f->len);
		if (n < 0)
			die(f->path);
	} while (n);
	close(fd);
}

#ifdef PAGEMAP_SCAN
#define SCAN			PAGEMAP_SCAN
#else
/* As of Linux 6.7; not in this C library's headers */
struct page_region {
	__u64 start;
	__u64 end;
	__u64 categories;
};

struct pm_scan_arg {
	__u64 size;
	__u64 flags;
	__u64 start;
	__u64 end;
	__u64 walk_end;
	__u64 vec;
	__u64 vec_len;
	__u64 max_pages;
	__u64 category_inverted;
	__u64 category_mask;
	__u64 category_anyof_mask;
	__u64 return_mask;
};

#define PAGE_IS_PRESENT		(1 << 3)
#define SCAN			_IOWR('f', 16, struct pm_scan_arg)
#endif

static int scan(struct file *f)
{
	struct page_region regions[64];
	struct pm_scan_arg args = {
		.size = sizeof(args), .start = (unsigned long)f->p,
		.end = (unsigned long)f->p + LENGTH,
		.vec = (unsigned long)regions, .vec_len = 64,
		.category_mask = PAGE_IS_PRESENT,
		.return_mask = PAGE_IS_PRESENT,
	};

	return ioctl(f->fd, SCAN, &args);
}

static void scan_pages(void *arg)
{
	if (scan(arg) < 0)
		die("PAGEMAP_SCAN");
}

/*
 * The figures
 */

static void bench_entries(struct report *report, const struct clock *clock,
			  struct request *r, const char *title, double goal)
{
	char note[64];
	double ticks;

	report_section(report, title);
	r->flags = 0;
	ticks = clock_measure(clock, FEW, 1, get_tables, r);
	snprintf(note, sizeof(note), "%llu entries", r->level.leaves);
	report_figure(report, "tables", "an entry", ticks / ENTRIES, 10, note);
	ticks = clock_measure(clock, FEW, 1, get_ranges, r);
	snprintf(note, sizeof(note), "%u records", r->filled);
	report_figure(report, "ranges", "an entry", ticks / ENTRIES, goal,
		      note);
	r->flags = TLBSCOPE_RANGES_UNMERGED;
	ticks = clock_measure(clock, FEW, 1, get_ranges, r);
	snprintf(note, sizeof(note), "%u records", r->filled);
	report_figure(report, "ranges, unmerged", "an entry", ticks / ENTRIES,
		      40, note);
}

static void bench_files(struct report *report, const struct clock *clock,
			const char *p, char *buf)
{
	struct file pagemap = {
		.p = p, .buf = buf, .len = 1 << 20,
		.fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
	};
	struct file smaps = {
		.path = "/proc/self/smaps", .buf = buf, .len = 1 << 20,
	};
	double with, without;

	if (pagemap.fd < 0)
		die("/proc/self/pagemap");
	report_section(report, "The kernel's own files, for the same memory");
	report_figure(report, "pagemap", "an entry",
		      clock_measure(clock, FEW, 1, read_pagemap, &pagemap) /
		      ENTRIES, NO_GOAL, "");
	with = clock_measure(clock, FEW, 1, read_whole, &smaps);
	if (scan(&pagemap) < 0)
		report_missing(report, "PAGEMAP_SCAN",
			       "this kernel has none (from 6.7 on)");
	else
		report_figure(report, "PAGEMAP_SCAN", "an entry",
			      clock_measure(clock, FEW, 1, scan_pages,
					    &pagemap) / ENTRIES, NO_GOAL, "");
	close(pagemap.fd);
	if (munmap((char *)p, LENGTH))
		die("munmap");
	without = clock_measure(clock, FEW, 1, read_whole, &smaps);
	report_figure(report, "smaps", "an entry", (with - without) / ENTRIES,
		      NO_GOAL, "");
}

static void bench_one(struct report *report, const struct clock *clock,
		      struct request *r, char *buf)
{
	struct file pagemap = {
		.p = r->p, .buf = buf,
		.fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
	};
	static struct batch batch;
	unsigned int i;
	double ticks;

	if (pagemap.fd < 0)
		die("/proc/self/pagemap");
	report_section(report, "One address");
	batch.fd = r->fd;
	for (i = 0; i < BATCH; i++)
		batch.v[i].address = (unsigned long)r->p + i * PAGE;
#ifdef HAVE_LIBTLBSCOPE
	struct by_library library = { .p = r->p, .v = batch.v };

	errno = -tlbscope_open(&library.t, TLBSCOPE_SELF, TLBSCOPE_OPEN_MODULE);
	if (errno)
		die("tlbscope_open");
	ticks = clock_measure(clock, MANY, TIMES, translate_by_library,
			      &library);
	report_figure(report, "tlbscope_translate()", "a call", ticks, 600, "");
	ticks = clock_measure(clock, MANY, 1, translate_many_by_library,
			      &library);
	report_figure(report, "tlbscope_translate_many() of 1024",
		      "an address", ticks / BATCH, 600, "");
	tlbscope_close(library.t);
#else
	report_missing(report, "tlbscope_translate()", "built without it");
#endif
	ticks = clock_measure(clock, MANY, TIMES, walk_one, r);
	report_figure(report, "TLBSCOPE_IOC_WALK", "a call", ticks, NO_GOAL,
		      "");
	batch.n = 1;
	ticks = clock_measure(clock, MANY, TIMES, translate_batch, &batch);
	report_figure(report, "TLBSCOPE_IOC_TRANSLATE of one", "a call", ticks,
		      NO_GOAL, "");
	batch.n = BATCH;
	ticks = clock_measure(clock, MANY, 1, translate_batch, &batch);
	report_figure(report, "TLBSCOPE_IOC_TRANSLATE of 1024", "an address",
		      ticks / BATCH, NO_GOAL, "");
	ticks = clock_measure(clock, MANY, TIMES, call_unknown, r);
	report_figure(report, "an unknown ioctl", "a call", ticks, NO_GOAL, "");
	ticks = clock_measure(clock, MANY, TIMES, call_nothing, NULL);
	report_figure(report, "getppid()", "a call", ticks, NO_GOAL, "");
	ticks = clock_measure(clock, MANY, TIMES, read_one_entry, &pagemap);
	report_figure(report, "pread() of a pagemap entry", "a call", ticks,
		      NO_GOAL, "");
	ticks = clock_measure(clock, MANY, TIMES, open_and_read_one_entry,
			      &pagemap);
	report_figure(report, "the same with open() and close()", "a call",
		      ticks, NO_GOAL, "");
	close(pagemap.fd);
}

/*
 * KiB that the kernel has taken for its own structures. What is free would say
 * the same and more: pages that are kept ready, and what others do meanwhile.
 */
static long kernel_kib(void)
{
	long kib, sum = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %ld", &kib) == 1 ||
		    sscanf(line, "VmallocUsed: %ld", &kib) == 1)
			sum += kib;
	if (f)
		fclose(f);
	if (!sum)
		die("/proc/meminfo");
	return sum;
}

static void bench_memory(struct report *report)
{
	static const char line[] = "self";
	long before, opened, used;
	static int fd[OPENS];
	char buf[4096];
	unsigned int i;

	before = kernel_kib();
	for (i = 0; i < OPENS; i++) {
		fd[i] = open("/proc/tlbscope/ranges", O_RDWR | O_CLOEXEC);
		if (fd[i] < 0)
			die("/proc/tlbscope/ranges");
	}
	opened = kernel_kib();
	for (i = 0; i < OPENS; i++)
		if (write(fd[i], line, strlen(line)) < 0 ||
		    read(fd[i], buf, sizeof(buf)) <= 0)
			die("/proc/tlbscope/ranges");
	used = kernel_kib();
	for (i = 0; i < OPENS; i++)
		close(fd[i]);
	report_section(report, "Kernel memory, mean of 256 open files");
	report_figure(report, "opened", "KiB a file",
		      (double)(opened - before) / OPENS, 63.99, "");
	report_figure(report, "asked and read from", "KiB a file",
		      (double)(used - before) / OPENS, 63.99, "");
}

static void bench_all(struct report *report, const struct clock *clock)
{
	struct tlbscope_target target = {
		.size = sizeof(target), .flags = TLBSCOPE_TARGET_SELF,
	};
	struct request r = {
		.fd = open("/proc/tlbscope/ranges", O_RDWR | O_CLOEXEC),
	};
	size_t len = (ENTRIES + 1) * sizeof(*r.range);
	char *buf = malloc(1 << 20);

	r.range = malloc(len);
	if (!buf || !r.range)
		die("malloc");
	/* Nobody's page faults shall be counted */
	memset(r.range, 0, len);
	memset(buf, 0, 1 << 20);
	if (r.fd < 0 || ioctl(r.fd, TLBSCOPE_IOC_TARGET, &target))
		die("/proc/tlbscope/ranges");

	bench_memory(report);
	r.p = make_small(touch_in_order);
	bench_entries(report, clock, &r,
		      "512 MiB of 4 KiB pages, touched in order", 12);
	bench_one(report, clock, &r, buf);
	bench_files(report, clock, r.p, buf);

	r.p = make_small(touch_scattered);
	bench_entries(report, clock, &r,
		      "The same, touched here and there: no two frames run on",
		      40);
	munmap((char *)r.p, LENGTH);

	r.p = make_split();
	if (r.p)
		bench_entries(report, clock, &r,
			      "The same, pieces of huge pages: frames run on for 2 MiB and more",
			      12);

	report_section(report, "Interrupts");
	report_figure(report, "longest time off", "ticks", r.irqs_off, NO_GOAL,
		      "one table's snapshot");
	bench_cost(report);
}

int main(int argc, char **argv)
{
	struct rlimit files = { OPENS + 100, OPENS + 100 };
	struct report report = { .json = argc > 1 && !strcmp(argv[1], "-j") };
	struct clock clock;

	if (argc > 2 || (argc == 2 && !report.json)) {
		fprintf(stderr, "usage: bench [-j]\n");
		return 2;
	}
	if (setrlimit(RLIMIT_NOFILE, &files))
		die("setrlimit");
	clock_calibrate(&clock);
	report.judge = clock.exact;
	report_head(&report, clock.exact ? "instructions" :
		    "TSC ticks, which are not instructions here: no goal is judged");
	report_section(&report, "The clock");
	report_figure(&report, "rdtsc", "an instruction", clock.per_instruction,
		      NO_GOAL, "a loop of 2,000,000");
	bench_all(&report, &clock);
	if (!report.json && report.missed)
		printf("\n%u goals missed\n", report.missed);
	return report.missed ? 1 : 0;
}
