// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libtlbscope.h>

#include "args.h"
#include "explain.h"
#include "maps.h"
#include "mem.h"
#include "out.h"
#include "paging.h"
#include "regions.h"
#include "rights.h"
#include "symbols.h"
#include "table.h"
#include "target.h"
#include "verbs.h"

const char help_walk[] =
"usage: tlbscope walk PID|self|kernel ADDRESS|SYMBOL[+OFFSET] [OPTION...]\n"
"       tlbscope walk --explain --paging=SCHEME ADDRESS [-j]\n"
"\n"
"Follows one address through all levels of the page tables: for each level its\n"
"index, where its entry is, the entry, its flags; at the end the page, or why\n"
"there is none. With page-table isolation also from the root for user mode.\n"
"\n"
"An ADDRESS is hexadecimal, with or without 0x. A word that does not start with a\n"
"digit is taken for a symbol first, and for an address if there is no such symbol.\n"
"An OFFSET is decimal, or hexadecimal with 0x.\n"
"\n"
"  -e, --explain        teach: how the bits of the address are read, what each flag\n"
"                       means, what a TLB miss costs here\n"
"  -p, --paging=SCHEME  how a paging scheme splits an address; needs no process, no\n"
"                       module and no rights: 1level4m (32-bit x86 with 4 MiB pages),\n"
"                       2level, 3level (PAE), 4level, 5level\n"
"      --no-module      as if the module were not loaded\n"
"  -j, --json           JSON\n";

/**
 * struct view - one address, and all that is to be told of it
 * @target: whose
 * @address: which
 * @map: the mapping around it, or NULL
 * @symbol: what was asked for, or "SYMBOL+0xOFFSET", or NULL
 * @walk: from the root
 * @user: from the root for user mode, where there are two
 * @two_roots: whether there are
 * @explain: teach
 */
struct view {
	struct target target;
	uint64_t address;
	const struct map *map;
	char *symbol;
	struct tlbscope_walk walk;
	struct tlbscope_walk user;
	bool two_roots;
	bool explain;
};

/*
 * The address
 */

static bool is_kernel_address(const struct view *view)
{
	return view->address >= view->target.machine.kernel_start;
}

static int check_number(const char *verb, const char *word, int err)
{
	if (err == -ERANGE)
		return usage(verb, "%s is more than 64 bits", word);
	return usage(verb, "'%s' is no address: it is hexadecimal, with or without 0x",
		     word);
}

static int no_symbol(const struct view *view, const char *verb, const char *word,
		     int err)
{
	if (err == -EACCES)
		return fail(verb, "the kernel hides the addresses of its symbols; try: as root, sysctl kernel.kptr_restrict=1");
	return fail(verb, "%s has no symbol '%s', and that is no address; try: a number, as 0x7ffc12345678",
		    view->target.title, word);
}

/* SYMBOL[+OFFSET] */
static int find_symbol(struct view *view, struct symbols *symbols,
		       const char *verb, const char *word)
{
	char *name = mem_string(word), *plus = strrchr(name, '+');
	uint64_t offset = 0;
	int err = 0;

	if (plus) {
		*plus++ = '\0';
		err = args_number(plus, &offset);
		if (err)
			err = usage(verb, "'%s' is no offset: it is decimal, or hexadecimal with 0x",
				    plus);
	}
	if (!err) {
		err = symbols_find(symbols, name, &view->address);
		view->address += offset;
		if (!err)
			view->symbol = mem_string(word);
		else if (args_hex(word, &view->address))
			err = no_symbol(view, verb, name, err);
		else
			err = 0;
	}
	free(name);
	return err;
}

static int find_address(struct view *view, struct symbols *symbols,
			const char *verb, const char *word)
{
	unsigned int levels = view->target.machine.levels;
	int err;

	if (args_looks_hex(word)) {
		err = args_hex(word, &view->address);
		if (err)
			return check_number(verb, word, err);
	} else if (!*word) {
		return check_number(verb, word, -EINVAL);
	} else {
		err = find_symbol(view, symbols, verb, word);
		if (err)
			return err;
	}
	if (!args_canonical(view->address, levels))
		return usage(verb, "%s is not canonical: with %u levels bits 63 to %u must copy bit %u",
			     HEX(view->address), levels, 12 + 9 * levels,
			     11 + 9 * levels);
	if (view->target.pid == TLBSCOPE_KERNEL && !is_kernel_address(view))
		return usage(verb, "%s is not the kernel's: its half begins at %s",
			     HEX(view->address),
			     HEX(view->target.machine.kernel_start));
	return 0;
}

