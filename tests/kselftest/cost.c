// SPDX-License-Identifier: GPL-2.0
/*
 * What an invalidation costs: the summaries are those of the samples, each CPU
 * has its own, and only memory that can be read without a trace is read
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>

#include "check.h"
#include "child.h"
#include "experiment.h"
#include "memory.h"

/* More than a stretch, in which pages are invalidated or read */
#define PAGES		(TLBSCOPE_STRETCH + 6)
#define BYSTANDERS	16
#define SAMPLES		101

FIXTURE(cost) {
	int fd;
	char *p;	/* PAGES, a hole, BYSTANDERS */
	char *bystanders;
	__u64 online;
	__u64 methods;
	struct tlbscope_cost args;
	struct tlbscope_cost_cpu *vec;
	struct tlbscope_sample *raw;
};

FIXTURE_SETUP(cost)
{
	self->fd = experiment_open_at("cost", SELF);
	ASSERT_LE(0, self->fd);
	self->online = cpus_online();
	self->methods = experiment_methods();
	self->p = mem_small((PAGES + 1 + BYSTANDERS) * PAGE);
	ASSERT_NE(NULL, self->p);
	self->bystanders = self->p + (PAGES + 1) * PAGE;
	mem_stamp(self->p, PAGES * PAGE, 1);
	mem_stamp(self->bystanders, BYSTANDERS * PAGE, 2);
	self->vec = calloc(CPUS_MAX, sizeof(*self->vec));
	self->raw = calloc(CPUS_MAX * SAMPLES, sizeof(*self->raw));
	ASSERT_TRUE(self->vec && self->raw);
	self->args = (struct tlbscope_cost) {
		.size = sizeof(self->args),
		.what = what_pages(TLBSCOPE_CR4_PGE, self->p, PAGES,
				   &self->online),
		.bystanders_start = (unsigned long)self->bystanders,
		.bystanders_end = (unsigned long)self->bystanders +
				  BYSTANDERS * PAGE,
		.samples = SAMPLES,
		.vec = (unsigned long)self->vec, .vec_len = CPUS_MAX,
		.raw = (unsigned long)self->raw,
		.raw_len = CPUS_MAX * SAMPLES,
	};
}

FIXTURE_TEARDOWN(cost)
{
	EXPECT_TRUE(mem_stamped(self->p, PAGES * PAGE, 1));
	EXPECT_TRUE(mem_stamped(self->bystanders, BYSTANDERS * PAGE, 2));
	free(self->vec);
	free(self->raw);
	close(self->fd);
}

static bool has_method(const FIXTURE_DATA(cost) *self, unsigned int method)
{
	return self->methods & (1ULL << method);
}

/* What the module does not write must not look like an answer */
static int measure(FIXTURE_DATA(cost) *self)
{
	memset(self->vec, 0xa5, CPUS_MAX * sizeof(*self->vec));
	memset(self->raw, 0xa5, CPUS_MAX * SAMPLES * sizeof(*self->raw));
	self->args.filled = ~0U;
	self->args.raw_filled = ~0U;
	self->args.pages = ~0U;
	self->args.pages_read = ~0U;
	self->args.bystanders_read = ~0U;
	return ioctl(self->fd, TLBSCOPE_IOC_COST, &self->args) ? -errno : 0;
}

/*
 * Summaries, made again of the samples
 */

enum figure {
	EMPTY, INVALIDATION, DELIVERY, WARM, REFILL, BYSTANDERS_WARM,
	COLLATERAL, FIGURES,
};

static const struct tlbscope_summary *
summary_of(const struct tlbscope_cost_cpu *cost, enum figure figure)
{
	const struct tlbscope_summary * const summaries[] = {
		&cost->empty, &cost->invalidation, &cost->delivery,
		&cost->warm, &cost->refill, &cost->bystanders_warm,
		&cost->collateral,
	};

	return summaries[figure];
}

