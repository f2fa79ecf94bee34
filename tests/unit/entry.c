// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>
#include <stdlib.h>

#include "entry.h"
#include "unit.h"

static const struct tlbscope_format format = {
	.frame = 0x000ffffffffff000ULL,
	.special = 1ULL << 9,
	.uffd_wp = 1ULL << 10,
	.soft_dirty = 1ULL << 11,
	.devmap = 1ULL << 57,
	.saved_dirty = 1ULL << 58,
};

/* As with AMD SEV: bit 51 says that memory is encrypted */
static const struct tlbscope_format encrypting = {
	.frame = 0x0007fffffffff000ULL,
	.encrypted = 1ULL << 51,
	.special = 1ULL << 9,
	.uffd_wp = 1ULL << 10,
	.soft_dirty = 1ULL << 11,
	.devmap = 1ULL << 57,
	.saved_dirty = 1ULL << 58,
};

#define RW_USER		0x67ULL		/* present write user accessed dirty */
#define FRAME		0x123456789000ULL

static const char *flags_of(uint64_t entry, unsigned int level)
{
	static char buf[ENTRY_FLAGS_LEN];

	entry_flags(buf, sizeof(buf), entry, level, &format);
	return buf;
}

TEST(states)
{
	unsigned int level;

	for (level = 1; level <= 5; level++)
		CHECK_EQ(entry_state(0, level), TLBSCOPE_NONE);
	CHECK_EQ(entry_state(FRAME | RW_USER, 1), TLBSCOPE_LEAF);
	CHECK_EQ(entry_state(FRAME | RW_USER | ENTRY_PAT_4K, 1), TLBSCOPE_LEAF);
	CHECK_EQ(entry_state(FRAME | RW_USER, 2), TLBSCOPE_TABLE);
	CHECK_EQ(entry_state(FRAME | RW_USER | ENTRY_PSE, 2), TLBSCOPE_LEAF);
	CHECK_EQ(entry_state(FRAME | RW_USER | ENTRY_PSE, 3), TLBSCOPE_LEAF);
	CHECK_EQ(entry_state(FRAME | RW_USER | ENTRY_PSE, 4), TLBSCOPE_TABLE);
	CHECK_EQ(entry_state(FRAME | RW_USER, 5), TLBSCOPE_TABLE);
	CHECK_EQ(entry_state(FRAME | ENTRY_PROTNONE, 1), TLBSCOPE_PROTNONE);
	CHECK_EQ(entry_state(FRAME | ENTRY_PROTNONE | ENTRY_PSE, 2), TLBSCOPE_PROTNONE);
	CHECK_EQ(entry_state(FRAME | ENTRY_PSE, 2), TLBSCOPE_SPLITTING);
	CHECK_EQ(entry_state(FRAME | ENTRY_PSE, 3), TLBSCOPE_SPLITTING);
	CHECK_EQ(entry_state(FRAME | ENTRY_PSE, 1), TLBSCOPE_UNKNOWN);
	CHECK_EQ(entry_state(0x123456000ULL, 1), TLBSCOPE_UNKNOWN);
}

TEST(rights)
{
	const unsigned int rx = TLBSCOPE_MAY_READ | TLBSCOPE_MAY_EXEC;

	CHECK_EQ(entry_rights(ENTRY_PRESENT), rx);
	CHECK_EQ(entry_rights(ENTRY_PRESENT | ENTRY_NX), TLBSCOPE_MAY_READ);
	CHECK_EQ(entry_rights(ENTRY_PRESENT | ENTRY_WRITE), rx | TLBSCOPE_MAY_WRITE);
	CHECK_EQ(entry_rights(ENTRY_PRESENT | ENTRY_USER), rx | TLBSCOPE_MAY_USER);
	CHECK_EQ(entry_rights(FRAME | 0xff9), rx);
}