/*
 * Words
 */

/* Why nothing is there though a mapping says something should */
static const char *why_empty(const struct view *view)
{
	if (is_kernel_address(view))
		return "the kernel maps nothing here";
	if (!view->map)
		return "no mapping covers it, an access gets SIGSEGV";
	if (!strncmp(view->map->rights, "---", 3))
		return "its mapping allows no access, which gets SIGSEGV";
	if (view->map->anonymous)
		return "the mapping is there, but this part of it was not touched yet";
	return "the mapping is there, but this part of it was not touched yet through it";
}

/* One line that says why there is no page, NULL where there is one */
static const char *why_none(const struct view *view, enum tlbscope_state state)
{
	switch (state) {
	case TLBSCOPE_NONE:
		return why_empty(view);
	case TLBSCOPE_LEAF:
		return NULL;
	case TLBSCOPE_TABLE:
		return "the table behind it could not be read";
	case TLBSCOPE_PROTNONE:
		return "the frame is there, but the CPU faults: PROT_NONE or a NUMA-balancing hint";
	case TLBSCOPE_SWAP:
		return "the page was swapped out, an access reads it back";
	case TLBSCOPE_MIGRATION:
		return "the page is just being moved to another frame";
	case TLBSCOPE_DEVICE:
		return "the page is in a device's memory";
	case TLBSCOPE_HWPOISON:
		return "the memory behind it is broken, an access gets SIGBUS";
	case TLBSCOPE_MARKER:
		return "no page, a note of the kernel's own (userfaultfd, guard page)";
	case TLBSCOPE_SPLITTING:
		return "a huge page that is just being split or changed";
	case TLBSCOPE_UNREADABLE:
		return "the table could not be read, it may just be going away";
	default:
		return "not present, in a way not known to tlbscope";
	}
}

/*
 * Text
 */

/* The entries from the root to level @last */
static void print_steps(const struct view *view, const struct tlbscope_walk *walk,
			unsigned int last)
{
	static const char * const titles[] = {
		"level", "index", "entry at", "entry", "flags"
	};
	struct table *t = table_new("lrrrl");
	unsigned int level;

	table_cells(t, titles);
	for (level = walk->levels; level >= last && level; level--) {
		const struct tlbscope_step *step = &walk->step[walk->levels - level];
		char flags[TLBSCOPE_FLAGS_LEN];

		tlbscope_entry_flags(flags, sizeof(flags), step->entry, level,
				     &view->target.machine.format);
		table_cell(t, "%s", tlbscope_level_name(level, walk->levels));
		table_cell(t, "%u", tlbscope_index(walk->address, level));
		table_cell(t, "%s", HEX(step->phys));
		table_cell(t, "0x%016llx", (unsigned long long)step->entry);
		table_cell(t, "%s", *flags ? flags : tlbscope_state_name(walk->state));
	}
	table_print(t, "");
}

static void print_frame(const struct view *view, const struct tlbscope_walk *walk)
{
	uint64_t in_page = walk->address & (walk->page_size - 1);

	if (!(view->target.knows & TLBSCOPE_KNOWS_PHYS))
		printf("physical  not told without rights; try: sudo\n");
	else if (!walk->page_size)
		printf("physical  %s, in a page of 4 KiB or 2 MiB: that is not told here\n",
		       HEX(walk->phys));
	else
		printf("physical  %s, in the page of %s at %s\n", HEX(walk->phys),
		       SIZE(walk->page_size), HEX(walk->phys - in_page));
}

static void print_result(const struct view *view, const struct tlbscope_walk *walk)
{
	const char *why = why_none(view, walk->state);
	char rights[RIGHTS_LEN];
	uint64_t start = walk->address & ~(walk->page_size - 1);

	if (why && walk->levels)
		printf("no page   the %s entry is %s: %s\n",
		       tlbscope_level_name(walk->level, walk->levels),
		       tlbscope_state_name(walk->state), why);
	else if (why)
		printf("no page   %s\n", why);
	if (walk->state == TLBSCOPE_LEAF || walk->phys)
		print_frame(view, walk);
	if (walk->state == TLBSCOPE_LEAF && walk->levels)
		printf("rights    %s\n", rights_words(rights, walk->rights));
	if (walk->state == TLBSCOPE_NONE && walk->levels)
		printf("hole      %s-%s, %s\n", HEX(start),
		       END(start + walk->page_size), SIZE(walk->page_size));
}

