// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"
#include "proc.h"

/* Bits 51 to 12 (Intel SDM vol. 3A, 4.5) */
#define FRAME		0x000ffffffffff000ULL
/* Linux: an entry that is not present has a frame all the same */
#define BIT_PROTNONE	(1ULL << 8)

#define broken(fmt, ...) \
	(fprintf(stderr, "# %s: " fmt "\n", __func__, ##__VA_ARGS__), -EPROTO)

static unsigned int index_of(__u64 address, unsigned int level)
{
	return address / span(level) % 512;
}

static bool is_table(__u64 entry, unsigned int level)
{
	return (entry & BIT_PRESENT) && level > 1 && !(entry & BIT_PSE);
}

/*
 * In the kernel's half there is no swap: what is not present there was made so
 * by set_memory_np() and its like, and has kept its frame.
 */
static unsigned int state_of(__u64 entry, unsigned int level, __u64 address)
{
	if (!entry)
		return TLBSCOPE_NONE;
	if (is_table(entry, level))
		return TLBSCOPE_TABLE;
	if (entry & BIT_PRESENT)
		return TLBSCOPE_LEAF;
	return (entry & BIT_PROTNONE) || address >> 63 ? TLBSCOPE_PROTNONE :
							 TLBSCOPE_UNKNOWN;
}

/* Without the present bit Linux stores the frame's complement */
static __u64 phys_of(__u64 entry, unsigned int level)
{
	__u64 frame = (entry & BIT_PRESENT ? entry : ~entry) & FRAME;

	return is_table(entry, level) ? frame : frame & ~(span(level) - 1);
}

static unsigned int rights_of(__u64 entry)
{
	return (entry & BIT_PRESENT ? TLBSCOPE_MAY_READ : 0) |
	       (entry & BIT_WRITE ? TLBSCOPE_MAY_WRITE : 0) |
	       (entry & BIT_USER ? TLBSCOPE_MAY_USER : 0) |
	       (entry & BIT_NX ? 0 : TLBSCOPE_MAY_EXEC);
}

/* The list's next record, zeroed */
static void *append(void *v, size_t *n, size_t size)
{
	/* Powers of two, from 64 on */
	if (*n >= 64 ? !(*n & (*n - 1)) : !*n)
		v = realloc(v, (*n < 64 ? 64 : 2 * *n) * size);
	if (!v)
		abort();
	memset((char *)v + (*n)++ * size, 0, size);
	return v;
}

static struct tlbscope_range *add_range(struct ranges *r)
{
	r->v = append(r->v, &r->n, sizeof(*r->v));
	return &r->v[r->n - 1];
}

static struct tlbscope_table *add_table(struct tables *t)
{
	t->v = append(t->v, &t->n, sizeof(*t->v));
	return &t->v[t->n - 1];
}

/* What a reading is about, and where its result goes */
struct reader {
	unsigned int levels;
	__u64 start;
	__u64 last;
	struct oracle *o;
};

static void add_entry(const struct reader *reader, __u64 entry,
		      unsigned int level, __u64 address, unsigned int rights)
{
	struct tlbscope_range *r = add_range(&reader->o->ranges);
	__u64 last = address + span(level) - 1;

	r->start = address < reader->start ? reader->start : address;
	r->end = (last > reader->last ? reader->last : last) + 1;
	r->entry = entry;
	r->level = level;
	r->state = state_of(entry, level, address);
	if (has_frame(r->state))
		r->phys = phys_of(entry, level) + (r->start - address);
	if (r->state == TLBSCOPE_LEAF)
		r->rights = rights & rights_of(entry);
}

static unsigned int bucket(unsigned int used)
{
	unsigned int i = 0;

	for (; used; used /= 2)
		i++;
	return i;
}

/* What an entry translates first: the root's upper half is the negative one */
static __u64 address_of(const struct reader *reader, __u64 table,
			unsigned int level, unsigned int i)
{
	__u64 address = table + i * span(level);

	if (level == reader->levels && i >= 256)
		address -= span(level + 1);
	return address;
}

/* One table, and all below it */
static int read_table(const struct reader *reader, __u64 phys,
		      unsigned int level, __u64 address, unsigned int rights)
{
	struct tables *tables = &reader->o->tables;
	struct tlbscope_level *sum = &tables->level[level - 1];
	struct tlbscope_table count = {
		.address = address, .phys = phys, .level = level,
	};
	size_t place = tables->n;
	__u64 entry[512], at;
	unsigned int i;
	int ret;

	ret = phys_read(phys, entry, sizeof(entry));
	if (ret)
		return broken("cannot read the table at %llx: %s", phys,
			      strerror(-ret));
	add_table(tables);
	for (i = 0; !ret && i < 512; i++) {
		at = address_of(reader, address, level, i);
		if (at > reader->last ||
		    at + (span(level) - 1) < reader->start)
			continue;
		count.used += !!entry[i];
		count.leaves += state_of(entry[i], level, at) == TLBSCOPE_LEAF;
		count.pointers += is_table(entry[i], level);
		if (is_table(entry[i], level))
			ret = read_table(reader, phys_of(entry[i], level),
					 level - 1, at,
					 rights & rights_of(entry[i]));
		else if (entry[i])
			add_entry(reader, entry[i], level, at, rights);
	}
	tables->v[place] = count;
	sum->tables++;
	sum->used += count.used;
	sum->leaves += count.leaves;
	sum->pointers += count.pointers;
	sum->occupancy[bucket(count.used)]++;
	return ret;
}

/**
 * oracle_read - read the tables under a root
 * @root: its physical address
 * @levels: 4 or 5
 * @start: first address
 * @last: last address
 * @o: receives what is there; free with oracle_free(), also after an error
 *
 * Return: 0, or a negative errno with a line on stderr.
 */
int oracle_read(__u64 root, unsigned int levels, __u64 start, __u64 last,
		struct oracle *o)
{
	struct reader reader = {
		.levels = levels, .start = start, .last = last, .o = o,
	};

	memset(o, 0, sizeof(*o));
	o->tables.root = root;
	return read_table(&reader, root, levels, 0, ~0U);
}

void oracle_free(struct oracle *o)
{
	ranges_free(&o->ranges);
	tables_free(&o->tables);
}

static int confirm_step(const struct tlbscope_walk *w, unsigned int level,
			__u64 table)
{
	const struct tlbscope_step *step = &w->step[w->levels - level];
	__u64 changes = BIT_ACCESSED | BIT_DIRTY;
	__u64 entry;
	int ret;

	if (step->phys % PAGE != 8 * index_of(w->address, level))
		return broken("level %u: index %llu", level,
			      step->phys % PAGE / 8);
	if (level != w->levels && step->phys - step->phys % PAGE != table)
		return broken("level %u: %llx is not in the table %llx", level,
			      step->phys, table);
	ret = phys_read(step->phys, &entry, sizeof(entry));
	if (ret)
		return broken("cannot read memory at %llx: %s", step->phys,
			      strerror(-ret));
	if ((entry ^ step->entry) & ~changes)
		return broken("level %u: %llx, but memory has %llx", level,
			      step->entry, entry);
	if (level > w->level && !is_table(step->entry, level))
		return broken("level %u: went on behind %llx", level,
			      step->entry);
	return 0;
}

static int confirm_result(const struct tlbscope_walk *w, __u64 entry,
			  unsigned int rights)
{
	unsigned int state = state_of(entry, w->level, w->address);
	__u64 phys = 0;

	if (state == TLBSCOPE_TABLE)
		return broken("stopped at the table %llx", entry);
	if (state == TLBSCOPE_UNKNOWN ? w->state < TLBSCOPE_SWAP :
					w->state != state)
		return broken("state %u of %llx", w->state, entry);
	if (has_frame(state))
		phys = phys_of(entry, w->level) +
		       w->address % span(w->level);
	if (w->phys != phys)
		return broken("physical %llx, not %llx", w->phys, phys);
	if (w->page_size != span(w->level))
		return broken("page size %llu at level %u", w->page_size,
			      w->level);
	if (w->rights != (state == TLBSCOPE_LEAF ? rights : 0))
		return broken("rights %x, not %x", w->rights, rights);
	return 0;
}

/**
 * oracle_confirms - hold a walk against memory and against itself
 * @w: an answer
 *
 * Return: 0, or -EPROTO with a line on stderr.
 */
int oracle_confirms(const struct tlbscope_walk *w)
{
	unsigned int rights = ~0U, level, i;
	__u64 table = 0;
	int ret;

	if (w->levels != scope_levels() || !w->level || w->level > w->levels)
		return broken("level %u of %u", w->level, w->levels);
	if (w->reserved)
		return broken("reserved %x", w->reserved);
	for (level = w->levels; level >= w->level; level--) {
		ret = confirm_step(w, level, table);
		if (ret)
			return ret;
		table = w->step[w->levels - level].entry & FRAME;
		rights &= rights_of(w->step[w->levels - level].entry);
	}
	for (i = w->levels - w->level + 1; i < TLBSCOPE_MAX_LEVELS; i++)
		if (w->step[i].phys || w->step[i].entry)
			return broken("step %u is not zero", i);
	return confirm_result(w, w->step[w->levels - w->level].entry, rights);
}

/* All but the frame: that of a huge page leaves its lowest bits to others */
static __u64 flags_of(const struct tlbscope_range *r)
{
	return r->entry & ~(FRAME & ~(span(r->level) - 1));
}

static bool runs_on(const struct tlbscope_range *a,
		    const struct tlbscope_range *b)
{
	__u64 len = a->end - a->start;

	if (a->end != b->start || a->level != b->level || a->state != b->state)
		return false;
	if (!has_frame(a->state))
		return true;
	return a->rights == b->rights && a->phys + len == b->phys &&
	       flags_of(a) == flags_of(b);
}

/**
 * oracle_merge - merge what runs on
 * @r: unmerged ranges, in order; changed
 * @ignore: bits of an entry that shall not keep leaves apart
 */
void oracle_merge(struct ranges *r, __u64 ignore)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++) {
		r->v[i].entry &= ~ignore;
		if (n && runs_on(&r->v[n - 1], &r->v[i]))
			r->v[n - 1].end = r->v[i].end;
		else
			r->v[n++] = r->v[i];
	}
	r->n = n;
}
