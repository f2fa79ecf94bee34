// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "pieces.h"
#include "table.h"
#include "top.h"
#include "verbs.h"

const char help_tables[] =
"usage: tlbscope tables PID|self|kernel [OPTION...]\n"
"       tlbscope tables --all [-n N] [--watch[=SECONDS]] [-j]\n"
"\n"
"Counts the page tables: per level how many there are, how full they are, what they\n"
"map and the memory they take; and what the kernel's own count (VmPTE) has more.\n"
"With page-table isolation, from both roots.\n"
"\n"
"  -a, --all              every process, those with most page tables first\n"
"  -n, --most=N           of all, only the first N\n"
"  -w, --watch[=SECONDS]  of all, again and again, every 2 seconds\n"
"      --no-module        as if the module were not loaded\n"
"  -j, --json             JSON\n";

#define BAR	30

/**
 * struct tree - the tables of one address space
 * @target: whose
 * @known: the tables were counted, not only what they map
 * @census: from the root
 * @user: from the root for user mode, where there are two
 * @two_roots: whether there are
 * @shared: below the roots both have the same tables
 * @huge: entries of level 2 for which the kernel sets a table aside
 */
struct tree {
	struct target target;
	bool known;
	struct tlbscope_census census;
	struct tlbscope_census user;
	bool two_roots;
	bool shared;
	uint64_t huge;
};

/*
 * Counting
 */

static uint64_t total_tables(const struct tlbscope_census *census)
{
	uint64_t tables = 0;
	unsigned int i;

	for (i = 0; i < TLBSCOPE_MAX_LEVELS; i++)
		tables += census->level[i].tables;
	return tables;
}

/* Those that the kernel counts in VmPTE: of PTEs, PMDs and PUDs */
static uint64_t accounted_tables(const struct tlbscope_census *census)
{
	return census->level[0].tables + census->level[1].tables +
	       census->level[2].tables;
}

/*
 * For each huge page of anonymous memory that the kernel maps by itself, it has
 * set a PTE table aside: to split the page it must not have to ask for memory.
 * Those of files and of hugetlbfs have none.
 */
static void count_huge(void *arg, const struct piece *piece)
{
	uint64_t *huge = arg;

	if (piece->map && piece->map->anonymous)
		*huge += piece_pages(&piece->range);
}

static int read_huge(struct tree *tree)
{
	struct query query = {
		.start = target_start(&tree->target),
		.end = target_end(&tree->target),
		.flags = TLBSCOPE_RANGES_ALL,
		.ignore = TLBSCOPE_RANGES_IGNORABLE,
		.levels = 1U << 2,
	};
	const struct tlbscope_level *pmd = &tree->census.level[1];
	struct maps maps;
	int err;

	if (tree->target.pid == TLBSCOPE_KERNEL || pmd->used == pmd->pointers)
		return 0;
	pieces_maps(&tree->target, &maps);
	err = pieces_each(&tree->target, &maps, &query, true, count_huge,
			  &tree->huge);
	maps_free(&maps);
	return err;
}

/* Whether the trees of both roots go on with the same tables */
static bool same_tables(struct tree *tree)
{
	uint64_t start = target_start(&tree->target);
	uint64_t end = target_end(&tree->target);
	struct tlbscope_iter *a = NULL, *b = NULL;
	struct tlbscope_table x, y;
	int more, more_user;
	bool same = true;

	if (tlbscope_tables_begin(tree->target.t, start, end, 0, &a) ||
	    tlbscope_tables_begin(tree->target.t, start, end, TLBSCOPE_USER_ROOT, &b))
		same = false;
	while (same) {
		more = tlbscope_tables_next(a, &x);
		more_user = tlbscope_tables_next(b, &y);
		if (more <= 0 || more_user <= 0) {
			same = !more && !more_user;
			break;
		}
		same = x.level == y.level &&
		       (x.level == tree->census.levels || x.phys == y.phys);
	}
	tlbscope_iter_end(a);
	tlbscope_iter_end(b);
	return same;
}

static int read_tree(struct tree *tree)
{
	uint64_t start = target_start(&tree->target);
	uint64_t end = target_end(&tree->target);
	int err;

	err = tlbscope_census(tree->target.t, start, end, 0, &tree->census);
	if (err)
		return err;
	tree->known = tree->target.knows & TLBSCOPE_KNOWS_TABLES;
	if (!tree->known)
		return 0;
	/* Where there is only one root, this is refused */
	tree->two_roots = !tlbscope_census(tree->target.t, start, end,
					   TLBSCOPE_USER_ROOT, &tree->user);
	if (tree->two_roots)
		tree->shared = same_tables(tree);
	return read_huge(tree);
}

