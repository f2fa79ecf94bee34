// SPDX-License-Identifier: GPL-2.0
/*
 * The module's walk and its visitors over random trees, against a naive reading
 * of the same trees
 */
#include <stdio.h>

#include "shim.h"

#include "census.h"
#include "machine.h"
#include "ranges.h"
#include "target.h"
#include "unit.h"

#define TABLES		1200
#define ITEMS		200000
#define STABLE		0x100000000000ULL	/* what no race touches */
#define STABLE_END	(STABLE + (1ULL << 25))

unsigned char shim_memory[TABLES * 4096] __attribute__((aligned(4096)));
const u64 shim_memory_size = sizeof(shim_memory);
bool shim_irqs_off, shim_signal, shim_five_levels;
struct tlbscope_format machine_format = { .frame = 0x000ffffffffff000ULL };

static unsigned long long seed;
static unsigned int tables_used;
static void (*resched_hook)(void);

/* One entry that is neither zero nor a table */
struct item {
	u64 address;
	u64 entry;
	unsigned int level;
	unsigned int rights;
};

static struct item items[ITEMS];
static unsigned int items_used;
static struct walk_buffer buffer;

static struct mm_struct mm;

void shim_resched(void)
{
	if (shim_irqs_off || mm.mask)
		UNIT_FAIL("cond_resched() while tables are read");
	if (resched_hook)
		resched_hook();
}

bool shim_is_memory(u64 phys)
{
	return phys < sizeof(shim_memory);
}

const u64 *target_root(const struct target *target, bool user)
{
	(void)target;
	(void)user;
	return (const u64 *)shim_memory;
}

struct mm_struct *target_mm(const struct target *target)
{
	(void)target;
	return &mm;
}

static unsigned int pick(unsigned int n)
{
	return (unit_random(&seed) >> 20) % n;
}

static u64 *table_at(u64 phys)
{
	return (u64 *)(shim_memory + phys);
}

static u64 new_table(void)
{
	return tables_used < TABLES ? 4096ULL * tables_used++ : 0;
}

/*
 * Random trees
 */

static u64 random_flags(void)
{
	static const u64 flags[] = {
		0x067, 0x025, 0x8000000000000067ULL, 0x065, 0x867, 0x847,
	};

	return flags[pick(6)];
}

static u64 absent_entry(unsigned int level)
{
	u64 frame = (u64)pick(1 << 20) << 12;

	switch (pick(4)) {
	case 0:	/* PROT_NONE, its frame inverted */
		return ((frame & -entry_span(level)) ^ machine_format.frame) |
		       0x166 | (level > 1 ? ENTRY_PSE : 0);
	case 1:
		return (u64)SHIM_MIGRATION << 59 | (u64)pick(1000) << 14 | 2;
	default:
		return (u64)pick(3) << 59 | (u64)(1 + pick(1000)) << 14 | 2;
	}
}

/* A run of entries of one kind, frames running on or not */
static void add_run(u64 *table, unsigned int level)
{
	unsigned int i = pick(512), n = 1 + pick(pick(4) ? 6 : 400);
	u64 flags = random_flags() | (level > 1 ? ENTRY_PSE : 0);
	u64 frame = ((u64)pick(1 << 18) << 21) & -entry_span(level);
	u64 absent = absent_entry(level);
	bool scattered = !pick(3), is_absent = !pick(3) || level > 3;

	for (; n-- && i < 512; i++) {
		if (table[i] & ENTRY_PRESENT && level > 1 && !(table[i] & ENTRY_PSE))
			continue;	/* a table stays */
		if (scattered) {
			frame = ((u64)pick(1 << 18) << 21) & -entry_span(level);
			absent = absent_entry(level);
		}
		table[i] = is_absent ? absent : frame | flags;
		frame += entry_span(level);
		if (absent & ENTRY_PROTNONE)
			absent -= entry_span(level);
		if (!pick(40))
			table[i] ^= ENTRY_ACCESSED;
	}
}

