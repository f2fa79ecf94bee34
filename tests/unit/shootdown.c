// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "calls.h"
#include "libtlbscope.h"
#include "unit.h"

static struct tlbscope_clock the_clock;
static struct tlbscope_shootdown_result result;

static struct tlbscope_shootdown request(void)
{
	if (!the_clock.ticks_per_ns)
		tlbscope_clock(&the_clock);
	return (struct tlbscope_shootdown) {
		.call = TLBSCOPE_CALL_MUNMAP,
		.pages = 3,
		.samples = 12,
		.limit_ns = 200000000,
		.clock = &the_clock,
	};
}

/* The first two CPUs that may be used. Return: how many there are, up to 2 */
static unsigned int two_cpus(unsigned int cpus[2])
{
	unsigned int cpu, n = 0;
	cpu_set_t set;

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[n++] = cpu;
	return n;
}

TEST(out_of_range)
{
	struct tlbscope_shootdown req;
	unsigned int same = 0;

#define REFUSED(change) do {						\
	req = request();						\
	change;								\
	CHECK_EQ(tlbscope_shootdown(&req, &result), -EINVAL);		\
} while (0)
	REFUSED(req.pages = 0);
	REFUSED(req.pages = TLBSCOPE_SHOOTDOWN_PAGES + 1);
	REFUSED(req.samples = 0);
	REFUSED(req.samples = TLBSCOPE_SHOOTDOWN_SAMPLES + 1);
	REFUSED(req.call = TLBSCOPE_CALLS);
	REFUSED(req.clock = NULL);
	REFUSED(req.cpu = 8191);
	REFUSED(req.cpu = 1 << 20);
	REFUSED((req.others = &same, req.n_others = 1, req.cpu = 0));
#undef REFUSED
}

TEST(a_cpu_that_is_not_there_for_a_thread)
{
	struct tlbscope_shootdown req = request();
	unsigned int cpus[2], absent = 8000;

	two_cpus(cpus);
	req.cpu = cpus[0];
	req.others = &absent;
	req.n_others = 1;
	CHECK_EQ(tlbscope_shootdown(&req, &result), -EINVAL);
}

TEST(names)
{
	int call;

	for (call = 0; call < TLBSCOPE_CALLS; call++)
		CHECK(tlbscope_call_name(call));
	CHECK(!tlbscope_call_name(TLBSCOPE_CALLS));
	CHECK(!call_ops(TLBSCOPE_CALLS));
}

TEST(clock)
{
	request();
	CHECK(the_clock.ticks_per_ns > 0);
	if (!the_clock.tsc)
		CHECK_EQ(the_clock.ticks_per_ns, 1);
}

/* What each call leaves, and what undoing it does */
TEST(calls_and_their_undoing)
{
	int call, round;

	for (call = 0; call < TLBSCOPE_CALLS; call++) {
		const struct call_ops *ops = call_ops(call);
		struct area area;

		REQUIRE(!area_map(&area, 5));
		if (ops->prepare && ops->prepare(&area)) {
			printf("# %s: %s\n", tlbscope_call_name(call), strerror(errno));
			CHECK_EQ(call, TLBSCOPE_CALL_UFFD_WP);
			area_unmap(&area);
			continue;
		}
		for (round = 0; round < 3; round++) {
			char *at = area.at;
			uint64_t phys;
			struct tlbscope *t;

			area_touch(&area);
			CHECK_EQ(area.at[0], 1);
			CHECK_EQ(area.at[4 * 4096], 1);
			CHECK_EQ(ops->call(&area), 0);
			if (call == TLBSCOPE_CALL_MREMAP)
				CHECK_EQ(area.other[4 * 4096], 1);
			CHECK_EQ(ops->undo(&area), 0);
			CHECK((area.at != at) == (call == TLBSCOPE_CALL_MREMAP));
			/* No page is there any more, and they can be written to */
			if (!tlbscope_open(&t, TLBSCOPE_SELF, TLBSCOPE_OPEN_FALLBACK)) {
				int err = tlbscope_translate(t, (uintptr_t)area.at, &phys, NULL);

				CHECK(err == -ENODATA || err == -EPERM);
				tlbscope_close(t);
			}
			CHECK_EQ(ops->call(&area), 0);
			CHECK_EQ(ops->undo(&area), 0);
			CHECK_EQ(area.at[4 * 4096], 0);
		}
		area_unmap(&area);
	}
}

static void check_interruption(const struct tlbscope_interruption *i, unsigned int samples)
{
	unsigned int n, hits = 0;

	for (n = 0; n < samples; n++)
		hits += i->raw[n] > 0;
	CHECK_EQ(hits, i->calls);
	CHECK(i->gaps >= i->calls);
	CHECK_EQ(i->time.count, i->calls);
}

TEST(without_others)
{
	struct tlbscope_shootdown req = request();
	cpu_set_t before, after;
	unsigned int cpus[2], i;

	two_cpus(cpus);
	req.cpu = cpus[0];
	sched_getaffinity(0, sizeof(before), &before);
	REQUIRE(!tlbscope_shootdown(&req, &result));
	sched_getaffinity(0, sizeof(after), &after);
	CHECK(CPU_EQUAL(&before, &after));
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	CHECK(result.samples && result.samples <= 12);
	CHECK_EQ(result.discarded, 0);
	CHECK_EQ(result.n_threads, 0);
	CHECK(result.touched.time.min > 0);
	for (i = 0; i < result.samples; i++)
		CHECK(result.touched.raw[i] >= result.touched.time.min &&
		      result.touched.raw[i] <= result.touched.time.max);
	tlbscope_shootdown_free(&result);
	CHECK(!result.touched.raw);
	tlbscope_shootdown_free(&result);
}

TEST(beside_another_thread)
{
	struct tlbscope_shootdown req = request();
	unsigned int cpus[2];

	if (two_cpus(cpus) < 2)
		SKIP("only one CPU may be used");
	req.cpu = cpus[0];
	req.others = &cpus[1];
	req.n_others = 1;
	REQUIRE(!tlbscope_shootdown(&req, &result));
	CHECK_EQ(result.n_threads, 1);
	CHECK(result.quiet_ns >= 9e6);
	check_interruption(&result.touched.threads[0], result.samples);
	check_interruption(&result.untouched.threads[0], result.samples);
	if (!result.samples)
		CHECK(isnan(result.touched.time.median.value));
	tlbscope_shootdown_free(&result);
}

static int stop_at_once(void *data, unsigned int done, unsigned int wanted)
{
	(void)done;
	*(unsigned int *)data = wanted;
	return -ECANCELED;
}

TEST(stopped_in_between)
{
	struct tlbscope_shootdown req = request();
	unsigned int cpus[2], wanted = 0;

	two_cpus(cpus);
	req.cpu = cpus[0];
	req.pages = TLBSCOPE_SHOOTDOWN_PAGES;
	req.samples = TLBSCOPE_SHOOTDOWN_SAMPLES;
	req.limit_ns = 0;
	req.progress = stop_at_once;
	req.data = &wanted;
	CHECK_EQ(tlbscope_shootdown(&req, &result), -ECANCELED);
	CHECK_EQ(wanted, TLBSCOPE_SHOOTDOWN_SAMPLES);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

UNIT_MAIN("shootdown")
