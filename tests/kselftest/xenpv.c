// SPDX-License-Identifier: GPL-2.0
/*
 * Under Xen PV the instructions fault, and entries hold machine frames: nothing
 * is tried there, everything is refused, and nothing breaks
 *
 * Skipped everywhere else.
 */
#define _GNU_SOURCE
#include "check.h"
#include "experiment.h"
#include "memory.h"

FIXTURE(xenpv) {
	char *page;
	__u64 cpu;
};

FIXTURE_SETUP(xenpv)
{
	struct tlbscope_info info;

	ASSERT_EQ(0, scope_info(&info));
	if (!(info.features & TLBSCOPE_FEAT_XENPV))
		SKIP(return, "this is no Xen PV guest");
	self->page = mem_small(PAGE);
	ASSERT_NE(NULL, self->page);
	mem_stamp(self->page, PAGE, 1);
	self->cpu = cpu_bit(cpu_first(cpus_online()));
}

FIXTURE_TEARDOWN(xenpv)
{
}

TEST_F(xenpv, no_method_at_all)
{
	struct tlbscope_methods methods = {
		.size = sizeof(methods), .available = ~0ULL,
	};
	int fd = experiment_open("invalidate");

	ASSERT_LE(0, fd);
	EXPECT_ERRNO(0, ioctl(fd, TLBSCOPE_IOC_METHODS, &methods));
	EXPECT_EQ(0, methods.available);
	close(fd);
}

TEST_F(xenpv, each_invalidation)
{
	int fd = experiment_open_at("invalidate", SELF);
	struct tlbscope_invalidation what;
	struct tlbscope_invalidate answer;
	unsigned int method;

	ASSERT_LE(0, fd);
	for (method = 0; method < TLBSCOPE_METHODS; method++) {
		what = what_pages(method, self->page, 1, &self->cpu);
		EXPECT_EQ(-EOPNOTSUPP, experiment_invalidate(fd, &what, 1, &answer))
			TH_LOG("%s", method_name(method));
		EXPECT_EQ(0, answer.done);
	}
	EXPECT_TRUE(mem_stamped(self->page, PAGE, 1));
	close(fd);
}

TEST_F(xenpv, each_cost)
{
	int fd = experiment_open_at("cost", SELF);
	struct tlbscope_cost_cpu cpus[2];
	struct tlbscope_cost args;
	unsigned int method;

	ASSERT_LE(0, fd);
	for (method = 0; method < TLBSCOPE_METHODS; method++) {
		args = (struct tlbscope_cost) {
			.size = sizeof(args), .samples = 10,
			.what = what_pages(method, self->page, 1, &self->cpu),
			.vec = (unsigned long)cpus, .vec_len = 2,
		};
		EXPECT_ERRNO(EOPNOTSUPP, ioctl(fd, TLBSCOPE_IOC_COST, &args))
			TH_LOG("%s", method_name(method));
	}
	close(fd);
}

TEST_F(xenpv, each_line_of_text)
{
	static const char * const files[] = { "invalidate", "cost" };
	unsigned long start = (unsigned long)self->page;
	unsigned int method, i;
	const char *name;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		for (method = 0; method < TLBSCOPE_METHODS; method++) {
			name = method_name(method);
			ASSERT_NE(NULL, name);
			EXPECT_EQ(-EOPNOTSUPP,
				  experiment_ask(files[i], "self %s %lx %lx cpus=all",
						 name, start, start + PAGE))
				TH_LOG("%s %s", files[i], name);
		}
}

/* What is bad anyway is called so, as elsewhere */
TEST_F(xenpv, bad_requests)
{
	EXPECT_EQ(-EINVAL, experiment_ask("invalidate", "self nosuch 1000 2000"));
	EXPECT_EQ(-EINVAL, experiment_ask("invalidate", "self invlpg 1000"));
}

TEST_F(xenpv, no_walk)
{
	struct tlbscope_walk w;
	int fd = scope_open("walk");

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scope_target(fd, SELF));
	EXPECT_EQ(-EOPNOTSUPP, scope_walk(fd, (unsigned long)self->page, 0, &w));
	close(fd);
}

TEST_HARNESS_MAIN