static void grow(u64 phys, unsigned int level)
{
	static const unsigned int edges[] = { 0, 511, 255, 256, 1 };
	unsigned int children = level == 1 ? 0 : 1 + pick(3), runs = pick(5), i;
	u64 *table = table_at(phys), child;

	for (i = 0; i < children; i++) {
		unsigned int at = pick(2) ? pick(512) : edges[pick(5)];

		if (table[at])
			continue;
		child = new_table();
		if (!child)
			return;
		table[at] = child | 0x063 | (pick(4) ? ENTRY_USER : 0) |
			    (pick(5) ? 0 : ENTRY_NX);
		grow(child, level - 1);
	}
	for (i = 0; level <= 3 && i < runs; i++)
		add_run(table, level);
}

static void plant(unsigned long long with)
{
	seed = with;
	shim_five_levels = with & 1;
	memset(shim_memory, 0, sizeof(shim_memory));
	tables_used = 1;
	grow(0, machine_levels());
}

/*
 * The naive reading
 */

static u64 extend(u64 address)
{
	unsigned int unused = shim_five_levels ? 7 : 16;

	return (u64)((s64)(address << unused) >> unused);
}

static void read_items(u64 phys, unsigned int level, u64 address,
		       unsigned int rights)
{
	const u64 *table = table_at(phys);
	unsigned int i;

	for (i = 0; i < 512; i++) {
		u64 at = extend(address + (u64)i * entry_span(level));
		unsigned int allowed = rights;

		if (!table[i])
			continue;
		if (!(table[i] & 2))
			allowed &= ~TLBSCOPE_MAY_WRITE;
		if (!(table[i] & 4))
			allowed &= ~TLBSCOPE_MAY_USER;
		if (table[i] >> 63)
			allowed &= ~TLBSCOPE_MAY_EXEC;
		if ((table[i] & 1) && level > 1 && !(level <= 3 && table[i] & 0x80))
			read_items(table[i] & machine_format.frame, level - 1, at,
				   allowed);
		else
			items[items_used++] = (struct item) {
				at, table[i], level, allowed };
	}
}

static void read_tree(void)
{
	items_used = 0;
	read_items(0, machine_levels(), 0, ENTRY_ALL_RIGHTS);
}

static u64 item_phys(const struct item *item)
{
	u64 entry = item->entry & 1 ? item->entry :
				      item->entry ^ machine_format.frame;

	return entry & machine_format.frame & -entry_span(item->level);
}

/* Bounds that often fall on, or next to, what is there */
static u64 random_address(void)
{
	u64 address = pick(3) && items_used ? items[pick(items_used)].address :
					      unit_random(&seed);

	address += ((u64)pick(7) - 3) * 4096;
	return extend(address) & -4096ULL;
}

static void random_bounds(u64 *start, u64 *last)
{
	u64 end;

	do {
		*start = pick(4) ? random_address() : 0;
		end = pick(4) ? random_address() : 0;
		*last = end - 1;
	} while (*last < *start || extend(*last) != *last);
}

/*
 * Ranges
 */

static bool is_wanted(const struct item *item, bool all)
{
	return all || (item->entry & ENTRY_PRESENT);
}

/* Whether @record tells of the part of @item from @from to @to */
static bool tells(const struct tlbscope_range *record, const struct item *item,
		  u64 from, u64 keep)
{
	enum tlbscope_state state = walk_state(item->entry, item->level, item->address);
	u64 flags = ~machine_format.frame & keep;

	if (record->state != state || record->level != item->level)
		return false;
	if (!entry_has_frame(state))
		return !record->phys;
	return ((record->entry ^ item->entry) & flags) == 0 &&
	       record->phys + (from - record->start) ==
	       item_phys(item) + (from - item->address) &&
	       record->rights == (state == TLBSCOPE_LEAF ? item->rights : 0);
}

/* Whether the rule for merging says that @b should be a part of @a */
static bool should_merge(const struct tlbscope_range *a,
			 const struct tlbscope_range *b)
{
	u64 flags = ~machine_format.frame;

	if (a->end != b->start || a->level != b->level ||
	    a->state != b->state || a->rights != b->rights)
		return false;
	if (!entry_has_frame(a->state))
		return true;
	/* Frames that are not aligned, which only these trees have, agree too */
	flags |= entry_span(a->level) - 1;
	return !((a->entry ^ b->entry) & flags) &&
	       a->phys + (a->end - a->start) == b->phys;
}

