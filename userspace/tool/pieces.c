// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "pieces.h"
#include "progress.h"
#include "regions.h"

/* piece_has_frame - the states that have a physical address */
bool piece_has_frame(const struct tlbscope_range *range)
{
	return range->state == TLBSCOPE_LEAF ||
	       range->state == TLBSCOPE_PROTNONE ||
	       range->state == TLBSCOPE_SPLITTING;
}

/* piece_pages - how many, one that was cut counts whole; 0 if not known */
uint64_t piece_pages(const struct tlbscope_range *range)
{
	uint64_t size = tlbscope_page_size(range->level);
	uint64_t first = range->start, last = range->end - 1;

	if (!size)
		return 0;
	return last / size - first / size + 1;
}

/* piece_has_word - whether @word is one of @words */
bool piece_has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *at = words;

	while ((at = strstr(at, word))) {
		if ((at == words || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
		at += len;
	}
	return false;
}

static bool wants_words(const struct query *query, const char *words)
{
	unsigned int i;

	for (i = 0; i < PIECES_WORDS && query->with[i]; i++)
		if (!piece_has_word(words, query->with[i]))
			return false;
	for (i = 0; i < PIECES_WORDS && query->without[i]; i++)
		if (piece_has_word(words, query->without[i]))
			return false;
	return true;
}

/* pieces_wants_map - whether its name has what is looked for; NULL has none */
bool pieces_wants_map(const struct query *query, const struct map *map)
{
	return !query->mapping || (map && strstr(map->name, query->mapping));
}

static bool wants(const struct query *query, const struct piece *piece)
{
	const struct tlbscope_range *range = &piece->range;

	if (query->levels && !(query->levels & 1U << range->level))
		return false;
	if (query->states && !(query->states & 1U << range->state))
		return false;
	return wants_words(query, piece->flags) &&
	       pieces_wants_map(query, piece->map);
}

/* Cut off what lies in the first mapping of @range, and take it away there */
static void cut(struct piece *piece, struct tlbscope_range *range,
		const struct maps *maps)
{
	const struct map *map = maps_from(maps, range->start);
	uint64_t last = range->end - 1;

	piece->range = *range;
	piece->map = NULL;
	if (map && map->start > range->start) {
		if (map->start <= last)
			last = map->start - 1;
	} else if (map) {
		piece->map = map;
		if (map->last < last)
			last = map->last;
	}
	piece->range.end = last + 1;
	if (range->phys)
		range->phys += last + 1 - range->start;
	range->start = last + 1;
}

static void visit(const struct target *target, const struct maps *maps,
		  const struct query *query, struct tlbscope_range range,
		  piece_fn fn, void *arg)
{
	struct piece piece;

	do {
		cut(&piece, &range, maps);
		tlbscope_entry_flags(piece.flags, sizeof(piece.flags),
				     range.entry, range.level ? range.level : 1,
				     &target->machine.format);
		if (wants(query, &piece))
			fn(arg, &piece);
	} while (piece.range.end != range.end);
}

/*
 * How far: addresses say little where most are not mapped, so bytes of mappings
 * are counted, up to the one that is being read.
 */
struct distance {
	const struct maps *maps;
	size_t map;
	uint64_t before;
	uint64_t total;
};

static uint64_t map_size(const struct map *map)
{
	return map->last - map->start + 1;
}

static void distance_start(struct distance *d, const struct maps *maps)
{
	size_t i;

	*d = (struct distance){ .maps = maps };
	for (i = 0; i < maps->count; i++)
		d->total += map_size(&maps->map[i]);
}

static uint64_t distance_to(struct distance *d, uint64_t address)
{
	const struct map *map;

	while (d->map < d->maps->count && d->maps->map[d->map].last < address)
		d->before += map_size(&d->maps->map[d->map++]);
	if (d->map == d->maps->count)
		return d->total;
	map = &d->maps->map[d->map];
	return d->before + (address > map->start ? address - map->start : 0);
}

/**
 * pieces_each - call a function with each piece wanted
 * @target: whose
 * @maps: its mappings
 * @query: which
 * @bar: show how far it has come
 * @fn: called with @arg and each
 *
 * Return: 0 or a negative errno
 */
int pieces_each(struct target *target, const struct maps *maps,
		const struct query *query, bool bar, piece_fn fn, void *arg)
{
	struct tlbscope_range range;
	struct tlbscope_iter *it;
	struct progress progress;
	struct distance distance;
	int more;

	more = tlbscope_ranges_begin(target->t, query->start, query->end,
				     query->flags, query->ignore, &it);
	if (more)
		return more;
	distance_start(&distance, maps);
	progress_start(&progress, "reading page tables", bar);
	while ((more = tlbscope_ranges_next(it, &range)) > 0) {
		progress_update(&progress, distance_to(&distance, range.start),
				distance.total);
		visit(target, maps, query, range, fn, arg);
	}
	progress_end(&progress);
	tlbscope_iter_end(it);
	return more;
}

/* pieces_maps - the names: a process's mappings, or the kernel's regions */
void pieces_maps(struct target *target, struct maps *maps)
{
	if (target->pid == TLBSCOPE_KERNEL)
		regions_read(maps, target->machine.levels);
	else
		maps_read(maps, tlbscope_pid(target->t));
}