/*
 * Text
 */

static void level_row(struct table *t, const struct tlbscope_census *census,
		      unsigned int level)
{
	const struct tlbscope_level *l = &census->level[level - 1];
	uint64_t absent = l->used - l->leaves - l->pointers;

	table_cell(t, "%s", tlbscope_level_name(level, census->levels));
	table_cell(t, "%s", COUNT(l->tables));
	table_cell(t, "%s", SIZE(l->tables * TLBSCOPE_TABLE_SIZE));
	table_cell(t, "%s", OR_DASH(l->used, COUNT(l->used)));
	table_cell(t, "%s", PERCENT(l->used, l->tables * TLBSCOPE_ENTRIES));
	table_cell(t, "%s", OR_DASH(l->pointers, COUNT(l->pointers)));
	table_cell(t, "%s", OR_DASH(l->leaves, COUNT(l->leaves)));
	table_cell(t, "%s", OR_DASH(absent, COUNT(absent)));
	table_cell(t, "%s", OR_DASH(l->leaves,
				    SIZE(l->leaves * tlbscope_page_size(level))));
}

static void total_row(struct table *t, const struct tlbscope_census *census)
{
	struct tlbscope_level sum = { 0 };
	uint64_t bytes = 0, absent;
	unsigned int i;

	for (i = 0; i < TLBSCOPE_MAX_LEVELS; i++) {
		sum.tables += census->level[i].tables;
		sum.used += census->level[i].used;
		sum.leaves += census->level[i].leaves;
		sum.pointers += census->level[i].pointers;
		bytes += census->level[i].leaves * tlbscope_page_size(i + 1);
	}
	absent = sum.used - sum.leaves - sum.pointers;
	table_cell(t, "total");
	table_cell(t, "%s", COUNT(sum.tables));
	table_cell(t, "%s", SIZE(sum.tables * TLBSCOPE_TABLE_SIZE));
	table_cell(t, "%s", COUNT(sum.used));
	table_cell(t, "%s", PERCENT(sum.used, sum.tables * TLBSCOPE_ENTRIES));
	table_cell(t, "%s", COUNT(sum.pointers));
	table_cell(t, "%s", COUNT(sum.leaves));
	table_cell(t, "%s", OR_DASH(absent, COUNT(absent)));
	table_cell(t, "%s", SIZE(bytes));
}

static void print_levels(const struct tlbscope_census *census)
{
	static const char * const titles[] = {
		"level", "tables", "bytes", "entries used", "of 512", "to tables",
		"pages", "not present", "mapped"
	};
	struct table *t = table_new("lrrrrrrrr");
	unsigned int level;

	table_cells(t, titles);
	for (level = census->levels; level; level--)
		level_row(t, census, level);
	total_row(t, census);
	table_print(t, "");
}

static const char * const bucket_names[TLBSCOPE_OCCUPANCY] = {
	"0", "1", "2-3", "4-7", "8-15", "16-31", "32-63", "64-127", "128-255",
	"256-511", "512"
};

static uint64_t bucket_total(const struct tlbscope_census *census, unsigned int bucket)
{
	uint64_t tables = 0;
	unsigned int i;

	for (i = 0; i < TLBSCOPE_MAX_LEVELS; i++)
		tables += census->level[i].occupancy[bucket];
	return tables;
}

/* Of a bar, at least one character where there is anything */
static int bar_length(uint64_t part, uint64_t most)
{
	int length = most ? (int)((double)part / (double)most * BAR + 0.5) : 0;

	return part && !length ? 1 : length;
}

static void bucket_row(struct table *t, const struct tlbscope_census *census,
		       unsigned int bucket, uint64_t most)
{
	static const char bar[] = "##############################";
	uint64_t total = bucket_total(census, bucket);
	unsigned int level;

	_Static_assert(sizeof(bar) == BAR + 1, "the longest bar");
	table_cell(t, "%s", bucket_names[bucket]);
	for (level = census->levels; level; level--) {
		uint64_t n = census->level[level - 1].occupancy[bucket];

		table_cell(t, "%s", OR_DASH(n, COUNT(n)));
	}
	table_cell(t, "%.*s", bar_length(total, most), bar);
}