struct reader {
	struct ranges ranges;
	u64 start, last;
	unsigned int item;	/* the next that a record must tell of */
	u64 from;		/* from here */
};

static void next_item(struct reader *r)
{
	while (r->item < items_used) {
		const struct item *item = &items[r->item];
		u64 end = item->address + (entry_span(item->level) - 1);

		if (is_wanted(item, r->ranges.all) && end >= r->start &&
		    end >= r->from && item->address <= r->last) {
			r->from = max(max(item->address, r->start), r->from);
			return;
		}
		r->item++;
	}
}

static bool check_record(struct reader *r, const struct tlbscope_range *record)
{
	u64 at = record->start;
	unsigned int parts = 0;

	while (at - 1 != record->end - 1) {
		const struct item *item;
		u64 end;

		next_item(r);
		if (r->item == items_used || r->from != at)
			return false;
		item = &items[r->item];
		if (!tells(record, item, at, r->ranges.keep))
			return false;
		end = item->address + (entry_span(item->level) - 1);
		at = (end < r->last ? end : r->last) + 1;
		r->from = at;
		r->item++;
		parts++;
	}
	return parts == 1 || !r->ranges.unmerged;
}

static void show(const struct tlbscope_range *r, const struct item *item)
{
	printf("# %#llx-%#llx phys %#llx entry %#llx level %u %s rights %u\n",
	       r->start, r->end, r->phys, r->entry, r->level,
	       entry_state_name(r->state), r->rights);
	printf("# of %#llx entry %#llx level %u rights %u\n", item->address,
	       item->entry, item->level, item->rights);
}

static bool check_ranges(bool all, bool unmerged, u64 ignore, unsigned int len)
{
	static struct tlbscope_range vec[ITEMS];
	struct reader r = {
		.ranges = { .all = all, .unmerged = unmerged, .keep = ~ignore,
			    .vec = vec, .vec_len = len },
	};
	unsigned int i;

	random_bounds(&r.start, &r.last);
	for (u64 at = r.start;;) {
		struct walk walk = { .start = at, .last = r.last,
				     .buffer = &buffer };

		if (ranges_walk(&r.ranges, &walk) || shim_irqs_off)
			return false;
		for (i = 0; i < r.ranges.filled; i++) {
			if (check_record(&r, &vec[i]))
				continue;
			show(&vec[i], &items[r.item]);
			return false;
		}
		for (i = 1; i < r.ranges.filled && !unmerged; i++) {
			if (!should_merge(&vec[i - 1], &vec[i]))
				continue;
			show(&vec[i], &items[r.item]);
			return false;
		}
		if (r.ranges.next - 1 == r.last)
			break;
		if (r.ranges.next <= at || r.ranges.filled != len)
			return false;
		at = r.ranges.next;
	}
	next_item(&r);
	return r.item == items_used;	/* none was left out */
}

TEST(ranges_of_random_trees)
{
	unsigned int i, k;

	for (i = 1; i <= 150; i++) {
		plant(i * 7919);
		read_tree();
		for (k = 0; k < 40; k++) {
			bool all = pick(2), unmerged = pick(2);
			u64 ignore = pick(2) ? 0 : ENTRY_ACCESSED;
			unsigned int len = pick(3) ? 1 + pick(9) : ITEMS;

			if (!check_ranges(all, unmerged, ignore, len)) {
				UNIT_FAIL("tree %u, try %u: %s%s ignore %#llx, %u at a time",
					  i, k, all ? "all " : "",
					  unmerged ? "unmerged" : "merged",
					  ignore, len);
				return;
			}
		}
	}
}

/*
 * Tables
 */

static struct tlbscope_table reference[TABLES];
static unsigned int reference_used;

static unsigned int clip(u64 bound, u64 base, unsigned int level, bool low)
{
	u64 top = base + (entry_span(level + 1) - 1);

	if (level == machine_levels())
		return bound >> entry_shift(level) & 511;
	if (low)
		return bound > base ? bound >> entry_shift(level) & 511 : 0;
	return bound < top ? bound >> entry_shift(level) & 511 : 511;
}

