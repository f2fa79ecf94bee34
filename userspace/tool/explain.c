// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "machine.h"
#include "mem.h"
#include "out.h"
#include "split.h"
#include "table.h"

/* To make reach a number: the size of a second-level TLB of our time */
#define TLB_ENTRIES	1024

/* Levels of nested tables, where there is a hypervisor: it does not tell */
#define HOST_LEVELS	4

/*
 * What a TLB miss costs
 */

/* A walk may know no levels, the machine does */
static unsigned int levels_of(const struct tlbscope_info *machine,
			      const struct tlbscope_walk *walk)
{
	return walk->levels ? walk->levels : machine->levels;
}

/* The level where the walk ends: that of the page, or of the empty entry */
static unsigned int last_level(const struct tlbscope_walk *walk)
{
	unsigned int level;

	if (walk->level)
		return walk->level;
	for (level = 3; level > 1; level--)
		if (walk->page_size == tlbscope_page_size(level))
			return level;
	return 1;
}

static unsigned int reads(unsigned int levels, unsigned int page_level)
{
	return levels - page_level + 1;
}

/*
 * Each of @n reads in the guest's tables is of a guest-physical address, which
 * takes a walk of @m in the host's; so does the page's own address at the end.
 */
static unsigned int nested_reads(unsigned int n, unsigned int m)
{
	return (n + 1) * (m + 1) - 1;
}

/* Xen PV shares the one tree with its guests; an emulator walks as it likes */
static bool is_nested(const struct tlbscope_info *machine)
{
	return machine->hypervisor[0] && !machine_emulated(machine) &&
	       !(machine->features & TLBSCOPE_FEAT_XENPV);
}

/*
 * The bits of the address
 */

static void make_split(struct split *split, const struct tlbscope_info *machine,
		       const struct tlbscope_walk *walk)
{
	unsigned int levels = levels_of(machine, walk), level = levels;
	unsigned int last = walk->state == TLBSCOPE_LEAF ? last_level(walk) : 1;

	*split = (struct split){ .address = walk->address };
	split_add(split, "sign", 64 - 12 - 9 * levels);
	for (; level >= last; level--)
		split_add(split, tlbscope_level_name(level, levels), 9);
	split_add(split, "offset", 12 + 9 * (last - 1));
}

/*
 * The flags
 */

/* @table: what it means in an entry that names a table, where that differs */
struct meaning {
	const char *word;
	const char *leaf;
	const char *table;
};

static const struct meaning meanings[] = {
	{ "present", "the CPU may use the entry; without it an access faults", NULL },
	{ "write", "writing is allowed, if all levels allow it", NULL },
	{ "user", "user mode may pass, if all levels let it", NULL },
	{ "pwt", "caching: write-through (with pcd and pat: a memory type)",
	  "in a table's entry: that table is cached write-through" },
	{ "pcd", "caching: disabled (with pwt and pat: a memory type)",
	  "in a table's entry: that table is not cached" },
	{ "accessed", "the CPU has used the entry since the kernel last cleared the bit", NULL },
	{ "dirty", "the page was written since the kernel last cleared the bit", NULL },
	{ "huge", "the walk ends here: a page of 2 MiB or 1 GiB, no table", NULL },
	{ "pat", "picks a memory type of the page attribute table", NULL },
	{ "global", "the TLB keeps it when the address space changes", NULL },
	{ "special", "software: no struct page to count references in (zero page, device)", NULL },
	{ "uffd-wp", "software: userfaultfd wants to hear of a write", NULL },
	{ "soft-dirty", "software: written since clear_refs was asked to watch", NULL },
	{ "devmap", "software: memory of a device", NULL },
	{ "saved-dirty", "software: dirty, while the hardware's bit must stay clear", NULL },
	{ "encrypted", "memory encryption: the CPU decrypts what it reads there", NULL },
	{ "nx", "no instruction may be fetched from the page", "in a table's entry: no instruction may be fetched from anything below" },
	{ "pkey", "protection key: the thread's PKRU register must allow it too", NULL },
};

static const struct meaning *find_meaning(const char *word, size_t len)
{
	size_t i;

	/* Of a key the number follows */
	if (len > 4 && !strncmp(word, "pkey", 4))
		len = 4;
	for (i = 0; i < ARRAY_SIZE(meanings); i++)
		if (strlen(meanings[i].word) == len &&
		    !strncmp(meanings[i].word, word, len))
			return &meanings[i];
	return NULL;
}

/* Called with each flag, once, and how it is to be read */
typedef void (*flag_fn)(void *arg, const char *word, const char *text);

struct flags {
	const struct tlbscope_info *machine;
	const struct tlbscope_walk *walk;
	bool seen[2][ARRAY_SIZE(meanings)];
};

static void visit_flags(struct flags *flags, unsigned int level, flag_fn fn,
			void *arg)
{
	uint64_t entry = flags->walk->step[flags->walk->levels - level].entry;
	bool table = tlbscope_entry_state(entry, level) == TLBSCOPE_TABLE;
	char words[TLBSCOPE_FLAGS_LEN], *word, *rest = words;

	tlbscope_entry_flags(words, sizeof(words), entry, level,
			     &flags->machine->format);
	while ((word = strsep(&rest, " "))) {
		const struct meaning *meaning = find_meaning(word, strlen(word));
		bool other = table && meaning && meaning->table;

		if (!meaning || flags->seen[other][meaning - meanings])
			continue;
		flags->seen[other][meaning - meanings] = true;
		fn(arg, word, other ? meaning->table : meaning->leaf);
	}
}

/* From the page up: its flags are what people look at first */
static void each_flag(const struct tlbscope_info *machine,
		      const struct tlbscope_walk *walk, flag_fn fn, void *arg)
{
	struct flags flags = { .machine = machine, .walk = walk };
	unsigned int level;

	for (level = walk->level; level && level <= walk->levels; level++)
		visit_flags(&flags, level, fn, arg);
}

