// SPDX-License-Identifier: GPL-2.0
/* Lines of text as requests, and the bounds that every request is held to */
#include "request.h"
#include "unit.h"

static struct request request;

/* In a buffer of just its length, so that a byte too far is caught */
static int parse_bytes(enum request_kind kind, const char *text, size_t len,
		       unsigned int levels)
{
	char *line = malloc(len + 1);
	int ret;

	memcpy(line, text, len);
	line[len] = '\0';
	ret = request_parse(&request, kind, line, len, levels);
	free(line);
	return ret;
}

static int parse(enum request_kind kind, const char *text)
{
	return parse_bytes(kind, text, strlen(text), 4);
}

TEST(walk_of_a_pid)
{
	CHECK_EQ(parse(REQUEST_WALK, "12 7f0000001000\n"), 0);
	CHECK_EQ(request.whose, REQUEST_PID);
	CHECK_EQ(request.pid, 12);
	CHECK_EQ(request.start, 0x7f0000001000);
	CHECK_EQ(request.flags, 0);
}

TEST(hexadecimal_with_and_without_its_prefix)
{
	CHECK_EQ(parse(REQUEST_WALK, "self 400000"), 0);
	CHECK_EQ(request.start, 0x400000);
	CHECK_EQ(parse(REQUEST_WALK, "self 0x400000"), 0);
	CHECK_EQ(request.start, 0x400000);
}

TEST(spaces_and_options)
{
	CHECK_EQ(parse(REQUEST_RANGES, "  self \t1000  3000 all  unmerged user\n"), 0);
	CHECK_EQ(request.whose, REQUEST_SELF);
	CHECK_EQ(request.start, 0x1000);
	CHECK_EQ(request.last, 0x2fff);
	CHECK_EQ(request.flags, TLBSCOPE_RANGES_ALL | TLBSCOPE_RANGES_UNMERGED |
				TLBSCOPE_USER_ROOT);
}

TEST(default_bounds)
{
	CHECK_EQ(parse(REQUEST_TABLES, "self"), 0);
	CHECK_EQ(request.start, 0);
	CHECK_EQ(request.last, 0x7fffffffffff);
	CHECK_EQ(parse(REQUEST_TABLES, "self 5000"), 0);
	CHECK_EQ(request.start, 0x5000);
	CHECK_EQ(request.last, 0x7fffffffffff);
	CHECK_EQ(parse(REQUEST_RANGES, "kernel"), 0);
	CHECK_EQ(request.start, 0xffff800000000000);
	CHECK_EQ(request.last, ~0ULL);
	CHECK_EQ(parse(REQUEST_RANGES, "self ffffffff80000000"), 0);
	CHECK_EQ(request.last, ~0ULL);
	CHECK_EQ(parse_bytes(REQUEST_RANGES, "kernel", 6, 5), 0);
	CHECK_EQ(request.start, 0xff00000000000000);
}

TEST(five_levels_reach_further)
{
	static const char high[] = "self 80000000000000";

	CHECK_EQ(parse(REQUEST_WALK, high), -EINVAL);
	CHECK_EQ(parse_bytes(REQUEST_WALK, high, strlen(high), 5), 0);
}

TEST(bad_lines)
{
	static const char * const bad[] = {
		"", "\n", "   ", "self", "0 1000", "-1 1000", "+1 1000",
		"2147483648 1000", "99999999999999999999 1000", "1x 1000",
		"Self 1000", "self zzz", "self 1000 2000", "self 1000 all",
		"self 800000000000", "self 7fffffffffffffff",
		"self 10000000000000000", "self -1000", "self 0x", "kernel 1000",
		"self 1000 user extra", "self 1 2 3 4 5 6 7 8 9",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(REQUEST_WALK, bad[i]) != -EINVAL)
			UNIT_FAIL("\"%s\" was taken", bad[i]);
}

TEST(bad_bounds)
{
	static const char * const bad[] = {
		"self 2000 1000", "self 1000 1000", "self 1001 2000",
		"self 1000 2001", "self 1000 0", "self 0 800000001000",
		"kernel 0 1000", "self 1000 2000 3000", "self all 1000",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(REQUEST_RANGES, bad[i]) != -EINVAL)
			UNIT_FAIL("\"%s\" was taken", bad[i]);
	CHECK_EQ(parse(REQUEST_TABLES, "self unmerged"), -EINVAL);
	CHECK_EQ(parse(REQUEST_WALK, "self 1000 unmerged"), -EINVAL);
}

TEST(zero_bytes)
{
	CHECK_EQ(parse_bytes(REQUEST_WALK, "self\0 1000", 10, 4), -EINVAL);
	CHECK_EQ(parse_bytes(REQUEST_WALK, "self 1000\0", 10, 4), -EINVAL);
	CHECK_EQ(parse_bytes(REQUEST_WALK, "\0", 1, 4), -EINVAL);
}

TEST(bounds_of_structs)
{
	__u64 last;

	CHECK_EQ(request_bounds(0, 0x1000, 4, &last), 0);
	CHECK_EQ(last, 0xfff);
	CHECK_EQ(request_bounds(0, 0x800000000000, 4, &last), 0);
	CHECK_EQ(request_bounds(0, ~0ULL, 4, &last), 0);
	CHECK_EQ(last, ~0ULL);
	CHECK_EQ(request_bounds(0x1000, 0xffffffffff600000, 4, &last), 0);
	CHECK_EQ(request_bounds(0, 0, 4, &last), -EINVAL);
	CHECK_EQ(request_bounds(0x1000, 0x1000, 4, &last), -EINVAL);
	CHECK_EQ(request_bounds(0x800000000000, 0x800000001000, 4, &last), -EINVAL);
	CHECK_EQ(request_bounds(0, 0xfffffffffffffffe, 4, &last), -EINVAL);
}

TEST(noise_is_never_trouble)
{
	static const char alphabet[] = "self kernl0x19f\n\t-alunmergd";
	unsigned long long seed = 42;
	char line[REQUEST_LINE_MAX];
	unsigned int i, k;

	for (i = 0; i < 20000; i++) {
		size_t len = unit_random(&seed) % sizeof(line);
		int ret;

		for (k = 0; k < len; k++)
			line[k] = i & 1 ? alphabet[unit_random(&seed) %
						   (sizeof(alphabet) - 1)] :
					  (char)unit_random(&seed);
		ret = parse_bytes(i % 3, line, len, 4 + i % 2);
		CHECK(ret == 0 || ret == -EINVAL);
	}
}

UNIT_MAIN("request")