/* A sample's figure, by the words of the header; false if it has none */
static bool figure_of(const struct tlbscope_sample *s, enum figure figure,
		      __s64 empty, __s64 *value)
{
	switch (figure) {
	case EMPTY:
		*value = s->empty;
		return true;
	case INVALIDATION:
		*value = s->invalidation - s->stretches * empty;
		return s->stretches;
	case DELIVERY:
		*value = s->delivery;
		return s->delivery;
	case WARM:
		*value = s->warm;
		return s->warm;
	case REFILL:
		*value = (__s64)s->cold - s->warm;
		return s->warm;
	case BYSTANDERS_WARM:
		*value = s->bystanders_warm;
		return s->bystanders_warm;
	default:
		*value = (__s64)s->bystanders_cold - s->bystanders_warm;
		return s->bystanders_warm;
	}
}

static unsigned int bucket_of(__s64 value)
{
	unsigned int bucket = 0;

	while (value > 0 && bucket < TLBSCOPE_BUCKETS - 1) {
		value >>= 1;
		bucket++;
	}
	return bucket;
}

static int compare(const void *a, const void *b)
{
	__s64 x = *(const __s64 *)a, y = *(const __s64 *)b;

	return (x > y) - (x < y);
}

/* The smallest that @percent of them do not exceed */
static __s64 quantile(const __s64 *sorted, unsigned int n, unsigned int percent)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if ((i + 1) * 100 >= n * percent)
			break;
	return sorted[i];
}

static void summarise(struct tlbscope_summary *summary,
		      const struct tlbscope_sample *s, enum figure figure,
		      __s64 empty)
{
	__s64 value[SAMPLES];
	unsigned int i, n = 0;

	memset(summary, 0, sizeof(*summary));
	for (i = 0; i < SAMPLES; i++)
		n += figure_of(&s[i], figure, empty, &value[n]);
	if (!n)
		return;
	qsort(value, n, sizeof(value[0]), compare);
	summary->samples = n;
	summary->min = value[0];
	summary->median = quantile(value, n, 50);
	summary->p99 = quantile(value, n, 99);
	summary->max = value[n - 1];
	for (i = 0; i < n; i++)
		summary->histogram[bucket_of(value[i])]++;
}

/* A CPU's record against its samples */
static void check_record(struct __test_metadata *_metadata,
			 const struct tlbscope_cost_cpu *cost,
			 const struct tlbscope_sample *s)
{
	struct tlbscope_summary want;
	unsigned int i;

	for (i = 0; i < SAMPLES; i++) {
		EXPECT_EQ(cost->cpu, s[i].cpu);
		EXPECT_EQ(0, s[i].reserved);
	}
	EXPECT_EQ(0, cost->reserved);
	for (i = 0; i < FIGURES; i++) {
		summarise(&want, s, i, cost->empty.median);
		EXPECT_EQ(0, memcmp(&want, summary_of(cost, i), sizeof(want)))
			TH_LOG("CPU %u, figure %u: median %lld of %llu, not %lld of %llu",
			       cost->cpu, i, summary_of(cost, i)->median,
			       summary_of(cost, i)->samples, want.median,
			       want.samples);
	}
	EXPECT_EQ(SAMPLES, cost->empty.samples);
	EXPECT_LT(0, cost->empty.min);
}

/* By page, it is done in stretches */
static unsigned int stretches(unsigned int method)
{
	if (!method_is_by_page(method))
		return 1;
	return (PAGES + TLBSCOPE_STRETCH - 1) / TLBSCOPE_STRETCH;
}

/* Read before and after, in all samples: nobody takes this memory away */
static void check_reads(struct __test_metadata *_metadata,
			const struct tlbscope_cost_cpu *cost,
			unsigned int samples)
{
	EXPECT_EQ(samples, cost->warm.samples);
	EXPECT_EQ(samples, cost->refill.samples);
	EXPECT_EQ(samples, cost->bystanders_warm.samples);
	EXPECT_EQ(samples, cost->collateral.samples);
}

static void check_totals(struct __test_metadata *_metadata,
			 const FIXTURE_DATA(cost) *self, unsigned int records)
{
	EXPECT_EQ(records, self->args.filled);
	EXPECT_EQ(records * SAMPLES, self->args.raw_filled);
	EXPECT_EQ((self->args.what.end - self->args.what.start) / PAGE,
		  self->args.pages);
	EXPECT_EQ(self->args.pages, self->args.pages_read);
	EXPECT_EQ(BYSTANDERS, self->args.bystanders_read);
	/* Nothing behind */
	EXPECT_EQ(0xa5a5a5a5, self->vec[records].cpu);
	EXPECT_EQ(0xa5a5a5a5, self->raw[records * SAMPLES].cpu);
}