/*
 * Text
 */

static void flag_row(void *table, const char *word, const char *text)
{
	table_cell(table, "%s", word);
	table_cell(table, "%s", text);
}

static void print_flags(const struct tlbscope_info *machine,
			const struct tlbscope_walk *walk)
{
	struct table *t;

	if (tlbscope_entry_state(walk->step[0].entry, walk->levels) != TLBSCOPE_TABLE)
		return;
	t = table_new("ll");
	puts("\nWhat the flags say");
	each_flag(machine, walk, flag_row, t);
	table_print(t, "  ");
}

static void print_split(const struct tlbscope_info *machine,
			const struct tlbscope_walk *walk)
{
	unsigned int levels = levels_of(machine, walk);
	struct split split;

	puts("\nHow the address is read");
	make_split(&split, machine, walk);
	split_print(&split);
	printf("  Each index picks one of 512 entries of 8 bytes: entry address = table + 8 * index.\n"
	       "  The root's address is in the register CR3, each entry holds that of the next table.\n"
	       "  Bits 63 to %u only copy bit %u.\n", 12 + 9 * levels,
	       12 + 9 * levels - 1);
}

static void print_reads(const struct tlbscope_info *machine, unsigned int n)
{
	unsigned int most = nested_reads(n, HOST_LEVELS);

	printf("  %u memory reads, one a level, and each waits for the one before: about 4 cycles\n"
	       "  each where the entry is in the L1 cache, so %u at best, hundreds where it is in\n"
	       "  memory. The CPU remembers upper levels too, and may skip them.\n",
	       n, 4 * n);
	if (is_nested(machine))
		printf("  This machine is a guest of %s. Where the hypervisor uses nested paging, every\n"
		       "  address read is translated again: %u reads at most, (%u+1)*(%u+1)-1, if its tables\n"
		       "  have %u levels and small pages, which cannot be seen from here.\n",
		       machine_hypervisor(machine), most, n, HOST_LEVELS, HOST_LEVELS);
	else if (machine_emulated(machine))
		printf("  This CPU is emulated: here a program does the reads. On a real one, a guest's\n"
		       "  miss under nested paging takes up to %u reads, (%u+1)*(%u+1)-1.\n",
		       most, n, HOST_LEVELS);
}

static void print_sizes(const struct tlbscope_info *machine,
			const struct tlbscope_walk *walk)
{
	static const char * const titles[] = {
		"page", "reads", "1,024 entries reach", ""
	};
	unsigned int levels = levels_of(machine, walk), level;
	struct table *t = table_new("rrrl");

	table_cells(t, titles);
	for (level = 1; level <= 3; level++) {
		uint64_t size = tlbscope_page_size(level);
		bool here = walk->state == TLBSCOPE_LEAF && last_level(walk) == level;

		if (!(machine->leaf_sizes & size))
			continue;
		table_cell(t, "%s", SIZE(size));
		table_cell(t, "%u", reads(levels, level));
		table_cell(t, "%s", SIZE(size * TLB_ENTRIES));
		table_cell(t, "%s", here ? "<- this page" : "");
	}
	table_print(t, "  ");
}

static void print_cost(const struct tlbscope_info *machine,
		       const struct tlbscope_walk *walk)
{
	unsigned int n = reads(levels_of(machine, walk), last_level(walk));

	puts("\nWhat a TLB miss costs here");
	if (walk->state != TLBSCOPE_LEAF)
		printf("  %u memory read%s, then a page fault: the TLB holds only what is present.\n",
		       n, n == 1 ? "" : "s");
	else
		print_reads(machine, n);
	puts("  Larger pages end the walk earlier, and one TLB entry covers more:");
	print_sizes(machine, walk);
}

/* explain_text - print what a walk teaches */
void explain_text(const struct tlbscope_info *machine,
		  const struct tlbscope_walk *walk)
{
	print_split(machine, walk);
	if (walk->levels)
		print_flags(machine, walk);
	print_cost(machine, walk);
}

/*
 * JSON
 */

static void flag_element(void *array, const char *word, const char *text)
{
	json_object *o = new_object();

	put_str(o, "flag", word);
	put_str(o, "means", text);
	put_element(array, o);
}

static json_object *sizes_json(const struct tlbscope_info *machine,
			       unsigned int levels)
{
	json_object *array = new_array();
	unsigned int level;

	for (level = 1; level <= 3; level++) {
		uint64_t size = tlbscope_page_size(level);
		json_object *o;

		if (!(machine->leaf_sizes & size))
			continue;
		o = new_object();
		put_int(o, "page_size", size);
		put_int(o, "reads_per_miss", reads(levels, level));
		put_int(o, "reach_of_1024_entries", size * TLB_ENTRIES);
		put_element(array, o);
	}
	return array;
}

json_object *explain_json(const struct tlbscope_info *machine,
			  const struct tlbscope_walk *walk)
{
	unsigned int levels = levels_of(machine, walk);
	unsigned int n = reads(levels, last_level(walk));
	json_object *o = new_object(), *flags = new_array();
	struct split split;

	make_split(&split, machine, walk);
	put_object(o, "fields", split_json(&split));
	each_flag(machine, walk, flag_element, flags);
	put_object(o, "flags", flags);
	put_int(o, "reads_per_miss", n);
	if (is_nested(machine) && walk->state == TLBSCOPE_LEAF)
		put_int(o, "reads_per_miss_nested_at_most",
			nested_reads(n, HOST_LEVELS));
	else
		put_null(o, "reads_per_miss_nested_at_most");
	put_object(o, "page_sizes", sizes_json(machine, levels));
	return o;
}
