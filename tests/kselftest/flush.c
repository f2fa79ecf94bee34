// SPDX-License-Identifier: GPL-2.0
/*
 * What is asked of /sys/kernel/debug/tlbscope: it is done as asked, and what
 * cannot be done gets its errno, by ioctl and by text, and does no harm
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>

#include "check.h"
#include "child.h"
#include "experiment.h"
#include "memory.h"

#define PAGES		16

FIXTURE(flush) {
	int invalidate;
	int cost;
	char *p;	/* PAGES pages, and nothing behind them */
	__u64 online;
	__u64 cpus;	/* the first of them */
	__u64 methods;
	struct tlbscope_info info;
	struct tlbscope_cost_cpu vec[CPUS_MAX];
};

FIXTURE_SETUP(flush)
{
	ASSERT_EQ(0, scope_info(&self->info));
	self->methods = experiment_methods();
	self->invalidate = experiment_open_at("invalidate", SELF);
	ASSERT_LE(0, self->invalidate);
	self->cost = experiment_open_at("cost", SELF);
	ASSERT_LE(0, self->cost);
	self->p = mem_small((PAGES + 1) * PAGE);
	ASSERT_NE(NULL, self->p);
	ASSERT_EQ(0, munmap(self->p + PAGES * PAGE, PAGE));
	mem_stamp(self->p, PAGES * PAGE, 7);
	self->online = cpus_online();
	self->cpus = cpu_bit(cpu_first(self->online));
}

/* By a method that each machine of ours has */
static struct tlbscope_invalidation good_what(const FIXTURE_DATA(flush) *self)
{
	return what_pages(TLBSCOPE_CR4_PGE, self->p, PAGES, &self->cpus);
}

static struct tlbscope_invalidate
good_invalidate(const FIXTURE_DATA(flush) *self)
{
	return (struct tlbscope_invalidate) {
		.size = sizeof(struct tlbscope_invalidate),
		.what = good_what(self), .repeat = 1,
	};
}

static struct tlbscope_cost good_cost(FIXTURE_DATA(flush) *self)
{
	return (struct tlbscope_cost) {
		.size = sizeof(struct tlbscope_cost),
		.what = good_what(self), .samples = 1,
		.vec = (unsigned long)self->vec, .vec_len = CPUS_MAX,
	};
}

/* Whatever was refused, good requests are answered as before */
FIXTURE_TEARDOWN(flush)
{
	struct tlbscope_invalidate args = good_invalidate(self);
	struct tlbscope_cost cost = good_cost(self);

	EXPECT_ERRNO(0, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
			      &args));
	EXPECT_EQ(PAGES, args.pages);
	EXPECT_EQ(1, args.done);
	EXPECT_ERRNO(0, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	EXPECT_EQ(1, cost.filled);
	EXPECT_TRUE(mem_stamped(self->p, PAGES * PAGE, 7));
	EXPECT_EQ(self->online, cpus_online());
	close(self->invalidate);
	close(self->cost);
}

/* The same asked of both files; either has both ioctls */
static void expect_both(struct __test_metadata *_metadata,
			FIXTURE_DATA(flush) *self, int want, __u32 flags,
			const struct tlbscope_invalidation *what)
{
	struct tlbscope_invalidate args = good_invalidate(self);
	struct tlbscope_cost cost = good_cost(self);
	int fd;

	args.flags = cost.flags = flags;
	args.what = cost.what = *what;
	for (fd = 0; fd < 2; fd++) {
		EXPECT_ERRNO(want, ioctl(fd ? self->cost : self->invalidate,
					 TLBSCOPE_IOC_INVALIDATE, &args));
		EXPECT_ERRNO(want, ioctl(fd ? self->cost : self->invalidate,
					 TLBSCOPE_IOC_COST, &cost));
	}
}

static bool has_method(const FIXTURE_DATA(flush) *self, unsigned int method)
{
	return self->methods & (1ULL << method);
}

/* Those of the machine's features, by the rules of the header */
TEST_F(flush, methods)
{
	__u64 features = self->info.features, want = 0;
	bool invpcid = features & TLBSCOPE_FEAT_INVPCID;
	struct tlbscope_methods methods = { .size = sizeof(methods) };

	if (!(features & TLBSCOPE_FEAT_XENPV)) {
		want = 1 << TLBSCOPE_IPI;
		if (features & TLBSCOPE_FEAT_PGE)
			want |= 1 << TLBSCOPE_CR4_PGE;
		if (invpcid)
			want |= 1 << TLBSCOPE_INVPCID_ADDRESS |
				1 << TLBSCOPE_INVPCID_CONTEXT |
				1 << TLBSCOPE_INVPCID_ALL |
				1 << TLBSCOPE_INVPCID_NONGLOBAL;
		if (invpcid || !(features & TLBSCOPE_FEAT_PTI) ||
		    !(features & TLBSCOPE_FEAT_PCID))
			want |= 1 << TLBSCOPE_INVLPG | 1 << TLBSCOPE_CR3;
		if (features & TLBSCOPE_FEAT_INVLPGB)
			want |= 1 << TLBSCOPE_INVLPGB;
	}
	EXPECT_HEX(want, self->methods, "methods, features 0x%llx", features);
	ASSERT_EQ(0, ioctl(self->cost, TLBSCOPE_IOC_METHODS, &methods));
	EXPECT_HEX(want, methods.available, "methods of the other file");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

TEST_F(flush, tsc_khz)
{
	struct tlbscope_methods methods = { .size = sizeof(methods) };
	unsigned long long cycles;
	double begin, khz;

	ASSERT_EQ(0, ioctl(self->cost, TLBSCOPE_IOC_METHODS, &methods));
	begin = seconds();
	cycles = __builtin_ia32_rdtsc();
	usleep(200000);
	cycles = __builtin_ia32_rdtsc() - cycles;
	khz = cycles / (seconds() - begin) / 1000;
	EXPECT_LT(methods.tsc_khz * 0.95, khz);
	EXPECT_GT(methods.tsc_khz * 1.05, khz);
}

/* Each method, on each CPU and on all of them, as often as was asked for */
TEST_F(flush, each_method)
{
	struct tlbscope_invalidation what;
	struct tlbscope_invalidate answer;
	unsigned int method;
	__u64 cpus;
	int cpu;

	for (method = 0; method < TLBSCOPE_IPI; method++) {
		what = what_pages(method, self->p, PAGES, &cpus);
		cpus = self->online;
		if (!has_method(self, method)) {
			expect_both(_metadata, self, EOPNOTSUPP, 0, &what);
			continue;
		}
		ASSERT_EQ(0, experiment_invalidate(self->invalidate, &what, 3,
						   &answer));
		EXPECT_EQ(3 * cpu_count(self->online), answer.done);
		EXPECT_EQ(PAGES, answer.pages);
		for (cpu = 0; cpu < CPUS_MAX; cpu++) {
			cpus = cpu_bit(cpu);
			EXPECT_EQ(self->online & cpus ? 0 : -ENXIO,
				  experiment_invalidate(self->invalidate, &what,
							100, &answer));
			if (self->online & cpus)
				EXPECT_EQ(100, answer.done);
		}
	}
}

TEST_F(flush, method)
{
	static const unsigned int unknown[] = {
		TLBSCOPE_METHODS, TLBSCOPE_METHODS + 1, 64, 1U << 31, ~0U,
	};
	struct tlbscope_invalidation what = good_what(self);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		what = good_what(self);
		what.method = unknown[i];
		expect_both(_metadata, self, EINVAL, 0, &what);
		what.method = TLBSCOPE_IPI;
		what.local = unknown[i];
		expect_both(_metadata, self, EINVAL, 0, &what);
	}
	/* Of an IPI alone */
	for (i = 1; i <= TLBSCOPE_METHODS; i++) {
		what = good_what(self);
		what.local = i;
		expect_both(_metadata, self, EINVAL, 0, &what);
	}
	what = good_what(self);
	what.initiator = cpu_first(self->online);
	expect_both(_metadata, self, EINVAL, 0, &what);
	what.initiator = -2;
	expect_both(_metadata, self, EINVAL, 0, &what);
}

