// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "mem.h"
#include "pieces.h"
#include "rights.h"
#include "summary.h"
#include "verbs.h"

const char help_ranges[] =
"usage: tlbscope ranges PID|self|kernel [START[-END]] [OPTION...]\n"
"\n"
"Lists what an address space maps: ranges whose virtual and physical addresses run\n"
"on in pages of one size and with the same flags, each with the mapping it lies in.\n"
"START and END are hexadecimal; without END, to the end of that half of the address\n"
"space. -j prints JSON Lines, one object a range.\n"
"\n"
"  -s, --summary          a line a mapping instead: how much is resident in pages of\n"
"                         which size, the share of huge ones, the TLB entries to\n"
"                         cover it; what takes most memory first\n"
"  -a, --all              also what is not present: swapped, PROT_NONE, ...\n"
"  -u, --unmerged         one line a page\n"
"  -i, --ignore=FLAG,...  flags that shall not keep ranges apart, and are not shown:\n"
"                         accessed, dirty, soft-dirty, saved-dirty (these by\n"
"                         default), uffd-wp, special, devmap; or none, or all\n"
"      --user-root        from the root for user mode (page-table isolation)\n"
"      --no-module        as if the module were not loaded\n"
"  -j, --json             JSON\n"
"\n"
"Which ranges (each of them must agree):\n"
"      --size=4K|2M|1G    of pages of that size; again for another size\n"
"      --flag=WORD        with that flag of the last entry: write, user, nx, accessed,\n"
"                         dirty, global, pcd, special, ...\n"
"      --no-flag=WORD     without it\n"
"      --state=WORD       in that state: present, swapped, protnone, migrating, ...\n"
"      --mapping=TEXT     of mappings with TEXT in their name\n";

enum {
	OPT_NO_MODULE = ARGS_LONG,
	OPT_USER_ROOT,
	OPT_SIZE,
	OPT_FLAG,
	OPT_NO_FLAG,
	OPT_STATE,
	OPT_MAPPING,
};

/**
 * struct request - what the command line asks for
 * @target: whose
 * @maps: its mappings
 * @query: which pieces
 * @open: TLBSCOPE_OPEN_*
 * @ignore: the option's words, NULL for the usual ones
 * @summary: a line a mapping
 * @json: instead of text
 * @records: printed so far
 */
struct request {
	struct target target;
	struct maps maps;
	struct query query;
	unsigned int open;
	char *ignore;
	bool summary;
	bool json;
	uint64_t records;
};

/*
 * Flags that can be ignored
 */

/* Bits of Linux's own are where the running kernel says; these are the CPU's */
#define BIT_ACCESSED	(1ULL << 5)
#define BIT_DIRTY	(1ULL << 6)

static const char usually_ignored[] = "accessed,dirty,soft-dirty,saved-dirty";

static bool ignorable_bit(const struct tlbscope_format *f, const char *word,
			  uint64_t *bit)
{
	const struct {
		const char *word;
		uint64_t bit;
	} words[] = {
		{ "accessed", BIT_ACCESSED },
		{ "dirty", BIT_DIRTY },
		{ "soft-dirty", f->soft_dirty },
		{ "saved-dirty", f->saved_dirty },
		{ "uffd-wp", f->uffd_wp },
		{ "special", f->special },
		{ "devmap", f->devmap },
		{ "all", TLBSCOPE_RANGES_IGNORABLE },
		{ "none", 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].word, word))
			continue;
		*bit = words[i].bit;
		return true;
	}
	return false;
}

/* What a filter looks at must not be ignored */
static uint64_t filter_bits(const struct tlbscope_format *f,
			    const char *const *words)
{
	uint64_t bits = 0, bit;
	unsigned int i;

	for (i = 0; i < PIECES_WORDS && words[i]; i++)
		if (ignorable_bit(f, words[i], &bit))
			bits |= bit;
	return bits;
}

static int set_ignore(struct request *r, const char *verb)
{
	const struct tlbscope_format *f = &r->target.machine.format;
	char *words = mem_string(r->ignore ? r->ignore : usually_ignored);
	uint64_t needed, bit;
	char *rest = words, *word;
	int err = 0;

	while (!err && (word = strsep(&rest, ","))) {
		if (ignorable_bit(f, word, &bit))
			r->query.ignore |= bit;
		else
			err = usage(verb, "'%s' is no flag that can be ignored", word);
	}
	free(words);
	needed = filter_bits(f, r->query.with) | filter_bits(f, r->query.without);
	if (!err && r->ignore && r->query.ignore & needed)
		err = usage(verb, "a flag is both ignored and asked for");
	r->query.ignore &= ~needed & TLBSCOPE_RANGES_IGNORABLE;
	return err;
}