static int next_cpu(__u64 cpus, int cpu)
{
	return cpu_first(cpu == 63 ? 0 : cpus & (~0ULL << (cpu + 1)));
}

TEST_F(cost, local)
{
	const struct tlbscope_cost_cpu *cost = self->vec;
	unsigned int method, i;
	int cpu;

	for (method = 0; method < TLBSCOPE_IPI; method++) {
		if (!has_method(self, method))
			continue;
		self->args.what.method = method;
		ASSERT_EQ(0, measure(self));
		check_totals(_metadata, self, cpu_count(self->online));
		cpu = -1;
		for (i = 0; i < self->args.filled; i++) {
			cpu = next_cpu(self->online, cpu);
			EXPECT_EQ(cpu, cost[i].cpu);
			EXPECT_EQ(TLBSCOPE_ROLE_LOCAL, cost[i].role);
			EXPECT_EQ(0, cost[i].loaded);
			EXPECT_EQ(0, cost[i].delivery.samples);
			EXPECT_EQ(SAMPLES, cost[i].invalidation.samples);
			EXPECT_EQ(stretches(method),
				  self->raw[i * SAMPLES].stretches);
			check_reads(_metadata, &cost[i], SAMPLES);
			check_record(_metadata, &cost[i],
				     &self->raw[i * SAMPLES]);
		}
	}
}

/* The initiator first, then who responded, in order */
static void check_ipi(struct __test_metadata *_metadata,
		      const FIXTURE_DATA(cost) *self, __u64 cpus, int initiator)
{
	const struct tlbscope_cost_cpu *cost = self->vec;
	const struct tlbscope_sample *raw = self->raw;
	bool takes_part = cpus & cpu_bit(initiator);
	int cpu = -1, i;

	check_totals(_metadata, self, cpu_count(cpus) + !takes_part);
	EXPECT_EQ(TLBSCOPE_ROLE_INITIATOR, cost->role);
	EXPECT_EQ(initiator, cost->cpu);
	EXPECT_EQ(SAMPLES, cost->invalidation.samples);
	EXPECT_EQ(1, raw->stretches);
	check_reads(_metadata, cost, takes_part ? SAMPLES : 0);
	check_record(_metadata, cost, raw);
	for (i = 1; i < (int)self->args.filled; i++) {
		do {
			cpu = next_cpu(cpus, cpu);
		} while (cpu == initiator);
		EXPECT_EQ(cpu, cost[i].cpu);
		EXPECT_EQ(TLBSCOPE_ROLE_RESPONDER, cost[i].role);
		EXPECT_EQ(cost[i].loaded, cost[i].invalidation.samples);
		check_reads(_metadata, &cost[i], 0);
		check_record(_metadata, &cost[i], &raw[i * SAMPLES]);
		/* All of it is within the round trip */
		if (cost[i].delivery.samples)
			EXPECT_LT(cost[i].delivery.median, cost->invalidation.max);
	}
}

TEST_F(cost, ipi)
{
	int first = cpu_first(self->online), last = 63 - __builtin_clzll(self->online);
	unsigned int local;
	__u64 cpus;

	if (first == last)
		skip("there is but one CPU");
	self->args.what.method = TLBSCOPE_IPI;
	self->args.what.cpus = (unsigned long)&cpus;
	self->args.what.end = self->args.what.start + TLBSCOPE_STRETCH * PAGE;
	for (local = 0; local < TLBSCOPE_INVLPGB; local++) {
		if (!has_method(self, local))
			continue;
		self->args.what.local = local;
		cpus = self->online;
		self->args.what.initiator = -1;
		ASSERT_EQ(0, measure(self));
		check_ipi(_metadata, self, cpus, first);
		self->args.what.initiator = last;
		ASSERT_EQ(0, measure(self));
		check_ipi(_metadata, self, cpus, last);
		cpus = self->online & ~cpu_bit(last);
		ASSERT_EQ(0, measure(self));
		check_ipi(_metadata, self, cpus, last);
	}
}

