// SPDX-License-Identifier: GPL-2.0
/*
 * Under lockdown nobody may disturb, and in its confidentiality mode nobody may
 * ask, not even on files that were open before
 *
 * Nothing but a reboot ends that mode: this is the last of all tests, and is run
 * only where it is asked for.
 */
#define _GNU_SOURCE
#include "check.h"
#include "experiment.h"

#define LOCKDOWN	"/sys/kernel/security/lockdown"

/* What disturbs is for no mode of lockdown */
static void check_no_experiment(struct __test_metadata *_metadata, int fd)
{
	struct tlbscope_methods methods = { .size = sizeof(methods) };
	char byte;

	EXPECT_EQ(-EPERM, experiment_open("invalidate"));
	EXPECT_EQ(-EPERM, experiment_open("cost"));
	EXPECT_EQ(-EPERM, scope_target(fd, SELF));
	EXPECT_EQ(-EPERM, experiment_try(fd));
	EXPECT_ERRNO(EPERM, ioctl(fd, TLBSCOPE_IOC_METHODS, &methods));
	EXPECT_EQ(-EPERM, scope_ask(fd, "self cr4-pge 1000 2000"));
	EXPECT_ERRNO(EPERM, read(fd, &byte, 1));
}

TEST(confidentiality)
{
	static const char * const files[] = { "walk", "ranges", "tables" };
	struct tlbscope_info info;
	struct tlbscope_walk w;
	unsigned int i;
	char modes[64];
	int fd, lab, ret;
	char byte;

	if (!getenv("TLBSCOPE_TEST_LOCKDOWN"))
		skip("set TLBSCOPE_TEST_LOCKDOWN to lock the kernel down until the next boot");
	if (read_line(modes, sizeof(modes), LOCKDOWN))
		skip("this kernel has no lockdown, or securityfs is not mounted");
	fd = scope_open("ranges");
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scope_ask(fd, "self"));
	ASSERT_EQ(0, scope_target(fd, SELF));

	lab = experiment_open_at("invalidate", SELF);
	ASSERT_LE(0, lab);
	ASSERT_EQ(0, experiment_try(lab));

	/* The milder mode does not hide memory from root */
	ret = write_file("integrity", LOCKDOWN);
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, scope_walk(fd, 0, 0, &w));
	check_no_experiment(_metadata, lab);
	ASSERT_EQ(0, write_file("confidentiality", LOCKDOWN));
	check_no_experiment(_metadata, lab);
	close(lab);
	EXPECT_EQ(-EPERM, scope_walk(fd, 0, 0, &w));
	EXPECT_EQ(-EPERM, scope_target(fd, SELF));
	EXPECT_EQ(-EPERM, scope_ask(fd, "self"));
	EXPECT_EQ(-1, read(fd, &byte, 1));
	EXPECT_EQ(EPERM, errno);
	close(fd);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		EXPECT_EQ(-EPERM, scope_open(files[i]));
	EXPECT_EQ(0, scope_info(&info));
}

TEST_HARNESS_MAIN
