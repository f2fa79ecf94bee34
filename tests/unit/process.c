// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "fixture.h"
#include "process.h"
#include "unit.h"

TEST(stat_of_an_ordinary_process)
{
	struct process p;

	CHECK(process_parse_stat("7 (cat) R 1 7 7 34816 7 4194304 99 0\n", &p));
	CHECK_EQ(p.state, 'R');
	CHECK(!p.kthread);
}

TEST(stat_of_a_kernel_thread)
{
	struct process p;

	CHECK(process_parse_stat("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0\n", &p));
	CHECK_EQ(p.state, 'S');
	CHECK(p.kthread);
}

TEST(stat_with_odd_names)
{
	static const char * const lines[] = {
		"7 () Z 1 7 7 34816 7 4194304 99",
		"7 (a) R) Z 1 7 7 34816 7 4194304 99",
		"7 (new\nline) Z 1 7 7 34816 7 4194304 99",
		"7 () S 1 1 1 1 1 2129984 () Z 1 7 7 34816 7 4194304 99",
		"7 (((() Z 1 7 7 34816 -1 4194304 99",
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct process p = { .state = '?' };

		CHECK(process_parse_stat(lines[i], &p));
		CHECK_EQ(p.state, 'Z');
		CHECK(!p.kthread);
	}
}

TEST(stat_that_cannot_be_understood)
{
	struct process p;

	CHECK(!process_parse_stat("", &p));
	CHECK(!process_parse_stat("7 (cat", &p));
	CHECK(!process_parse_stat("7 (cat)", &p));
	CHECK(!process_parse_stat("7 (cat) R 1 2", &p));
	CHECK(!process_parse_stat("7 (cat) R a b c d e f", &p));
}

TEST(fields_in_kib)
{
	static const char text[] = "Name:\tVmPTE: 9 kB\nOldVmPTE:\t 8 kB\nVmPTE:\t      52 kB\n";
	uint64_t bytes = 0;

	CHECK(process_parse_kib(text, "VmPTE", &bytes));
	CHECK_EQ(bytes, 52 << 10);
	CHECK(process_parse_kib("VmPTE 7 kB\nVmPTE: 5 kB\n", "VmPTE", &bytes));
	CHECK_EQ(bytes, 5 << 10);
	CHECK(!process_parse_kib(text, "VmSwap", &bytes));
	CHECK(!process_parse_kib(text, "Vm", &bytes));
	CHECK(!process_parse_kib("", "VmPTE", &bytes));
	CHECK(!process_parse_kib("VmPTE:\n", "VmPTE", &bytes));
	CHECK(!process_parse_kib("VmPTE:\tmany kB\n", "VmPTE", &bytes));
	CHECK(process_parse_kib("VmPTE: 3 kB", "VmPTE", &bytes));
	CHECK_EQ(bytes, 3 << 10);
}

TEST(files_longer_than_the_buffer_are_cut)
{
	int dir = fixture_make("stat", "0123456789", 10);
	char buf[8];

	CHECK_EQ(process_read_file(dir, "stat", buf, sizeof(buf)), 7);
	CHECK_STR(buf, "0123456");
	CHECK_EQ(process_read_file(dir, "status", buf, sizeof(buf)), -ENOENT);
	CHECK_EQ(process_table_bytes(dir), ~0ULL);
	fixture_remove(dir, "stat");
}

TEST(the_own_process)
{
	struct process p;
	int dir = process_open(getpid());

	REQUIRE(dir >= 0);
	CHECK_EQ(process_read(dir, &p), 0);
	CHECK_EQ(p.state, 'R');
	CHECK(!p.kthread);
	/* A root, and at least one table of each level below */
	CHECK(process_table_bytes(dir) >= 3 * 4096);
	CHECK(process_table_bytes(dir) < 1ULL << 40);
	close(dir);
}

TEST(the_first_kernel_thread)
{
	struct process p;
	int dir = process_open(2);

	if (dir < 0)
		SKIP("no PID 2 here");
	CHECK_EQ(process_read(dir, &p), 0);
	if (!p.kthread)
		unit_skipped = "PID 2 is no kernel thread here";
	else
		CHECK_EQ(process_table_bytes(dir), ~0ULL);
	close(dir);
}

TEST(a_process_that_ends)
{
	struct process p;
	siginfo_t info;
	pid_t pid = fork();
	int dir;

	if (!pid)
		_exit(0);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	dir = process_open(pid);
	REQUIRE(dir >= 0);
	CHECK_EQ(process_read(dir, &p), 0);
	CHECK_EQ(p.state, 'Z');
	waitpid(pid, NULL, 0);
	CHECK_EQ(process_read(dir, &p), -ESRCH);
	CHECK_EQ(process_table_bytes(dir), ~0ULL);
	close(dir);
	CHECK_EQ(process_open(pid), -ESRCH);
}

UNIT_MAIN("process")
