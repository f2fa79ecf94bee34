// SPDX-License-Identifier: GPL-2.0
/*
 * Whose tables: every kind of process that can be named, or cannot
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "check.h"
#include "child.h"
#include "memory.h"

/* A page that every process here has at the same place, and its own frame of */
#define PLACE	((char *)(3 * ZOO_START))

FIXTURE(target) {
	int fd;
	__u64 user_end;
};

FIXTURE_SETUP(target)
{
	struct tlbscope_info info;

	self->fd = scope_open("walk");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, scope_info(&info));
	self->user_end = info.user_end;
	ASSERT_NE(NULL, mem_small_at((unsigned long)PLACE, PAGE));
	mem_stamp(PLACE, PAGE, getpid());
}

FIXTURE_TEARDOWN(target)
{
	close(self->fd);
}

static void write_and_wait(int fd, void *arg)
{
	(void)arg;
	mem_stamp(PLACE, PAGE, getpid());
	child_pause(fd);
}

/* The four requests, which fail alike */
static void check_refused(struct __test_metadata *_metadata, int fd, int want)
{
	struct tlbscope_translation translation = {};
	struct tlbscope_tables tables = { .end = PAGE };
	struct tlbscope_ranges ranges = { .end = PAGE };
	struct tlbscope_walk w;
	unsigned int done;
	struct ranges r;
	struct tables t;

	EXPECT_EQ(want, scope_walk(fd, (unsigned long)PLACE, 0, &w));
	EXPECT_EQ(want, scope_translate(fd, &translation, 1, 0, &done));
	EXPECT_EQ(want, scope_ranges(fd, &ranges, &r));
	EXPECT_EQ(want, scope_tables(fd, &tables, &t));
	ranges_free(&r);
	tables_free(&t);
}

static __u64 root_of(struct __test_metadata *_metadata, int fd)
{
	struct tlbscope_walk w;

	ASSERT_EQ(0, scope_walk(fd, (unsigned long)PLACE, 0, &w));
	return w.step[0].phys & ~(PAGE - 1);
}

TEST_F(target, none_yet)
{
	check_refused(_metadata, self->fd, -ESRCH);
}

TEST_F(target, another_process)
{
	struct tlbscope_walk mine, its;
	struct child child;
	__u64 seed = 0;

	ASSERT_EQ(0, child_start(&child, write_and_wait, NULL));
	ASSERT_EQ(0, scope_target(self->fd, SELF));
	/* Fork took the right to write it away */
	mine = check_page(_metadata, self->fd, SELF, PLACE, PAGE, RIGHT_R);
	ASSERT_EQ(0, scope_target(self->fd, child.pid));
	its = check_page(_metadata, self->fd, child.pid, PLACE, PAGE, RIGHT_RW);
	EXPECT_NE(mine.phys, its.phys);
	EXPECT_NE(mine.step[0].phys, its.step[0].phys);
	ASSERT_EQ(0, phys_read(its.phys, &seed, sizeof(seed)));
	EXPECT_EQ(child.pid, seed);
	child_end(&child);
}

TEST_F(target, self_by_every_name)
{
	unsigned long long root, text_root;
	char *text;

	ASSERT_EQ(0, scope_target(self->fd, SELF));
	root = root_of(_metadata, self->fd);
	ASSERT_EQ(0, scope_target(self->fd, getpid()));
	EXPECT_HEX(root, root_of(_metadata, self->fd), "by number");
	ASSERT_EQ(0, scope_target(self->fd, gettid()));
	EXPECT_HEX(root, root_of(_metadata, self->fd), "by thread");
	text = scope_text("walk", "self 0");
	ASSERT_NE(NULL, text);
	text = strstr(text, "root kernel");
	ASSERT_NE(NULL, text);
	ASSERT_EQ(1, sscanf(text, "root kernel %llx", &text_root));
	EXPECT_HEX(root, text_root, "by name");
}

/* What a line asks about and what ioctls ask about are two matters */
TEST_F(target, of_text_and_of_ioctls)
{
	struct child child;
	char line[64], *text;
	unsigned long long text_root;
	__u64 root;

	ASSERT_EQ(0, scope_ask(self->fd, "self 0"));
	check_refused(_metadata, self->fd, -ESRCH);
	ASSERT_EQ(0, scope_target(self->fd, SELF));
	root = root_of(_metadata, self->fd);
	ASSERT_EQ(0, child_start(&child, write_and_wait, NULL));
	snprintf(line, sizeof(line), "%d 0", child.pid);
	ASSERT_EQ(0, scope_ask(self->fd, line));
	EXPECT_HEX(root, root_of(_metadata, self->fd), "the ioctls'");
	text = scope_answer(self->fd, 4096);
	ASSERT_NE(NULL, text);
	ASSERT_NE(NULL, strstr(text, "root kernel"));
	ASSERT_EQ(1, sscanf(strstr(text, "root kernel"), "root kernel %llx",
			    &text_root));
	EXPECT_NE(root, text_root);
	child_end(&child);
	EXPECT_HEX(root, root_of(_metadata, self->fd), "the ioctls'");
}

