// SPDX-License-Identifier: GPL-2.0
/*
 * A fatal signal ends a request that would still take its time
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>

#include "check.h"
#include "child.h"
#include "memory.h"

/* One page in each of so many tables */
#define TABLES	50000UL

FIXTURE(kill) {
	struct child child;
	int fd;
	__u64 end;
};

static void make_tables(int fd, void *arg)
{
	char *p = mem_small_at(ZOO_START, TABLES * HUGE);
	unsigned long i;

	(void)arg;
	if (!p)
		_exit(1);
	for (i = 0; i < TABLES; i++)
		(void)*(volatile char *)(p + i * HUGE);
	/* Now there is much to walk and nothing to tell */
	if (mprotect(p, TABLES * HUGE, PROT_NONE))
		_exit(1);
	child_pause(fd);
}

FIXTURE_SETUP(kill)
{
	struct tlbscope_info info;

	ASSERT_EQ(0, scope_info(&info));
	self->end = info.user_end;
	self->fd = scope_open("tables");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, child_start(&self->child, make_tables, NULL));
	ASSERT_EQ(0, scope_target(self->fd, self->child.pid));
}

FIXTURE_TEARDOWN(kill)
{
	child_end(&self->child);
	close(self->fd);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* What takes long: all of it, with nothing that is copied out between */
static int count_tables(int fd, pid_t pid, __u64 end)
{
	struct tlbscope_tables args = { .size = sizeof(args), .end = end };

	(void)pid;
	return ioctl(fd, TLBSCOPE_IOC_TABLES, &args);
}

static int find_nothing(int fd, pid_t pid, __u64 end)
{
	struct tlbscope_range v;
	struct tlbscope_ranges args = {
		.size = sizeof(args), .start = ZOO_START,
		.end = ZOO_START + TABLES * HUGE, .vec = (unsigned long)&v,
		.vec_len = 1,
	};

	(void)pid;
	(void)end;
	return ioctl(fd, TLBSCOPE_IOC_RANGES, &args);
}

static int read_text(int fd, pid_t pid, __u64 end)
{
	char line[32], *text;

	(void)end;
	snprintf(line, sizeof(line), "%d", pid);
	if (scope_ask(fd, line))
		return -1;
	text = scope_answer(fd, 1 << 20);
	free(text);
	return text ? 0 : -1;
}

#define KILLS	7

static int compare(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;

	return (difference > 0) - (difference < 0);
}

/*
 * A process that asks all the time is killed in the middle of it, again and
 * again: mostly it is gone long before the request could have come to its end.
 * Not always, as there may be other work for the CPUs.
 */
static void check_killed(struct __test_metadata *_metadata, int fd, pid_t target,
			 __u64 end, int (*ask)(int fd, pid_t pid, __u64 end))
{
	double begin = seconds(), whole, taken[KILLS];
	unsigned int i;
	pid_t pid;

	ASSERT_EQ(0, ask(fd, target, end));
	whole = seconds() - begin;
	for (i = 0; i < KILLS; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			while (!ask(fd, target, end))
				;
		usleep(whole * 1e6 * (i + 1) / KILLS + 20000);
		begin = seconds();
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		taken[i] = seconds() - begin;
	}
	qsort(taken, KILLS, sizeof(taken[0]), compare);
	TH_LOG("a request takes %.3f s, dying %.3f s, at most %.3f s", whole,
	       taken[KILLS / 2], taken[KILLS - 1]);
	EXPECT_GT(1.0, taken[KILLS - 1]);
	EXPECT_GT(whole / 3, taken[KILLS / 2]);
}

TEST_F(kill, while_counting)
{
	check_killed(_metadata, self->fd, self->child.pid, self->end,
		     count_tables);
}

TEST_F(kill, while_looking_for_ranges)
{
	check_killed(_metadata, self->fd, self->child.pid, self->end,
		     find_nothing);
}

TEST_F(kill, while_reading_text)
{
	int fd = scope_open("ranges");

	ASSERT_LE(0, fd);
	check_killed(_metadata, fd, self->child.pid, self->end, read_text);
	close(fd);
}

/* Who waits for the file is killed too, though it is another who uses it */
TEST_F(kill, while_waiting_for_the_file)
{
	double begin, whole, taken;
	pid_t busy, waiting;

	begin = seconds();
	ASSERT_EQ(0, count_tables(self->fd, self->child.pid, self->end));
	whole = seconds() - begin;
	busy = fork();
	ASSERT_LE(0, busy);
	if (!busy)
		for (;;)
			count_tables(self->fd, self->child.pid, self->end);
	waiting = fork();
	ASSERT_LE(0, waiting);
	if (!waiting)
		for (;;)
			count_tables(self->fd, self->child.pid, self->end);
	usleep(whole * 1e6 / 2);
	begin = seconds();
	kill(waiting, SIGKILL);
	ASSERT_EQ(waiting, waitpid(waiting, NULL, 0));
	taken = seconds() - begin;
	kill(busy, SIGKILL);
	ASSERT_EQ(busy, waitpid(busy, NULL, 0));
	EXPECT_GT(1.0, taken);
	/* And the file can be used again */
	EXPECT_EQ(0, count_tables(self->fd, self->child.pid, self->end));
}

TEST_HARNESS_MAIN
