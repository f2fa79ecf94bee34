// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "libtlbscope.h"
#include "unit.h"

#define CHECK_NEAR(seen, expected) do {					\
	double seen_ = (seen), expected_ = (expected);			\
									\
	if (!(fabs(seen_ - expected_) < 1e-9))				\
		UNIT_FAIL("%s is %g, not %g", #seen, seen_, expected_);	\
} while (0)

/* 1, 2, ... n, out of order */
static struct tlbscope_stats of_first(size_t n)
{
	double *samples = calloc(n, sizeof(*samples));
	struct tlbscope_stats stats;
	size_t i;

	for (i = 0; i < n; i++)
		samples[i] = (double)((i * 7919) % n + 1);
	CHECK_EQ(tlbscope_stats(samples, n, &stats), 0);
	for (i = 0; i < n; i++)
		CHECK_NEAR(samples[i], (double)(i + 1));
	free(samples);
	return stats;
}

TEST(nothing_has_no_median)
{
	struct tlbscope_stats stats;
	double none = 0;

	CHECK_EQ(tlbscope_stats(&none, 0, &stats), -EINVAL);
	CHECK_EQ(stats.count, 0);
}

TEST(one_sample)
{
	struct tlbscope_stats stats = of_first(1);

	CHECK_EQ(stats.count, 1);
	CHECK_NEAR(stats.min, 1);
	CHECK_NEAR(stats.median.value, 1);
	CHECK_NEAR(stats.p99, 1);
	CHECK_NEAR(stats.max, 1);
	CHECK_NEAR(stats.mad, 0);
	CHECK(tlbscope_inconclusive(&stats.median));
}

TEST(odd_and_even)
{
	struct tlbscope_stats stats = of_first(7);

	CHECK_NEAR(stats.median.value, 4);
	CHECK_NEAR(stats.mad, 2);
	stats = of_first(10);
	CHECK_NEAR(stats.median.value, 5.5);
	CHECK_NEAR(stats.mad, 2.5);
}

TEST(p99_is_a_sample)
{
	CHECK_NEAR(of_first(100).p99, 99);
	CHECK_NEAR(of_first(101).p99, 100);
	CHECK_NEAR(of_first(1000).p99, 990);
	CHECK_NEAR(of_first(99).p99, 99);
}

/* As tables of the sign test have them */
TEST(ranks_of_the_interval)
{
	static const struct {
		size_t n, low;
	} table[] = {
		{ 6, 1 }, { 8, 1 }, { 9, 2 }, { 12, 3 }, { 15, 4 }, { 20, 6 }, { 25, 8 },
		{ 30, 10 }, { 50, 18 }, { 100, 40 }, { 1000, 469 }, { 1001, 469 },
		{ 10000, 4902 },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct tlbscope_stats stats = of_first(table[i].n);

		CHECK_NEAR(stats.median.low, (double)table[i].low);
		CHECK_NEAR(stats.median.high, (double)(table[i].n + 1 - table[i].low));
	}
	CHECK(isinf(of_first(5).median.low));
	CHECK(isinf(of_first(5).median.high));
}

/* The true median is in the interval 95 times of 100 */
TEST(interval_holds_the_median)
{
	unsigned long long seed = 42;
	unsigned int trial, inside = 0;

	for (trial = 0; trial < 1000; trial++) {
		struct tlbscope_stats stats;
		double samples[40];
		size_t i;

		/* Skewed: the square of what is even */
		for (i = 0; i < 40; i++) {
			double x = (double)(unit_random(&seed) % 1000000) / 1e6;

			samples[i] = x * x;
		}
		tlbscope_stats(samples, 40, &stats);
		inside += stats.median.low <= 0.25 && 0.25 <= stats.median.high;
	}
	CHECK(inside >= 935 && inside <= 985);
}

TEST(one_far_off_changes_little)
{
	double samples[9] = { 10, 11, 9, 10, 12, 8, 10, 1e9, 10 };
	struct tlbscope_stats stats;

	tlbscope_stats(samples, 9, &stats);
	CHECK_NEAR(stats.median.value, 10);
	CHECK_NEAR(stats.mad, 1);
	CHECK_NEAR(stats.max, 1e9);
}

TEST(difference)
{
	struct tlbscope_estimate a = { 100, 97, 106 }, b = { 40, 32, 44 };
	struct tlbscope_estimate d = tlbscope_estimate_sub(a, b);

	CHECK_NEAR(d.value, 60);
	CHECK_NEAR(d.low, 55);
	CHECK_NEAR(d.high, 70);
}

TEST(when_to_say_nothing)
{
	struct tlbscope_estimate narrow = { 100, 80, 130 }, wide = { 100, 80, 131 };
	struct tlbscope_estimate zero = { 1, 0, 1.2 }, below = { -5, -6, -4 };
	struct tlbscope_estimate none = { NAN, NAN, NAN };

	CHECK(!tlbscope_inconclusive(&narrow));
	CHECK(tlbscope_inconclusive(&wide));
	CHECK(tlbscope_inconclusive(&zero));
	CHECK(tlbscope_inconclusive(&below));
	CHECK(tlbscope_inconclusive(&none));
}

UNIT_MAIN("stats")