TEST(physical_address_of_a_page)
{
	CHECK_EQ(entry_phys(FRAME | RW_USER | ENTRY_NX, 1, &format), FRAME);
	/* PAT, software bits and the protection key are not the frame's */
	CHECK_EQ(entry_phys(0xfff0000000000fffULL | FRAME, 1, &format), FRAME);
}

TEST(physical_address_of_a_huge_page)
{
	/* Bit 12 is PAT, and the others below the page's size count for nothing */
	CHECK_EQ(entry_phys(0x1234567ff000ULL | RW_USER | ENTRY_PSE, 2, &format),
		 0x123456600000ULL);
	CHECK_EQ(entry_phys(0x12347ffff000ULL | RW_USER | ENTRY_PSE, 3, &format),
		 0x123440000000ULL);
}

TEST(physical_address_of_a_table)
{
	unsigned int level;

	for (level = 2; level <= 5; level++)
		CHECK_EQ(entry_phys(FRAME | RW_USER, level, &format), FRAME);
	/* At levels 4 and 5 bit 7 is reserved, not "this is a leaf" */
	CHECK_EQ(entry_phys(FRAME | RW_USER | ENTRY_PSE, 4, &format), FRAME);
}

TEST(prot_none_holds_the_inverted_frame)
{
	uint64_t inverted = ~FRAME & format.frame;

	CHECK_EQ(entry_phys(inverted | ENTRY_PROTNONE, 1, &format), FRAME);
	CHECK_EQ(entry_phys((~0x123456600000ULL & format.frame) | ENTRY_PROTNONE |
			    ENTRY_PSE, 2, &format), 0x123456600000ULL);
	CHECK_EQ(entry_normal(inverted | ENTRY_PROTNONE, &format), FRAME | ENTRY_PROTNONE);
	CHECK_EQ(entry_normal(0, &format), 0);
	CHECK_EQ(entry_normal(FRAME | 1, &format), FRAME | 1);
}

TEST(encryption_bit_is_not_the_frame_s)
{
	char buf[ENTRY_FLAGS_LEN];
	uint64_t entry = FRAME | encrypting.encrypted | RW_USER;

	CHECK_EQ(entry_phys(entry, 1, &encrypting), FRAME);
	entry_flags(buf, sizeof(buf), entry, 1, &encrypting);
	CHECK_STR(buf, "present write user accessed dirty encrypted");
	/* Inversion leaves it alone */
	CHECK_EQ(entry_phys(((FRAME ^ encrypting.frame) | encrypting.encrypted |
			     ENTRY_PROTNONE), 1, &encrypting), FRAME);
}

TEST(flags_of_leaves)
{
	CHECK_STR(flags_of(FRAME | 1, 1), "present");
	CHECK_STR(flags_of(FRAME | RW_USER | ENTRY_NX, 1),
		  "present write user accessed dirty nx");
	CHECK_STR(flags_of(FRAME | RW_USER | ENTRY_PAT_4K, 1),
		  "present write user accessed dirty pat");
	CHECK_STR(flags_of(0x123456600000ULL | RW_USER | ENTRY_PSE | ENTRY_PAT_HUGE, 2),
		  "present write user accessed dirty huge pat");
	CHECK_STR(flags_of(0x123456600000ULL | RW_USER | ENTRY_PSE, 3),
		  "present write user accessed dirty huge");
	CHECK_STR(flags_of(FRAME | 0x163, 1), "present write accessed dirty global");
	CHECK_STR(flags_of(FRAME | 0x3f, 1),
		  "present write user pwt pcd accessed");
}

TEST(flags_of_tables)
{
	/* Dirty, global and the software bits mean nothing there */
	CHECK_STR(flags_of(FRAME | RW_USER | ENTRY_GLOBAL | format.special, 4),
		  "present write user accessed");
	CHECK_STR(flags_of(FRAME | RW_USER | ENTRY_PKEY, 3), "present write user accessed");
	CHECK_STR(flags_of(FRAME | RW_USER | ENTRY_NX, 5), "present write user accessed nx");
}