/* One record more for an initiator that takes no part */
TEST_F(cost, room_for_the_initiator)
{
	__u64 online = self->online, cpus = online & (online - 1);

	if (!cpus)
		skip("there is but one CPU");
	self->args.what.method = TLBSCOPE_IPI;
	self->args.what.local = TLBSCOPE_CR4_PGE;
	self->args.what.initiator = cpu_first(online);
	self->args.what.cpus = (unsigned long)&cpus;
	self->args.vec_len = cpu_count(cpus);
	EXPECT_EQ(-E2BIG, measure(self));
	self->args.vec_len++;
	EXPECT_EQ(0, measure(self));
}

/*
 * Filling a TLB again takes time: the pages that were dropped always, those
 * beside them only if all were
 */
TEST_F(cost, refill)
{
	const struct tlbscope_cost_cpu *cost = self->vec;
	unsigned int method;
	__u64 cpus = cpu_bit(cpu_first(self->online));

	self->args.what.cpus = (unsigned long)&cpus;
	for (method = 0; method < TLBSCOPE_IPI; method++) {
		if (!has_method(self, method))
			continue;
		self->args.what.method = method;
		ASSERT_EQ(0, measure(self));
		TH_LOG("%s: warm %lld, refill %lld, bystanders warm %lld, collateral %lld",
		       method_name(method), cost->warm.median,
		       cost->refill.median, cost->bystanders_warm.median,
		       cost->collateral.median);
		EXPECT_LT(0, cost->refill.median);
		if (!method_is_by_page(method)) {
			EXPECT_LT(0, cost->collateral.median);
			continue;
		}
		/* Bochs drops all by INVPCID, whatever its type */
		if (method == TLBSCOPE_INVPCID_ADDRESS)
			continue;
		EXPECT_LT(cost->collateral.median * 2 * PAGES,
			  cost->refill.median * BYSTANDERS);
	}
}

/*
 * What is read
 */

#define KINDS	8

/* One page of each kind, and whether it may be read */
static int make_kinds(char *p, bool readable[KINDS])
{
	int fd, i;

	for (i = 0; i < KINDS; i++)
		readable[i] = false;
	/* Its own, written and only read (the zero page), and not there yet */
	p[0] = 1;
	readable[0] = true;
	(void)*(volatile char *)(p + PAGE);
	readable[1] = true;
	/* Read-only, and not to be read at all */
	p[3 * PAGE] = 1;
	if (mprotect(p + 3 * PAGE, PAGE, PROT_READ))
		return -errno;
	readable[3] = true;
	p[4 * PAGE] = 1;
	if (mprotect(p + 4 * PAGE, PAGE, PROT_NONE))
		return -errno;
	/* A device's: where a VGA card has its memory */
	fd = open("/dev/mem", O_RDWR | O_CLOEXEC | O_SYNC);
	if (fd < 0 || mmap(p + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED, fd, 0xa0000) == MAP_FAILED)
		return -errno;
	(void)*(volatile char *)(p + 5 * PAGE);
	close(fd);
	/* A file's, shared */
	fd = memfd_create("kinds", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, PAGE) ||
	    mmap(p + 6 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		return -errno;
	close(fd);
	p[6 * PAGE] = 1;
	readable[6] = true;
	p[7 * PAGE] = 1;
	if (mem_has_swap())
		return mem_swap_out(p + 7 * PAGE, PAGE);
	readable[7] = true;
	return 0;
}

TEST_F(cost, what_is_read)
{
	__u64 before[KINDS], after[KINDS], cpus = cpu_bit(cpu_first(self->online));
	bool readable[KINDS];
	unsigned int i, n = 0;
	char *p;

	p = mem_small(KINDS * PAGE);
	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, make_kinds(p, readable));
	self->args.what = what_pages(TLBSCOPE_CR4_PGE, p, KINDS, &cpus);
	for (i = 0; i < KINDS; i++)
		n += readable[i];
	ASSERT_EQ(0, pagemap_read(SELF, (unsigned long)p, before, KINDS));
	ASSERT_EQ(0, measure(self));
	EXPECT_EQ(KINDS, self->args.pages);
	EXPECT_EQ(n, self->args.pages_read);
	EXPECT_EQ(SAMPLES, self->vec->warm.samples);
	ASSERT_EQ(0, pagemap_read(SELF, (unsigned long)p, after, KINDS));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
	/* Each by itself, as target and as bystander */
	self->args.samples = 5;
	for (i = 0; i < KINDS; i++) {
		self->args.what.start = (unsigned long)p + i * PAGE;
		self->args.what.end = self->args.what.start + PAGE;
		/* What is not there is nothing to drop */
		EXPECT_EQ(i == 2 ? -EFAULT : 0, measure(self));
		if (i != 2)
			EXPECT_EQ(readable[i], self->args.pages_read)
				TH_LOG("page %u", i);
		self->args.bystanders_start = self->args.what.start;
		self->args.bystanders_end = self->args.what.end;
		self->args.what.start = (unsigned long)self->p;
		self->args.what.end = self->args.what.start + PAGE;
		EXPECT_EQ(0, measure(self));
		EXPECT_EQ(readable[i], self->args.bystanders_read)
			TH_LOG("page %u", i);
		EXPECT_EQ(readable[i] ? 5 : 0,
			  self->vec->bystanders_warm.samples);
		self->args.bystanders_end = self->args.bystanders_start;
	}
	ASSERT_EQ(0, pagemap_read(SELF, (unsigned long)p, after, KINDS));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
}