static void print_occupancy(const struct tlbscope_census *census)
{
	struct table *t = table_new(census->levels == 5 ? "rrrrrrl" : "rrrrrl");
	unsigned int bucket, level;
	uint64_t most = 0;

	table_cell(t, "entries used");
	for (level = census->levels; level; level--)
		table_cell(t, "%s", tlbscope_level_name(level, census->levels));
	table_cell(t, "tables");
	for (bucket = 0; bucket < TLBSCOPE_OCCUPANCY; bucket++)
		if (bucket_total(census, bucket) > most)
			most = bucket_total(census, bucket);
	for (bucket = 0; bucket < TLBSCOPE_OCCUPANCY; bucket++)
		if (bucket_total(census, bucket))
			bucket_row(t, census, bucket, most);
	putchar('\n');
	table_print(t, "");
}

static void print_user_root(const struct tree *tree)
{
	if (!tree->two_roots)
		return;
	if (tree->shared) {
		printf("\nThe root for user mode, %s, is one table of 4 KiB more; the tables below are the same.\n",
		       HEX(tree->user.root));
		return;
	}
	printf("\nFrom the root for user mode, %s:\n", HEX(tree->user.root));
	print_levels(&tree->user);
}

/* What VmPTE has more than the parts that are known, with its sign */
static int64_t unexplained(const struct tree *tree)
{
	return (int64_t)(tree->census.kernel_bytes -
			 (accounted_tables(&tree->census) + tree->huge) *
			 TLBSCOPE_TABLE_SIZE);
}

static void account_row(struct table *t, const char *what, int64_t bytes)
{
	table_cell(t, "%s", what);
	table_cell(t, "%s%s", bytes < 0 ? "-" : "",
		   SIZE((uint64_t)(bytes < 0 ? -bytes : bytes)));
}

static void print_account(const struct tree *tree)
{
	const struct tlbscope_census *census = &tree->census;
	struct table *t;

	if (census->kernel_bytes == ~0ULL)
		return;
	t = table_new("lr");
	putchar('\n');
	account_row(t, "VmPTE, as the kernel counts", (int64_t)census->kernel_bytes);
	if (tree->known) {
		account_row(t, "  tables of PTEs, PMDs and PUDs (the others are not in it)",
			    (int64_t)(accounted_tables(census) * TLBSCOPE_TABLE_SIZE));
		account_row(t, "  set aside, in no tree: to split anonymous huge pages",
			    (int64_t)(tree->huge * TLBSCOPE_TABLE_SIZE));
		account_row(t, "  unexplained", unexplained(tree));
	}
	table_print(t, "");
}

/* Without the module, what is mapped is known at least */
static void print_leaves(const struct tree *tree)
{
	static const char * const titles[] = { "page", "pages", "mapped" };
	struct table *t = table_new("rrr");
	unsigned int level;

	puts("This source does not tell the tables, only what they map; try: tlbscope doctor\n");
	table_cells(t, titles);
	for (level = 1; level <= 3; level++) {
		uint64_t n = tree->census.level[level - 1].leaves;
		uint64_t size = tlbscope_page_size(level);

		table_cell(t, "%s", SIZE(size));
		table_cell(t, "%s", OR_DASH(n, COUNT(n)));
		table_cell(t, "%s", OR_DASH(n, SIZE(n * size)));
	}
	table_print(t, "");
}

static void print_text(const struct tree *tree)
{
	const struct tlbscope_census *census = &tree->census;

	printf("%s, source: %s\n", tree->target.title, tree->target.source);
	if (tree->known) {
		printf("%u levels, root at %s, interrupts off for at most %s TSC cycles at a time\n\n",
		       census->levels, HEX(census->root), COUNT(census->irqs_off));
		print_levels(census);
		print_occupancy(census);
		print_user_root(tree);
	} else {
		print_leaves(tree);
	}
	print_account(tree);
}

/*
 * JSON
 */

static json_object *level_json(const struct tlbscope_census *census,
			       unsigned int level)
{
	const struct tlbscope_level *l = &census->level[level - 1];
	json_object *o = new_object(), *occupancy = new_object();
	unsigned int bucket;

	put_str(o, "level", tlbscope_level_name(level, census->levels));
	put_int(o, "tables", l->tables);
	put_int(o, "bytes", l->tables * TLBSCOPE_TABLE_SIZE);
	put_int(o, "used", l->used);
	put_ratio(o, "used_share", l->used, l->tables * TLBSCOPE_ENTRIES);
	put_int(o, "to_tables", l->pointers);
	put_int(o, "pages", l->leaves);
	put_int(o, "not_present", l->used - l->leaves - l->pointers);
	put_int(o, "mapped", l->leaves * tlbscope_page_size(level));
	for (bucket = 0; bucket < TLBSCOPE_OCCUPANCY; bucket++)
		put_int(occupancy, bucket_names[bucket], l->occupancy[bucket]);
	put_object(o, "tables_by_entries_used", occupancy);
	return o;
}

