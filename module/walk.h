/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The walk: from a root, every table between two addresses to a visitor
 *
 * All that is known about levels, holes and races is here. A visitor sees
 * tables and runs of entries, in the order of their addresses, as snapshots.
 */
#ifndef TLBSCOPE_WALK_H
#define TLBSCOPE_WALK_H

#include "entry.h"

struct target;
struct walk;

/**
 * struct walk_table - a snapshot of one table
 * @entry: the entries; only those from @first to @last are filled
 * @address: the first virtual address that the table maps, sign-extended
 * @phys: physical address of the table
 * @level: 1 for a table of PTEs, up to 5
 * @first: first entry within the walk's bounds
 * @last: last entry within them
 * @rights: TLBSCOPE_MAY_* of the levels above, and'ed
 */
struct walk_table {
	u64 *entry;
	u64 address;
	u64 phys;
	unsigned int level;
	unsigned int first;
	unsigned int last;
	unsigned int rights;
};

/**
 * struct walk_ops - a visitor
 * @table: a table, before anything below it; optional
 * @entries: entries @from to @to - 1 of a table, none of which is a table;
 *	optional
 *
 * Both may sleep. 0 goes on, anything else ends the walk and is returned.
 */
struct walk_ops {
	int (*table)(struct walk *walk, const struct walk_table *table);
	int (*entries)(struct walk *walk, const struct walk_table *table,
		       unsigned int from, unsigned int to);
};

/**
 * struct walk_buffer - the memory that a walk needs
 * @entry: a table's snapshot for each level
 */
struct walk_buffer {
	u64 entry[TLBSCOPE_MAX_LEVELS][TLBSCOPE_ENTRIES];
};

/**
 * struct walk - a walk
 * @target: whose tables, entered
 * @user: from the user-mode root
 * @start: first address, canonical
 * @last: last address, canonical; may be in the other half
 * @ops: the visitor
 * @private: the visitor's own
 * @buffer: to use
 * @irqs_off: longest stretch with interrupts off so far, TSC cycles
 * @levels: set by the walk
 * @root: set by the walk
 * @table: set by the walk: the path to the table being visited, that of level
 *	L at @table[L - 1]
 */
struct walk {
	const struct target *target;
	bool user;
	u64 start;
	u64 last;
	const struct walk_ops *ops;
	void *private;
	struct walk_buffer *buffer;
	u64 irqs_off;

	unsigned int levels;
	const u64 *root;
	struct walk_table table[TLBSCOPE_MAX_LEVELS];
};

enum tlbscope_state walk_state(u64 entry, unsigned int level, u64 address);
void walk_address(const struct target *target, struct tlbscope_walk *result);
u64 walk_entry_address(const struct walk *walk, const struct walk_table *t,
		       unsigned int index);
void walk_translate(const struct target *target, bool user,
		    struct tlbscope_translation *result);
int walk_range(struct walk *walk);

#endif /* TLBSCOPE_WALK_H */