TEST(flags_of_what_is_not_present)
{
	CHECK_STR(flags_of(0, 1), "");
	CHECK_STR(flags_of(0x123456000ULL, 1), "");
	CHECK_STR(flags_of(~ENTRY_PRESENT & ~ENTRY_PROTNONE, 1), "");
	/* Of PROT_NONE bit 8 is what makes it so, not "global" */
	CHECK_STR(flags_of((FRAME ^ format.frame) | 0x166, 1), "write user accessed dirty");
	/* and its inverted frame's bit 12 is not PAT */
	CHECK_STR(flags_of((0x200000ULL ^ format.frame) | ENTRY_PROTNONE | ENTRY_PSE, 2),
		  "huge");
}

TEST(protection_keys)
{
	char expected[32];
	uint64_t key;

	CHECK_STR(flags_of(FRAME | 1, 1), "present");
	for (key = 1; key < 16; key++) {
		sprintf(expected, "present pkey%u", (unsigned int)key);
		CHECK_STR(flags_of(FRAME | 1 | key << 59, 1), expected);
	}
}

TEST(every_word_fits)
{
	char small[ENTRY_FLAGS_LEN], large[4096];
	struct tlbscope_format f = encrypting;
	unsigned int level, key;
	size_t longest = 0;

	for (level = 1; level <= 5; level++)
		for (key = 0; key < 16; key++) {
			uint64_t entry = (~0ULL & ~ENTRY_PKEY) | (uint64_t)key << 59;
			size_t n = entry_flags(large, sizeof(large), entry, level, &f);

			CHECK_EQ(entry_flags(small, sizeof(small), entry, level, &f), n);
			CHECK_STR(small, large);
			CHECK_EQ(strlen(large), n);
			longest = n > longest ? n : longest;
		}
	CHECK(longest > 100);
}

TEST(words_that_do_not_fit_are_left_out_whole)
{
	char all[ENTRY_FLAGS_LEN];
	size_t len;

	entry_flags(all, sizeof(all), ~0ULL, 1, &format);
	for (len = 1; len <= sizeof(all); len++) {
		/* On the heap, so that a byte too far is found */
		char *buf = malloc(len);
		size_t n = entry_flags(buf, len, ~0ULL, 1, &format);

		CHECK(n < len);
		CHECK_EQ(buf[n], '\0');
		CHECK(!n || buf[n - 1] != ' ');
		CHECK_EQ(strlen(buf), n);
		free(buf);
	}
}

TEST(level_names)
{
	CHECK_STR(entry_level_name(1, 4), "PTE");
	CHECK_STR(entry_level_name(2, 4), "PMD");
	CHECK_STR(entry_level_name(3, 4), "PUD");
	CHECK_STR(entry_level_name(4, 4), "PGD");
	CHECK_STR(entry_level_name(4, 5), "P4D");
	CHECK_STR(entry_level_name(5, 5), "PGD");
	CHECK_STR(entry_level_name(0, 4), "?");
	CHECK_STR(entry_level_name(0, 0), "?");
	CHECK_STR(entry_level_name(6, 5), "?");
}

TEST(state_names)
{
	unsigned int a, b;

	for (a = 0; a < TLBSCOPE_STATES; a++)
		for (b = 0; b < a; b++)
			CHECK(strcmp(entry_state_name(a), entry_state_name(b)));
	CHECK_STR(entry_state_name(TLBSCOPE_STATES), "unknown");
	CHECK_STR(entry_state_name(-1), "unknown");
}

TEST(canonical_with_4_levels)
{
	CHECK(entry_canonical(0, 4));
	CHECK(entry_canonical(0x00007fffffffffffULL, 4));
	CHECK(!entry_canonical(0x0000800000000000ULL, 4));
	CHECK(!entry_canonical(0xffff7fffffffffffULL, 4));
	CHECK(entry_canonical(0xffff800000000000ULL, 4));
	CHECK(entry_canonical(~0ULL, 4));
	CHECK(!entry_canonical(1ULL << 63, 4));
}

