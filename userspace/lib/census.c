// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "entry.h"
#include "process.h"
#include "range.h"
#include "source.h"

static void level_add(struct tlbscope_level *sum, const struct tlbscope_level *l)
{
	unsigned int i;

	sum->tables += l->tables;
	sum->used += l->used;
	sum->leaves += l->leaves;
	sum->pointers += l->pointers;
	for (i = 0; i < TLBSCOPE_OCCUPANCY; i++)
		sum->occupancy[i] += l->occupancy[i];
}

static int count_tables(struct tlbscope *t, uint64_t start, uint64_t end,
			unsigned int flags, struct tlbscope_census *census)
{
	struct tlbscope_tables req = {
		.size = sizeof(req),
		.flags = flags,
		.end = end,
		.next = start,
	};
	unsigned int i;
	int err;

	do {
		req.start = req.next;
		req.start_level = req.next_level;
		err = t->ops->tables(t, &req);
		if (err)
			return err;
		for (i = 0; i < TLBSCOPE_MAX_LEVELS; i++)
			level_add(&census->level[i], &req.level[i]);
		if (req.irqs_off > census->irqs_off)
			census->irqs_off = req.irqs_off;
	} while (req.next != end);
	census->levels = t->info.levels;
	census->root = req.root;
	return 0;
}

/* Without tables, the leaves at least, as far as their sizes are known */
static int count_leaves(struct tlbscope *t, uint64_t start, uint64_t end,
			unsigned int flags, struct tlbscope_census *census)
{
	struct tlbscope_iter *it;
	struct tlbscope_range r;
	int more;

	more = tlbscope_ranges_begin(t, start, end, flags,
				     TLBSCOPE_RANGES_IGNORABLE, &it);
	if (more)
		return more;
	while ((more = tlbscope_ranges_next(it, &r)) > 0)
		if (r.level)
			census->level[r.level - 1].leaves +=
				(r.end - r.start + entry_span(r.level) - 1) >>
				entry_shift(r.level);
	tlbscope_iter_end(it);
	return more;
}

int tlbscope_census(struct tlbscope *t, uint64_t start, uint64_t end,
		    unsigned int flags, struct tlbscope_census *census)
{
	int err;

	memset(census, 0, sizeof(*census));
	census->kernel_bytes = ~0ULL;
	if (flags & ~TLBSCOPE_USER_ROOT)
		return -EINVAL;
	err = range_check(&t->info, start, &end);
	if (err)
		return err;
	if (t->dir >= 0)
		census->kernel_bytes = process_table_bytes(t->dir);
	return t->ops->tables ? count_tables(t, start, end, flags, census) :
				count_leaves(t, start, end, flags, census);
}
