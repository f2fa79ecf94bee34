// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/minmax.h>

#include "machine.h"
#include "ranges.h"

/*
 * The walk leaves nothing out, so the entry that comes is the one behind the
 * last, and a run goes on exactly if that entry is the one expected. A hole is
 * a run of zeros. Where every entry shall be a record, none is ever expected
 * but those zeros.
 *
 * The frame of an entry that is not present is stored inverted: in a run of
 * such it falls from page to page. Between the two halves of the address space
 * there is a gap that no table tells of.
 */

/* Ends the walk: the vector is full */
#define RANGES_FULL	1

/* The last four fields in one; x86 has the lowest byte first */
#define KIND_STATE	8
#define KIND_RIGHTS	16

static __always_inline u64 record_kind(unsigned int level,
				       enum tlbscope_state state,
				       unsigned int rights)
{
	return level | state << KIND_STATE | rights << KIND_RIGHTS;
}

static __always_inline void set_kind(struct tlbscope_range *record, u64 kind)
{
	*(u64 *)&record->level = kind;
}

/* The run ends here, if there is one; what follows is a hole */
static void end_run(struct ranges *r, u64 end)
{
	r->run->end = end;
	r->run = &r->nothing;
	r->expect = 0;
	r->step = 0;
}

/*
 * Whether the run may go on into a table as far as that is the table's matter:
 * its level, and the rights that the levels above leave.
 */
static bool goes_on(const struct ranges *r, const struct walk_table *t,
		    u64 entry)
{
	if (r->run == &r->nothing)
		return true;
	if (r->run->level != t->level)
		return false;
	return r->run->state != TLBSCOPE_LEAF ||
	       r->run->rights == (t->rights & entry_rights(entry));
}

/* The first entry, from @i on, that is not the one expected, or @to */
static unsigned int skip_expected(struct ranges *r, const struct walk_table *t,
				  unsigned int i, unsigned int to)
{
	const u64 *entry = t->entry + i, *end = t->entry + to;
	u64 expect = r->expect, step = r->step, keep = r->keep;

	while (entry != end && !((*entry ^ expect) & keep)) {
		expect += step;
		entry++;
	}
	r->expect = expect;
	return entry - t->entry;
}

/*
 * Records of the leaves from @i on, up to an entry that is not present, or as
 * many as there is room for. Where frames are scattered this is all that there
 * is to do, so it is a tight loop, compiled once for each way.
 */
static __always_inline unsigned int
add_leaves(struct ranges *r, const struct walk_table *t, unsigned int i,
	   unsigned int to, u64 address, const bool unmerged)
{
	const u64 span = entry_span(t->level), keep = r->keep;
	const u64 frame = machine_format.frame & -span;
	const u64 *next = t->entry + i;
	const u64 *end = next + min(to - i, r->vec_len - r->filled);
	struct tlbscope_range *record = r->vec + r->filled, *run = r->run;
	const u64 kind = record_kind(t->level, TLBSCOPE_LEAF, 0);
	const u64 rights = record_kind(0, 0, t->rights);
	u64 expect = r->expect;

	for (; next != end; next++, address += span) {
		u64 entry = *next;

		if (!(entry & ENTRY_PRESENT))
			break;
		if (!unmerged && !((entry ^ expect) & keep)) {
			expect += span;
			continue;
		}
		if (!unmerged)
			run->end = address;
		record->start = address;
		if (unmerged)
			record->end = address + span;
		record->phys = entry & frame;
		record->entry = entry & keep;
		set_kind(record, kind | (entry_rotated(entry, KIND_RIGHTS) &
					 rights));
		run = record++;
		expect = entry + span;
	}
	r->filled = record - r->vec;
	if (!unmerged) {
		r->expect = expect;
		r->step = run == r->run ? r->step : span;
		r->run = run;
	}
	return next - t->entry;
}

/* Not present, so it may be anything. False if the vector is full. */
static bool add_absent(struct ranges *r, const struct walk_table *t, u64 entry,
		       u64 address)
{
	enum tlbscope_state state = walk_state(entry, t->level, address);
	u64 span = entry_span(t->level);
	struct tlbscope_range *record;

	if (r->run->state == state && !entry_has_frame(state))
		return true;
	end_run(r, address);
	if (!r->all || state == TLBSCOPE_NONE)
		return true;
	if (r->filled == r->vec_len)
		return false;
	record = &r->vec[r->filled++];
	record->start = address;
	record->end = address + span;
	record->phys = entry_has_frame(state) ?
		       entry_phys(entry, t->level, &machine_format) : 0;
	record->entry = entry & r->keep;
	set_kind(record, record_kind(t->level, state, 0));
	if (r->unmerged)
		return true;
	r->run = record;
	r->expect = entry - span;
	r->step = -span;
	return true;
}

static int ranges_entries(struct walk *walk, const struct walk_table *t,
			  unsigned int from, unsigned int to)
{
	struct ranges *r = walk->private;
	u64 address = walk_entry_address(walk, t, from);
	u64 first = address - from * entry_span(t->level);
	unsigned int i = from;

	/* Linux maps nothing next to the gap, which need not be known here */
	if (address == machine_kernel_start())
		end_run(r, machine_user_end());
	else if (!goes_on(r, t, t->entry[from]))
		end_run(r, address);
	for (;;) {
		i = skip_expected(r, t, i, to);
		if (i == to)
			return 0;
		address = first + i * entry_span(t->level);
		if (!(t->entry[i] & ENTRY_PRESENT)) {
			if (!add_absent(r, t, t->entry[i], address))
				break;
			i++;
			continue;
		}
		if (r->filled == r->vec_len)
			break;
		if (r->unmerged)
			i = add_leaves(r, t, i, to, address, true);
		else
			i = add_leaves(r, t, i, to, address, false);
	}
	r->next = first + i * entry_span(t->level);
	end_run(r, r->next);
	return RANGES_FULL;
}

static const struct walk_ops ranges_ops = {
	.entries = ranges_entries,
};

/* Huge pages may begin before the walk does, and end behind it */
static void cut(struct ranges *r, const struct walk *walk)
{
	struct tlbscope_range *first = r->vec, *last = r->vec + r->filled - 1;

	if (!r->filled)
		return;
	if (first->start < walk->start) {
		if (entry_has_frame(first->state))
			first->phys += walk->start - first->start;
		first->start = walk->start;
	}
	if (last->end - 1 > walk->last)
		last->end = walk->last + 1;
}

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
	int ret;

	ranges->filled = 0;
	ranges->next = walk->last + 1;
	ranges->nothing.state = TLBSCOPE_NONE;
	ranges->run = &ranges->nothing;
	ranges->expect = 0;
	ranges->step = 0;
	walk->ops = &ranges_ops;
	walk->private = ranges;
	ret = walk_range(walk);
	if (!ret)
		end_run(ranges, ranges->next);
	if (!ret || ret == RANGES_FULL) {
		cut(ranges, walk);
		return 0;
	}
	return ret;
}