TEST(canonical_with_5_levels)
{
	CHECK(entry_canonical(0x0000800000000000ULL, 5));
	CHECK(entry_canonical(0x00ffffffffffffffULL, 5));
	CHECK(!entry_canonical(0x0100000000000000ULL, 5));
	CHECK(!entry_canonical(0xfeffffffffffffffULL, 5));
	CHECK(entry_canonical(0xff00000000000000ULL, 5));
	CHECK(entry_canonical(~0ULL, 5));
}

TEST(indexes_and_spans)
{
	uint64_t address = 5ULL << 48 | 4ULL << 39 | 3ULL << 30 | 2ULL << 21 | 1 << 12 | 7;

	CHECK_EQ(entry_index(address, 1), 1);
	CHECK_EQ(entry_index(address, 2), 2);
	CHECK_EQ(entry_index(address, 3), 3);
	CHECK_EQ(entry_index(address, 4), 4);
	CHECK_EQ(entry_index(address, 5), 5);
	CHECK_EQ(entry_index(~0ULL, 5), 511);
	CHECK_EQ(entry_span(1), 4096);
	CHECK_EQ(entry_span(2), 2 << 20);
	CHECK_EQ(entry_span(3), 1 << 30);
	CHECK_EQ(entry_span(5), 1ULL << 48);
}

/*
 * The same once more, as plainly as can be: bit by bit, without masks. Words
 * are compared as sets.
 */
static bool bit(uint64_t entry, unsigned int n)
{
	while (n--)
		entry /= 2;
	return entry % 2;
}

static enum tlbscope_state naive_state(uint64_t entry, unsigned int level)
{
	if (bit(entry, 0)) {
		if (level == 1)
			return TLBSCOPE_LEAF;
		if (level <= 3 && bit(entry, 7))
			return TLBSCOPE_LEAF;
		return TLBSCOPE_TABLE;
	}
	if (entry == 0)
		return TLBSCOPE_NONE;
	if (bit(entry, 8))
		return TLBSCOPE_PROTNONE;
	if ((level == 2 || level == 3) && bit(entry, 7))
		return TLBSCOPE_SPLITTING;
	return TLBSCOPE_UNKNOWN;
}

static unsigned int naive_rights(uint64_t entry)
{
	unsigned int rights = 0;

	if (bit(entry, 0))
		rights += TLBSCOPE_MAY_READ;
	if (bit(entry, 1))
		rights += TLBSCOPE_MAY_WRITE;
	if (bit(entry, 2))
		rights += TLBSCOPE_MAY_USER;
	if (!bit(entry, 63))
		rights += TLBSCOPE_MAY_EXEC;
	return rights;
}

static uint64_t naive_phys(uint64_t entry, unsigned int level)
{
	unsigned int lowest = 12, n;
	uint64_t phys = 0;

	if (level == 2 && (bit(entry, 7) || !bit(entry, 0)))
		lowest = 21;
	if (level == 3 && (bit(entry, 7) || !bit(entry, 0)))
		lowest = 30;
	for (n = lowest; n < 52; n++)
		if (bit(entry, n) != (!bit(entry, 0) && entry))
			phys += 1ULL << n;
	return phys;
}