/* It goes on to be the one it was, whoever asks */
TEST_F(target, inherited_file)
{
	__u64 mine, *its;
	int status;
	pid_t pid;

	its = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, its);
	ASSERT_EQ(0, scope_target(self->fd, SELF));
	mine = root_of(_metadata, self->fd);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		its[0] = root_of(_metadata, self->fd);
		if (!scope_target(self->fd, SELF))
			its[1] = root_of(_metadata, self->fd);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_HEX(mine, its[0], "inherited");
	EXPECT_NE(0, its[1]);
	EXPECT_NE(mine, its[1]);
	/* The open file is one for both, and its target gone with the child */
	check_refused(_metadata, self->fd, -ESRCH);
}

TEST_F(target, gone)
{
	struct child child;
	char *answer;
	int fd;

	ASSERT_EQ(0, child_start(&child, write_and_wait, NULL));
	ASSERT_EQ(0, scope_target(self->fd, child.pid));
	fd = scope_open("ranges");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scope_target(fd, child.pid));
	root_of(_metadata, self->fd);
	child_end(&child);
	check_refused(_metadata, self->fd, -ESRCH);
	check_refused(_metadata, fd, -ESRCH);
	EXPECT_EQ(-ESRCH, scope_target(self->fd, child.pid));

	/* Another one is welcome on the same file */
	ASSERT_EQ(0, scope_target(self->fd, SELF));
	check_page(_metadata, self->fd, SELF, PLACE, PAGE, RIGHT_R);

	/* The same in the middle of a text */
	ASSERT_EQ(0, child_start(&child, write_and_wait, NULL));
	answer = NULL;
	if (asprintf(&answer, "%d", child.pid) > 0)
		EXPECT_EQ(0, scope_ask(fd, answer));
	free(answer);
	child_end(&child);
	answer = scope_answer(fd, 4096);
	EXPECT_EQ(NULL, answer);
	EXPECT_EQ(ESRCH, errno);
	close(fd);
}

/* An open file does not keep the memory of what is gone */
static void hold_page(int fd, void *arg)
{
	*(char *)arg = 1;
	child_pause(fd);
}

static long free_hugetlb(void)
{
	char line[32];

	if (read_line(line, sizeof(line),
		      "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"))
		return -1;
	return atol(line);
}

TEST_F(target, memory_is_not_kept)
{
	long before = free_hugetlb();
	struct child child;
	char *p;

	p = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (before < 1 || p == MAP_FAILED)
		skip("no hugetlb page of 2 MiB in the pool");
	ASSERT_EQ(0, child_start(&child, hold_page, p));
	EXPECT_EQ(before - 1, free_hugetlb());
	ASSERT_EQ(0, scope_target(self->fd, child.pid));
	check_page(_metadata, self->fd, child.pid, p, HUGE, RIGHT_RW);
	child_end(&child);
	EXPECT_EQ(before, free_hugetlb());
}

static void exec_sleep(int fd, void *arg)
{
	(void)arg;
	mem_stamp(PLACE, PAGE, getpid());
	child_pause(fd);
	execlp("sleep", "sleep", "1000", NULL);
}

/* With exec the address space is another one, though the process is the same */
TEST_F(target, exec)
{
	struct tlbscope_walk w;
	struct child child;

	ASSERT_EQ(0, child_start(&child, exec_sleep, NULL));
	ASSERT_EQ(0, scope_target(self->fd, child.pid));
	root_of(_metadata, self->fd);
	ASSERT_EQ(0, child_continue(&child));
	/* The socket closes on exec, once the old memory is let go of */
	EXPECT_EQ(-EPIPE, child_reached(&child));
	check_refused(_metadata, self->fd, -ESRCH);
	ASSERT_EQ(0, scope_target(self->fd, child.pid));
	ASSERT_EQ(0, scope_walk(self->fd, (unsigned long)PLACE, 0, &w));
	EXPECT_EQ(TLBSCOPE_NONE, w.state);
	child_end(&child);
}

