// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "fixture.h"
#include "mapping.h"
#include "unit.h"

TEST(header_lines)
{
	struct mapping m;

	CHECK(mapping_parse_header("55d0a000-55d0c000 r-xp 00002000 08:01 1234 /bin/true", &m));
	CHECK_EQ(m.start, 0x55d0a000);
	CHECK_EQ(m.end, 0x55d0c000);
	CHECK(!m.no_access);
	CHECK_EQ(m.page_size, 0);
	CHECK(mapping_parse_header("7f0000000000-7f0000001000 ---p 00000000 00:00 0 ", &m));
	CHECK(m.no_access);
	CHECK(mapping_parse_header("7f0000000000-7f0000001000 ---s 00000000 00:00 0", &m));
	CHECK(m.no_access);
	CHECK(mapping_parse_header("7f0000000000-7f0000001000 --xp 00000000 00:00 0", &m));
	CHECK(!m.no_access);
}

TEST(header_of_the_highest_mapping)
{
	struct mapping m;

	CHECK(mapping_parse_header("ffffffffff600000-ffffffffff601000 --xp 0 00:00 0 [vsyscall]",
				   &m));
	CHECK_EQ(m.start, 0xffffffffff600000ULL);
	CHECK(mapping_parse_header("ff00000000000000-fffffffffffff000 rw-p 0 00:00 0", &m));
}

TEST(headers_with_odd_names)
{
	static const char * const lines[] = {
		"1000-2000 rw-p 00000000 00:00 0 /tmp/new\\012line",
		"1000-2000 rw-p 00000000 00:00 0 /tmp/gone (deleted)",
		"1000-2000 rw-p 00000000 00:00 0 /tmp/with blanks  and-3000-4000 r",
		"1000-2000 rw-p 00000000 00:00 0 [anon:Rss:    4 kB]",
		"1000-2000 rw-p 00000000 00:00 0 /tmp/\xff\xfe",
		"1000-2000 rw-p",
	};
	struct mapping m;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CHECK(mapping_parse_header(lines[i], &m));
		CHECK_EQ(m.start, 0x1000);
		CHECK_EQ(m.end, 0x2000);
	}
}

TEST(lines_that_are_no_headers)
{
	static const char * const lines[] = {
		"", "-", "1000", "1000-", "1000-2000", "1000-2000 ", "1000-2000 r",
		"-2000 rw-p", "1000- rw-p", "2000-1000 rw-p", "1000-1000 rw-p",
		" 1000-2000 rw-p", "0x1000-0x2000 rw-p", "1000 -2000 rw-p",
		"A000-B000 rw-p", "10000000000000000-10000000000001000 rw-p",
		"Rss:                   4 kB", "VmFlags: rd wr", "ProtectionKey:         0",
		"face: 4 kB", "ab-cd:     4 kB",
	};
	struct mapping m;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (mapping_parse_header(lines[i], &m))
			UNIT_FAIL("taken for a header: \"%s\"", lines[i]);
}

TEST(fields)
{
	struct mapping m = { 0 };

	mapping_parse_field("Size:                132 kB", &m);
	mapping_parse_field("KernelPageSize:     2048 kB", &m);
	mapping_parse_field("MMUPageSize:           4 kB", &m);
	mapping_parse_field("Rss:                 128 kB", &m);
	mapping_parse_field("AnonHugePages:      2048 kB", &m);
	mapping_parse_field("ShmemPmdMapped:     4096 kB", &m);
	mapping_parse_field("FilePmdMapped:      6144 kB", &m);
	mapping_parse_field("THPeligible:           1", &m);
	mapping_parse_field("VmFlags: rd wr mr mw me ac sd ", &m);
	CHECK_EQ(m.page_size, 2 << 20);
	CHECK_EQ(m.rss, 128 << 10);
	CHECK_EQ(m.pmd_mapped, 12 << 20);
	CHECK(!m.no_pages);
	mapping_parse_field("VmFlags: rd ex mr mw me de pf io", &m);
	CHECK(m.no_pages);
}

TEST(fields_that_cannot_be_understood_say_nothing)
{
	static const char * const lines[] = {
		"Rss:", "Rss: ", "Rss: kB", "Rss: 4", "Rss: 4 MB", "Rss: 4kB",
		"Rss: 4 kB more", "Rss: 0x4 kB", "Rss 4 kB", "Rsss: 4 kB", "RSS: 4 kB",
		"Rss: 18446744073709551616 kB", "Rss: 18446744073709551615 kB",
		"Rss: -4 kB", "Rss: 99999999999999999999999999 kB",
	};
	struct mapping m = { 0 };
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		mapping_parse_field(lines[i], &m);
		if (m.rss)
			UNIT_FAIL("understood: \"%s\"", lines[i]);
		m.rss = 0;
	}
}

static int open_text(struct mappings *m, const char *text)
{
	int dir = fixture_make("maps", text, strlen(text));
	int err;

	m->fd = -1;
	err = mappings_open(m, dir, "maps");
	fixture_remove(dir, "maps");
	return err;
}

TEST(a_file_of_maps)
{
	static struct mappings m;
	struct mapping mapping;

	REQUIRE(!open_text(&m, "1000-2000 rw-p 00000000 00:00 0 [heap]\n"
			       "3000-5000 ---p 00000000 00:00 0 \n"));
	CHECK_EQ(mappings_next(&m, &mapping), 1);
	CHECK_EQ(mapping.start, 0x1000);
	CHECK_EQ(mappings_next(&m, &mapping), 1);
	CHECK_EQ(mapping.end, 0x5000);
	CHECK(mapping.no_access);
	CHECK_EQ(mappings_next(&m, &mapping), 0);
	CHECK_EQ(mappings_next(&m, &mapping), 0);
	mappings_close(&m);
}

