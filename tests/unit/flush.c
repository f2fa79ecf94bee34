// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>

#include "flush-format.h"
#include "unit.h"

/* As Linux 6.1 says it */
static const char format_61[] =
"name: tlb_flush\n"
"ID: 609\n"
"format:\n"
"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
"\n"
"\tfield:int reason;\toffset:8;\tsize:4;\tsigned:1;\n"
"\tfield:unsigned long pages;\toffset:16;\tsize:8;\tsigned:0;\n"
"\n"
"print fmt: \"pages:%ld reason:%s (%d)\", REC->pages, __print_symbolic(REC->reason, "
"{ 0, \"flush on task switch\" }, { 1, \"remote shootdown\" }, "
"{ 2, \"local shootdown\" }, { 3, \"local mm shootdown\" }, "
"{ 4, \"remote ipi send\" }), REC->reason\n";

/* A tail in place of the last line */
static const char *with_tail(const char *tail)
{
	static char text[2048];
	const char *end = strstr(format_61, "print fmt");

	snprintf(text, sizeof(text), "%.*s%s", (int)(end - format_61), format_61, tail);
	return text;
}

TEST(fields_and_id)
{
	struct flush_format f;

	REQUIRE(flush_format_parse(format_61, &f));
	CHECK_EQ(f.id, 609);
	CHECK_EQ(f.reason.offset, 8);
	CHECK_EQ(f.reason.size, 4);
	CHECK_EQ(f.pages.offset, 16);
	CHECK_EQ(f.pages.size, 8);
}

TEST(names_are_the_kernel_s)
{
	struct flush_format f;

	REQUIRE(flush_format_parse(format_61, &f));
	CHECK_STR(f.name[TLBSCOPE_FLUSH_SWITCH], "flush on task switch");
	CHECK_STR(f.name[TLBSCOPE_FLUSH_REMOTE], "remote shootdown");
	CHECK_STR(f.name[TLBSCOPE_FLUSH_LOCAL], "local shootdown");
	CHECK_STR(f.name[TLBSCOPE_FLUSH_LOCAL_MM], "local mm shootdown");
	CHECK_STR(f.name[TLBSCOPE_FLUSH_SEND_IPI], "remote ipi send");
	CHECK_STR(f.name[TLBSCOPE_FLUSH_WRONG_CPU], "");
	CHECK_STR(f.name[TLBSCOPE_FLUSH_OTHER], "");
}

TEST(reasons_that_are_newer_share_a_place)
{
	struct flush_format f;

	REQUIRE(flush_format_parse(with_tail("print fmt: \"\", __print_symbolic(REC->reason, "
		"{ 0x5, \"remote wrong CPU\" }, { 6, \"seven\" }, { 77, \"x\" })"), &f));
	CHECK_STR(f.name[TLBSCOPE_FLUSH_WRONG_CPU], "remote wrong CPU");
	CHECK_STR(f.name[TLBSCOPE_FLUSH_OTHER], "other");
	CHECK_STR(f.name[TLBSCOPE_FLUSH_SWITCH], "");
}

TEST(names_that_are_not_understood_do_no_harm)
{
	static const char * const tails[] = {
		"", "print fmt: \"none\"", "print fmt: __print_symbolic(REC->reason,",
		"print fmt: __print_symbolic(REC->reason, {", "__print_symbolic(REC->reason, { 0",
		"__print_symbolic(REC->reason, { 0, \"open",
		"__print_symbolic(REC->reason, { TLB_LOCAL, \"x\" })",
		"__print_symbolic(REC->reason, { 0, \"x\"",
		"__print_symbolic(REC->reason, { 99999999999999999999999, \"x\" })",
	};
	struct flush_format f;
	size_t i;

	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		CHECK(flush_format_parse(with_tail(tails[i]), &f));
		CHECK_STR(f.name[TLBSCOPE_FLUSH_SEND_IPI], "");
	}
}

TEST(long_names_are_cut)
{
	struct flush_format f;
	char tail[256];

	snprintf(tail, sizeof(tail), "__print_symbolic(REC->reason, { 0, \"%0100d\" })", 0);
	REQUIRE(flush_format_parse(with_tail(tail), &f));
	CHECK_EQ(strlen(f.name[0]), FLUSH_REASON_LEN - 1);
}

TEST(forms_that_are_not_known_are_refused)
{
	static const char * const texts[] = {
		"", "name: tlb_flush\n", "ID: x\n", "ID: 609\n",
		"ID: 1\n\tfield:int reason;\toffset:8;\tsize:4;\tsigned:1;\n",
		"ID: 1\n\tfield:int reason;\toffset:8;\tsize:4;\tsigned:1;\n"
		"\tfield:unsigned long my_pages;\toffset:16;\tsize:8;\tsigned:0;\n",
		"ID: 1\n\tfield:int reason;\toffset:8;\tsize:2;\tsigned:1;\n"
		"\tfield:unsigned long pages;\toffset:16;\tsize:8;\tsigned:0;\n",
		"ID: 1\n\tfield:int reason",
	};
	struct flush_format f;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (flush_format_parse(texts[i], &f))
			UNIT_FAIL("taken: %s", texts[i]);
}

/* A record as the kernel lays it out */
struct raw {
	uint16_t type;
	uint8_t flags, preempt;
	int32_t pid;
	int32_t reason;
	int32_t pad;
	uint64_t pages;
};

TEST(records)
{
	struct raw raw = { .reason = 4, .pages = 33 };
	struct flush_record r;
	struct flush_format f;

	REQUIRE(flush_format_parse(format_61, &f));
	REQUIRE(flush_format_decode(&f, &raw, sizeof(raw), &r));
	CHECK_EQ(r.reason, TLBSCOPE_FLUSH_SEND_IPI);
	CHECK_EQ(r.pages, 33);
	raw.pages = ~0ULL;
	REQUIRE(flush_format_decode(&f, &raw, sizeof(raw), &r));
	CHECK_EQ(r.pages, TLBSCOPE_FLUSH_ALL);
	raw.reason = 6;
	REQUIRE(flush_format_decode(&f, &raw, sizeof(raw), &r));
	CHECK_EQ(r.reason, TLBSCOPE_FLUSH_OTHER);
	raw.reason = -1;
	REQUIRE(flush_format_decode(&f, &raw, sizeof(raw), &r));
	CHECK_EQ(r.reason, TLBSCOPE_FLUSH_OTHER);
}

TEST(pages_of_four_bytes)
{
	struct raw raw = { .reason = 1, .pad = -1 };
	struct flush_record r;
	struct flush_format f;

	REQUIRE(flush_format_parse(format_61, &f));
	f.pages = (struct flush_field){ .offset = 12, .size = 4 };
	REQUIRE(flush_format_decode(&f, &raw, sizeof(raw), &r));
	CHECK_EQ(r.pages, TLBSCOPE_FLUSH_ALL);
}

TEST(records_that_are_too_short)
{
	struct raw raw = { .reason = 1 };
	struct flush_record r;
	struct flush_format f;
	size_t size;

	REQUIRE(flush_format_parse(format_61, &f));
	for (size = 0; size < 24; size++)
		CHECK(!flush_format_decode(&f, &raw, size, &r));
	CHECK(flush_format_decode(&f, &raw, 24, &r));
	f.pages.offset = ~0u;
	CHECK(!flush_format_decode(&f, &raw, sizeof(raw), &r));
}

UNIT_MAIN("flush")