TEST_F(flush, ipi)
{
	struct tlbscope_invalidation what = good_what(self);
	int other = cpu_first(self->online & ~self->cpus);
	struct tlbscope_invalidate answer;
	unsigned int local;

	what.method = TLBSCOPE_IPI;
	/* Nobody to interrupt */
	expect_both(_metadata, self, EINVAL, 0, &what);
	what.initiator = cpu_first(self->cpus);
	expect_both(_metadata, self, EINVAL, 0, &what);
	what.local = TLBSCOPE_IPI;
	expect_both(_metadata, self, EINVAL, 0, &what);
	what.local = TLBSCOPE_INVLPGB;
	expect_both(_metadata, self, EINVAL, 0, &what);
	if (other < 0)
		skip("there is but one CPU");
	self->cpus = self->online;
	for (local = 0; local < TLBSCOPE_INVLPGB; local++) {
		what.local = local;
		what.initiator = other;
		if (!has_method(self, local)) {
			expect_both(_metadata, self, EOPNOTSUPP, 0, &what);
			continue;
		}
		expect_both(_metadata, self, 0, 0, &what);
		what.initiator = -1;
		expect_both(_metadata, self, 0, 0, &what);
		/* All of them at once count as one */
		ASSERT_EQ(0, experiment_invalidate(self->invalidate, &what, 7,
						   &answer));
		EXPECT_EQ(7, answer.done);
	}
	what.local = TLBSCOPE_CR4_PGE;
	what.initiator = -2;
	expect_both(_metadata, self, EINVAL, 0, &what);
	what.initiator = INT32_MIN;
	expect_both(_metadata, self, EINVAL, 0, &what);
	what.initiator = INT32_MAX;
	expect_both(_metadata, self, ENXIO, 0, &what);
	what.initiator = 100000;
	expect_both(_metadata, self, ENXIO, 0, &what);
	self->cpus = cpu_bit(cpu_first(self->online));
}

/* By page, as many as one goes without interrupts for */
TEST_F(flush, ipi_of_many_pages)
{
	struct tlbscope_invalidation what = good_what(self);
	unsigned int local, pages;

	if (cpu_count(self->online) < 2)
		skip("there is but one CPU");
	what.method = TLBSCOPE_IPI;
	what.cpus = (unsigned long)&self->online;
	for (local = 0; local < TLBSCOPE_INVLPGB; local++) {
		if (!has_method(self, local))
			continue;
		what.local = local;
		pages = method_is_by_page(local) ? TLBSCOPE_STRETCH :
			TLBSCOPE_PAGES_MAX;
		what.end = what.start + pages * PAGE;
		expect_both(_metadata, self, 0, 0, &what);
		what.end += PAGE;
		expect_both(_metadata, self, E2BIG, 0, &what);
	}
}

TEST_F(flush, cpus)
{
	__u64 set[64] = { self->cpus }, none[2] = {}, far[2] = { 0, 1ULL << 63 };
	struct tlbscope_invalidation what = good_what(self);

	what.cpus = (unsigned long)set;
	what.cpus_len = sizeof(set);
	expect_both(_metadata, self, 0, 0, &what);
	what.cpus_len = 4;
	expect_both(_metadata, self, EINVAL, 0, &what);
	what.cpus_len = 12;
	expect_both(_metadata, self, EINVAL, 0, &what);
	what.cpus_len = 0;
	expect_both(_metadata, self, EINVAL, 0, &what);
	what.cpus_len = ~7U;
	expect_both(_metadata, self, E2BIG, 0, &what);
	what.cpus = (unsigned long)none;
	what.cpus_len = sizeof(none);
	expect_both(_metadata, self, EINVAL, 0, &what);
	what.cpus = (unsigned long)far;
	expect_both(_metadata, self, ENXIO, 0, &what);
	what.cpus = 0;
	expect_both(_metadata, self, EFAULT, 0, &what);
	what.cpus = (unsigned long)self->p + PAGES * PAGE - 8;
	expect_both(_metadata, self, EFAULT, 0, &what);
	what.cpus = self->info.kernel_start;
	expect_both(_metadata, self, EFAULT, 0, &what);
}

