// SPDX-License-Identifier: GPL-2.0
/*
 * How a scheme splits an address, and what its tables cost: arithmetic alone,
 * no process and no CPU is asked.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "mem.h"
#include "out.h"
#include "paging.h"
#include "split.h"
#include "table.h"

#define MAX_LEVELS	5
#define MIB		(1ULL << 20)
#define GIB		(1ULL << 30)

/**
 * struct scheme - one way to translate
 * @name: on the command line
 * @title: for people
 * @address_bits: that are translated
 * @entry_bytes: of one entry
 * @levels: of tables
 * @level: their names and the bits of their indexes, the root first
 * @offset_bits: within a page
 */
struct scheme {
	const char *name;
	const char *title;
	unsigned int address_bits;
	unsigned int entry_bytes;
	unsigned int levels;
	struct {
		const char *name;
		unsigned int bits;
	} level[MAX_LEVELS];
	unsigned int offset_bits;
};

static const struct scheme schemes[] = {
	{ "1level4m", "32-bit x86 with pages of 4 MiB", 32, 4, 1,
	  { { "PGD", 10 } }, 22 },
	{ "2level", "32-bit x86", 32, 4, 2,
	  { { "PGD", 10 }, { "PTE", 10 } }, 12 },
	{ "3level", "32-bit x86 with PAE", 32, 8, 3,
	  { { "PGD", 2 }, { "PMD", 9 }, { "PTE", 9 } }, 12 },
	{ "4level", "x86-64", 48, 8, 4,
	  { { "PGD", 9 }, { "PUD", 9 }, { "PMD", 9 }, { "PTE", 9 } }, 12 },
	{ "5level", "x86-64 with LA57", 57, 8, 5,
	  { { "PGD", 9 }, { "P4D", 9 }, { "PUD", 9 }, { "PMD", 9 },
	    { "PTE", 9 } }, 12 },
};

static const struct scheme *find_scheme(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(schemes); i++)
		if (!strcmp(schemes[i].name, name))
			return &schemes[i];
	return NULL;
}

/* Bits below the index of a level, counted from the root: log2 of what an entry covers */
static unsigned int entry_shift(const struct scheme *s, unsigned int level)
{
	unsigned int shift = s->offset_bits, i;

	for (i = level + 1; i < s->levels; i++)
		shift += s->level[i].bits;
	return shift;
}

static uint64_t entry_covers(const struct scheme *s, unsigned int level)
{
	return 1ULL << entry_shift(s, level);
}

static uint64_t table_bytes(const struct scheme *s, unsigned int level)
{
	return (uint64_t)s->entry_bytes << s->level[level].bits;
}

struct cost {
	uint64_t tables;
	uint64_t bytes;
};

/* What the tables for so many bytes in one piece, as aligned as can be, cost */
static struct cost cost_of(const struct scheme *s, uint64_t bytes)
{
	struct cost cost = { 0 };
	unsigned int i;

	for (i = 0; i < s->levels; i++) {
		unsigned int shift = entry_shift(s, i) + s->level[i].bits;
		uint64_t tables = shift < 64 ? bytes >> shift : 0;

		tables += !tables;
		cost.tables += tables;
		cost.bytes += tables * table_bytes(s, i);
	}
	return cost;
}

static uint64_t flat_entries(const struct scheme *s)
{
	return 1ULL << (s->address_bits - s->offset_bits);
}

static void make_split(struct split *split, const struct scheme *s,
		       uint64_t address)
{
	unsigned int i;

	*split = (struct split){ .address = address };
	if (s->address_bits > 32)
		split_add(split, "sign", 64 - s->address_bits);
	for (i = 0; i < s->levels; i++)
		split_add(split, s->level[i].name, s->level[i].bits);
	split_add(split, "offset", s->offset_bits);
}

static unsigned int index_of(const struct scheme *s, unsigned int level,
			     uint64_t address)
{
	return address >> entry_shift(s, level) & ((1U << s->level[level].bits) - 1);
}

static void print_levels(const struct scheme *s, uint64_t address)
{
	static const char * const titles[] = {
		"level", "bits", "index", "entries", "entry", "table",
		"one entry covers"
	};
	struct table *t = table_new("lrrrrrr");
	unsigned int i;

	table_cells(t, titles);
	for (i = 0; i < s->levels; i++) {
		table_cell(t, "%s", s->level[i].name);
		table_cell(t, "%u", s->level[i].bits);
		table_cell(t, "%u", index_of(s, i, address));
		table_cell(t, "%s", COUNT(1U << s->level[i].bits));
		table_cell(t, "%s", SIZE(s->entry_bytes));
		table_cell(t, "%s", SIZE(table_bytes(s, i)));
		table_cell(t, "%s", SIZE(entry_covers(s, i)));
	}
	table_print(t, "");
}

