// SPDX-License-Identifier: GPL-2.0
#include <math.h>

#include "shots.h"
#include "unit.h"

#define NEAR(seen, expected)	CHECK(fabs((seen) - (expected)) < 1e-9)

static double first[4] = { 10, 0, 30, 0 }, second[4] = { 20, 0, 0, 0 };
static struct tlbscope_interruption threads[2] = {
	{ .calls = 2, .gaps = 3, .raw = first },
	{ .calls = 1, .gaps = 1, .raw = second },
};
static const struct crowd nobody, two = { .n = 2 };

static struct tlbscope_stats about(double value, double error)
{
	return (struct tlbscope_stats) {
		.count = 100,
		.median = { value, value - error, value + error },
	};
}

static struct shot alone(void)
{
	return (struct shot) {
		.pages = 1, .crowd = &nobody,
		.result = { .samples = 4, .touched.time = about(1000, 3),
			    .untouched.time = about(500, 2) },
	};
}

static struct shot beside(const struct shot *without, double ns)
{
	return (struct shot) {
		.pages = 1, .crowd = &two, .alone = without,
		.result = { .samples = 4, .n_threads = 2,
			    .touched = { .time = about(ns, 4), .threads = threads },
			    .untouched.time = about(600, 2) },
	};
}

TEST(what_threads_add_less_what_they_always_add)
{
	struct shot without = alone(), with = beside(&without, 5000);
	struct tlbscope_estimate e = shot_shootdown(&with);

	NEAR(e.value, 5000 - 1000 - (600 - 500));
	NEAR(e.high - e.value, sqrt(4 * 4 + 3 * 3 + 2 * 2 + 2 * 2));
	NEAR(e.value - e.low, e.high - e.value);
	NEAR(shot_share(&with), 3900.0 / 5000);
}

TEST(no_share_of_noise)
{
	struct shot without = alone(), with = beside(&without, 1105);

	CHECK(isnan(shot_share(&with)));
}

TEST(interruptions_over_all_threads)
{
	struct shot without = alone(), with = beside(&without, 5000);
	struct interruption i = shot_interruption(&with);

	NEAR(i.share, 3.0 / 8);
	CHECK_EQ(i.time.count, 3);
	NEAR(i.time.median.value, 20);
	NEAR(i.time.max, 30);
	i = shot_interruption(&without);
	CHECK(isnan(i.share));
	CHECK_EQ(i.time.count, 0);
}

UNIT_MAIN("shots")
