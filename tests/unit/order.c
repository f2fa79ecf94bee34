// SPDX-License-Identifier: GPL-2.0
/* Lines of text as experiments */
#include "method.h"
#include "order.h"
#include "unit.h"

static struct order order;

/* In a buffer of just its length, so that a byte too far is caught */
static int parse_bytes(bool measured, const char *text, size_t len)
{
	static char *line;
	int ret;

	/* The order points into it, until the next one */
	free(line);
	line = malloc(len + 1);
	memcpy(line, text, len);
	line[len] = '\0';
	ret = order_parse(&order, measured, line, len);
	return ret;
}

static int parse(bool measured, const char *text)
{
	return parse_bytes(measured, text, strlen(text));
}

TEST(the_least_that_can_be_said)
{
	CHECK_EQ(parse(false, "12 invlpg 7f0000001000 0x7f0000003000\n"), 0);
	CHECK_EQ(order.whose, REQUEST_PID);
	CHECK_EQ(order.pid, 12);
	CHECK_EQ(order.method, TLBSCOPE_INVLPG);
	CHECK_EQ(order.start, 0x7f0000001000);
	CHECK_EQ(order.end, 0x7f0000003000);
	CHECK_EQ(order.flags, TLBSCOPE_CPUS_RUN);
	CHECK_EQ(order.initiator, -1);
	CHECK_EQ(order.local, TLBSCOPE_INVLPG);
	CHECK_EQ(order.times, 1);
	CHECK_EQ(parse(true, "self cr3 1000 2000"), 0);
	CHECK_EQ(order.whose, REQUEST_SELF);
	CHECK_EQ(order.times, 1000);
	CHECK_EQ(order.bystanders_start, order.bystanders_end);
}

TEST(every_option)
{
	CHECK_EQ(parse(true, "self ipi 1000 2000 samples=7 cpus=0,2-5 local=cr4-pge initiator=3 bystanders=3000-5000"), 0);
	CHECK_EQ(order.method, TLBSCOPE_IPI);
	CHECK_EQ(order.local, TLBSCOPE_CR4_PGE);
	CHECK_EQ(order.flags, 0);
	CHECK_STR(order.cpus, "0,2-5");
	CHECK_EQ(order.initiator, 3);
	CHECK_EQ(order.times, 7);
	CHECK_EQ(order.bystanders_start, 0x3000);
	CHECK_EQ(order.bystanders_end, 0x5000);
	CHECK_EQ(parse(false, "self cr3 1000 2000 repeat=9 cpus=all"), 0);
	CHECK_EQ(order.times, 9);
	CHECK_EQ(order.flags, TLBSCOPE_CPUS_ALL);
	CHECK_EQ(parse(false, "self cr3 1000 2000 cpus=run"), 0);
	CHECK_EQ(order.flags, TLBSCOPE_CPUS_RUN);
}

TEST(every_method_by_its_name)
{
	char line[80];
	int i;

	for (i = 0; i < TLBSCOPE_METHODS; i++) {
		CHECK(method_name(i));
		CHECK_EQ(method_by_name(method_name(i)), i);
		snprintf(line, sizeof(line), "self %s 1000 2000", method_name(i));
		CHECK_EQ(parse(false, line), 0);
		CHECK_EQ(order.method, i);
	}
	CHECK(!method_name(TLBSCOPE_METHODS));
	CHECK_EQ(method_by_name("invlp"), -1);
	CHECK_EQ(method_by_name("invlpgs"), -1);
	CHECK_EQ(method_by_name(""), -1);
}

TEST(methods_that_go_by_page)
{
	CHECK(method_is_by_page(TLBSCOPE_INVLPG));
	CHECK(method_is_by_page(TLBSCOPE_INVPCID_ADDRESS));
	CHECK(method_is_by_page(TLBSCOPE_INVLPGB));
	CHECK(!method_is_by_page(TLBSCOPE_INVPCID_CONTEXT));
	CHECK(!method_is_by_page(TLBSCOPE_INVPCID_ALL));
	CHECK(!method_is_by_page(TLBSCOPE_INVPCID_NONGLOBAL));
	CHECK(!method_is_by_page(TLBSCOPE_CR3));
	CHECK(!method_is_by_page(TLBSCOPE_CR4_PGE));
}

TEST(bad_lines)
{
	static const char * const bad[] = {
		"", "\n", "self", "self invlpg", "self invlpg 1000",
		"self INVLPG 1000 2000", "invlpg self 1000 2000",
		"0 invlpg 1000 2000", "-1 invlpg 1000 2000",
		"self invlpg zzz 2000", "self invlpg 1000 -2000",
		"self invlpg 1000 2000 3000", "self invlpg 1000 2000 repeat",
		"self invlpg 1000 2000 repeat=", "self invlpg 1000 2000 repeat=x",
		"self invlpg 1000 2000 repeat=-1", "self invlpg 1000 2000 =1",
		"self invlpg 1000 2000 repeat=1 repeat=1",
		"self invlpg 1000 2000 samples=1",
		"self invlpg 1000 2000 bystanders=1000-2000",
		"self ipi 1000 2000 local=", "self ipi 1000 2000 local=none",
		"self ipi 1000 2000 initiator=-1",
		"self ipi 1000 2000 initiator=99999999999",
		"self invlpg 1000 2000 repeat=4294967296",
		"self invlpg 1 2 a b c d e f g h i j k l m n o p",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(false, bad[i]) != -EINVAL)
			UNIT_FAIL("\"%s\" was taken", bad[i]);
	CHECK_EQ(parse(true, "self cr3 1000 2000 repeat=1"), -EINVAL);
	CHECK_EQ(parse(true, "self cr3 1000 2000 bystanders=3000"), -EINVAL);
	CHECK_EQ(parse(true, "self cr3 1000 2000 bystanders=-3000"), -EINVAL);
	CHECK_EQ(parse(true, "self cr3 1000 2000 bystanders=1-2-3"), -EINVAL);
}

TEST(zero_bytes)
{
	CHECK_EQ(parse_bytes(false, "self cr3 1000 2000\0", 19), -EINVAL);
	CHECK_EQ(parse_bytes(false, "self\0cr3 1000 2000", 18), -EINVAL);
}

TEST(noise_is_never_trouble)
{
	static const char * const words[] = {
		"self", "kernel", "1", "invlpg", "ipi", "cr3", "1000", "0x2000",
		"cpus=", "cpus=all", "local=cr3", "initiator=1", "repeat=2",
		"samples=3", "bystanders=1-2", "=", "-", "\n", "\t", "x",
	};
	unsigned long long seed = 42;
	char line[256];
	unsigned int i;

	for (i = 0; i < 20000; i++) {
		unsigned int n = unit_random(&seed) % 12;
		size_t len = 0;
		int ret;

		while (n-- && len < sizeof(line) - 20)
			len += (size_t)sprintf(line + len, "%s ",
				words[unit_random(&seed) % 20]);
		if (len && i % 4 == 0)
			line[unit_random(&seed) % len] = (char)unit_random(&seed);
		ret = parse_bytes(i & 1, line, len);
		CHECK(ret == 0 || ret == -EINVAL);
	}
}

UNIT_MAIN("order")
