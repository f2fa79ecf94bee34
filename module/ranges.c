// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "machine.h"
#include "ranges.h"

/* Ends the walk: the vector is full */
#define RANGES_FULL	1

/* What goes on with a hole: nothing */
static void start_hole(struct ranges *r)
{
	r->run.state = TLBSCOPE_NONE;
	r->expect = 0;
	r->step = 0;
}

static bool wanted(const struct ranges *r, enum tlbscope_state state)
{
	return state == TLBSCOPE_LEAF || (r->all && state != TLBSCOPE_NONE);
}

/*
 * A run begins with an entry. The frame of an entry that is not present is
 * stored inverted: from one page to the next it falls. False if there is no
 * room for one more record.
 */
static bool start_run(struct ranges *r, const struct walk_table *t, u64 entry,
		      u64 address, u64 start)
{
	enum tlbscope_state state = walk_state(entry, t->level);
	u64 begin = max(address, start);

	if (!wanted(r, state)) {
		start_hole(r);
		return true;
	}
	if (r->filled == r->vec_len) {
		r->next = begin;
		return false;
	}
	r->run = (struct tlbscope_range) {
		.start	= begin,
		.entry	= entry & r->keep,
		.level	= t->level,
		.state	= state,
	};
	r->step = entry_span(t->level);
	if (state == TLBSCOPE_LEAF)
		r->run.rights = t->rights & entry_rights(entry);
	else
		r->step = -r->step;
	if (entry_has_frame(state))
		r->run.phys = entry_phys(entry, t->level, &machine_format) +
			      (begin - address);
	r->expect = entry + r->step;
	return true;
}

/* start_run() made sure that there is room */
static void end_run(struct ranges *r, u64 end)
{
	if (r->run.state == TLBSCOPE_NONE)
		return;
	/* What follows may be the other half: the gap between is in no table */
	if ((s64)(end ^ r->run.start) < 0 && end)
		end = machine_user_end();
	r->run.end = end;
	r->vec[r->filled++] = r->run;
}

/* Whether entries without a frame are of one kind, which is all they share */
static bool same_kind(const struct ranges *r, const struct walk_table *t,
		      u64 entry)
{
	return r->run.state != TLBSCOPE_NONE &&
	       !entry_has_frame(r->run.state) &&
	       walk_state(entry, t->level) == r->run.state;
}

/*
 * Whether the first of a table's entries may go on with the run as far as the
 * table is concerned: its level, and the rights of the levels above.
 */
static bool same_table(const struct ranges *r, const struct walk_table *t,
		       u64 entry)
{
	if (r->run.state == TLBSCOPE_NONE)
		return true;
	if (r->unmerged || r->run.level != t->level)
		return false;
	return r->run.state != TLBSCOPE_LEAF ||
	       r->run.rights == (t->rights & entry_rights(entry));
}

/*
 * The walk leaves nothing out, so the entry that comes is the one behind the
 * last, and a run goes on exactly if that entry is the one expected.
 */
static int ranges_entries(struct walk *walk, const struct walk_table *t,
			  unsigned int from, unsigned int to)
{
	struct ranges *r = walk->private;
	bool fits = same_table(r, t, t->entry[from]);
	unsigned int i;

	for (i = from; i < to; i++) {
		u64 entry = t->entry[i];
		u64 address;

		if (likely(fits && !((entry ^ r->expect) & r->keep))) {
			r->expect += r->step;
			continue;
		}
		if (fits && same_kind(r, t, entry))
			continue;
		address = walk_entry_address(walk, t, i);
		end_run(r, max(address, walk->start));
		if (!start_run(r, t, entry, address, walk->start))
			return RANGES_FULL;
		fits = !r->unmerged || !r->step;
	}
	return 0;
}

static const struct walk_ops ranges_ops = {
	.entries = ranges_entries,
};

/**
 * ranges_walk - the ranges between two addresses, as many as there is room for
 * @ranges: @all, @unmerged, @keep, @vec, @vec_len set
 * @walk: @target, @user, @start, @last, @buffer set
 *
 * Return: 0 with @ranges->filled records and @ranges->next, which is behind
 * @walk->start and is @walk->last + 1 when all is done; or -EINTR.
 */
int ranges_walk(struct ranges *ranges, struct walk *walk)
{
	u64 end = walk->last + 1;
	int ret;

	ranges->filled = 0;
	ranges->next = end;
	start_hole(ranges);
	walk->ops = &ranges_ops;
	walk->private = ranges;
	ret = walk_range(walk);
	if (ret == RANGES_FULL)
		return 0;
	if (!ret)
		end_run(ranges, end);
	return ret;
}