static json_object *census_json(const struct tlbscope_census *census)
{
	json_object *o = new_object(), *array = new_array();
	unsigned int level;

	put_hex(o, "root", census->root);
	put_int(o, "levels", census->levels);
	put_int(o, "tables", total_tables(census));
	put_int(o, "bytes", total_tables(census) * TLBSCOPE_TABLE_SIZE);
	put_int(o, "irqs_off_cycles", census->irqs_off);
	for (level = census->levels; level; level--)
		put_element(array, level_json(census, level));
	put_object(o, "by_level", array);
	return o;
}

static json_object *leaves_json(const struct tlbscope_census *census)
{
	json_object *array = new_array();
	unsigned int level;

	for (level = 1; level <= 3; level++) {
		uint64_t size = tlbscope_page_size(level);
		uint64_t n = census->level[level - 1].leaves;
		json_object *o = new_object();

		put_int(o, "page_size", size);
		put_int(o, "pages", n);
		put_int(o, "mapped", n * size);
		put_element(array, o);
	}
	return array;
}

static json_object *account_json(const struct tree *tree)
{
	json_object *o;

	if (tree->census.kernel_bytes == ~0ULL)
		return NULL;
	o = new_object();
	put_int(o, "vmpte", tree->census.kernel_bytes);
	if (tree->known) {
		put_int(o, "in_tree", accounted_tables(&tree->census) *
			TLBSCOPE_TABLE_SIZE);
		put_int(o, "set_aside", tree->huge * TLBSCOPE_TABLE_SIZE);
		put_signed(o, "unexplained", unexplained(tree));
	}
	return o;
}

static void print_json(const struct tree *tree)
{
	json_object *o = new_object();

	target_put(&tree->target, o);
	put_object(o, "tree", tree->known ? census_json(&tree->census) : NULL);
	put_object(o, "user_tree", tree->two_roots ? census_json(&tree->user) : NULL);
	if (tree->two_roots)
		put_bool(o, "user_tree_shared", tree->shared);
	put_object(o, "pages", leaves_json(&tree->census));
	put_object(o, "kernel_count", account_json(tree));
	out_json(o);
}

/*
 * The verb
 */

static int show_one(const char *verb, const char *word, unsigned int open,
		    bool json)
{
	struct tree tree = { .known = false };
	int err;

	err = target_open(&tree.target, verb, word, open);
	if (err)
		return err;
	err = read_tree(&tree);
	if (err)
		err = target_fail(&tree.target, verb, err);
	else if (json)
		print_json(&tree);
	else
		print_text(&tree);
	target_close(&tree.target);
	return err;
}

static int set_number(const char *verb, const char *word, uint64_t *number)
{
	if (!args_number(word, number) && *number && *number <= 1000000)
		return 0;
	return usage(verb, "'%s' is no number from 1 to 1,000,000", word);
}

static int parse_options(struct top *top, bool *all, int argc, char **argv)
{
	static const struct option options[] = {
		{ "all",	no_argument,		NULL, 'a' },
		{ "most",	required_argument,	NULL, 'n' },
		{ "watch",	optional_argument,	NULL, 'w' },
		{ "no-module",	no_argument,		NULL, ARGS_LONG },
		{ "json",	no_argument,		NULL, 'j' },
		{ 0 }
	};
	int option, err = 0;

	while (!err &&
	       (option = args_option(argc, argv, ":an:w::j", options)) != -1) {
		switch (option) {
		case 'a':
			*all = true;
			break;
		case 'j':
			top->json = true;
			break;
		case ARGS_LONG:
			top->open = TLBSCOPE_OPEN_FALLBACK;
			break;
		case 'n':
			err = set_number(argv[0], optarg, &top->most);
			break;
		case 'w':
			top->seconds = 2;
			if (optarg)
				err = set_number(argv[0], optarg, &top->seconds);
			break;
		default:
			return EXIT_USAGE;
		}
	}
	return err;
}

int verb_tables(int argc, char **argv)
{
	struct top top = { .open = 0 };
	bool all = false;
	int err;

	err = parse_options(&top, &all, argc, argv);
	if (err)
		return err;
	if (all && argc > optind)
		return usage(argv[0], "--all or one process, not both");
	if (!all && (top.most || top.seconds))
		return usage(argv[0], "--most and --watch go with --all");
	if (all)
		return top_show(argv[0], &top);
	if (argc - optind != 1)
		return usage(argv[0], "whose tables? PID|self|kernel, or --all");
	return show_one(argv[0], argv[optind], top.open, top.json);
}