static void read_tables(u64 phys, unsigned int level, u64 address, u64 start,
			u64 last)
{
	const u64 *table = table_at(phys);
	struct tlbscope_table *t = &reference[reference_used++];
	unsigned int i, to = clip(last, address, level, false);

	*t = (struct tlbscope_table) { .address = address, .phys = phys,
				       .level = level };
	for (i = clip(start, address, level, true); i <= to; i++) {
		bool present = table[i] & 1;
		bool huge = level == 1 || (level <= 3 && table[i] & 0x80);

		t->used += !!table[i];
		t->leaves += present && huge;
		t->pointers += present && !huge;
	}
	for (i = clip(start, address, level, true); i <= to; i++)
		if (table[i] & 1 && level > 1 && !(level <= 3 && table[i] & 0x80))
			read_tables(table[i] & machine_format.frame, level - 1,
				    extend(address + i * entry_span(level)),
				    start, last);
}

static bool same_sums(const struct census *c)
{
	struct tlbscope_level sum[TLBSCOPE_MAX_LEVELS] = {};
	unsigned int i;

	for (i = 0; i < reference_used; i++) {
		struct tlbscope_level *l = &sum[reference[i].level - 1];
		unsigned int bucket = 0;

		while (bucket < 10 && reference[i].used >= 1u << bucket)
			bucket++;
		l->tables++;
		l->used += reference[i].used;
		l->leaves += reference[i].leaves;
		l->pointers += reference[i].pointers;
		l->occupancy[bucket]++;
	}
	return !memcmp(sum, c->level, sizeof(sum));
}

static bool check_census(unsigned int len)
{
	static struct tlbscope_table vec[TABLES];
	struct census c = { .vec = len ? vec : NULL, .vec_len = len };
	unsigned int seen = 0;
	u64 start, last;

	random_bounds(&start, &last);
	reference_used = 0;
	read_tables(0, machine_levels(), 0, start, last);
	for (;;) {
		struct walk walk = { .start = start, .last = last,
				     .buffer = &buffer };

		if (census_walk(&c, &walk) || seen + c.filled > reference_used ||
		    memcmp(vec, reference + seen, c.filled * sizeof(vec[0])))
			return false;
		seen += c.filled;
		if (!c.next_level)
			break;
		start = c.next;
		c.start_level = c.next_level;
	}
	return (!len || seen == reference_used) && same_sums(&c);
}

TEST(tables_of_random_trees)
{
	unsigned int i, k;

	for (i = 1; i <= 150; i++) {
		plant(i * 104729);
		read_tree();
		for (k = 0; k < 20; k++) {
			if (!check_census(pick(3) ? 1 + pick(5) : pick(2) * TABLES)) {
				UNIT_FAIL("tree %u, try %u", i, k);
				return;
			}
		}
	}
}

/*
 * One address
 */

TEST(addresses_of_random_trees)
{
	unsigned int i, k;

	for (i = 1; i <= 100; i++) {
		plant(i * 31337);
		read_tree();
		for (k = 0; k < 200 && items_used; k++) {
			const struct item *item = &items[pick(items_used)];
			u64 offset = unit_random(&seed) & (entry_span(item->level) - 1);
			struct tlbscope_walk w = { .address = item->address + offset };
			struct tlbscope_translation t = { .address = w.address };
			unsigned int last;

			walk_address(NULL, &w);
			walk_translate(NULL, false, &t);
			last = w.levels - w.level;
			CHECK_EQ(w.levels, machine_levels());
			CHECK_EQ(w.level, item->level);
			CHECK_EQ(w.step[last].entry, item->entry);
			CHECK_EQ(*table_at(w.step[last].phys), item->entry);
			CHECK_EQ(w.state, walk_state(item->entry, item->level, item->address));
			CHECK_EQ(w.phys, entry_has_frame(w.state) ?
					 item_phys(item) + offset : 0);
			CHECK_EQ(w.rights, w.state == TLBSCOPE_LEAF ?
					   item->rights : 0);
			CHECK_EQ(t.phys, w.phys);
			CHECK_EQ(t.state, w.state);
			CHECK_EQ(t.level, w.level);
			CHECK_EQ(t.rights, w.rights);
			if (unit_failed)
				return;
		}
	}
}

