// SPDX-License-Identifier: GPL-2.0
#include <math.h>

#include "libtlbscope.h"
#include "unit.h"

#define SIZES	13

/* Pages one by one: @a page; one go: @whole; both known to +- @error of them */
static enum tlbscope_crossover cross(double page, double whole, double error,
				     struct tlbscope_estimate *at)
{
	struct tlbscope_crossing c[SIZES];
	int i;

	for (i = 0; i < SIZES; i++) {
		double n = 1 << i, steps = n * page;

		c[i].size = n;
		c[i].steps = (struct tlbscope_estimate) {
			steps, steps * (1 - error), steps * (1 + error) };
		c[i].whole = (struct tlbscope_estimate) {
			whole, whole * (1 - error), whole * (1 + error) };
	}
	return tlbscope_crossover(c, SIZES, at);
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-6 * fabs(b);
}

TEST(between_sizes)
{
	struct tlbscope_estimate at;

	CHECK(cross(100, 4000, 0.02, &at) == TLBSCOPE_CROSSOVER_FOUND);
	CHECK(near(at.value, 40));
	CHECK(at.low > 37 && at.low < 40);
	CHECK(at.high > 40 && at.high < 43);
}

TEST(at_a_size)
{
	struct tlbscope_estimate at;

	CHECK(cross(100, 3200, 0.01, &at) == TLBSCOPE_CROSSOVER_FOUND);
	CHECK(near(at.value, 32));
}

TEST(without_error)
{
	struct tlbscope_estimate at;

	CHECK(cross(1, 33, 0, &at) == TLBSCOPE_CROSSOVER_FOUND);
	CHECK(near(at.value, 33) && near(at.low, 33) && near(at.high, 33));
}

TEST(not_reached)
{
	struct tlbscope_estimate at;

	CHECK(cross(1, 10000, 0.01, &at) == TLBSCOPE_CROSSOVER_ABOVE);
	CHECK(near(at.low, 4096));
	CHECK(isinf(at.value) && isinf(at.high));
}

TEST(always_cheaper)
{
	struct tlbscope_estimate at;

	CHECK(cross(100, 10, 0.01, &at) == TLBSCOPE_CROSSOVER_BELOW);
	CHECK(!(at.value > 0) && !(at.low > 0) && !(at.high > 0));
}

TEST(too_noisy)
{
	struct tlbscope_estimate at;

	/* Everywhere */
	CHECK(cross(100, 3200, 200, &at) == TLBSCOPE_CROSSOVER_NOISE);
	/* Only near to where they cross, but so far that no size can be named */
	CHECK(cross(100, 3200, 0.5, &at) == TLBSCOPE_CROSSOVER_NOISE);
	CHECK(at.low < 32 && at.high > 32 && at.high < 4096);
}

TEST(a_small_size_that_cannot_tell)
{
	struct tlbscope_crossing c[] = {
		{ 1, { 90, 50, 130 }, { 100, 90, 110 } },
		{ 2, { 60, 50, 70 }, { 100, 90, 110 } },
		{ 4, { 120, 118, 122 }, { 100, 99, 101 } },
	};
	struct tlbscope_estimate at;

	CHECK(tlbscope_crossover(c, 3, &at) == TLBSCOPE_CROSSOVER_FOUND);
	CHECK(at.low > 2 && near(at.value, 2 + 2 * 40.0 / 60) && at.high < 4);
}

TEST(sizes_that_contradict)
{
	struct tlbscope_crossing c[] = {
		{ 1, { 10, 9, 11 }, { 100, 90, 110 } },
		{ 2, { 200, 190, 210 }, { 100, 90, 110 } },
		{ 4, { 40, 38, 42 }, { 100, 90, 110 } },
	};
	struct tlbscope_estimate at;

	CHECK(tlbscope_crossover(c, 3, &at) == TLBSCOPE_CROSSOVER_NOISE);
}

/* Too few samples have an interval without end */
TEST(no_interval)
{
	struct tlbscope_crossing c[] = {
		{ 1, { 10, -INFINITY, INFINITY }, { 100, 90, 110 } },
		{ 64, { 640, -INFINITY, INFINITY }, { 100, 90, 110 } },
	};
	struct tlbscope_estimate at;

	CHECK(tlbscope_crossover(c, 2, &at) == TLBSCOPE_CROSSOVER_NOISE);
}

TEST(one_size)
{
	struct tlbscope_crossing c = { 8, { 10, 9, 11 }, { 100, 90, 110 } };
	struct tlbscope_estimate at;

	CHECK(tlbscope_crossover(&c, 1, &at) == TLBSCOPE_CROSSOVER_ABOVE);
	c.steps = (struct tlbscope_estimate){ 200, 190, 210 };
	CHECK(tlbscope_crossover(&c, 1, &at) == TLBSCOPE_CROSSOVER_BELOW);
}

UNIT_MAIN("crossover")
