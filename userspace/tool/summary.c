// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "summary.h"
#include "table.h"

/**
 * struct line - a mapping, or several of one file in a row, or all
 * @map: the first of them, NULL for what no mapping holds and for all
 * @name: what it is called
 * @size: bytes of address space
 * @pages: present bytes in pages of level 1, 2, 3 at [level], of unknown size
 *	at [0]
 * @swapped: bytes
 * @other: bytes neither present nor swapped nor empty
 * @runs: how often physical memory had to start anew
 * @entries: pages of any size: the TLB entries that cover all
 * @next: virtual and physical address where the run would go on
 */
struct line {
	const struct map *map;
	const char *name;
	uint64_t size;
	uint64_t pages[4];
	uint64_t swapped;
	uint64_t other;
	uint64_t runs;
	uint64_t entries;
	struct {
		uint64_t start;
		uint64_t phys;
	} next;
};

/* One line for each mapping of @maps, joined later; one more for strays */
struct summary {
	struct target *target;
	const struct maps *maps;
	struct line *line;
	size_t count;
	struct line total;
};

static uint64_t resident(const struct line *line)
{
	return line->pages[0] + line->pages[1] + line->pages[2] + line->pages[3];
}

static uint64_t huge(const struct line *line)
{
	return line->pages[2] + line->pages[3];
}

static void add_present(struct line *line, const struct tlbscope_range *range)
{
	line->pages[range->level & 3] += range->end - range->start;
	line->entries += piece_pages(range);
	if (range->phys != line->next.phys || range->start != line->next.start ||
	    !line->runs)
		line->runs++;
	line->next.start = range->end;
	line->next.phys = range->phys + (range->end - range->start);
}

static void add_piece(void *arg, const struct piece *piece)
{
	const struct tlbscope_range *range = &piece->range;
	struct summary *s = arg;
	size_t i = piece->map ? (size_t)(piece->map - s->maps->map) : s->maps->count;
	struct line *line = &s->line[i];

	if (range->state == TLBSCOPE_LEAF)
		add_present(line, range);
	else if (range->state == TLBSCOPE_SWAP)
		line->swapped += range->end - range->start;
	else
		line->other += range->end - range->start;
}

static void add_line(struct line *sum, const struct line *line)
{
	size_t i;

	sum->size += line->size;
	for (i = 0; i < 4; i++)
		sum->pages[i] += line->pages[i];
	sum->swapped += line->swapped;
	sum->other += line->other;
	sum->runs += line->runs;
	sum->entries += line->entries;
}

/*
 * The segments of a file are mapped one by one, but it is one thing to people.
 */
static bool belongs(const struct line *line, const struct map *map)
{
	return line->map && !map->anonymous && !strcmp(line->name, map->name) &&
	       line->map->rights[0];
}

/* How much of a mapping was asked for */
static uint64_t size_within(const struct map *map, const struct query *query)
{
	uint64_t start = map->start, last = map->last;

	if (start < query->start)
		start = query->start;
	if (last > query->end - 1)
		last = query->end - 1;
	return start <= last ? last - start + 1 : 0;
}

static void init_lines(struct summary *s, const struct query *query)
{
	size_t i;

	s->count = s->maps->count + 1;
	s->line = mem_array(NULL, s->count, sizeof(*s->line));
	for (i = 0; i < s->maps->count; i++)
		s->line[i] = (struct line){
			.map = &s->maps->map[i],
			.name = s->maps->map[i].name,
			.size = size_within(&s->maps->map[i], query),
		};
	/* Mappings come and go between two looks */
	s->line[i] = (struct line){ .name = "(no mapping)" };
}

/* A process has made its mappings, the kernel's half is mostly left empty */
static bool wants_line(const struct summary *s, const struct query *query,
		       const struct line *line)
{
	if (!line->map || s->target->pid == TLBSCOPE_KERNEL)
		return resident(line);
	return line->size && pieces_wants_map(query, line->map);
}

/* Join what belongs together, leave out what was not asked for */
static void join_lines(struct summary *s, const struct query *query)
{
	size_t i, kept = 0;

	for (i = 0; i < s->count; i++) {
		const struct line *line = &s->line[i];

		if (!wants_line(s, query, line))
			continue;
		add_line(&s->total, line);
		if (kept && line->map && belongs(&s->line[kept - 1], line->map))
			add_line(&s->line[kept - 1], line);
		else
			s->line[kept++] = *line;
	}
	s->count = kept;
	s->total.name = "total";
}

/* What takes most memory comes first, address order decides between equals */
static int by_memory(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (resident(x) != resident(y))
		return resident(x) < resident(y) ? 1 : -1;
	if (!x->map || !y->map)
		return !x->map - !y->map;
	return x->map->start < y->map->start ? -1 : x->map->start > y->map->start;
}

