// SPDX-License-Identifier: GPL-2.0
/* Many measurements in a few numbers */
#include "measure.h"
#include "unit.h"

static struct tlbscope_summary s;

static u64 counted(void)
{
	u64 n = 0;
	int i;

	for (i = 0; i < TLBSCOPE_BUCKETS; i++)
		n += s.histogram[i];
	return n;
}

TEST(nothing)
{
	s64 none;

	memset(&s, 0xff, sizeof(s));
	measure_summarise(&s, &none, 0);
	CHECK_EQ(s.samples, 0);
	CHECK_EQ(s.min, 0);
	CHECK_EQ(s.max, 0);
	CHECK_EQ(counted(), 0);
}

TEST(one)
{
	s64 value[] = { 17 };

	measure_summarise(&s, value, 1);
	CHECK_EQ(s.samples, 1);
	CHECK_EQ(s.min, 17);
	CHECK_EQ(s.median, 17);
	CHECK_EQ(s.p99, 17);
	CHECK_EQ(s.max, 17);
	CHECK_EQ(s.histogram[5], 1);
}

/* 1 to n, backwards: each quantile is its own rank */
TEST(ranks)
{
	static const int sizes[] = { 2, 3, 99, 100, 101, 1000, 10000 };
	static s64 value[10000];
	unsigned int i;
	int n, k;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		n = sizes[i];
		for (k = 0; k < n; k++)
			value[k] = n - k;
		measure_summarise(&s, value, (unsigned int)n);
		CHECK_EQ(s.min, 1);
		CHECK_EQ(s.median, (n + 1) / 2);
		CHECK_EQ(s.p99, (n * 99 + 99) / 100);
		CHECK_EQ(s.max, n);
		CHECK_EQ(counted(), n);
	}
}

TEST(buckets_are_powers_of_two)
{
	s64 value[] = { -5, 0, 1, 2, 3, 4, 7, 8, (1LL << 30) - 1, 1LL << 30,
			1LL << 31, 1LL << 62 };

	measure_summarise(&s, value, sizeof(value) / sizeof(value[0]));
	CHECK_EQ(s.histogram[0], 2);
	CHECK_EQ(s.histogram[1], 1);
	CHECK_EQ(s.histogram[2], 2);
	CHECK_EQ(s.histogram[3], 2);
	CHECK_EQ(s.histogram[4], 1);
	CHECK_EQ(s.histogram[30], 1);
	CHECK_EQ(s.histogram[31], 3);
	CHECK_EQ(s.min, -5);
	CHECK_EQ(s.max, 1LL << 62);
}

TEST(far_apart)
{
	s64 value[] = { 1LL << 40, -(1LL << 40), 0 };

	measure_summarise(&s, value, 3);
	CHECK_EQ(s.min, -(1LL << 40));
	CHECK_EQ(s.median, 0);
	CHECK_EQ(s.max, 1LL << 40);
}

TEST(time_goes_on)
{
	u64 begin = measure_now(), end = measure_now();

	CHECK(end > begin);
	CHECK_EQ(measure_between(5, 7), 2);
	CHECK_EQ(measure_between(0, 1ULL << 32), U32_MAX);
}

UNIT_MAIN("measure")
