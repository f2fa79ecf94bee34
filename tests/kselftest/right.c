// SPDX-License-Identifier: GPL-2.0
/*
 * Who may ask: CAP_SYS_ADMIN in the initial user namespace, and at each use
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "check.h"
#include "experiment.h"
#include "memory.h"

#define NOBODY	65534

static const char * const files[] = { "walk", "ranges", "tables" };

FIXTURE(right) {
	int fd;
	int lab;	/* of those that disturb */
};

FIXTURE_SETUP(right)
{
	self->fd = scope_open("ranges");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, scope_ask(self->fd, "self"));
	ASSERT_EQ(0, scope_target(self->fd, SELF));
	self->lab = experiment_open_at("cost", SELF);
	ASSERT_LE(0, self->lab);
}

FIXTURE_TEARDOWN(right)
{
	close(self->fd);
	close(self->lab);
}

/* Leave this thread with the capabilities of @mask alone */
static int set_capabilities(unsigned long mask)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = mask, .permitted = mask },
		{ .effective = mask >> 32, .permitted = mask >> 32 },
	};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* The same of a file that disturbs */
static void check_no_experiment(struct __test_metadata *_metadata, int fd)
{
	struct tlbscope_methods methods = { .size = sizeof(methods) };
	struct tlbscope_info info = { .size = sizeof(info) };
	struct tlbscope_cost cost = { .size = sizeof(cost) };
	char byte;

	EXPECT_EQ(-EPERM, scope_target(fd, SELF));
	EXPECT_EQ(-EPERM, experiment_try(fd));
	EXPECT_ERRNO(EPERM, ioctl(fd, TLBSCOPE_IOC_METHODS, &methods));
	EXPECT_ERRNO(EPERM, ioctl(fd, TLBSCOPE_IOC_COST, &cost));
	EXPECT_EQ(-EPERM, scope_ask(fd, "self cr4-pge 1000 2000"));
	EXPECT_ERRNO(EPERM, read(fd, &byte, 1));
	EXPECT_ERRNO(EPERM, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(0, ioctl(fd, TLBSCOPE_IOC_INFO, &info));
}

/* Nothing that an open file can do is left */
static void check_no_use(struct __test_metadata *_metadata, int fd)
{
	struct tlbscope_tables tables = { .end = PAGE };
	struct tlbscope_ranges ranges = { .end = PAGE };
	struct tlbscope_info info = { .size = sizeof(info) };
	struct tlbscope_translation translation = {};
	struct tlbscope_walk w;
	unsigned int done;
	struct ranges r;
	struct tables t;
	char byte = 'x';

	EXPECT_EQ(-EPERM, scope_target(fd, SELF));
	EXPECT_EQ(-EPERM, scope_walk(fd, 0, 0, &w));
	EXPECT_EQ(-EPERM, scope_translate(fd, &translation, 1, 0, &done));
	EXPECT_EQ(-EPERM, scope_ranges(fd, &ranges, &r));
	EXPECT_EQ(-EPERM, scope_tables(fd, &tables, &t));
	EXPECT_EQ(-EPERM, scope_ask(fd, "self 0"));
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, pread(fd, &byte, 1, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ('x', byte);
	/* What is no secret is none here either */
	EXPECT_EQ(0, ioctl(fd, TLBSCOPE_IOC_INFO, &info));
}

static void check_no_open(struct __test_metadata *_metadata, int want)
{
	struct tlbscope_info info;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		EXPECT_EQ(want, scope_open(files[i]));
	EXPECT_GT(0, experiment_open("invalidate"));
	EXPECT_GT(0, experiment_open("cost"));
	EXPECT_EQ(0, scope_info(&info));
}

TEST_F(right, modes)
{
	static const struct {
		const char *path;
		unsigned int mode;
	} modes[] = {
		{ "/proc/tlbscope", 0555 },
		{ "/proc/tlbscope/info", 0444 },
		{ "/proc/tlbscope/walk", 0600 },
		{ "/proc/tlbscope/ranges", 0600 },
		{ "/proc/tlbscope/tables", 0600 },
		{ EXPERIMENT_DIR "/invalidate", 0600 },
		{ EXPERIMENT_DIR "/cost", 0600 },
	};
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		ASSERT_EQ(0, stat(modes[i].path, &st));
		EXPECT_EQ(modes[i].mode, st.st_mode & 07777);
		EXPECT_EQ(0, st.st_uid);
	}
}

/* Root in name only */
TEST_F(right, capability_dropped)
{
	ASSERT_EQ(0, set_capabilities(~(1UL << CAP_SYS_ADMIN) &
				      ((1UL << 38) - 1)));
	check_no_open(_metadata, -EPERM);
	check_no_use(_metadata, self->fd);
	check_no_experiment(_metadata, self->lab);
}

/* As a daemon does it that was started by root */
TEST_F(right, user_changed)
{
	ASSERT_EQ(0, setresgid(NOBODY, NOBODY, NOBODY));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	check_no_open(_metadata, -EACCES);
	check_no_use(_metadata, self->fd);
	check_no_experiment(_metadata, self->lab);
}

/* Not root, but with the one capability and the right to open the file */
TEST_F(right, capability_kept)
{
	struct tlbscope_walk w;
	int fd;

	ASSERT_EQ(0, prctl(PR_SET_KEEPCAPS, 1));
	ASSERT_EQ(0, setresuid(NOBODY, NOBODY, NOBODY));
	ASSERT_EQ(0, set_capabilities(1UL << CAP_SYS_ADMIN |
				      1UL << CAP_DAC_OVERRIDE));
	fd = scope_open("walk");
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, scope_target(fd, SELF));
	EXPECT_EQ(0, scope_walk(fd, (unsigned long)scope_open, 0, &w));
	EXPECT_EQ(TLBSCOPE_LEAF, w.state);
	close(fd);
	EXPECT_EQ(0, experiment_try(self->lab));

	/* The right goes while the file stays open */
	ASSERT_EQ(0, set_capabilities(0));
	check_no_use(_metadata, self->fd);
	check_no_experiment(_metadata, self->lab);
}

/* Root of a user namespace has every capability there, and none here */
TEST_F(right, user_namespace)
{
	if (unshare(CLONE_NEWUSER))
		skip("no user namespaces: %s", strerror(errno));
	ASSERT_EQ(0, write_file("deny", "/proc/self/setgroups"));
	ASSERT_EQ(0, write_file("0 0 1", "/proc/self/uid_map"));
	ASSERT_EQ(0, write_file("0 0 1", "/proc/self/gid_map"));
	ASSERT_EQ(0, getuid());
	check_no_open(_metadata, -EPERM);
	check_no_use(_metadata, self->fd);
	check_no_experiment(_metadata, self->lab);
}

/* A file that is passed on takes no right with it, and leaves its owner's */
TEST_F(right, passed_on)
{
	struct tlbscope_walk w;
	char byte;
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(2);
		_exit(scope_walk(self->fd, 0, 0, &w) == -EPERM &&
		      scope_target(self->fd, SELF) == -EPERM &&
		      experiment_try(self->lab) == -EPERM &&
		      read(self->fd, &byte, 1) == -1 && errno == EPERM ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, scope_walk(self->fd, (unsigned long)scope_open, 0, &w));
	EXPECT_EQ(TLBSCOPE_LEAF, w.state);
	EXPECT_EQ(1, read(self->fd, &byte, 1));
	EXPECT_EQ(0, experiment_try(self->lab));
}

TEST_HARNESS_MAIN