static void print_walk(const struct view *view)
{
	const struct tlbscope_walk *walk = &view->walk;

	putchar('\n');
	if (view->two_roots)
		printf("From the root for kernel mode:\n");
	if (walk->levels) {
		print_steps(view, walk, walk->level);
		putchar('\n');
	}
	print_result(view, walk);
}

/* The level from which on both walks meet the same entries, 0 if they never do */
static unsigned int meeting_level(const struct view *view)
{
	unsigned int level = view->user.level, levels = view->user.levels;

	if (level != view->walk.level)
		return 0;
	while (level <= levels && view->user.step[levels - level].phys ==
				  view->walk.step[levels - level].phys)
		level++;
	return level > view->user.level ? level - 1 : 0;
}

static void print_user_walk(const struct view *view)
{
	const struct tlbscope_walk *walk = &view->user;
	unsigned int meeting = meeting_level(view);
	char rights[RIGHTS_LEN];

	printf("\nFrom the root for user mode (page-table isolation):\n");
	if (!meeting) {
		print_steps(view, walk, walk->level);
		putchar('\n');
		print_result(view, walk);
		return;
	}
	print_steps(view, walk, meeting + 1);
	printf("and on through the same tables\n");
	if (walk->state == TLBSCOPE_LEAF)
		printf("\nrights    %s\n", rights_words(rights, walk->rights));
}

static void print_text(const struct view *view)
{
	printf("address   %s of %s\n", HEX(view->address), view->target.title);
	if (view->map)
		printf("mapping   %s-%s %s%s%s\n", HEX(view->map->start),
		       END(view->map->last + 1), view->map->rights,
		       *view->map->rights ? " " : "", view->map->name);
	if (view->symbol)
		printf("symbol    %s\n", view->symbol);
	printf("source    %s\n", view->target.source);
	if (!view->walk.levels)
		printf("levels    this source does not tell; try: tlbscope doctor\n");
	print_walk(view);
	if (view->two_roots)
		print_user_walk(view);
	if (view->explain)
		explain_text(&view->target.machine, &view->walk);
}

/*
 * JSON
 */

static json_object *map_json(const struct map *map)
{
	json_object *o;

	if (!map)
		return NULL;
	o = new_object();
	put_hex(o, "start", map->start);
	put_end(o, "end", map->last + 1);
	put_str(o, "rights", map->rights);
	put_str(o, "name", map->name);
	return o;
}

static json_object *steps_json(const struct view *view,
			       const struct tlbscope_walk *walk)
{
	json_object *array = new_array();
	unsigned int level;

	for (level = walk->levels; level >= walk->level && level; level--) {
		const struct tlbscope_step *step = &walk->step[walk->levels - level];
		char flags[TLBSCOPE_FLAGS_LEN];
		json_object *o = new_object();

		tlbscope_entry_flags(flags, sizeof(flags), step->entry, level,
				     &view->target.machine.format);
		put_str(o, "level", tlbscope_level_name(level, walk->levels));
		put_int(o, "index", tlbscope_index(walk->address, level));
		put_hex(o, "entry_at", step->phys);
		put_hex(o, "entry", step->entry);
		put_words(o, "flags", flags);
		put_element(array, o);
	}
	return array;
}

/* The page, as far as the source tells: a size of 0 is not known */
static void put_page(json_object *o, const struct view *view,
		     const struct tlbscope_walk *walk)
{
	const char *size = walk->state == TLBSCOPE_LEAF ? "page_size" : "entry_covers";
	bool frame = walk->state == TLBSCOPE_LEAF || walk->phys;
	bool told = view->target.knows & TLBSCOPE_KNOWS_PHYS;

	if (walk->page_size)
		put_int(o, size, walk->page_size);
	else
		put_null(o, size);
	if (frame && told)
		put_hex(o, "phys", walk->phys);
	else
		put_null(o, "phys");
	if (frame && told && walk->page_size)
		put_hex(o, "page_phys", walk->phys -
			(walk->address & (walk->page_size - 1)));
	else
		put_null(o, "page_phys");
}

static json_object *walk_json(const struct view *view,
			      const struct tlbscope_walk *walk)
{
	const char *why = why_none(view, walk->state);
	bool leaf = walk->state == TLBSCOPE_LEAF;
	json_object *o = new_object();
	char rights[RIGHTS_LEN];

	put_object(o, "steps", walk->levels ? steps_json(view, walk) : NULL);
	put_str(o, "state", tlbscope_state_name(walk->state));
	if (why)
		put_str(o, "why", why);
	put_page(o, view, walk);
	if (leaf && walk->levels)
		put_words(o, "rights", rights_words(rights, walk->rights));
	return o;
}