static const char smaps[] =
	"1000-2000 rw-p 00000000 00:00 0 [heap]\n"
	"KernelPageSize:        4 kB\n"
	"Rss:                   4 kB\n"
	"VmFlags: rd wr\n"
	"400000-800000 rw-s 00000000 00:0e 7 /anon_hugepage (deleted)\n"
	"Rss:                   0 kB\n"
	"KernelPageSize:     2048 kB\n"
	"SomethingNew:       here 12 13\n"
	"900000-a00000 r--p 00000000 00:00 0 /tmp/new\\012line\n"
	"VmFlags: rd pf\n";

TEST(a_file_of_smaps)
{
	static struct mappings m;
	struct mapping mapping;

	REQUIRE(!open_text(&m, smaps));
	CHECK_EQ(mappings_next(&m, &mapping), 1);
	CHECK_EQ(mapping.page_size, 4096);
	CHECK_EQ(mapping.rss, 4096);
	CHECK_EQ(mappings_next(&m, &mapping), 1);
	CHECK_EQ(mapping.start, 0x400000);
	CHECK_EQ(mapping.page_size, 2 << 20);
	CHECK_EQ(mapping.rss, 0);
	CHECK(!mapping.no_pages);
	CHECK_EQ(mappings_next(&m, &mapping), 1);
	CHECK_EQ(mapping.page_size, 0);
	CHECK(mapping.no_pages);
	CHECK_EQ(mappings_next(&m, &mapping), 0);
	mappings_close(&m);
}

TEST(find_by_address)
{
	static struct mappings m;
	struct mapping mapping;

	REQUIRE(!open_text(&m, smaps));
	CHECK_EQ(mappings_find(&m, 0x2000, &mapping), 1);
	CHECK_EQ(mapping.start, 0x400000);
	mappings_close(&m);
	REQUIRE(!open_text(&m, smaps));
	CHECK_EQ(mappings_find(&m, 0x5ff000, &mapping), 1);
	CHECK_EQ(mapping.start, 0x400000);
	/* Not in any: the next one above */
	CHECK_EQ(mappings_find(&m, 0x800000, &mapping), 1);
	CHECK_EQ(mapping.start, 0x900000);
	CHECK_EQ(mappings_find(&m, 0xa00000, &mapping), 0);
	mappings_close(&m);
}

TEST(an_empty_file)
{
	static struct mappings m;
	struct mapping mapping;

	REQUIRE(!open_text(&m, ""));
	CHECK_EQ(mappings_next(&m, &mapping), 0);
	mappings_close(&m);
}

TEST(no_file)
{
	static struct mappings m = { .fd = -1 };

	CHECK_EQ(mappings_open(&m, AT_FDCWD, "/nonexistent"), -ESRCH);
	mappings_close(&m);
}

/* Lines longer than any buffer, and headers at every place in the buffer */
TEST(very_long_names)
{
	static struct mappings m;
	static char text[300000];
	struct mapping mapping;
	size_t at = 0, i;

	for (i = 1; i <= 8; i++) {
		at += sprintf(text + at, "%zx000-%zx800 rw-p 00000000 00:00 0 /", i, i);
		memset(text + at, 'n', 4099 * i);
		at += 4099 * i;
		at += sprintf(text + at, " 9000-a000 rw-p\nRss: %zu kB\n", i);
	}
	REQUIRE(!open_text(&m, text));
	for (i = 1; i <= 8; i++) {
		CHECK_EQ(mappings_next(&m, &mapping), 1);
		CHECK_EQ(mapping.start, i << 12);
		CHECK_EQ(mapping.rss, i << 10);
	}
	CHECK_EQ(mappings_next(&m, &mapping), 0);
	mappings_close(&m);
}

/* What the parser sees, byte by byte of nonsense, must not upset it */
TEST(random_text)
{
	static const char letters[] = "0123456789abcdef-: rwxpkB\nRsVmFlags";
	unsigned long long seed = 0x5eed;
	static struct mappings m;
	static char text[2000];
	struct mapping mapping;
	unsigned int i, k;

	for (i = 0; i < 50; i++) {
		for (k = 0; k < sizeof(text) - 1; k++)
			text[k] = letters[unit_random(&seed) % (sizeof(letters) - 1)];
		REQUIRE(!open_text(&m, text));
		while (mappings_next(&m, &mapping) > 0)
			CHECK(mapping.start < mapping.end);
		mappings_close(&m);
	}
}

TEST(the_own_process)
{
	static struct mappings m = { .fd = -1 };
	uint64_t here = (uintptr_t)&m, last = 0;
	struct mapping mapping;
	unsigned int found = 0;
	int dir = open("/proc/self", O_RDONLY | O_DIRECTORY);

	REQUIRE(!mappings_open(&m, dir, "smaps"));
	while (mappings_next(&m, &mapping) > 0) {
		CHECK(mapping.start >= last);
		last = mapping.end;
		if (mapping.start <= here && here < mapping.end) {
			found++;
			CHECK_EQ(mapping.page_size, 4096);
			CHECK(mapping.rss >= 4096);
		}
	}
	CHECK_EQ(found, 1);
	mappings_close(&m);
	close(dir);
}

UNIT_MAIN("mapping")