TEST_F(target, zombie)
{
	siginfo_t info;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, scope_target(self->fd, pid));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(-ESRCH, scope_target(self->fd, pid));
}

TEST_F(target, kernel_thread)
{
	char name[32];

	ASSERT_EQ(0, read_line(name, sizeof(name), "/proc/2/comm"));
	ASSERT_STREQ("kthreadd", name);
	EXPECT_EQ(-ESRCH, scope_target(self->fd, 2));
	EXPECT_EQ(NULL, scope_text("walk", "2 1000"));
	EXPECT_EQ(ESRCH, errno);
}

TEST_F(target, first_process)
{
	struct tlbscope_walk w;

	ASSERT_EQ(0, scope_target(self->fd, 1));
	ASSERT_EQ(0, scope_walk(self->fd, 0, 0, &w));
	EXPECT_EQ(TLBSCOPE_NONE, w.state);
}

TEST_F(target, no_such_process)
{
	EXPECT_EQ(-ESRCH, scope_target(self->fd, 0x3ffffe));
	EXPECT_EQ(-ESRCH, scope_target(self->fd, INT32_MAX));
	check_refused(_metadata, self->fd, -ESRCH);
}

/* What fails changes nothing */
TEST_F(target, failure_keeps_the_one_before)
{
	__u64 root;

	ASSERT_EQ(0, scope_target(self->fd, SELF));
	root = root_of(_metadata, self->fd);
	EXPECT_EQ(-ESRCH, scope_target(self->fd, 2));
	EXPECT_HEX(root, root_of(_metadata, self->fd), "after a failure");
}

/* The same process by the number that each side knows it by */
struct numbers {
	pid_t outside;
	pid_t inside;
	__u64 root[3];
	int error[2];
};

static void in_namespace(int fd, struct numbers *n, int inherited)
{
	struct tlbscope_walk w;
	int mine = scope_open("walk");

	mem_stamp(PLACE, PAGE, 1);
	n->inside = getpid();
	if (!scope_target(mine, 1) &&
	    !scope_walk(mine, (unsigned long)PLACE, 0, &w))
		n->root[0] = w.step[0].phys;
	if (!scope_target(mine, SELF) &&
	    !scope_walk(mine, (unsigned long)PLACE, 0, &w))
		n->root[1] = w.step[0].phys;
	if (!scope_target(inherited, 1) &&
	    !scope_walk(inherited, (unsigned long)PLACE, 0, &w))
		n->root[2] = w.step[0].phys;
	n->error[0] = scope_target(mine, n->outside);
	n->error[1] = scope_ask(mine, "1 1000");
	child_pause(fd);
	_exit(0);
}

static void start_namespace(int fd, void *arg)
{
	struct numbers *n = arg;
	int inherited = scope_open("walk");
	int gate[2];
	char byte;
	pid_t pid;

	if (unshare(CLONE_NEWPID) || pipe(gate))
		_exit(1);
	pid = fork();
	if (!pid) {
		/* Its outer number must be known to it first */
		if (read(gate[0], &byte, 1) == 1)
			in_namespace(fd, n, inherited);
		_exit(1);
	}
	n->outside = pid;
	if (write(gate[1], "", 1) != 1)
		_exit(1);
	waitpid(pid, NULL, 0);
}

TEST_F(target, pid_namespace)
{
	struct child child;
	struct numbers *n;

	n = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, n);
	ASSERT_EQ(0, child_start(&child, start_namespace, n));
	EXPECT_EQ(1, n->inside);
	ASSERT_LT(1, n->outside);
	ASSERT_EQ(0, scope_target(self->fd, n->outside));
	check_page(_metadata, self->fd, n->outside, PLACE, PAGE, RIGHT_RW);
	EXPECT_NE(0, n->root[0]);
	EXPECT_HEX(n->root[1], n->root[0], "1 is itself, in there");
	EXPECT_HEX(n->root[1], n->root[2], "on a file opened outside, too");
	EXPECT_HEX(n->root[1] & ~(PAGE - 1), root_of(_metadata, self->fd),
		   "from outside");
	EXPECT_EQ(-ESRCH, n->error[0]);
	EXPECT_EQ(0, n->error[1]);
	kill(n->outside, SIGKILL);
	child_end(&child);
}