/*
 * Text
 */

static const char *size_or_dash(struct out_text *buf, uint64_t bytes)
{
	*buf = out_size(bytes);
	return bytes ? buf->s : "-";
}

static void count_cell(struct table *t, bool known, uint64_t n)
{
	table_cell(t, "%s", !known ? "?" : n ? COUNT(n) : "-");
}

static void print_line(const struct summary *s, struct table *t,
		       const struct line *line)
{
	bool phys = s->target->knows & TLBSCOPE_KNOWS_PHYS;
	struct out_text buf;
	size_t i;

	table_cell(t, "%s", line->map ? HEX(line->map->start) : "");
	table_cell(t, "%s", size_or_dash(&buf, line->size));
	table_cell(t, "%s", size_or_dash(&buf, resident(line)));
	for (i = 1; i <= 3; i++)
		table_cell(t, "%s", size_or_dash(&buf, line->pages[i]));
	if (s->total.pages[0])
		table_cell(t, "%s", size_or_dash(&buf, line->pages[0]));
	if (line->pages[0])
		table_cell(t, "?");
	else
		table_cell(t, "%s", PERCENT(huge(line), resident(line)));
	table_cell(t, "%s", size_or_dash(&buf, line->swapped));
	count_cell(t, phys, line->runs);
	count_cell(t, !line->pages[0], line->entries);
	table_cell(t, "%s", line->name);
}

static void print_text(const struct summary *s)
{
	static const char * const titles[] = {
		"start", "size", "resident", "in 4 KiB", "in 2 MiB", "in 1 GiB",
		"huge", "swapped", "runs", "TLB entries", "mapping"
	};
	static const char * const titles_unknown[] = {
		"start", "size", "resident", "in 4 KiB", "in 2 MiB", "in 1 GiB",
		"in 4 KiB or 2 MiB", "huge", "swapped", "runs", "TLB entries",
		"mapping"
	};
	bool unknown = s->total.pages[0];
	struct table *t = table_new(unknown ? "rrrrrrrrrrrl" : "rrrrrrrrrrl");
	size_t i;

	printf("%s, source: %s\n\n", s->target->title, s->target->source);
	table_cells(t, unknown ? titles_unknown : titles);
	for (i = 0; i < s->count; i++)
		print_line(s, t, &s->line[i]);
	print_line(s, t, &s->total);
	table_print(t, "");
	printf("\nhuge: share of what is resident in pages of 2 MiB and 1 GiB; runs: pieces of\n"
	       "contiguous physical memory; TLB entries: to cover all that is resident\n");
}

/*
 * JSON
 */

static json_object *line_json(const struct summary *s, const struct line *line)
{
	json_object *o = new_object();

	put_str(o, "mapping", line->name);
	if (line->map)
		put_hex(o, "start", line->map->start);
	put_int(o, "size", line->size);
	put_int(o, "resident", resident(line));
	put_int(o, "in_4k", line->pages[1]);
	put_int(o, "in_2m", line->pages[2]);
	put_int(o, "in_1g", line->pages[3]);
	put_int(o, "in_unknown_size", line->pages[0]);
	if (line->pages[0])
		put_null(o, "huge_share");
	else
		put_ratio(o, "huge_share", huge(line), resident(line));
	put_int(o, "swapped", line->swapped);
	put_int(o, "other", line->other);
	if (s->target->knows & TLBSCOPE_KNOWS_PHYS)
		put_int(o, "runs", line->runs);
	else
		put_null(o, "runs");
	if (line->pages[0])
		put_null(o, "tlb_entries");
	else
		put_int(o, "tlb_entries", line->entries);
	return o;
}

static void print_json(const struct summary *s)
{
	json_object *o = new_object(), *array = new_array();
	size_t i;

	target_put(s->target, o);
	for (i = 0; i < s->count; i++)
		put_element(array, line_json(s, &s->line[i]));
	put_object(o, "mappings", array);
	put_object(o, "total", line_json(s, &s->total));
	out_json(o);
}

/**
 * summary_print - a line for each mapping, and the total
 * @target: whose
 * @maps: its mappings
 * @query: which pieces to count
 * @json: instead of text
 *
 * Return: 0 or a negative errno
 */
int summary_print(struct target *target, const struct maps *maps,
		  const struct query *query, bool json)
{
	struct summary s = { .target = target, .maps = maps };
	int err;

	init_lines(&s, query);
	err = pieces_each(target, maps, query, true, add_piece, &s);
	if (!err) {
		join_lines(&s, query);
		qsort(s.line, s.count, sizeof(*s.line), by_memory);
		if (json)
			print_json(&s);
		else
			print_text(&s);
	}
	free(s.line);
	return err;
}
