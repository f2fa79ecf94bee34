// SPDX-License-Identifier: GPL-2.0
/*
 * Iterators: a batch of records at a time, refilled from where the last ended
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "range.h"
#include "source.h"

/* Records of a batch: what a large process has many of, yet some ten pages */
#define BATCH	1024

/**
 * struct tlbscope_iter - an iterator
 * @t: the handle
 * @fill: gets the next batch, sets @at and @filled
 * @at: where the next batch begins
 * @end: first address behind the last
 * @pos: next record of the batch
 * @filled: records of the batch
 * @shown: how far the caller has come
 * @req: the request
 * @vec: the batch
 */
struct tlbscope_iter {
	struct tlbscope *t;
	int (*fill)(struct tlbscope_iter *it);
	uint64_t at;
	uint64_t end;
	unsigned int pos;
	unsigned int filled;
	uint64_t shown;
	union {
		struct tlbscope_ranges ranges;
		struct tlbscope_tables tables;
	} req;
	union {
		struct tlbscope_range range[BATCH];
		struct tlbscope_table table[BATCH];
	} vec;
};

static int ranges_fill(struct tlbscope_iter *it)
{
	struct tlbscope_ranges *req = &it->req.ranges;
	int err;

	req->start = it->at;
	err = it->t->ops->ranges(it->t, req);
	if (err)
		return err;
	it->at = req->next;
	it->filled = req->filled;
	return 0;
}

static int tables_fill(struct tlbscope_iter *it)
{
	struct tlbscope_tables *req = &it->req.tables;
	int err;

	req->start = it->at;
	err = it->t->ops->tables(it->t, req);
	if (err)
		return err;
	it->at = req->next;
	it->filled = req->filled;
	req->start_level = req->next_level;
	return 0;
}

/* Makes sure that there is a record at @pos: 1, 0 at the end, negative errno */
static int iter_more(struct tlbscope_iter *it)
{
	while (it->pos == it->filled) {
		int err;

		if (it->at == it->end) {
			it->shown = it->end;
			return 0;
		}
		it->pos = 0;
		it->filled = 0;
		err = it->fill(it);
		if (err)
			return err;
	}
	return 1;
}

static int iter_new(struct tlbscope *t, uint64_t start, uint64_t end,
		    int (*fill)(struct tlbscope_iter *it),
		    struct tlbscope_iter **iter)
{
	struct tlbscope_iter *it;
	int err;

	*iter = NULL;
	err = range_check(&t->info, start, &end);
	if (err)
		return err;
	it = calloc(1, sizeof(*it));
	if (!it)
		return -ENOMEM;
	it->t = t;
	it->fill = fill;
	it->at = start;
	it->end = end;
	it->shown = start;
	*iter = it;
	return 0;
}

int tlbscope_ranges_begin(struct tlbscope *t, uint64_t start, uint64_t end,
			  unsigned int flags, uint64_t ignore,
			  struct tlbscope_iter **iter)
{
	struct tlbscope_iter *it;
	int err;

	*iter = NULL;
	if (flags & ~(TLBSCOPE_USER_ROOT | TLBSCOPE_RANGES_UNMERGED |
		      TLBSCOPE_RANGES_ALL))
		return -EINVAL;
	if (ignore & ~TLBSCOPE_RANGES_IGNORABLE)
		return -EINVAL;
	err = iter_new(t, start, end, ranges_fill, &it);
	if (err)
		return err;
	it->req.ranges = (struct tlbscope_ranges) {
		.size = sizeof(it->req.ranges),
		.flags = flags,
		.end = it->end,
		.ignore = ignore,
		.vec = (uintptr_t)it->vec.range,
		.vec_len = BATCH,
	};
	*iter = it;
	return 0;
}

int tlbscope_ranges_next(struct tlbscope_iter *it, struct tlbscope_range *range)
{
	int more;

	if (it->fill != ranges_fill)
		return -EINVAL;
	more = iter_more(it);
	if (more > 0) {
		*range = it->vec.range[it->pos++];
		it->shown = range->end;
	}
	return more;
}

int tlbscope_tables_begin(struct tlbscope *t, uint64_t start, uint64_t end,
			  unsigned int flags, struct tlbscope_iter **iter)
{
	struct tlbscope_iter *it;
	int err;

	*iter = NULL;
	if (flags & ~TLBSCOPE_USER_ROOT)
		return -EINVAL;
	if (!t->ops->tables)
		return -EOPNOTSUPP;
	err = iter_new(t, start, end, tables_fill, &it);
	if (err)
		return err;
	it->req.tables = (struct tlbscope_tables) {
		.size = sizeof(it->req.tables),
		.flags = flags,
		.end = it->end,
		.vec = (uintptr_t)it->vec.table,
		.vec_len = BATCH,
	};
	*iter = it;
	return 0;
}

int tlbscope_tables_next(struct tlbscope_iter *it, struct tlbscope_table *table)
{
	int more;

	if (it->fill != tables_fill)
		return -EINVAL;
	more = iter_more(it);
	if (more > 0) {
		*table = it->vec.table[it->pos++];
		it->shown = table->address;
	}
	return more;
}

void tlbscope_iter_end(struct tlbscope_iter *it)
{
	free(it);
}

uint64_t tlbscope_iter_address(const struct tlbscope_iter *it)
{
	return it->shown;
}
