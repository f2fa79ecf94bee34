/* SPDX-License-Identifier: GPL-2.0 */
/* Ranges of an address space, cut where mappings end, joined with their names */
#ifndef TOOL_PIECES_H
#define TOOL_PIECES_H

#include <stdbool.h>
#include <stdint.h>

#include <libtlbscope.h>

#include "maps.h"
#include "target.h"

#define PIECES_WORDS	8

/**
 * struct query - which pieces are wanted
 * @start: first address, a multiple of 4096
 * @end: first address behind, 0 for the very top
 * @flags: TLBSCOPE_USER_ROOT, TLBSCOPE_RANGES_*
 * @ignore: bits that shall not keep ranges apart
 * @levels: 1 << level of the sizes wanted, 0 for all
 * @states: 1 << state of those wanted, 0 for all
 * @with: flags that must be there
 * @without: flags that must not
 * @mapping: part of the mapping's name, or NULL
 */
struct query {
	uint64_t start;
	uint64_t end;
	unsigned int flags;
	uint64_t ignore;
	unsigned int levels;
	unsigned int states;
	const char *with[PIECES_WORDS];
	const char *without[PIECES_WORDS];
	const char *mapping;
};

/**
 * struct piece - a part of a range that lies in one mapping
 * @range: as of libtlbscope, cut
 * @map: the mapping, or NULL
 * @flags: in words
 */
struct piece {
	struct tlbscope_range range;
	const struct map *map;
	char flags[TLBSCOPE_FLAGS_LEN];
};

typedef void (*piece_fn)(void *arg, const struct piece *piece);

int pieces_each(struct target *target, const struct maps *maps,
		const struct query *query, bool bar, piece_fn fn, void *arg);
void pieces_maps(struct target *target, struct maps *maps);
bool pieces_wants_map(const struct query *query, const struct map *map);

bool piece_has_frame(const struct tlbscope_range *range);
uint64_t piece_pages(const struct tlbscope_range *range);
bool piece_has_word(const char *words, const char *word);

#endif /* TOOL_PIECES_H */