static void print_json(const struct view *view)
{
	json_object *o = new_object();

	target_put(&view->target, o);
	put_hex(o, "address", view->address);
	put_object(o, "mapping", map_json(view->map));
	if (view->symbol)
		put_str(o, "symbol", view->symbol);
	else
		put_null(o, "symbol");
	put_object(o, "walk", walk_json(view, &view->walk));
	put_object(o, "user_walk",
		   view->two_roots ? walk_json(view, &view->user) : NULL);
	if (view->explain)
		put_object(o, "explain", explain_json(&view->target.machine,
						      &view->walk));
	out_json(o);
}

/*
 * The verb
 */

static void read_maps(struct view *view, struct maps *maps)
{
	if (is_kernel_address(view))
		regions_read(maps, view->target.machine.levels);
	else
		maps_read(maps, tlbscope_pid(view->target.t));
	view->map = maps_at(maps, view->address);
}

/* A process's tables hold the kernel's half too */
static char *name_address(const struct view *view, struct symbols *symbols)
{
	struct symbols *kernel;
	char *text;

	if (view->target.pid == TLBSCOPE_KERNEL || !is_kernel_address(view))
		return symbols_near(symbols, view->address);
	kernel = symbols_open(TLBSCOPE_KERNEL);
	text = symbols_near(kernel, view->address);
	symbols_close(kernel);
	return text;
}

static int walk_both(struct view *view, const char *verb)
{
	struct tlbscope *t = view->target.t;
	int err = tlbscope_walk_address(t, view->address, 0, &view->walk);

	if (err)
		return target_fail(&view->target, verb, err);
	/* Where there is only one root, this is refused */
	view->two_roots = view->walk.levels &&
		!tlbscope_walk_address(t, view->address, TLBSCOPE_USER_ROOT,
				       &view->user);
	return 0;
}

static int show(struct view *view, const char *verb, const char *word, bool json)
{
	pid_t pid = view->target.pid == TLBSCOPE_KERNEL ?
		    TLBSCOPE_KERNEL : tlbscope_pid(view->target.t);
	struct symbols *symbols = symbols_open(pid);
	struct maps maps = { 0 };
	int err;

	err = find_address(view, symbols, verb, word);
	if (!err)
		err = walk_both(view, verb);
	if (!err) {
		read_maps(view, &maps);
		if (!view->symbol)
			view->symbol = name_address(view, symbols);
		if (json)
			print_json(view);
		else
			print_text(view);
	}
	free(view->symbol);
	maps_free(&maps);
	symbols_close(symbols);
	return err;
}

/**
 * struct request - the options
 * @paging: a scheme, or NULL
 * @open: TLBSCOPE_OPEN_*
 * @explain: teach
 * @json: instead of text
 */
struct request {
	const char *paging;
	unsigned int open;
	bool explain;
	bool json;
};

static int parse_options(struct request *r, int argc, char **argv)
{
	static const struct option options[] = {
		{ "explain",	no_argument,		NULL, 'e' },
		{ "paging",	required_argument,	NULL, 'p' },
		{ "no-module",	no_argument,		NULL, ARGS_LONG },
		{ "json",	no_argument,		NULL, 'j' },
		{ 0 }
	};
	int option;

	while ((option = args_option(argc, argv, ":ep:j", options)) != -1) {
		switch (option) {
		case 'e':
			r->explain = true;
			break;
		case 'p':
			r->paging = optarg;
			break;
		case 'j':
			r->json = true;
			break;
		case ARGS_LONG:
			r->open = TLBSCOPE_OPEN_FALLBACK;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	return 0;
}

int verb_walk(int argc, char **argv)
{
	struct request r = { .paging = NULL };
	const char *verb = argv[0];
	struct view view;
	int err;

	err = parse_options(&r, argc, argv);
	if (err)
		return err;
	argc -= optind;
	argv += optind;
	if (r.paging) {
		if (argc != 1)
			return usage(verb, "--paging wants one address and nothing else");
		return paging_explain(verb, r.paging, argv[0], r.json);
	}
	if (argc != 2)
		return usage(verb, "whose address, and which? PID|self|kernel ADDRESS|SYMBOL");
	view = (struct view){ .explain = r.explain };
	err = target_open(&view.target, verb, argv[0], r.open);
	if (err)
		return err;
	err = show(&view, verb, argv[1], r.json);
	target_close(&view.target);
	return err;
}
