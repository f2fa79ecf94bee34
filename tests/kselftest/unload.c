// SPDX-License-Identifier: GPL-2.0
/*
 * The module stays while a file is open, and no reference stays behind
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>

#include "check.h"
#include "child.h"
#include "experiment.h"
#include "memory.h"

static const char * const files[] = { "info", "walk", "ranges", "tables" };

static long references(void)
{
	char line[32];

	if (read_line(line, sizeof(line), "/sys/module/tlbscope/refcnt"))
		return -1;
	return atol(line);
}

static int unload(void)
{
	return syscall(SYS_delete_module, "tlbscope", O_NONBLOCK) ? -errno : 0;
}

TEST(refused_while_open)
{
	struct tlbscope_info info;
	int fd[4];
	size_t i;

	ASSERT_EQ(0, references());
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		fd[i] = scope_open(files[i]);
		ASSERT_LE(0, fd[i]);
		EXPECT_EQ(i + 1, references());
	}
	EXPECT_EQ(-EWOULDBLOCK, unload());
	/* With each of them alone, too */
	for (i = 0; i + 1 < ARRAY_SIZE(files); i++)
		close(fd[i]);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		close(fd[3]);
		ASSERT_EQ(0, references());
		fd[3] = scope_open(files[i]);
		ASSERT_LE(0, fd[3]);
		EXPECT_EQ(-EWOULDBLOCK, unload());
	}
	close(fd[3]);
	EXPECT_EQ(0, scope_info(&info));
	EXPECT_EQ(0, references());
}

/* So do those that disturb, and nothing of a request stays behind */
TEST(experiments_hold_it)
{
	static const char * const names[] = { "invalidate", "cost" };
	char line[100];
	size_t i;
	int fd;

	snprintf(line, sizeof(line), "self cr4-pge %lx %lx cpus=all",
		 (unsigned long)line / PAGE * PAGE,
		 (unsigned long)line / PAGE * PAGE + PAGE);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		fd = experiment_open(names[i]);
		ASSERT_LE(0, fd);
		EXPECT_EQ(1, references());
		EXPECT_EQ(-EWOULDBLOCK, unload());
		EXPECT_EQ(0, scope_ask(fd, line));
		EXPECT_EQ(-EINVAL, scope_ask(fd, "nonsense"));
		EXPECT_EQ(1, references());
		close(fd);
		EXPECT_EQ(0, references());
	}
}

/* An open that fails, requests that fail: each lets go of what it held */
TEST(failures_keep_nothing)
{
	struct tlbscope_walk w;
	int fd = scope_open("walk");
	unsigned int i;

	ASSERT_LE(0, fd);
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(-ESRCH, scope_target(fd, 2));
		EXPECT_EQ(-ESRCH, scope_walk(fd, 0, 0, &w));
		EXPECT_EQ(-EINVAL, scope_ask(fd, "nonsense"));
	}
	EXPECT_EQ(1, references());
	if (!fork()) {
		/* Nobody's attempt to open */
		if (setresuid(65534, 65534, 65534))
			_exit(1);
		_exit(open("/proc/tlbscope/walk", O_RDWR) < 0 ? 0 : 1);
	}
	wait(NULL);
	EXPECT_EQ(1, references());
	close(fd);
	EXPECT_EQ(0, references());
}

static void hold_files(int fd, void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < 100; i++)
		if (scope_ask(scope_open("ranges"), "self"))
			_exit(1);
	child_pause(fd);
}

/* Whoever is killed closes its files */
TEST(killed_with_files_open)
{
	struct child child;
	unsigned int i;

	ASSERT_EQ(0, child_start(&child, hold_files, NULL));
	EXPECT_EQ(100, references());
	EXPECT_EQ(-EWOULDBLOCK, unload());
	child_end(&child);
	/* The last of a file is let go of by a worker, now and then */
	for (i = 0; i < 100 && references(); i++)
		usleep(10000);
	EXPECT_EQ(0, references());
}

/* A target that is gone is not kept by who has it open, nor the other way */
TEST(targets_are_let_go_of)
{
	struct child child;
	unsigned int i;
	int fd;

	for (i = 0; i < 20; i++) {
		fd = scope_open("walk");
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, child_start(&child, hold_files, NULL));
		ASSERT_EQ(0, scope_target(fd, child.pid));
		if (i % 2)
			close(fd);
		child_end(&child);
		if (!(i % 2))
			close(fd);
	}
	for (i = 0; i < 100 && references(); i++)
		usleep(10000);
	EXPECT_EQ(0, references());
}

TEST_HARNESS_MAIN