TEST_F(flush, flags)
{
	const __u32 all = TLBSCOPE_CPUS_ALL, run = TLBSCOPE_CPUS_RUN;
	struct tlbscope_invalidation set = good_what(self), none = set;
	struct tlbscope_invalidate args = good_invalidate(self);
	unsigned int bit;

	none.cpus = 0;
	none.cpus_len = 0;
	expect_both(_metadata, self, EINVAL, 0, &none);
	expect_both(_metadata, self, EINVAL, all, &set);
	expect_both(_metadata, self, EINVAL, run, &set);
	expect_both(_metadata, self, EINVAL, all | run, &none);
	for (bit = 0; bit < 32; bit++)
		expect_both(_metadata, self,
			    (1U << bit) & (all | run) ? 0 : EINVAL, 1U << bit,
			    &none);
	set.cpus = 0;
	expect_both(_metadata, self, EINVAL, all, &set);
	set.cpus = none.cpus + 8;
	set.cpus_len = 0;
	expect_both(_metadata, self, EINVAL, all, &set);

	args.what = none;
	args.flags = all;
	ASSERT_EQ(0, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE, &args));
	EXPECT_EQ(cpu_count(self->online), args.done);
}

static void just_wait(int fd, void *arg)
{
	(void)arg;
	child_pause(fd);
}

/* A process that has run on one CPU only has entries nowhere else */
TEST_F(flush, where_it_has_run)
{
	struct tlbscope_invalidate args = good_invalidate(self);
	struct tlbscope_cost cost = good_cost(self);
	int cpu = 63 - __builtin_clzll(self->online);
	struct child child;

	args.flags = cost.flags = TLBSCOPE_CPUS_RUN;
	args.what.cpus = cost.what.cpus = 0;
	args.what.cpus_len = cost.what.cpus_len = 0;
	ASSERT_EQ(0, cpu_pin(cpu));
	ASSERT_EQ(0, child_start(&child, just_wait, NULL));
	ASSERT_EQ(0, scope_target(self->invalidate, child.pid));
	EXPECT_ERRNO(0, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
			      &args));
	EXPECT_EQ(1, args.done);
	EXPECT_ERRNO(0, ioctl(self->invalidate, TLBSCOPE_IOC_COST, &cost));
	EXPECT_EQ(1, cost.filled);
	EXPECT_EQ(cpu, self->vec[0].cpu);
	child_end(&child);
	ASSERT_EQ(0, scope_target(self->invalidate, SELF));
}

TEST_F(flush, addresses)
{
	__u64 user_end = self->info.user_end, p = (unsigned long)self->p;
	__u64 kernel = self->info.kernel_start, end = p + PAGES * PAGE;
	const struct {
		__u64 start;
		__u64 end;
		int error;
	} ranges[] = {
		{ p, end, 0 },
		{ p + PAGE, p + 2 * PAGE, 0 },
		{ p, end + 100 * PAGE, 0 },
		{ p, p + 4096 * PAGE, 0 },
		{ p, p + 4097 * PAGE, E2BIG },
		{ 0, 64 * GIB, E2BIG },
		{ p, p, EINVAL },
		{ end, p, EINVAL },
		{ p, 0, EINVAL },
		{ 0, 0, EINVAL },
		{ p + 1, end, EINVAL },
		{ p + 2048, end, EINVAL },
		{ p, end - 1, EINVAL },
		{ p, p + 1, EINVAL },
		{ user_end - PAGE, user_end + PAGE, EINVAL },
		{ user_end, user_end + PAGE, EINVAL },
		{ 1ULL << 60, (1ULL << 60) + PAGE, EINVAL },
		{ kernel, kernel + PAGE, EINVAL },
		{ KERNEL_TEXT, KERNEL_TEXT + PAGE, EINVAL },
		{ ~0ULL << 12, ~0ULL, EINVAL },
		{ p, ~0ULL, EINVAL },
		{ 0, PAGE, EFAULT },
		{ end, end + PAGE, EFAULT },
		{ user_end - PAGE, user_end, EFAULT },
	};
	struct tlbscope_invalidation what = good_what(self);
	struct tlbscope_cost cost;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		what.start = ranges[i].start;
		what.end = ranges[i].end;
		expect_both(_metadata, self, ranges[i].error, 0, &what);
		/* The same goes for bystanders, but they need not be there */
		cost = good_cost(self);
		cost.what.start = (unsigned long)&cost / PAGE * PAGE;
		cost.what.end = cost.what.start + PAGE;
		cost.bystanders_start = ranges[i].start;
		cost.bystanders_end = ranges[i].end;
		EXPECT_ERRNO(ranges[i].error == EFAULT ||
			     ranges[i].start == ranges[i].end ? 0 :
			     ranges[i].error,
			     ioctl(self->cost, TLBSCOPE_IOC_COST, &cost))
			TH_LOG("bystanders 0x%llx-0x%llx", ranges[i].start,
			       ranges[i].end);
	}
}

/* Bystanders are no target */
TEST_F(flush, bystanders_within)
{
	__u64 p = (unsigned long)self->p + 4 * PAGE;
	struct tlbscope_cost cost = good_cost(self);
	int first, pages;

	cost.what.start = p;
	cost.what.end = p + 4 * PAGE;
	for (first = -3; first <= 5; first++)
		for (pages = 1; pages < 12; pages++) {
			cost.bystanders_start = p + first * PAGE;
			cost.bystanders_end = cost.bystanders_start +
					      pages * PAGE;
			EXPECT_ERRNO(first >= 4 || first + pages <= 0 ?
				     0 : EINVAL,
				     ioctl(self->cost, TLBSCOPE_IOC_COST,
					   &cost))
				TH_LOG("%d pages from %d on", pages, first);
		}
}