/*
 * Options
 */

static int add_size(struct query *query, const char *verb, const char *word)
{
	static const struct {
		const char *word;
		unsigned int level;
	} sizes[] = {
		{ "4K", 1 }, { "2M", 2 }, { "1G", 3 },
		{ "4KiB", 1 }, { "2MiB", 2 }, { "1GiB", 3 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (strcasecmp(sizes[i].word, word))
			continue;
		query->levels |= 1U << sizes[i].level;
		return 0;
	}
	return usage(verb, "there are no pages of size '%s', only 4K, 2M and 1G", word);
}

static int add_state(struct query *query, const char *verb, const char *word)
{
	unsigned int state;

	for (state = 0; state < TLBSCOPE_STATES; state++) {
		if (state == TLBSCOPE_NONE || state == TLBSCOPE_TABLE ||
		    strcmp(tlbscope_state_name(state), word))
			continue;
		query->states |= 1U << state;
		query->flags |= TLBSCOPE_RANGES_ALL;
		return 0;
	}
	return usage(verb, "there is no state '%s': present, swapped, protnone, migrating, device, hwpoison, marker, splitting, unreadable or unknown",
		     word);
}

static bool is_flag(const char *word)
{
	static const char known[] =
		"present write user pwt pcd accessed dirty huge pat global special "
		"uffd-wp soft-dirty devmap saved-dirty encrypted nx";

	return (*word && !strchr(word, ' ') && piece_has_word(known, word)) ||
	       !strncmp(word, "pkey", 4);
}

static int add_flag(const char **words, const char *verb, const char *word)
{
	unsigned int i;

	if (!is_flag(word))
		return usage(verb, "there is no flag '%s'", word);
	for (i = 0; i < PIECES_WORDS && words[i]; i++)
		;
	if (i == PIECES_WORDS)
		return usage(verb, "more than %d flags", PIECES_WORDS);
	words[i] = word;
	return 0;
}

static int set_option(struct request *r, const char *verb, int option)
{
	struct query *query = &r->query;

	switch (option) {
	case 's':
		r->summary = true;
		break;
	case 'a':
		query->flags |= TLBSCOPE_RANGES_ALL;
		break;
	case 'u':
		query->flags |= TLBSCOPE_RANGES_UNMERGED;
		break;
	case 'i':
		r->ignore = optarg;
		break;
	case 'j':
		r->json = true;
		break;
	case OPT_NO_MODULE:
		r->open = TLBSCOPE_OPEN_FALLBACK;
		break;
	case OPT_USER_ROOT:
		query->flags |= TLBSCOPE_USER_ROOT;
		break;
	case OPT_MAPPING:
		query->mapping = optarg;
		break;
	case OPT_SIZE:
		return add_size(query, verb, optarg);
	case OPT_STATE:
		return add_state(query, verb, optarg);
	case OPT_FLAG:
		return add_flag(query->with, verb, optarg);
	case OPT_NO_FLAG:
		return add_flag(query->without, verb, optarg);
	default:
		return EXIT_USAGE;
	}
	return 0;
}

static int parse_options(struct request *r, int argc, char **argv)
{
	static const struct option options[] = {
		{ "summary",	no_argument,		NULL, 's' },
		{ "all",	no_argument,		NULL, 'a' },
		{ "unmerged",	no_argument,		NULL, 'u' },
		{ "ignore",	required_argument,	NULL, 'i' },
		{ "json",	no_argument,		NULL, 'j' },
		{ "no-module",	no_argument,		NULL, OPT_NO_MODULE },
		{ "user-root",	no_argument,		NULL, OPT_USER_ROOT },
		{ "size",	required_argument,	NULL, OPT_SIZE },
		{ "flag",	required_argument,	NULL, OPT_FLAG },
		{ "no-flag",	required_argument,	NULL, OPT_NO_FLAG },
		{ "state",	required_argument,	NULL, OPT_STATE },
		{ "mapping",	required_argument,	NULL, OPT_MAPPING },
		{ 0 }
	};
	int option, err = 0;

	while (!err &&
	       (option = args_option(argc, argv, ":saui:j", options)) != -1)
		err = set_option(r, argv[0], option);
	return err;
}

static int parse_address(const struct request *r, const char *verb,
			 const char *word, uint64_t *address)
{
	int err = args_hex(word, address);

	if (err == -ERANGE)
		return usage(verb, "%s is more than 64 bits", word);
	if (err)
		return usage(verb, "'%s' is no address: it is hexadecimal, with or without 0x",
			     word);
	if (!args_canonical(*address, r->target.machine.levels))
		return usage(verb, "%s is not canonical with %u levels", word,
			     r->target.machine.levels);
	return 0;
}

/* As typed, 0 is not the top of the address space: that needs no END at all */
static int parse_end(struct request *r, const char *verb, const char *word)
{
	int err = parse_address(r, verb, word, &r->query.end);

	if (!err && !r->query.end)
		return usage(verb, "a range cannot end at 0; without END it goes on to the end");
	return err;
}

static int check_range(const struct request *r, const char *verb,
		       const char *word)
{
	const struct tlbscope_info *machine = &r->target.machine;
	const struct query *query = &r->query;
	bool kernel = query->start >= machine->kernel_start;

	if (r->target.pid == TLBSCOPE_KERNEL && !kernel)
		return usage(verb, "%s is not the kernel's: its half begins at %s",
			     word, HEX(machine->kernel_start));
	if (query->end - 1 < query->start)
		return usage(verb, "%s is empty: a range is START-END, END is the first address behind",
			     word);
	if (!kernel && query->end - 1 >= machine->user_end)
		return usage(verb, "%s lies in both halves of the address space", word);
	return 0;
}

/* START[-END]: pages are not cut, so both are rounded outwards */
static int parse_range(struct request *r, const char *verb, const char *word)
{
	char *start = mem_string(word), *end = strchr(start, '-');
	struct query *query = &r->query;
	int err;

	if (end)
		*end++ = '\0';
	err = parse_address(r, verb, start, &query->start);
	if (!err)
		query->end = query->start >= r->target.machine.kernel_start ?
			     0 : r->target.machine.user_end;
	if (!err && end)
		err = parse_end(r, verb, end);
	if (!err)
		err = check_range(r, verb, word);
	query->start &= ~4095ULL;
	query->end = (query->end + 4095) & ~4095ULL;
	free(start);
	return err;
}

/*
 * One line a range
 */

/* The flags that no other column tells */
static void rest_of_flags(char *buf, const char *flags)
{
	static const char told[] = "present write user nx huge";
	const char *at = flags;

	*buf = '\0';
	while (*at) {
		char word[32];
		size_t len = strcspn(at, " ");

		snprintf(word, sizeof(word), "%.*s", (int)len, at);
		if (!piece_has_word(told, word)) {
			strcat(buf, *buf ? "," : "");
			strcat(buf, word);
		}
		at += len + (at[len] == ' ');
	}
	if (!*buf)
		strcpy(buf, "-");
}

static void print_row(const struct request *r, const char *const *cell)
{
	/* Wide enough for any address of that half */
	int width = r->target.pid == TLBSCOPE_KERNEL ? 18 :
		    r->target.machine.levels == 5 ? 17 : 14;

	printf("%-*s  %-*s  %9s  %5s  %9s  %-14s  %-8s  %-6s  %-9s  %s\n",
	       width, cell[0], width, cell[1], cell[2], cell[3], cell[4],
	       cell[5], cell[6], cell[7], cell[8], cell[9]);
}

static void print_titles(const struct request *r)
{
	static const char * const titles[] = {
		"start", "end", "size", "page", "pages", "physical", "state",
		"rights", "flags", "mapping"
	};

	printf("%s, source: %s\n\n", r->target.title, r->target.source);
	print_row(r, titles);
}

static void print_text(const struct request *r, const struct piece *piece)
{
	const struct tlbscope_range *range = &piece->range;
	bool frame = piece_has_frame(range) &&
		     r->target.knows & TLBSCOPE_KNOWS_PHYS;
	bool present = range->state == TLBSCOPE_LEAF &&
		       r->target.knows & TLBSCOPE_KNOWS_ENTRIES;
	char rights[RIGHTS_LEN], flags[TLBSCOPE_FLAGS_LEN];
	struct out_text start = out_hex(range->start), end = out_end(range->end);
	struct out_text size = out_size(range->end - range->start);
	struct out_text page = out_size(tlbscope_page_size(range->level));
	struct out_text pages = out_count(piece_pages(range));
	struct out_text phys = out_hex(range->phys);
	const char *cell[] = {
		start.s, end.s, size.s, range->level ? page.s : "?",
		range->level ? pages.s : "?", frame ? phys.s : "-",
		tlbscope_state_name(range->state),
		present ? rights_letters(rights, range->rights) : "-", flags,
		piece->map ? piece->map->name : "-",
	};

	rest_of_flags(flags, piece->flags);
	print_row(r, cell);
}

static void print_json(const struct request *r, const struct piece *piece)
{
	const struct tlbscope_range *range = &piece->range;
	bool entries = r->target.knows & TLBSCOPE_KNOWS_ENTRIES;
	bool frame = piece_has_frame(range) &&
		     r->target.knows & TLBSCOPE_KNOWS_PHYS;
	json_object *o = new_object();
	char rights[RIGHTS_LEN];

	target_put(&r->target, o);
	put_hex(o, "start", range->start);
	put_end(o, "end", range->end);
	put_int(o, "size", range->end - range->start);
	if (range->level) {
		put_int(o, "page_size", tlbscope_page_size(range->level));
		put_int(o, "pages", piece_pages(range));
	} else {
		put_null(o, "page_size");
		put_null(o, "pages");
	}
	if (frame)
		put_hex(o, "phys", range->phys);
	else
		put_null(o, "phys");
	put_str(o, "state", tlbscope_state_name(range->state));
	if (entries)
		put_hex(o, "entry", range->entry);
	if (entries && range->state == TLBSCOPE_LEAF)
		put_words(o, "rights", rights_words(rights, range->rights));
	put_words(o, "flags", piece->flags);
	if (piece->map)
		put_str(o, "mapping", piece->map->name);
	else
		put_null(o, "mapping");
	out_json_line(o);
}

/*
 * Ctrl-C shall not cut a record in two: it is held back, and let through here.
 * Where it was ignored from the start, the work goes on.
 */
static void hold_interrupt(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(how, &set, NULL);
}

static void let_interrupt(void)
{
	sigset_t pending;

	sigpending(&pending);
	if (!sigismember(&pending, SIGINT))
		return;
	fflush(stdout);
	hold_interrupt(SIG_UNBLOCK);
	hold_interrupt(SIG_BLOCK);
}

static void print_piece(void *arg, const struct piece *piece)
{
	struct request *r = arg;

	if (!r->records && !r->json)
		print_titles(r);
	if (r->json)
		print_json(r, piece);
	else
		print_text(r, piece);
	if (!(++r->records % 64))
		let_interrupt();
	/* Nobody reads any more, or the disk is full: the end says which */
	if (ferror(stdout))
		exit(out_finish("ranges", EXIT_FAILED));
}

static int stream(struct request *r)
{
	bool bar = !isatty(STDOUT_FILENO);
	int err;

	hold_interrupt(SIG_BLOCK);
	err = pieces_each(&r->target, &r->maps, &r->query, bar, print_piece, r);
	if (!err && !r->records && !r->json)
		print_titles(r);
	fflush(stdout);
	hold_interrupt(SIG_UNBLOCK);
	return err;
}

static int show(struct request *r, const char *verb)
{
	int err;

	pieces_maps(&r->target, &r->maps);
	if (r->summary) {
		r->query.flags |= TLBSCOPE_RANGES_ALL;
		err = summary_print(&r->target, &r->maps, &r->query, r->json);
	} else {
		err = stream(r);
	}
	maps_free(&r->maps);
	return err ? target_fail(&r->target, verb, err) : EXIT_DONE;
}

int verb_ranges(int argc, char **argv)
{
	struct request r = { .open = 0 };
	const char *verb = argv[0];
	int err;

	err = parse_options(&r, argc, argv);
	if (err)
		return err;
	argc -= optind;
	argv += optind;
	if (argc < 1 || argc > 2)
		return usage(verb, "whose ranges? PID|self|kernel [START[-END]]");
	err = target_open(&r.target, verb, argv[0], r.open);
	if (err)
		return err;
	r.query.start = target_start(&r.target);
	r.query.end = target_end(&r.target);
	err = set_ignore(&r, verb);
	if (!err && argc == 2)
		err = parse_range(&r, verb, argv[1]);
	if (!err)
		err = show(&r, verb);
	target_close(&r.target);
	return err;
}