TEST_F(cost, nothing_to_read)
{
	__u64 cpus = cpu_bit(cpu_first(self->online));

	ASSERT_EQ(0, mprotect(self->p, PAGES * PAGE, PROT_NONE));
	self->args.bystanders_end = self->args.bystanders_start;
	self->args.what.cpus = (unsigned long)&cpus;
	EXPECT_EQ(0, measure(self));
	EXPECT_EQ(0, self->args.pages_read);
	EXPECT_EQ(0, self->args.bystanders_read);
	EXPECT_EQ(SAMPLES, self->vec->invalidation.samples);
	check_reads(_metadata, self->vec, 0);
	check_record(_metadata, self->vec, self->raw);
	ASSERT_EQ(0, mprotect(self->p, PAGES * PAGE, PROT_READ | PROT_WRITE));
}

/* One instruction and one read for each, however large */
TEST_F(cost, huge_pages)
{
	__u64 cpus = cpu_bit(cpu_first(self->online));
	char *p = mem_has_thp() ? mem_huge(2) : NULL;

	if (!p)
		skip("no transparent huge pages");
	self->args.what = what_pages(TLBSCOPE_CR4_PGE, p, 2 * HUGE / PAGE,
				     &cpus);
	if (has_method(self, TLBSCOPE_INVLPG))
		self->args.what.method = TLBSCOPE_INVLPG;
	ASSERT_EQ(0, measure(self));
	EXPECT_EQ(2, self->args.pages);
	EXPECT_EQ(2, self->args.pages_read);
	/* Also if the range begins in the middle of one, and ends there */
	self->args.what.start += HUGE / 2;
	self->args.what.end -= HUGE / 2;
	ASSERT_EQ(0, measure(self));
	EXPECT_EQ(2, self->args.pages);
	/* What is left of one when it is no longer whole */
	ASSERT_EQ(0, munmap(p + HUGE - PAGE, PAGE));
	self->args.what.start = (unsigned long)p;
	self->args.what.end = (unsigned long)p + 2 * HUGE;
	ASSERT_EQ(0, measure(self));
	EXPECT_EQ(HUGE / PAGE + 1, self->args.pages);
	EXPECT_EQ(HUGE / PAGE, self->args.pages_read);
}

static void have_pages(int fd, void *arg)
{
	char *p = mem_small_at(*(__u64 *)arg, PAGES * PAGE);

	if (!p)
		_exit(1);
	mem_stamp(p, PAGES * PAGE, 3);
	child_pause(fd);
	_exit(mem_stamped(p, PAGES * PAGE, 3) ? 0 : 1);
}