TEST(a_hole_ends_at_its_level)
{
	struct tlbscope_walk w = { .address = 0x123456789000 };

	plant(2);
	memset(shim_memory, 0, sizeof(shim_memory));
	walk_address(NULL, &w);
	CHECK_EQ(w.state, TLBSCOPE_NONE);
	CHECK_EQ(w.level, 4);
	CHECK_EQ(w.page_size, 1ULL << 39);
	CHECK_EQ(w.rights, 0);
}

/*
 * Races: between tables anything may go
 */

/* A table that was freed: what is in it leads to where no memory is */
static void free_below(u64 entry, unsigned int level)
{
	u64 *table = table_at(entry & machine_format.frame);
	unsigned int i;

	for (i = 0; i < 512; i++) {
		if (level > 1 && entry_is_table(table[i], level))
			free_below(table[i], level - 1);
		table[i] = 0x00dead0000000067ULL;
	}
}

static void cut_somewhere(u64 phys, unsigned int level, u64 address)
{
	u64 *table = table_at(phys);
	unsigned int i, first = pick(512);

	for (i = 0; i < 512; i++) {
		unsigned int at = (first + i) & 511;
		u64 here = extend(address + at * entry_span(level));

		if (!entry_is_table(table[at], level))
			continue;
		if (level > 3 - pick(2) && pick(8)) {
			cut_somewhere(table[at] & machine_format.frame, level - 1,
				      here);
			return;
		}
		if (here < STABLE_END && here + entry_span(level) > STABLE)
			continue;
		free_below(table[at], level - 1);
		table[at] = level <= 3 && pick(2) ?
			    0x40000000ULL | ENTRY_PSE | 0x67 : 0;
		return;
	}
}

static void cut(void)
{
	if (!pick(3))
		cut_somewhere(0, machine_levels(), 0);
}

/* Small pages that stay, frames from 4 GiB on */
static bool plant_stable(void)
{
	u64 table = 0, next = 0, at;
	unsigned int level;

	for (at = STABLE; at < STABLE_END; at += 4096) {
		for (table = 0, level = machine_levels(); level > 1; level--) {
			u64 *slot = table_at(table) + (at >> entry_shift(level) & 511);

			if (!entry_is_table(*slot, level)) {
				next = new_table();
				if (!next)
					return false;
				*slot = next;
			}
			table = *slot & machine_format.frame;
			*slot = table | 0x67;
		}
		table_at(table)[at >> 12 & 511] = (at - STABLE + (1ULL << 32)) | 0x67;
	}
	return true;
}

TEST(races)
{
	static struct tlbscope_range vec[64];
	unsigned int i, runs = 0, k;

	for (i = 1; i <= 400; i++) {
		struct ranges r = { .all = i & 2, .unmerged = false, .keep = ~0ULL,
				    .vec = vec, .vec_len = 64 };
		u64 at = 0, previous = 0;
		bool stable = false;

		plant(i * 6151);
		if (tables_used > TABLES - 100 || !plant_stable())
			continue;
		runs++;
		resched_hook = cut;
		do {
			struct walk walk = { .start = at, .last = ~0ULL,
					     .buffer = &buffer };

			CHECK_EQ(ranges_walk(&r, &walk), 0);
			for (k = 0; k < r.filled; k++) {
				CHECK(vec[k].start >= previous);
				previous = vec[k].end;
				if (vec[k].start <= STABLE &&
				    vec[k].end >= STABLE_END)
					stable = vec[k].phys + (STABLE - vec[k].start) ==
						 1ULL << 32;
			}
			at = r.next;
		} while (at && !unit_failed);
		resched_hook = NULL;
		CHECK(stable);
		if (unit_failed) {
			UNIT_FAIL("tree %u", i);
			return;
		}
	}
	CHECK(runs > 100);
}

TEST(a_signal_ends_it)
{
	struct census c = {};
	struct walk walk = { .last = ~0ULL, .buffer = &buffer };

	plant(12);
	shim_signal = true;
	CHECK_EQ(census_walk(&c, &walk), -EINTR);
	shim_signal = false;
	CHECK(!shim_irqs_off);
}

UNIT_MAIN("tree")