static void naive_flags(char *buf, uint64_t entry, unsigned int level)
{
	enum tlbscope_state state = naive_state(entry, level);
	bool table = state == TLBSCOPE_TABLE, leaf = state == TLBSCOPE_LEAF;
	bool pte = level == 1;
	unsigned int key = bit(entry, 59) + 2 * bit(entry, 60) + 4 * bit(entry, 61) +
			   8 * bit(entry, 62);

	*buf = '\0';
	if (state == TLBSCOPE_NONE || state == TLBSCOPE_UNKNOWN)
		return;
#define WORD(cond, word) do { if (cond) strcat(buf, word " "); } while (0)
	WORD(bit(entry, 0), "present");
	WORD(bit(entry, 1), "write");
	WORD(bit(entry, 2), "user");
	WORD(bit(entry, 3), "pwt");
	WORD(bit(entry, 4), "pcd");
	WORD(bit(entry, 5), "accessed");
	WORD(bit(entry, 6) && !table, "dirty");
	WORD(bit(entry, 7) && pte, "pat");
	WORD(bit(entry, 7) && !pte && !table, "huge");
	/* PROT_NONE of a huge page without its bit is not known to Linux */
	WORD(bit(entry, 8) && leaf, "global");
	WORD(bit(entry, 12) && !pte && leaf, "pat");
	WORD(bit(entry, 9) && !table, "special");
	WORD(bit(entry, 10) && !table, "uffd-wp");
	WORD(bit(entry, 11) && !table, "soft-dirty");
	WORD(bit(entry, 57) && !table, "devmap");
	WORD(bit(entry, 58) && !table, "saved-dirty");
	WORD(bit(entry, 63), "nx");
#undef WORD
	if (key && !table)
		sprintf(buf + strlen(buf), "pkey%u ", key);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_words(char *buf)
{
	char copy[512], *word[32], *save;
	size_t n = 0, i;

	snprintf(copy, sizeof(copy), "%s", buf);
	for (word[n] = strtok_r(copy, " ", &save); word[n];
	     word[n] = strtok_r(NULL, " ", &save))
		n++;
	qsort(word, n, sizeof(word[0]), by_name);
	*buf = '\0';
	for (i = 0; i < n; i++)
		strcat(strcat(buf, word[i]), " ");
}

/* Entries as they are met: few bits, all bits, and those in between */
static uint64_t random_entry(unsigned long long *seed)
{
	uint64_t entry = unit_random(seed);

	switch (unit_random(seed) % 4) {
	case 0:
		return entry & unit_random(seed) & unit_random(seed);
	case 1:
		return entry | unit_random(seed) | unit_random(seed);
	case 2:
		return entry & ~1ULL;
	default:
		return entry;
	}
}

TEST(agrees_with_a_naive_decoder)
{
	unsigned long long seed = 0x7ab1e5c09eULL;
	unsigned int i;

	for (i = 0; i < 100000 && !unit_failed; i++) {
		uint64_t entry = random_entry(&seed);
		unsigned int level = 1 + i % 5;
		char seen[512], expected[512];

		CHECK_EQ(entry_state(entry, level), naive_state(entry, level));
		CHECK_EQ(entry_phys(entry, level, &format), naive_phys(entry, level));
		CHECK_EQ(entry_rights(entry), naive_rights(entry));
		entry_flags(seen, sizeof(seen), entry, level, &format);
		naive_flags(expected, entry, level);
		sort_words(seen);
		sort_words(expected);
		CHECK_STR(seen, expected);
		if (unit_failed)
			printf("# entry %#llx level %u\n", (unsigned long long)entry, level);
	}
}

static bool naive_canonical(uint64_t address, unsigned int levels)
{
	unsigned int top = 12 + 9 * levels - 1, n;

	for (n = top; n < 64; n++)
		if (bit(address, n) != bit(address, top))
			return false;
	return true;
}

TEST(canonical_agrees_with_a_naive_check)
{
	unsigned long long seed = 42;
	unsigned int i;

	for (i = 0; i < 100000 && !unit_failed; i++) {
		/* Most have long runs of equal bits at the top */
		int64_t address = (int64_t)unit_random(&seed) >> (i % 30);

		CHECK_EQ(entry_canonical(address, 4), naive_canonical(address, 4));
		CHECK_EQ(entry_canonical(address, 5), naive_canonical(address, 5));
	}
}

UNIT_MAIN("entry")