/* It is the target's memory, where the one who asks has none */
TEST_F(cost, of_another)
{
	__u64 at = ZOO_START, cpus = cpu_bit(cpu_first(self->online));
	struct child child;
	int status;
	long rss;

	ASSERT_EQ(0, child_start(&child, have_pages, &at));
	ASSERT_EQ(0, scope_target(self->fd, child.pid));
	rss = status_kib(child.pid, "VmRSS");
	self->args.what = what_pages(TLBSCOPE_CR4_PGE, (void *)at, PAGES, &cpus);
	self->args.bystanders_end = self->args.bystanders_start;
	ASSERT_EQ(0, measure(self));
	EXPECT_EQ(PAGES, self->args.pages_read);
	EXPECT_EQ(SAMPLES, self->vec->refill.samples);
	EXPECT_EQ(rss, status_kib(child.pid, "VmRSS"));
	EXPECT_EQ(0, pagemap_at(SELF, (void *)at) & PM_PRESENT);
	/* And it has not been disturbed */
	ASSERT_EQ(0, child_continue(&child));
	ASSERT_EQ(child.pid, waitpid(child.pid, &status, 0));
	EXPECT_EQ(0, status);
	close(child.fd);
}

/*
 * Text
 */

/* The lines of a CPU's block: the right names in the right order */
static const char *check_block(struct __test_metadata *_metadata,
			       const char *text, int cpu, const char *role,
			       unsigned int samples, unsigned int want)
{
	static const char * const names[] = {
		"empty", "invalidation", "delivery", "warm", "refill",
		"bystanders_warm", "collateral",
	};
	unsigned long long n, count, sum;
	long long min, median, p99, max;
	unsigned int bucket, seen = 0, i;
	char name[32], said[32];
	int loaded, number, len;

	len = 0;
	EXPECT_EQ(3, sscanf(text, "cpu %d %31s loaded %d%n", &number, said,
			    &loaded, &len))
		TH_LOG("'%.60s'", text);
	EXPECT_EQ(cpu, number);
	EXPECT_EQ(0, strcmp(role, said));
	text += len;
	while (sscanf(text, "\n  %31[a-z_] %llu %lld %lld %lld %lld |%n", name,
		      &n, &min, &median, &p99, &max, &len) == 6) {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (!strcmp(names[i], name))
				break;
		EXPECT_GT(ARRAY_SIZE(names), i)
			TH_LOG("'%s'", name);
		EXPECT_GT(1U << i, seen);
		seen |= 1U << i;
		EXPECT_EQ(samples, n);
		EXPECT_TRUE(min <= median && median <= p99 && p99 <= max);
		text += len;
		for (sum = 0; sscanf(text, " %u:%llu%n", &bucket, &count,
				     &len) == 2 && *text == ' '; text += len)
			sum += count;
		EXPECT_EQ(n, sum);
	}
	EXPECT_HEX(want, seen, "lines of CPU %d", cpu);
	return text + (*text == '\n');
}

TEST_F(cost, text)
{
	unsigned int pages, read, bystanders, samples, khz;
	char line[200], method[32], local[32];
	const char *at;
	char *text;
	int cpu = -1, len = 0;

	snprintf(line, sizeof(line),
		 "self cr4-pge %p %p samples=50 cpus=all bystanders=%llx-%llx",
		 self->p, self->p + PAGES * PAGE, self->args.bystanders_start,
		 self->args.bystanders_end);
	ASSERT_EQ(0, scope_ask(self->fd, line));
	text = scope_answer(self->fd, 100);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(7, sscanf(text, "method %31s local %31s pages %u read %u bystanders %u samples %u tsc_khz %u\n%n",
			    method, local, &pages, &read, &bystanders,
			    &samples, &khz, &len))
		TH_LOG("'%.100s'", text);
	EXPECT_EQ(0, strcmp("cr4-pge", method));
	EXPECT_EQ(PAGES, pages);
	EXPECT_EQ(PAGES, read);
	EXPECT_EQ(BYSTANDERS, bystanders);
	EXPECT_EQ(50, samples);
	at = text + len;
	while ((cpu = next_cpu(self->online, cpu)) >= 0)
		at = check_block(_metadata, at, cpu, "local", 50,
				 (1 << EMPTY) | (1 << INVALIDATION) |
				 (1 << WARM) | (1 << REFILL) |
				 (1 << BYSTANDERS_WARM) | (1 << COLLATERAL));
	EXPECT_EQ('\0', *at)
		TH_LOG("'%.60s'", at);
	free(text);
}

TEST_HARNESS_MAIN
