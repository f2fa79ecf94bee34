// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explain.h"
#include "libtlbscope.h"
#include "unit.h"

static const struct explain_facts usual = {
	.pid = 77, .exists = true, .root = true, .module = true, .may_ask = true,
	.levels = 4,
};

static char line[256];

static void check_line(struct explain_facts f, int err, const char *words)
{
	int n = explain_line(line, sizeof(line), &f, err);

	CHECK(n > 0 && n < (int)sizeof(line));
	CHECK(!strchr(line, '\n'));
	if (!strstr(line, words))
		UNIT_FAIL("%d: \"%s\" lacks \"%s\"", err, line, words);
}

TEST(no_such_process)
{
	struct explain_facts f = usual;

	f.exists = false;
	check_line(f, -ESRCH, "no process 77");
}

TEST(kernel_thread)
{
	struct explain_facts f = usual;

	f.kthread = true;
	check_line(f, -ESRCH, "thread of the kernel");
	/* Who may not see it is not helped by becoming root */
	check_line(f, -EACCES, "thread of the kernel");
	check_line(f, -EPERM, "thread of the kernel");
}

TEST(zombie)
{
	struct explain_facts f = usual;

	f.zombie = true;
	check_line(f, -ESRCH, "zombie");
}

TEST(another_program_by_now)
{
	check_line(usual, -ESRCH, "no longer has the address space");
}

TEST(no_right)
{
	struct explain_facts f = usual;

	f.root = false;
	check_line(f, -EPERM, "run it as root");
	check_line(f, -EACCES, "CAP_SYS_ADMIN in the initial user namespace");
	check_line(usual, -EPERM, "CAP_SYS_ADMIN in the initial user namespace");
	CHECK(!strstr(line, "run it as root"));
}

TEST(lockdown)
{
	struct explain_facts f = usual;

	f.lockdown = true;
	check_line(f, -EPERM, "locked down");
	CHECK(explain_parse_lockdown("none integrity [confidentiality]\n"));
	CHECK(!explain_parse_lockdown("none [integrity] confidentiality\n"));
	CHECK(!explain_parse_lockdown("[none] integrity confidentiality\n"));
	CHECK(!explain_parse_lockdown(""));
}

TEST(module)
{
	check_line(usual, -ENOENT, "try: tlbscope load");
	check_line(usual, -EPROTO, "another version");
}

TEST(not_supported)
{
	struct explain_facts f = usual;

	check_line(f, -EOPNOTSUPP, "page-table isolation is off");
	f.pti = true;
	check_line(f, -EOPNOTSUPP, "was not asked");
	f.may_ask = false;
	check_line(f, -EOPNOTSUPP, "only root may ask");
	f.module = false;
	check_line(f, -EOPNOTSUPP, "try: tlbscope load");
	f.xen_pv = true;
	check_line(f, -EOPNOTSUPP, "Xen PV");
}

TEST(not_canonical)
{
	struct explain_facts f = usual;

	check_line(f, -EINVAL, "bits 63 to 47 all equal, with 4 levels");
	f.levels = 5;
	check_line(f, -EINVAL, "bits 63 to 56 all equal, with 5 levels");
}

TEST(others)
{
	check_line(usual, -ENODATA, "no page is present");
	check_line(usual, -ENOMEM, strerror(ENOMEM));
	check_line(usual, -EINTR, strerror(EINTR));
}

TEST(short_buffers)
{
	char small[10];

	CHECK(tlbscope_explain(small, sizeof(small), getpid(), -ENOENT) == small);
	CHECK_STR(small, "the tlbsc");
}

TEST(facts_of_live_processes)
{
	siginfo_t info;
	pid_t pid;

	CHECK(strstr(tlbscope_explain(line, sizeof(line), 0x7ffffffe, -ESRCH),
		     "no process 2147483646"));
	CHECK(strstr(tlbscope_explain(line, sizeof(line), TLBSCOPE_SELF, -ESRCH),
		     "no longer has"));
	pid = fork();
	if (!pid)
		_exit(0);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	CHECK(strstr(tlbscope_explain(line, sizeof(line), pid, -ESRCH), "zombie"));
	waitpid(pid, NULL, 0);
	if (!access("/proc/2/exe", F_OK) || access("/proc/2", F_OK))
		SKIP("PID 2 is no kernel thread here");
	CHECK(strstr(tlbscope_explain(line, sizeof(line), 2, -ESRCH), "thread of the kernel"));
}

UNIT_MAIN("explain")
