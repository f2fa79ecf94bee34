// SPDX-License-Identifier: GPL-2.0
/*
 * A program that flushes the TLB a known number of times
 *
 *	flusher			with a thread on another CPU, which spins
 *	flusher alone		without
 *	flusher burst N		alone, N times one page
 *
 * It prints "ready TID TID", of itself and of the thread (0 without), waits for
 * a line, flushes, prints what it did, then "done", and waits for the end of its
 * input. What it did is a line for each number of pages:
 *
 *	PAGES OPERATIONS CERTAIN
 *
 * Each operation is one system call that takes rights or pages away from that
 * many pages that were touched: one flush. CERTAIN counts those during which the
 * thread ran on its CPU all the time, so that this had to be asked.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE		4096
#define MOST		64
#define TIMES		16

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Where nothing is expected to be flushed */
#define UNTOUCHED	0

static const unsigned int sizes[] = { UNTOUCHED, 1, 2, 5, 12, 33, 34, MOST };

struct spinner {
	pthread_t thread;
	int cpu;
	pid_t tid;
	int status;
	volatile bool go;
	volatile bool stop;
	volatile unsigned long turns;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The @n-th CPU of those that this program may use, -1 if there is none */
static int nth_cpu(int n)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		die("sched_getaffinity");
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && !n--)
			return cpu;
	return -1;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

/* Before all else that wants to run, if allowed; what is certain is told anyhow */
static void be_first(bool first)
{
	struct sched_param param = { .sched_priority = first };

	sched_setscheduler(0, first ? SCHED_FIFO : SCHED_OTHER, &param);
}

static void *spin(void *arg)
{
	struct spinner *s = arg;

	pin(s->cpu);
	s->tid = (pid_t)syscall(SYS_gettid);
	while (!s->go)
		usleep(1000);
	be_first(true);
	while (!s->stop)
		s->turns++;
	be_first(false);
	return NULL;
}

static void start_spinner(struct spinner *s)
{
	char path[64];

	if (pthread_create(&s->thread, NULL, spin, s))
		die("pthread_create");
	while (!*(volatile pid_t *)&s->tid)
		usleep(1000);
	snprintf(path, sizeof(path), "/proc/self/task/%d/status", s->tid);
	s->status = open(path, O_RDONLY);
	if (s->status < 0)
		die(path);
}

/* How often the thread was taken off its CPU */
static unsigned long switches(const struct spinner *s)
{
	static const char first[] = "\nvoluntary_ctxt_switches:";
	static const char second[] = "nonvoluntary_ctxt_switches:";
	char text[4096];
	ssize_t n = pread(s->status, text, sizeof(text) - 1, 0);
	const char *a, *b;

	if (n < 0)
		die("status");
	text[n] = '\0';
	a = strstr(text, first);
	b = strstr(text, second);
	if (!a || !b)
		die("context switches");
	return strtoul(a + sizeof(first) - 1, NULL, 10) +
	       strtoul(b + sizeof(second) - 1, NULL, 10);
}

static void wait_for_turn(const struct spinner *s)
{
	unsigned long turns = s->turns;

	while (s->turns == turns)
		;
}

static void touch(char *at, unsigned int pages)
{
	unsigned int i;

	for (i = 0; i < pages; i++)
		((volatile char *)at)[(size_t)i * PAGE] = 1;
}

static void operate(unsigned int kind, char *at, size_t size)
{
	int err;

	switch (kind) {
	case 0:
		err = mprotect(at, size, PROT_READ);
		break;
	case 1:
		err = munmap(at, size);
		break;
	default:
		err = madvise(at, size, MADV_DONTNEED);
		break;
	}
	if (err)
		die("operation");
}

/*
 * Each operation has pages of its own, with one between that stays: so that no
 * page table becomes empty, which would be another reason to flush
 */
static bool one(struct spinner *s, unsigned int kind, char *at, unsigned int pages)
{
	unsigned long before = 0;
	bool certain = false;

	touch(at, pages);
	if (s) {
		before = switches(s);
		wait_for_turn(s);
	}
	operate(kind, at, (pages ? pages : MOST) * (size_t)PAGE);
	if (s)
		certain = switches(s) == before;
	return certain;
}

/* The sum of all kinds, since a record does not tell them apart */
static void flush(struct spinner *s, char *area)
{
	unsigned int size, kind, i;
	char *at = area;

	for (size = 0; size < ARRAY_SIZE(sizes); size++) {
		unsigned int count = 0, certain = 0;

		for (kind = 0; kind < 3; kind++) {
			/* Another number for each */
			for (i = 0; i < TIMES + size; i++) {
				certain += one(s, kind, at, sizes[size]);
				count++;
				at += (MOST + 1) * (size_t)PAGE;
			}
		}
		printf("%u %u %u\n", sizes[size], count, certain);
	}
}

static char *map_area(void)
{
	size_t operations = ARRAY_SIZE(sizes) * 3 * (TIMES + ARRAY_SIZE(sizes));
	size_t size = operations * (MOST + 1) * PAGE;
	char *area = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED)
		die("mmap");
	madvise(area, size, MADV_NOHUGEPAGE);
	return area;
}

static void wait_for_line(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
		;
}

static void burst(unsigned long times)
{
	char *area = map_area();

	while (times--) {
		touch(area, 1);
		operate(2, area, PAGE);
	}
}

int main(int argc, char **argv)
{
	static struct spinner spinner;
	struct spinner *s = argc < 2 ? &spinner : NULL;
	char *warm = map_area(), *area = map_area();

	setvbuf(stdout, NULL, _IOLBF, 0);
	spinner.cpu = nth_cpu(1);
	pin(nth_cpu(0));
	if (s && s->cpu < 0) {
		fputs("flusher: one CPU is not enough\n", stderr);
		return 1;
	}
	/* So that nothing is done for the first time later */
	flush(NULL, warm);
	if (s)
		start_spinner(s);
	printf("ready %d %d\n", (int)syscall(SYS_gettid), s ? s->tid : 0);
	wait_for_line();
	be_first(true);
	if (s)
		s->go = true;
	if (argc > 2)
		burst(strtoul(argv[2], NULL, 10));
	else
		flush(s, area);
	if (s)
		s->stop = true;
	be_first(false);
	puts("done");
	wait_for_line();
	if (s)
		pthread_join(s->thread, NULL);
	return 0;
}