/* Two processes, one address space */
TEST_F(target, vfork)
{
	volatile __u64 root = 0;
	struct tlbscope_walk w;
	int fd = self->fd;
	int status;
	pid_t pid;

	pid = vfork();
	if (!pid) {
		if (!scope_target(fd, getpid()) &&
		    !scope_walk(fd, (unsigned long)PLACE, 0, &w))
			root = w.step[0].phys & ~(PAGE - 1);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	/* The child is gone, but what it had is not */
	EXPECT_HEX(root, root_of(_metadata, self->fd), "after the child's end");
	ASSERT_EQ(0, scope_target(self->fd, SELF));
	EXPECT_HEX(root, root_of(_metadata, self->fd), "the parent's");
}

#define THREADS	100

struct threads {
	volatile pid_t tid[THREADS];
	volatile bool stop;
	int fd;
};

static void *wait_for_end(void *arg)
{
	struct threads *threads = arg;
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		if (__sync_bool_compare_and_swap(&threads->tid[i], 0, gettid()))
			break;
	while (!threads->stop)
		usleep(10000);
	return NULL;
}

static bool is_zombie(pid_t pid)
{
	char path[64], line[512], *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_line(line, sizeof(line), path))
		return false;
	state = strrchr(line, ')');
	return state && state[1] == ' ' && state[2] == 'Z';
}

/* Go on when the first thread has ended */
static void *pause_child(void *arg)
{
	struct threads *threads = arg;

	while (!is_zombie(getpid()))
		usleep(1000);
	child_pause(threads->fd);
	return NULL;
}

static void start_threads(int fd, void *arg)
{
	struct threads *threads = arg;
	pthread_attr_t attr;
	pthread_t thread;
	unsigned int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread, &attr, wait_for_end, threads))
			_exit(1);
	while (!threads->tid[THREADS - 1])
		usleep(1000);
	child_pause(fd);

	threads->fd = fd;
	if (pthread_create(&thread, &attr, pause_child, threads))
		_exit(1);
	pthread_exit(NULL);
}

TEST_F(target, many_threads)
{
	struct threads *threads;
	struct child child;
	unsigned int i;
	__u64 root;

	threads = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, threads);
	ASSERT_EQ(0, child_start(&child, start_threads, threads));
	ASSERT_EQ(0, scope_target(self->fd, child.pid));
	root = root_of(_metadata, self->fd);
	for (i = 0; i < THREADS; i += 9) {
		ASSERT_EQ(0, scope_target(self->fd, threads->tid[i]));
		EXPECT_HEX(root, root_of(_metadata, self->fd), "thread %u", i);
	}

	/* The first thread is a zombie now, the others are not */
	ASSERT_EQ(0, child_step(&child));
	EXPECT_EQ(-ESRCH, scope_target(self->fd, child.pid));
	ASSERT_EQ(0, scope_target(self->fd, threads->tid[0]));
	EXPECT_HEX(root, root_of(_metadata, self->fd), "without the first");
	child_end(&child);
}

TEST_F(target, kernel)
{
	struct tlbscope_ranges ranges = { .end = self->user_end };
	struct tlbscope_tables tables = { .end = self->user_end };
	struct tlbscope_walk w;
	struct ranges r;
	struct tables t;

	ASSERT_EQ(0, scope_target(self->fd, KERNEL));
	EXPECT_EQ(-EINVAL, scope_walk(self->fd, (unsigned long)PLACE, 0, &w));
	EXPECT_EQ(-EINVAL, scope_ranges(self->fd, &ranges, &r));
	EXPECT_EQ(-EINVAL, scope_tables(self->fd, &tables, &t));
	EXPECT_EQ(0, scope_walk(self->fd, ~0ULL, 0, &w));
	EXPECT_EQ(NULL, scope_text("walk", "kernel 1000"));
	EXPECT_EQ(EINVAL, errno);
}

/* Two open files know nothing of each other */
TEST_F(target, two_files)
{
	int other = scope_open("walk");
	struct child child;
	__u64 mine, its;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, child_start(&child, write_and_wait, NULL));
	ASSERT_EQ(0, scope_target(self->fd, SELF));
	mine = root_of(_metadata, self->fd);
	EXPECT_EQ(-ESRCH, scope_target(other, 2));
	check_refused(_metadata, other, -ESRCH);
	ASSERT_EQ(0, scope_target(other, child.pid));
	its = root_of(_metadata, other);
	EXPECT_NE(mine, its);
	EXPECT_HEX(mine, root_of(_metadata, self->fd), "of the first");
	close(other);
	EXPECT_HEX(mine, root_of(_metadata, self->fd), "of the one left");
	child_end(&child);
}

TEST_HARNESS_MAIN
