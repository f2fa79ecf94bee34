// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "args.h"
#include "unit.h"

static struct args_sweep sweep;

static int parse(const char *word)
{
	return args_sweep(word, 1, 4096, &sweep);
}

TEST(one_number)
{
	CHECK_EQ(parse("7"), 0);
	CHECK_EQ(sweep.count, 1);
	CHECK_EQ(sweep.value[0], 7);
}

TEST(powers_of_two)
{
	unsigned int i;

	CHECK_EQ(parse("1..4096"), 0);
	CHECK_EQ(sweep.count, 13);
	for (i = 0; i < 13; i++)
		CHECK_EQ(sweep.value[i], 1u << i);
}

TEST(ends_that_are_none)
{
	CHECK_EQ(parse("3..33"), 0);
	REQUIRE(sweep.count == 6);
	CHECK_EQ(sweep.value[0], 3);
	CHECK_EQ(sweep.value[1], 4);
	CHECK_EQ(sweep.value[4], 32);
	CHECK_EQ(sweep.value[5], 33);
}

TEST(from_and_to_the_same)
{
	CHECK_EQ(parse("64..64"), 0);
	CHECK_EQ(sweep.count, 1);
}

TEST(from_zero_where_it_may)
{
	CHECK_EQ(args_sweep("0..4", 0, 8, &sweep), 0);
	REQUIRE(sweep.count == 4);
	CHECK_EQ(sweep.value[0], 0);
	CHECK_EQ(sweep.value[1], 1);
	CHECK_EQ(sweep.value[3], 4);
}

TEST(all_there_is)
{
	CHECK_EQ(args_sweep("0..18446744073709551615", 0, UINT64_MAX, &sweep), 0);
	CHECK_EQ(sweep.count, ARGS_SWEEP_MAX);
	CHECK_EQ(sweep.value[ARGS_SWEEP_MAX - 1], UINT64_MAX);
}

TEST(out_of_bounds)
{
	CHECK_EQ(parse("0"), -ERANGE);
	CHECK_EQ(parse("0..4"), -ERANGE);
	CHECK_EQ(parse("4097"), -ERANGE);
	CHECK_EQ(parse("1..4097"), -ERANGE);
	CHECK_EQ(parse("1..99999999999999999999"), -ERANGE);
	CHECK_EQ(parse("1..999999999999999999999999999999999999999999999999999"), -ERANGE);
}

TEST(nonsense)
{
	static const char *const words[] = {
		"", "..", "1..", "..4", "1...4", "4..1", "1-4", "-1", "1..-4", " 1",
		"1 ", "0x10", "a", "1..b", "1..2..3", "1,2",
		"111111111111111111111111..",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (parse(words[i]) != -EINVAL)
			UNIT_FAIL("'%s' is taken", words[i]);
}

TEST(lists_of_cpus)
{
	unsigned int *cpus;
	size_t n;

	CHECK_EQ(args_cpus("unit", "3,0-2,8191", &cpus, &n), 0);
	CHECK_EQ(n, 5);
	CHECK_EQ(cpus[0], 3);
	CHECK_EQ(cpus[1], 0);
	CHECK_EQ(cpus[3], 2);
	CHECK_EQ(cpus[4], 8191);
	free(cpus);
}

TEST(no_lists_of_cpus)
{
	static const char *const words[] = {
		"", ",", "1,", ",1", "1-", "-1", "2-1", "8192", "a", "0x1", "1,1", "0-3,2",
		"1..2", " 1", "0-99999999999999999999", "1-2-3",
	};
	unsigned int *cpus;
	size_t i, n;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!args_cpus("unit", words[i], &cpus, &n))
			UNIT_FAIL("'%s' is taken", words[i]);
		free(cpus);
	}
}

UNIT_MAIN("args")