TEST_F(flush, how_often)
{
	struct tlbscope_invalidate args = good_invalidate(self);
	struct tlbscope_cost cost = good_cost(self);

	args.repeat = 0;
	EXPECT_ERRNO(EINVAL, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
				   &args));
	args.repeat = TLBSCOPE_REPEAT_MAX + 1;
	EXPECT_ERRNO(E2BIG, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
				  &args));
	args.repeat = ~0U;
	EXPECT_ERRNO(E2BIG, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
				  &args));
	cost.samples = 0;
	EXPECT_ERRNO(EINVAL, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	cost.samples = TLBSCOPE_SAMPLES_MAX + 1;
	EXPECT_ERRNO(E2BIG, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	cost.samples = ~0U;
	EXPECT_ERRNO(E2BIG, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	cost.what.end = cost.what.start + PAGE;
	cost.samples = TLBSCOPE_SAMPLES_MAX;
	EXPECT_ERRNO(0, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	EXPECT_EQ(TLBSCOPE_SAMPLES_MAX, self->vec[0].empty.samples);
}

TEST_F(flush, room)
{
	struct tlbscope_cost cost = good_cost(self);
	struct tlbscope_sample *raw = (void *)self->p;
	unsigned int cpus = cpu_count(self->online);
	char *end = self->p + PAGES * PAGE;

	cost.flags = TLBSCOPE_CPUS_ALL;
	cost.what.cpus = 0;
	cost.what.cpus_len = 0;
	cost.vec_len = cpus - 1;
	EXPECT_ERRNO(E2BIG, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	cost.vec_len = cpus;
	EXPECT_ERRNO(0, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	EXPECT_EQ(cpus, cost.filled);
	cost.vec = (unsigned long)end - sizeof(self->vec[0]) * cpus + 8;
	EXPECT_ERRNO(EFAULT, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	cost.vec = 0;
	EXPECT_ERRNO(EFAULT, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	cost.vec = self->info.kernel_start;
	EXPECT_ERRNO(EFAULT, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));

	/* What does not fit of the samples is left out */
	cost.vec = (unsigned long)self->vec;
	cost.samples = 10;
	cost.raw = (unsigned long)raw;
	cost.raw_len = 7;
	memset(raw, 0x5a, 8 * sizeof(*raw));
	EXPECT_ERRNO(0, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	EXPECT_EQ(7, cost.raw_filled);
	EXPECT_EQ(0x5a5a5a5a, raw[7].cpu);
	cost.raw_len = 0;
	EXPECT_ERRNO(0, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	EXPECT_EQ(0, cost.raw_filled);
	cost.raw = 0;
	cost.raw_len = 7;
	EXPECT_ERRNO(0, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	EXPECT_EQ(0, cost.raw_filled);
	cost.raw = (unsigned long)end - 8;
	EXPECT_ERRNO(EFAULT, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	cost.raw = self->info.kernel_start;
	EXPECT_ERRNO(EFAULT, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	mem_stamp(self->p, PAGES * PAGE, 7);
}

TEST_F(flush, target)
{
	struct tlbscope_invalidation what = good_what(self);
	int fd = experiment_open("invalidate");
	struct tlbscope_invalidate args;
	struct child child;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-ESRCH, experiment_invalidate(fd, &what, 1, NULL));
	EXPECT_EQ(-ESRCH, scope_target(fd, 2));
	EXPECT_EQ(-ESRCH, scope_target(fd, INT32_MAX));
	EXPECT_EQ(-ESRCH, experiment_invalidate(fd, &what, 1, NULL));
	/* Its translations are in all address spaces, and not for us */
	scope_target(fd, KERNEL);
	EXPECT_GT(0, experiment_invalidate(fd, &what, 1, NULL));
	what.start = KERNEL_TEXT;
	what.end = KERNEL_TEXT + PAGE;
	EXPECT_EQ(-EINVAL, experiment_invalidate(fd, &what, 1, NULL));
	what = good_what(self);

	ASSERT_EQ(0, child_start(&child, just_wait, NULL));
	ASSERT_EQ(0, scope_target(fd, child.pid));
	EXPECT_EQ(0, experiment_invalidate(fd, &what, 1, NULL));
	child_end(&child);
	EXPECT_EQ(-ESRCH, experiment_invalidate(fd, &what, 1, &args));
	EXPECT_EQ(0, args.done);
	EXPECT_EQ(-ESRCH, scope_target(fd, child.pid));
	close(fd);
}

TEST_F(flush, sizes)
{
	struct tlbscope_methods methods = { .size = sizeof(methods) };
	struct tlbscope_invalidate args = good_invalidate(self);
	struct tlbscope_cost cost = good_cost(self);

	check_sizes(_metadata, self->invalidate, TLBSCOPE_IOC_METHODS, &methods,
		    sizeof(methods));
	check_sizes(_metadata, self->invalidate, TLBSCOPE_IOC_INVALIDATE, &args,
		    sizeof(args));
	check_sizes(_metadata, self->cost, TLBSCOPE_IOC_COST, &cost,
		    sizeof(cost));
}

TEST_F(flush, pointers)
{
	static const unsigned long requests[] = {
		TLBSCOPE_IOC_METHODS, TLBSCOPE_IOC_INVALIDATE,
		TLBSCOPE_IOC_COST,
	};
	struct tlbscope_invalidate args = good_invalidate(self);
	char *end = self->p + PAGES * PAGE;
	char *bad[] = {
		NULL, (char *)1, end, end - 2, (char *)self->info.kernel_start,
		(char *)self->info.user_end, (char *)~7UL,
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		for (j = 0; j < ARRAY_SIZE(requests); j++)
			EXPECT_ERRNO(EFAULT, ioctl(self->invalidate,
						   requests[j], bad[i]));
	memcpy(end - sizeof(args) + 8, &args, sizeof(args) - 8);
	EXPECT_ERRNO(EFAULT, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
				   end - sizeof(args) + 8));
	/* Read-only memory takes no answer */
	memcpy(self->p, &args, sizeof(args));
	ASSERT_EQ(0, mprotect(self->p, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
				   self->p));
	ASSERT_EQ(0, mprotect(self->p, PAGE, PROT_READ | PROT_WRITE));
	mem_stamp(self->p, PAGES * PAGE, 7);
	EXPECT_ERRNO(EFAULT, write(self->invalidate, end, 10));
	EXPECT_ERRNO(EFAULT, write(self->invalidate, end - 5, 10));
	EXPECT_ERRNO(EFAULT, read(self->invalidate, end, 10));
}

/* Each file has its own requests */
TEST_F(flush, commands)
{
	struct tlbscope_methods methods = { .size = sizeof(methods) };
	struct tlbscope_invalidate args = good_invalidate(self);
	struct tlbscope_info info = { .size = sizeof(info) };
	struct tlbscope_walk w = { .size = sizeof(w) };
	int fd = scope_open("walk");
	unsigned int nr;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scope_target(fd, SELF));
	EXPECT_ERRNO(ENOTTY, ioctl(fd, TLBSCOPE_IOC_METHODS, &methods));
	EXPECT_ERRNO(ENOTTY, ioctl(fd, TLBSCOPE_IOC_INVALIDATE, &args));
	EXPECT_ERRNO(ENOTTY, ioctl(fd, TLBSCOPE_IOC_COST, &args));
	close(fd);
	EXPECT_ERRNO(0, ioctl(self->cost, TLBSCOPE_IOC_INFO, &info));
	EXPECT_EQ(self->info.features, info.features);
	EXPECT_ERRNO(ENOTTY, ioctl(self->cost, TLBSCOPE_IOC_WALK, &w));
	for (nr = 9; nr < 256; nr += 13)
		EXPECT_ERRNO(ENOTTY, ioctl(self->cost,
					   _IO(TLBSCOPE_IOC_MAGIC, nr), &w));
	EXPECT_ERRNO(ENOTTY, ioctl(self->cost, 0, &w));
	EXPECT_ERRNO(ENOTTY, ioctl(self->cost, ~0UL, &w));
}

/*
 * A CPU that goes, and comes back
 */

TEST_F(flush, cpu_off_line)
{
	int cpu = 63 - __builtin_clzll(self->online), local;
	struct tlbscope_invalidation what = good_what(self), none = what;
	struct tlbscope_invalidate args = good_invalidate(self);

	if (cpu_count(self->online) < 2)
		skip("there is but one CPU");
	if (cpu_set_online(cpu, false))
		skip("CPU %d cannot be taken off line: %s", cpu,
		     strerror(errno));
	self->cpus = cpu_bit(cpu);
	for (local = 0; local < TLBSCOPE_IPI; local++) {
		if (!has_method(self, local))
			continue;
		what.method = local;
		expect_both(_metadata, self, ENXIO, 0, &what);
	}
	/* Also if it is one of many, and then nothing is done on the others */
	self->cpus = self->online;
	expect_both(_metadata, self, ENXIO, 0, &what);
	EXPECT_EQ(-ENXIO, experiment_invalidate(self->invalidate, &what, 1,
						&args));
	EXPECT_EQ(0, args.done);
	/* Or the one to interrupt them */
	what.method = TLBSCOPE_IPI;
	what.local = TLBSCOPE_CR4_PGE;
	expect_both(_metadata, self, ENXIO, 0, &what);
	self->cpus = self->online & ~cpu_bit(cpu);
	what.initiator = cpu;
	expect_both(_metadata, self, ENXIO, 0, &what);
	EXPECT_EQ(-ENXIO, experiment_ask("invalidate",
					 "self cr4-pge %p %p cpus=%d", self->p,
					 self->p + PAGE, cpu));
	/* All are those that are left */
	args = good_invalidate(self);
	none.cpus = 0;
	none.cpus_len = 0;
	args.what = none;
	args.flags = TLBSCOPE_CPUS_ALL;
	EXPECT_ERRNO(0, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
			      &args));
	EXPECT_EQ(cpu_count(self->online) - 1, args.done);
	expect_both(_metadata, self, 0, TLBSCOPE_CPUS_RUN, &none);
	ASSERT_EQ(0, cpu_set_online(cpu, true));
	self->cpus = cpu_bit(cpu);
	what = good_what(self);
	expect_both(_metadata, self, 0, 0, &what);
	self->cpus = cpu_bit(cpu_first(self->online));
}

/* What takes longer than anybody waits */
static struct tlbscope_invalidate long_request(FIXTURE_DATA(flush) *self)
{
	struct tlbscope_invalidate args = good_invalidate(self);

	args.repeat = TLBSCOPE_REPEAT_MAX;
	args.what.end = args.what.start + TLBSCOPE_PAGES_MAX * PAGE;
	if (has_method(self, TLBSCOPE_INVLPG))
		args.what.method = TLBSCOPE_INVLPG;
	return args;
}

/* The same by IPI, which takes few pages where it goes by page */
static void make_ipi(struct tlbscope_invalidate *args)
{
	args->what.method = TLBSCOPE_IPI;
	args->what.local = TLBSCOPE_CR4_PGE;
}

/* Something that happens while a request runs */
struct event {
	pthread_t thread;
	int cpu;
	pid_t pid;
	double when;
};

static void *do_event(void *arg)
{
	struct event *event = arg;

	usleep(200000);
	event->when = seconds();
	if (event->pid)
		kill(event->pid, SIGKILL);
	else
		cpu_set_online(event->cpu, false);
	return NULL;
}

TEST_F(flush, cpu_goes_meanwhile)
{
	struct tlbscope_invalidate args = long_request(self);
	int cpu = 63 - __builtin_clzll(self->online), ipi;
	struct event event = { .cpu = cpu };
	__u64 cpus = cpu_bit(cpu);

	if (cpu_count(self->online) < 2)
		skip("there is but one CPU");
	if (cpu_set_online(cpu, false))
		skip("CPU %d cannot be taken off line", cpu);
	for (ipi = 0; ipi < 2; ipi++) {
		ASSERT_EQ(0, cpu_set_online(cpu, true));
		args.what.cpus = (unsigned long)&cpus;
		if (ipi) {
			make_ipi(&args);
			args.what.initiator = cpu_first(self->cpus);
		}
		ASSERT_EQ(0, pthread_create(&event.thread, NULL, do_event,
					    &event));
		EXPECT_ERRNO(ENXIO, ioctl(self->invalidate,
					  TLBSCOPE_IOC_INVALIDATE, &args));
		EXPECT_LT(0, args.done);
		EXPECT_GT(TLBSCOPE_REPEAT_MAX, args.done);
		pthread_join(event.thread, NULL);
	}
	ASSERT_EQ(0, cpu_set_online(cpu, true));
}

TEST_F(flush, target_exits_meanwhile)
{
	struct tlbscope_invalidate args = long_request(self);
	struct event event = {};
	struct child child;

	ASSERT_EQ(0, child_start(&child, just_wait, NULL));
	ASSERT_EQ(0, scope_target(self->invalidate, child.pid));
	event.pid = child.pid;
	ASSERT_EQ(0, pthread_create(&event.thread, NULL, do_event, &event));
	EXPECT_ERRNO(ESRCH, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
				  &args));
	EXPECT_GT(1.0, seconds() - event.when);
	EXPECT_LT(0, args.done);
	EXPECT_GT(TLBSCOPE_REPEAT_MAX, args.done);
	pthread_join(event.thread, NULL);
	child_end(&child);
	ASSERT_EQ(0, scope_target(self->invalidate, SELF));
}

/*
 * Signals
 */

static volatile double signalled;

static void note_signal(int sig)
{
	(void)sig;
	signalled = seconds();
}

/* A signal whose handler would have any other call go on by itself */
static void set_alarm(unsigned int microseconds)
{
	struct sigaction action = {
		.sa_handler = note_signal, .sa_flags = SA_RESTART,
	};

	sigaction(SIGALRM, &action, NULL);
	ualarm(microseconds, 0);
}

#define MEANWHILE	200000

TEST_F(flush, signal_ends_an_invalidation)
{
	struct tlbscope_invalidate args = long_request(self);
	char line[128];

	set_alarm(MEANWHILE);
	EXPECT_ERRNO(EINTR, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
				  &args));
	EXPECT_GT(0.5, seconds() - signalled);
	EXPECT_LT(0, args.done);
	EXPECT_GT(TLBSCOPE_REPEAT_MAX, args.done);
	EXPECT_EQ(TLBSCOPE_PAGES_MAX, args.pages);

	snprintf(line, sizeof(line), "self cr4-pge %llx %llx repeat=%u cpus=0",
		 args.what.start, args.what.end, TLBSCOPE_REPEAT_MAX);
	if (has_method(self, TLBSCOPE_INVLPG))
		memcpy(line, "self  invlpg", 12);
	set_alarm(MEANWHILE);
	EXPECT_EQ(-EINTR, scope_ask(self->invalidate, line));
	EXPECT_GT(0.5, seconds() - signalled);
}

TEST_F(flush, signal_ends_a_measurement)
{
	struct tlbscope_invalidate args = long_request(self);
	struct tlbscope_cost cost = good_cost(self);
	char *p = mem_small(TLBSCOPE_PAGES_MAX * PAGE);

	ASSERT_NE(NULL, p);
	mem_stamp(p, TLBSCOPE_PAGES_MAX * PAGE, 1);
	cost.what = args.what;
	cost.what.start = (unsigned long)p;
	cost.what.end = cost.what.start + TLBSCOPE_PAGES_MAX * PAGE;
	cost.samples = TLBSCOPE_SAMPLES_MAX;
	set_alarm(MEANWHILE);
	EXPECT_ERRNO(EINTR, ioctl(self->cost, TLBSCOPE_IOC_COST, &cost));
	EXPECT_GT(0.5, seconds() - signalled);
}

TEST_F(flush, signal_ends_an_ipi)
{
	struct tlbscope_invalidate args = long_request(self);

	if (cpu_count(self->online) < 2)
		skip("there is but one CPU");
	args.flags = TLBSCOPE_CPUS_ALL;
	args.what.cpus = 0;
	args.what.cpus_len = 0;
	make_ipi(&args);
	set_alarm(MEANWHILE);
	EXPECT_ERRNO(EINTR, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
				  &args));
	EXPECT_GT(0.5, seconds() - signalled);
	EXPECT_LT(0, args.done);
	EXPECT_GT(TLBSCOPE_REPEAT_MAX, args.done);
}

/* Who is killed is gone at once, also who waits for a file that is in use */
TEST_F(flush, killed)
{
	struct tlbscope_invalidate args = long_request(self);
	pid_t pid[2];
	double begin;
	int i;

	for (i = 0; i < 2; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i]) {
			ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE, &args);
			_exit(0);
		}
	}
	usleep(MEANWHILE);
	for (i = 1; i >= 0; i--) {
		EXPECT_EQ(0, waitpid(pid[i], NULL, WNOHANG));
		begin = seconds();
		kill(pid[i], SIGKILL);
		ASSERT_EQ(pid[i], waitpid(pid[i], NULL, 0));
		EXPECT_GT(1.0, seconds() - begin);
	}
}

/* A thread that has all of a CPU, and does not let go of it for some time */
#define HOGGED_FOR	6.0

static pid_t start_hog(int cpu)
{
	struct sched_param param = { .sched_priority = 50 };
	double end = seconds() + HOGGED_FOR;
	pid_t pid = fork();

	if (pid)
		return pid;
	if (cpu_pin(cpu) || sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	while (seconds() < end)
		;
	_exit(0);
}

/* Then no worker gets there, but nobody is held up: not even by kill -9 */
TEST_F(flush, a_cpu_that_is_never_free)
{
	static const char limit[] = "/proc/sys/kernel/sched_rt_runtime_us";
	int cpu = 63 - __builtin_clzll(self->online);
	struct tlbscope_invalidate args = long_request(self);
	__u64 cpus = cpu_bit(cpu);
	char before[32];
	int status;
	pid_t hog;

	if (cpu_count(self->online) < 2)
		skip("there is but one CPU");
	ASSERT_EQ(0, read_line(before, sizeof(before), limit));
	ASSERT_EQ(0, write_file("-1", limit));
	ASSERT_EQ(0, cpu_pin(cpu_first(self->online)));
	hog = start_hog(cpu);
	ASSERT_LT(0, hog);
	usleep(MEANWHILE);
	args.what.cpus = (unsigned long)&cpus;
	set_alarm(MEANWHILE);
	EXPECT_ERRNO(EINTR, ioctl(self->invalidate, TLBSCOPE_IOC_INVALIDATE,
				  &args));
	/* A kernel that sees to fairness may have let the worker begin */
	EXPECT_GT(HOGGED_FOR / 2, seconds() - signalled);
	EXPECT_EQ(0, waitpid(hog, &status, WNOHANG))
		TH_LOG("the CPU was free after all");
	kill(hog, SIGKILL);
	waitpid(hog, NULL, 0);
	EXPECT_EQ(0, write_file(before, limit));
}

/*
 * Text
 */

/* A line for a file, with the addresses and numbers of CPUs of this run */
static void expect_line(struct __test_metadata *_metadata,
			const FIXTURE_DATA(flush) *self, const char *line,
			int invalidate, int cost)
{
	unsigned long p = (unsigned long)self->p, end = p + PAGES * PAGE;
	char text[300];

	/* $ stands for a good range */
	snprintf(text, sizeof(text), "%.*s%lx %lx%s", (int)strcspn(line, "$"),
		 line, p, end, strchr(line, '$') ? strchr(line, '$') + 1 : "");
	if (!strchr(line, '$'))
		snprintf(text, sizeof(text), "%s", line);
	EXPECT_EQ(-invalidate, experiment_ask("invalidate", "%s", text))
		TH_LOG("invalidate: '%s'", text);
	EXPECT_EQ(-cost, experiment_ask("cost", "%s", text))
		TH_LOG("cost: '%s'", text);
}

TEST_F(flush, lines)
{
	static const struct {
		const char *line;
		int invalidate;
		int cost;
	} lines[] = {
		{ "self cr4-pge $", 0, 0 },
		{ "self cr4-pge $\n", 0, 0 },
		{ "  self\tcr4-pge  $ \n", 0, 0 },
		{ "self cr4-pge $ cpus=0", 0, 0 },
		{ "self cr4-pge $ cpus=0-0", 0, 0 },
		{ "self cr4-pge $ cpus=all", 0, 0 },
		{ "self cr4-pge $ cpus=run", 0, 0 },
		{ "self cr4-pge $ repeat=7", 0, EINVAL },
		{ "self cr4-pge $ samples=7", EINVAL, 0 },
		{ "self cr4-pge $ cpus=0 repeat=2", 0, EINVAL },
		{ "self cr4-pge $ samples=2 cpus=0", EINVAL, 0 },
		{ "self cr4-pge $ bystanders=10000-20000", EINVAL, 0 },
		{ "self cr4-pge $ bystanders=0x10000-0x20000", EINVAL, 0 },
		{ "self cr4-pge $ samples=5 bystanders=10000-20000 cpus=0",
		  EINVAL, 0 },
		{ "", EINVAL, EINVAL },
		{ "\n", EINVAL, EINVAL },
		{ "self", EINVAL, EINVAL },
		{ "self cr4-pge", EINVAL, EINVAL },
		{ "self cr4-pge 1000", EINVAL, EINVAL },
		{ "self $ cr4-pge", EINVAL, EINVAL },
		{ "cr4-pge self $", EINVAL, EINVAL },
		{ "kernel cr4-pge $", EINVAL, EINVAL },
		{ "nobody cr4-pge $", EINVAL, EINVAL },
		{ "0 cr4-pge $", EINVAL, EINVAL },
		{ "-1 cr4-pge $", EINVAL, EINVAL },
		{ "2147483648 cr4-pge $", EINVAL, EINVAL },
		{ "2147483647 cr4-pge $", ESRCH, ESRCH },
		{ "2 cr4-pge $", ESRCH, ESRCH },
		{ "self nonsense $", EINVAL, EINVAL },
		{ "self CR4-PGE $", EINVAL, EINVAL },
		{ "self cr4_pge $", EINVAL, EINVAL },
		{ "self cr4-pge, $", EINVAL, EINVAL },
		{ "self 6 $", EINVAL, EINVAL },
		{ "self cr4-pge 0x1000 2000", EFAULT, EFAULT },
		{ "self cr4-pge 2000 1000", EINVAL, EINVAL },
		{ "self cr4-pge 1000 1000", EINVAL, EINVAL },
		{ "self cr4-pge 1001 2000", EINVAL, EINVAL },
		{ "self cr4-pge 1000 2001", EINVAL, EINVAL },
		{ "self cr4-pge -1000 2000", EINVAL, EINVAL },
		{ "self cr4-pge 1000 2000z", EINVAL, EINVAL },
		{ "self cr4-pge 1000 1ffffffffffffffff", EINVAL, EINVAL },
		{ "self cr4-pge ffffffff80000000 ffffffff80001000", EINVAL,
		  EINVAL },
		{ "self cr4-pge 1000 100000000", E2BIG, E2BIG },
		{ "self cr4-pge $ 0", EINVAL, EINVAL },
		{ "self cr4-pge $ all", EINVAL, EINVAL },
		{ "self cr4-pge $ cpus", EINVAL, EINVAL },
		{ "self cr4-pge $ cpus=", EINVAL, EINVAL },
		{ "self cr4-pge $ cpus=x", EINVAL, EINVAL },
		{ "self cr4-pge $ cpus=0,x", EINVAL, EINVAL },
		{ "self cr4-pge $ cpus=-1", EINVAL, EINVAL },
		{ "self cr4-pge $ cpus=1-0", EINVAL, EINVAL },
		{ "self cr4-pge $ cpus=0 cpus=0", EINVAL, EINVAL },
		{ "self cr4-pge $ CPUS=0", EINVAL, EINVAL },
		{ "self cr4-pge $ cpus = 0", EINVAL, EINVAL },
		{ "self cr4-pge $ repeat=0", EINVAL, EINVAL },
		{ "self cr4-pge $ repeat=-1", EINVAL, EINVAL },
		{ "self cr4-pge $ repeat=1x", EINVAL, EINVAL },
		{ "self cr4-pge $ repeat=1000001", E2BIG, EINVAL },
		{ "self cr4-pge $ repeat=99999999999", EINVAL, EINVAL },
		{ "self cr4-pge $ samples=0", EINVAL, EINVAL },
		{ "self cr4-pge $ samples=10001", EINVAL, E2BIG },
		{ "self cr4-pge $ samples=", EINVAL, EINVAL },
		{ "self cr4-pge $ bystanders=10000", EINVAL, EINVAL },
		{ "self cr4-pge $ bystanders=10000-", EINVAL, EINVAL },
		{ "self cr4-pge $ bystanders=20000-10000", EINVAL, EINVAL },
		{ "self cr4-pge $ bystanders=10001-20000", EINVAL, EINVAL },
		{ "self cr4-pge $ local=cr3", EINVAL, EINVAL },
		{ "self cr4-pge $ initiator=0", EINVAL, EINVAL },
		{ "self ipi $ local=ipi cpus=all", EINVAL, EINVAL },
		{ "self ipi $ local=invlpgb cpus=all", EINVAL, EINVAL },
		{ "self ipi $ local=nonsense cpus=all", EINVAL, EINVAL },
		{ "self ipi $ local= cpus=all", EINVAL, EINVAL },
		{ "self ipi $ initiator=-1 cpus=all", EINVAL, EINVAL },
		{ "self ipi $ initiator=x cpus=all", EINVAL, EINVAL },
		{ "self ipi $ cpus=0 initiator=0 local=cr4-pge", EINVAL,
		  EINVAL },
		{ "self cr4-pge $ nonsense=1", EINVAL, EINVAL },
		{ "self cr4-pge $ =1", EINVAL, EINVAL },
		{ "self cr4-pge $ =", EINVAL, EINVAL },
		{ "self cr4-pge $;", EINVAL, EINVAL },
		{ "self cr4-pge $\nself cr4-pge", EINVAL, EINVAL },
		{ "self cr4-pge $ \xff", EINVAL, EINVAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		expect_line(_metadata, self, lines[i].line,
			    lines[i].invalidate, lines[i].cost);
	expect_line(_metadata, self, "self cr4-pge $ cpus=100000", ENXIO,
		    ENXIO);
	expect_line(_metadata, self, "self ipi $ initiator=100000 cpus=all local=cr4-pge",
		    ENXIO, ENXIO);
}

TEST_F(flush, methods_by_name)
{
	unsigned int method;
	char line[64];
	int want;

	for (method = 0; method < TLBSCOPE_METHODS; method++) {
		want = has_method(self, method) ? 0 : EOPNOTSUPP;
		if (method == TLBSCOPE_IPI && cpu_count(self->online) < 2)
			want = EINVAL;
		snprintf(line, sizeof(line), "self %s $ cpus=all",
			 method_name(method));
		expect_line(_metadata, self, line, want, want);
		snprintf(line, sizeof(line), "self ipi $ cpus=all local=%s",
			 method_name(method));
		if (method >= TLBSCOPE_INVLPGB)
			want = EINVAL;
		else if (!want && cpu_count(self->online) < 2)
			want = EINVAL;
		expect_line(_metadata, self, line, want, want);
	}
}

TEST_F(flush, long_lines)
{
	char line[8192];

	memset(line, ' ', sizeof(line));
	EXPECT_ERRNO(EINVAL, write(self->cost, line, 255));
	EXPECT_ERRNO(E2BIG, write(self->cost, line, 256));
	EXPECT_ERRNO(E2BIG, write(self->cost, line, sizeof(line)));
	EXPECT_ERRNO(EINVAL, write(self->cost, "self cr4-pge\0 1 2", 17));
}

/* What a read says, from the beginning; to be freed */
static char *answer_of(int fd)
{
	return lseek(fd, 0, SEEK_SET) ? NULL : scope_answer(fd, 4096);
}

TEST_F(flush, answers)
{
	unsigned int pages = ~0U, method;
	unsigned long long done = ~0ULL;
	char *before, *after, line[128];

	/* Without a request: how to make one, and with what */
	before = answer_of(self->invalidate);
	ASSERT_NE(NULL, before);
	EXPECT_EQ('#', before[0]);
	ASSERT_NE(NULL, strstr(before, "\nmethods:"));
	for (method = 0; method < TLBSCOPE_METHODS; method++) {
		snprintf(line, sizeof(line), " %s", method_name(method));
		EXPECT_EQ(has_method(self, method),
			  !!strstr(strstr(before, "\nmethods:"), line))
			TH_LOG("%s", line);
	}
	free(before);

	snprintf(line, sizeof(line), "self cr4-pge %p %p repeat=3 cpus=0",
		 self->p, self->p + PAGES * PAGE);
	ASSERT_EQ(0, scope_ask(self->invalidate, line));
	before = answer_of(self->invalidate);
	ASSERT_NE(NULL, before);
	EXPECT_EQ(2, sscanf(before, "done %llu pages %u\n", &done, &pages))
		TH_LOG("'%s'", before);
	EXPECT_EQ(3, done);
	EXPECT_EQ(PAGES, pages);
	/* A request that is refused leaves the answer of the one before */
	EXPECT_EQ(-EINVAL, scope_ask(self->invalidate, "nonsense"));
	after = answer_of(self->invalidate);
	ASSERT_NE(NULL, after);
	EXPECT_EQ(0, strcmp(before, after));
	free(before);
	free(after);
}

/* Two that have a file open do not see each other's target or answer */
TEST_F(flush, two_opens)
{
	struct tlbscope_invalidation what = good_what(self);
	int other = experiment_open("invalidate");
	char line[128], *text;

	ASSERT_LE(0, other);
	EXPECT_EQ(-ESRCH, experiment_invalidate(other, &what, 1, NULL));
	snprintf(line, sizeof(line), "self cr4-pge %p %p", self->p,
		 self->p + PAGE);
	ASSERT_EQ(0, scope_ask(self->invalidate, line));
	text = answer_of(other);
	ASSERT_NE(NULL, text);
	EXPECT_EQ('#', text[0]);
	free(text);
	/* A line's target is not that of ioctls */
	ASSERT_EQ(0, scope_ask(other, line));
	EXPECT_EQ(-ESRCH, experiment_invalidate(other, &what, 1, NULL));
	close(other);
}

/* Two at a time, on one file and on two */
static void *ask_again_and_again(void *arg)
{
	FIXTURE_DATA(flush) *self = arg;
	struct tlbscope_invalidate args;
	unsigned long i;

	for (i = 0; i < 200; i++) {
		args = good_invalidate(self);
		if (ioctl(i % 2 ? self->cost : self->invalidate,
			  TLBSCOPE_IOC_INVALIDATE, &args) || args.done != 1)
			return self;
	}
	return NULL;
}

TEST_F(flush, threads)
{
	pthread_t thread[3];
	void *wrong;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL,
					    ask_again_and_again, self));
	for (i = 0; i < 3; i++) {
		pthread_join(thread[i], &wrong);
		EXPECT_EQ(NULL, wrong);
	}
}

TEST_HARNESS_MAIN
