// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libtlbscope.h"
#include "trace-explain.h"
#include "unit.h"

#define NO_PIDFD	"no pidfd_open(): valgrind, perhaps"

static const struct trace_facts usual = {
	.pid = 77, .perf = true, .tracefs = true, .mounted = true, .root = true,
	.paranoid = 3,
};

static void check_line(struct trace_facts f, int err, const char *words)
{
	char line[256];
	int n = trace_explain_line(line, sizeof(line), &f, err);

	CHECK(n > 0 && n < (int)sizeof(line));
	CHECK(!strchr(line, '\n'));
	if (!strstr(line, words))
		UNIT_FAIL("%d: \"%s\" lacks \"%s\"", err, line, words);
	/* Whatever is wrong, there is something to do next */
	if (!strstr(line, "try: ") && !strstr(line, "see "))
		UNIT_FAIL("%d: \"%s\" does not help", err, line);
}

TEST(no_tracepoint)
{
	struct trace_facts f = usual;

	check_line(f, -ENOENT, "no tracepoint tlb:tlb_flush");
	f.mounted = false;
	check_line(f, -ENOENT, "try: mount -t tracefs none /sys/kernel/tracing");
	/* Mounting would not help: it is for root alone */
	f.root = false;
	check_line(f, -ENOENT, "try: sudo tlbscope trace");
	f.tracefs = false;
	check_line(f, -ENOENT, "CONFIG_TRACING");
}

TEST(no_perf)
{
	struct trace_facts f = usual;

	f.perf = false;
	check_line(f, -ENOSYS, "CONFIG_PERF_EVENTS");
	check_line(f, -ENOENT, "CONFIG_PERF_EVENTS");
	check_line(f, -ESRCH, "no process 77");
	check_line(usual, -ENOSYS, "perf_event_open()");
}

TEST(no_right)
{
	struct trace_facts f = usual;

	check_line(f, -EPERM, "container");
	f.root = false;
	check_line(f, -EACCES, "kernel.perf_event_paranoid is 3");
	check_line(f, -EACCES, "try: sudo tlbscope trace");
	/* Lockdown does not forbid it where tracefs has its files */
	f.lockdown = true;
	check_line(f, -EPERM, "try: sudo tlbscope trace");
}

TEST(locked_down_from_the_beginning)
{
	struct trace_facts f = usual;

	f.lockdown = true;
	check_line(f, -ENOENT, "tracefs is empty");
}

TEST(all_else)
{
	check_line(usual, -ESRCH, "no process 77");
	check_line(usual, -EINVAL, "77 is a thread");
	check_line(usual, -EMFILE, "ulimit -n");
	check_line(usual, -EPROTO, "newer tlbscope");
	check_line(usual, -ENOMEM, "Cannot allocate memory");
}

TEST(wrong_flags)
{
	struct tlbscope_trace *t;

	CHECK_EQ(tlbscope_trace_open(&t, TLBSCOPE_EVERYBODY, 2), -EINVAL);
}

TEST(no_such_process)
{
	struct tlbscope_trace *t;
	pid_t pid = fork();
	int err;

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	err = tlbscope_trace_open(&t, pid, 0);
	if (err == -ENOSYS)
		SKIP(NO_PIDFD);
	CHECK_EQ(err, -ESRCH);
	CHECK_EQ(tlbscope_trace_open(&t, TLBSCOPE_KERNEL, 0), -ESRCH);
}

static void *open_own_thread(void *err)
{
	struct tlbscope_trace *t;

	*(int *)err = tlbscope_trace_open(&t, (pid_t)syscall(SYS_gettid), 0);
	return NULL;
}

TEST(a_thread_is_no_process)
{
	pthread_t thread;
	int err = 0;

	pthread_create(&thread, NULL, open_own_thread, &err);
	pthread_join(thread, NULL);
	if (err == -ENOSYS)
		SKIP(NO_PIDFD);
	CHECK_EQ(err, -EINVAL);
}

TEST(a_machine_s_own_words)
{
	char line[256];

	CHECK(strstr(tlbscope_trace_explain(line, sizeof(line), 77, -ESRCH), "77"));
}

/* Whatever it counts, it is consistent with itself */
TEST(what_it_counts)
{
	const struct tlbscope_flusher *f = NULL;
	struct tlbscope_trace *t;
	uint64_t records = 0;
	unsigned int r;
	int err;

	err = tlbscope_trace_open(&t, TLBSCOPE_EVERYBODY, 0);
	if (err)
		SKIP("no right to trace, or nothing to trace");
	usleep(20000);
	CHECK_EQ(tlbscope_trace_read(t), 1);
	CHECK_EQ(tlbscope_trace_stop(t), 0);
	CHECK_EQ(tlbscope_trace_lost(t), 0);
	while ((f = tlbscope_trace_next(t, f))) {
		CHECK(f->records);
		for (r = 0; r < TLBSCOPE_FLUSH_REASONS; r++)
			records += f->reason[r].records;
		records -= f->records;
	}
	CHECK_EQ(records, 0);
	CHECK(tlbscope_trace_reason(t, TLBSCOPE_FLUSH_SEND_IPI));
	CHECK(!tlbscope_trace_reason(t, TLBSCOPE_FLUSH_REASONS));
	tlbscope_trace_close(t);
	tlbscope_trace_close(NULL);
}

TEST(ends_with_its_target)
{
	struct tlbscope_trace *t;
	pid_t pid = fork();
	int err;

	if (!pid) {
		pause();
		_exit(0);
	}
	err = tlbscope_trace_open(&t, pid, 0);
	if (!err)
		CHECK_EQ(tlbscope_trace_read(t), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (err)
		SKIP("no right to trace, or nothing to trace");
	CHECK_EQ(tlbscope_trace_read(t), 0);
	tlbscope_trace_close(t);
}

UNIT_MAIN("trace")
