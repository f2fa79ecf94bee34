// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>

#include "entry.h"
#include "merge.h"

/* What is left of an entry without its frame and what shall be ignored */
static __u64 flags_of(const struct merge *m, const struct tlbscope_range *r)
{
	__u64 entry = entry_normal(r->entry, m->format);

	return entry & ~entry_phys(r->entry, r->level, m->format);
}

static bool runs_on(const struct merge *m, const struct tlbscope_range *last,
		    const struct tlbscope_range *leaf)
{
	if (last->end != leaf->start || last->level != leaf->level ||
	    last->state != leaf->state || last->rights != leaf->rights)
		return false;
	if (!entry_has_frame(leaf->state))
		return true;
	if (m->phys && last->phys + (last->end - last->start) != leaf->phys)
		return false;
	return flags_of(m, last) == flags_of(m, leaf);
}

/**
 * merge_add - one more leaf, behind all those before
 * @m: where to
 * @leaf: a record of it alone
 *
 * What the request does not want is taken and dropped.
 *
 * Return: true, or false when it needs a record of its own and there is none
 * left: the request ends here, to go on at the leaf's start.
 */
bool merge_add(struct merge *m, const struct tlbscope_range *leaf)
{
	struct tlbscope_range *vec = (void *)(uintptr_t)m->req->vec;
	struct tlbscope_range *last = vec + m->req->filled;
	struct tlbscope_range r = *leaf;

	if (r.state == TLBSCOPE_NONE)
		return true;
	if (r.state != TLBSCOPE_LEAF && !(m->req->flags & TLBSCOPE_RANGES_ALL))
		return true;
	/* Of other entries the bits are no flags, and they read as they are */
	if (entry_has_frame(r.state))
		r.entry &= ~m->req->ignore;
	if (m->req->filled && !(m->req->flags & TLBSCOPE_RANGES_UNMERGED) &&
	    runs_on(m, last - 1, &r)) {
		last[-1].end = r.end;
		return true;
	}
	if (m->req->filled == m->req->vec_len)
		return false;
	*last = r;
	m->req->filled++;
	return true;
}
