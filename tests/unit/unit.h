/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The harness of the unit tests: TEST(name) { CHECK(...); } and UNIT_MAIN once
 *
 * A program prints a TAP line for each test and exits with 1 if one failed.
 */
#ifndef TLBSCOPE_UNIT_H
#define TLBSCOPE_UNIT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	void (*run)(void);
	struct unit *next;
};

static struct unit *unit_first, **unit_last = &unit_first;
static bool unit_failed;
static const char *unit_skipped;

#define TEST(id)							\
	static void test_##id(void);					\
	static struct unit unit_##id = { .name = #id, .run = test_##id };\
	__attribute__((constructor)) static void unit_add_##id(void)	\
	{								\
		*unit_last = &unit_##id;				\
		unit_last = &unit_##id.next;				\
	}								\
	static void test_##id(void)

#define UNIT_FAIL(...) do {						\
	unit_failed = true;						\
	printf("# %s:%d: ", __FILE__, __LINE__);			\
	printf(__VA_ARGS__);						\
	putchar('\n');							\
} while (0)

#define CHECK(cond) do {						\
	if (!(cond))							\
		UNIT_FAIL("%s", #cond);					\
} while (0)

#define CHECK_EQ(seen, expected) do {					\
	unsigned long long seen_ = (unsigned long long)(seen);		\
	unsigned long long expected_ = (unsigned long long)(expected);	\
									\
	if (seen_ != expected_)						\
		UNIT_FAIL("%s is %#llx, not %#llx", #seen, seen_, expected_); \
} while (0)

#define CHECK_STR(seen, expected) do {					\
	const char *seen_ = (seen), *expected_ = (expected);		\
									\
	if (strcmp(seen_, expected_))					\
		UNIT_FAIL("%s is \"%s\", not \"%s\"", #seen, seen_, expected_); \
} while (0)

/* What follows makes no sense without: leave the test */
#define REQUIRE(cond) do {						\
	if (!(cond)) {							\
		UNIT_FAIL("%s", #cond);					\
		return;							\
	}								\
} while (0)

#define SKIP(reason) do {						\
	unit_skipped = (reason);					\
	return;								\
} while (0)

static inline int unit_main(const char *area)
{
	unsigned int count = 0, failed = 0;
	struct unit *u;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (u = unit_first; u; u = u->next) {
		char name[80];
		char *c;

		unit_failed = false;
		unit_skipped = NULL;
		u->run();
		snprintf(name, sizeof(name), "%s", u->name);
		for (c = name; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		failed += unit_failed;
		printf("%sok %u - %s: %s%s%s\n", unit_failed ? "not " : "", ++count,
		       area, name, unit_skipped ? " # SKIP " : "",
		       unit_skipped ? unit_skipped : "");
	}
	printf("1..%u\n", count);
	return failed > 0;
}

#define UNIT_MAIN(area) int main(void) { return unit_main(area); }

/* Random numbers that are the same in each run (xorshift64) */
static inline unsigned long long unit_random(unsigned long long *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

#endif /* TLBSCOPE_UNIT_H */