static void print_mapped(const struct scheme *s, uint64_t bytes)
{
	struct cost cost = cost_of(s, bytes);

	printf("to map %s  %s table%s, %s\n", SIZE(bytes), COUNT(cost.tables),
	       cost.tables == 1 ? "" : "s", SIZE(cost.bytes));
}

static void print_text(const struct scheme *s, uint64_t address)
{
	struct split split;

	printf("%s: %s, addresses of %u bits (%s), pages of %s\n\n", s->name,
	       s->title, s->address_bits, SIZE(1ULL << s->address_bits),
	       SIZE(1ULL << s->offset_bits));
	make_split(&split, s, address);
	split_print(&split);
	putchar('\n');
	print_levels(s, address);
	printf("\n"
	       "a TLB miss    %u memory read%s\n", s->levels,
	       s->levels == 1 ? "" : "s, each waits for the one before");
	printf("a flat table  %s: 2^%u entries of %u bytes, whatever is mapped\n",
	       SIZE(flat_entries(s) * s->entry_bytes),
	       s->address_bits - s->offset_bits, s->entry_bytes);
	if (s->levels > 1)
		printf("this tree     %s at least: one table a level, more as more is mapped\n",
		       SIZE(cost_of(s, 1).bytes));
	else
		printf("this tree     is that flat table\n");
	print_mapped(s, 2 * MIB);
	print_mapped(s, GIB);
}

static json_object *levels_json(const struct scheme *s, uint64_t address)
{
	json_object *array = new_array();
	unsigned int i;

	for (i = 0; i < s->levels; i++) {
		json_object *o = new_object();

		put_str(o, "name", s->level[i].name);
		put_int(o, "bits", s->level[i].bits);
		put_int(o, "index", index_of(s, i, address));
		put_int(o, "entries", 1U << s->level[i].bits);
		put_int(o, "entry_bytes", s->entry_bytes);
		put_int(o, "table_bytes", table_bytes(s, i));
		put_int(o, "entry_covers", entry_covers(s, i));
		put_element(array, o);
	}
	return array;
}

static void put_cost(json_object *o, const char *key, struct cost cost)
{
	json_object *sub = new_object();

	put_int(sub, "tables", cost.tables);
	put_int(sub, "bytes", cost.bytes);
	put_object(o, key, sub);
}

static void print_json(const struct scheme *s, uint64_t address)
{
	json_object *o = new_object();
	struct split split;

	make_split(&split, s, address);
	put_str(o, "paging", s->name);
	put_str(o, "title", s->title);
	put_hex(o, "address", address);
	put_int(o, "address_bits", s->address_bits);
	put_int(o, "page_size", 1ULL << s->offset_bits);
	put_object(o, "fields", split_json(&split));
	put_object(o, "levels", levels_json(s, address));
	put_int(o, "reads_per_miss", s->levels);
	put_int(o, "flat_table_bytes", flat_entries(s) * s->entry_bytes);
	put_int(o, "tree_bytes_at_least", cost_of(s, 1).bytes);
	put_cost(o, "to_map_2_mib", cost_of(s, 2 * MIB));
	put_cost(o, "to_map_1_gib", cost_of(s, GIB));
	out_json(o);
}

static int check_address(const char *verb, const struct scheme *s,
			 const char *word, uint64_t *address)
{
	int err = args_hex(word, address);

	if (err == -EINVAL)
		return usage(verb, "'%s' is no address: it is hexadecimal, with or without 0x",
			     word);
	if (err)
		return usage(verb, "%s is more than 64 bits", word);
	if (s->address_bits == 32 && *address >> 32)
		return usage(verb, "%s is out of range: %s translates 32 bits",
			     word, s->name);
	if (s->address_bits > 32 && !args_canonical(*address, s->levels))
		return usage(verb, "%s is not canonical: with %s bits 63 to %u must copy bit %u",
			     word, s->name, s->address_bits, s->address_bits - 1);
	return 0;
}

/**
 * paging_explain - how a scheme splits an address
 * @verb: who asks
 * @name: of the scheme
 * @word: the address as on the command line
 * @json: instead of text
 *
 * Return: exit status
 */
int paging_explain(const char *verb, const char *name, const char *word,
		   bool json)
{
	const struct scheme *s = find_scheme(name);
	uint64_t address;
	int err;

	if (!s)
		return usage(verb, "there is no paging scheme '%s': 1level4m, 2level, 3level, 4level or 5level",
			     name);
	err = check_address(verb, s, word, &address);
	if (err)
		return err;
	if (json)
		print_json(s, address);
	else
		print_text(s, address);
	return EXIT_DONE;
}
