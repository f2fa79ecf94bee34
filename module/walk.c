// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/timex.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "machine.h"
#include "target.h"
#include "walk.h"

/*
 * How tables are read that somebody else may free.
 *
 * The user's half: between begin_reading() and end_reading() no table that was
 * found from the root is given back. Whoever takes one away first clears the
 * entry that leads to it, then has the TLBs flushed, and then frees it in one of
 * two ways. Either after an RCU grace period, which a CPU with interrupts off
 * holds back. Or, on older kernels without a hypervisor, as soon as every CPU in
 * mm_cpumask() has answered the IPI for the flush: that is how it holds for
 * get_user_pages_fast(), whose CPU runs the very mm. Ours need not, so it joins
 * the mask for that time. Joining is a locked operation, and so is the step from
 * the clearing to the look at the mask (inc_mm_tlb_gen()): either we see the
 * entry cleared, or we are seen and waited for. The IPI itself finds that this
 * CPU runs another mm and does nothing. Who collapses or unshares tables waits
 * for an IPI to all CPUs (tlb_remove_table_sync_one()).
 *
 * So what was found by a present entry stays a table until interrupts are on
 * again, even if it is not in the tree any more; it is then empty or out of
 * date, never reused. No lock is taken, so nobody waits for us for longer than
 * the copying of one table. The PGD itself stays with the mm that
 * target_enter() holds.
 *
 * The kernel's half: its tables can be freed without a grace period (a large
 * vmap or memory taken offline). There every read may fault and every frame is
 * checked to be memory; a table that is reused meanwhile shows nonsense, as
 * /proc/kcore would, and does no harm.
 */

/**
 * struct reading - a stretch with interrupts off
 * @mm: whose tables
 * @flags: interrupts before
 * @joined: this CPU was not in mm_cpumask(@mm) before
 */
struct reading {
	struct mm_struct *mm;
	unsigned long flags;
	bool joined;
};

static __always_inline void begin_reading(struct reading *r,
					  struct mm_struct *mm)
{
	r->mm = mm;
	local_irq_save(r->flags);
	r->joined = COMPAT_TABLES_WAIT_FOR_IPI &&
		    !cpumask_test_and_set_cpu(smp_processor_id(),
					      mm_cpumask(mm));
}

/* Only this CPU takes its bit away, and it was busy here all the while */
static __always_inline void end_reading(struct reading *r)
{
	if (r->joined)
		cpumask_clear_cpu(smp_processor_id(), mm_cpumask(r->mm));
	local_irq_restore(r->flags);
}

/**
 * struct stop - where a descent ended before the level that it was for
 * @entry: what was found there, no table
 * @level: its level
 * @rights: TLBSCOPE_MAY_* of all levels, and'ed
 * @readable: false if the entry itself could not be read
 */
struct stop {
	u64 entry;
	unsigned int level;
	unsigned int rights;
	bool readable;
};

static bool in_kernel_half(u64 address)
{
	return (s64)address < 0;
}

/*
 * Each entry is read once, as 8 bytes: the CPU and the kernel change them
 * under us. The string move does that in one instruction, which keeps the time
 * with interrupts off short.
 */
static void copy_entries(u64 *to, const u64 *from, unsigned long n)
{
	asm volatile("rep movsq"
		     : "+D" (to), "+S" (from), "+c" (n) : : "memory");
}

static bool read_entry(u64 *to, const u64 *from, bool nofault)
{
	if (unlikely(nofault))
		return !copy_from_kernel_nofault(to, from, sizeof(*to));
	*to = READ_ONCE(*from);
	return true;
}

static bool read_entries(u64 *to, const u64 *from, unsigned long n,
			 bool nofault)
{
	if (unlikely(nofault))
		return !copy_from_kernel_nofault(to, from, n * sizeof(*to));
	copy_entries(to, from, n);
	return true;
}

/**
 * descend - from the root to a table
 * @root: the root table
 * @address: what it should translate
 * @level: of the table wanted; 0 for as far as it goes
 * @step: receives each entry that was read, root first; may be NULL
 * @stop: filled if the table is not there
 *
 * Interrupts are off (see above), and what is returned may be used only until
 * they are on again.
 *
 * Return: the table, or NULL.
 */
static __always_inline const u64 *
descend(const u64 *root, u64 address, unsigned int level,
	struct tlbscope_step *step, struct stop *stop)
{
	bool nofault = in_kernel_half(address);
	u64 phys = step ? virt_to_phys((void *)root) : 0;
	const u64 *table = root;
	unsigned int at;
	u64 entry;

	stop->rights = ENTRY_ALL_RIGHTS;
	for (at = machine_levels(); at != level; at--) {
		unsigned int index = entry_index(address, at);

		stop->level = at;
		stop->readable = read_entry(&entry, table + index, nofault);
		if (unlikely(!stop->readable))
			entry = 0;
		stop->entry = entry;
		stop->rights &= entry_rights(entry);
		if (step) {
			step->phys = phys + index * sizeof(entry);
			step->entry = entry;
			step++;
		}
		if (!entry_is_table(entry, at))
			return NULL;
		phys = entry_phys(entry, at, &machine_format);
		if (unlikely(nofault) && !pfn_valid(PHYS_PFN(phys))) {
			stop->readable = false;
			return NULL;
		}
		table = phys_to_virt(phys);
	}
	return table;
}

/**
 * walk_state - what an entry is
 * @entry: raw
 * @level: its level
 * @address: of what it translates
 *
 * Return: as entry_state(), with what only this kernel can tell apart. The
 * kernel's own half knows no swap: there an entry that is not present is a page
 * that was taken out of the kernel's reach (set_memory_np(), memfd_secret()),
 * and has kept its frame.
 */
enum tlbscope_state walk_state(u64 entry, unsigned int level, u64 address)
{
	enum tlbscope_state state = entry_state(entry, level);

	if (!entry || (entry & ENTRY_PRESENT))
		return state;
	if (in_kernel_half(address))
		return level <= 3 ? TLBSCOPE_PROTNONE : TLBSCOPE_UNKNOWN;
	if (state == TLBSCOPE_UNKNOWN)
		return compat_absent_state(entry);
	return state;
}

/* What the entry at the end of the way says */
static enum tlbscope_state stop_state(const struct stop *stop, u64 address)
{
	if (unlikely(!stop->readable))
		return TLBSCOPE_UNREADABLE;
	if (likely(stop->entry & ENTRY_PRESENT))
		return TLBSCOPE_LEAF;
	return walk_state(stop->entry, stop->level, address);
}

static u64 stop_phys(const struct stop *stop, enum tlbscope_state state,
		     u64 address)
{
	if (!entry_has_frame(state))
		return 0;
	return entry_phys(stop->entry, stop->level, &machine_format) |
	       (address & (entry_span(stop->level) - 1));
}

/**
 * walk_address - one address through all levels
 * @target: whose, entered
 * @result: in: @flags and @address, which are valid; out: the rest, but @size
 */
void walk_address(const struct target *target, struct tlbscope_walk *result)
{
	const u64 *root = target_root(target,
				      result->flags & TLBSCOPE_USER_ROOT);
	struct reading reading;
	struct stop stop;
	unsigned int i;

	begin_reading(&reading, target_mm(target));
	descend(root, result->address, 0, result->step, &stop);
	end_reading(&reading);

	result->levels = machine_levels();
	result->level = stop.level;
	for (i = result->levels - result->level + 1; i < TLBSCOPE_MAX_LEVELS; i++)
		result->step[i] = (struct tlbscope_step) {};
	result->state = stop_state(&stop, result->address);
	result->phys = stop_phys(&stop, result->state, result->address);
	result->page_size = entry_span(stop.level);
	result->rights = result->state == TLBSCOPE_LEAF ? stop.rights : 0;
	result->reserved = 0;
}

/**
 * walk_translate - what comes of one address, without the way
 * @target: whose, entered
 * @user: from the user-mode root
 * @result: in: @address, canonical; out: the rest, but @reserved
 */
void walk_translate(const struct target *target, bool user,
		    struct tlbscope_translation *result)
{
	const u64 *root = target_root(target, user);
	struct reading reading;
	struct stop stop;

	begin_reading(&reading, target_mm(target));
	descend(root, result->address, 0, NULL, &stop);
	end_reading(&reading);

	result->level = stop.level;
	result->state = stop_state(&stop, result->address);
	result->phys = stop_phys(&stop, result->state, result->address);
	result->rights = result->state == TLBSCOPE_LEAF ? stop.rights : 0;
}

/* A table's entries as they are now, or where the way to it ends */
static bool snapshot(struct walk *walk, struct walk_table *t,
		     struct stop *stop)
{
	unsigned int n = t->last - t->first + 1;
	cycles_t begin, cycles;
	struct reading reading;
	const u64 *table;
	bool ok = false;

	begin_reading(&reading, target_mm(walk->target));
	begin = get_cycles();
	table = descend(walk->root, t->address, t->level, NULL, stop);
	if (table)
		ok = read_entries(t->entry + t->first, table + t->first, n,
				  in_kernel_half(t->address));
	cycles = get_cycles() - begin;
	end_reading(&reading);

	if (cycles > walk->irqs_off)
		walk->irqs_off = cycles;
	if (table)
		t->phys = virt_to_phys((void *)table);
	return ok;
}

/**
 * walk_entry_address - the first address of what an entry translates
 * @walk: going on
 * @t: a table of it
 * @index: of the entry, 0 to 511
 *
 * Return: the address, sign-extended.
 */
u64 walk_entry_address(const struct walk *walk, const struct walk_table *t,
		       unsigned int index)
{
	unsigned int unused = 64 - entry_shift(walk->levels + 1);
	u64 address = t->address + ((u64)index << entry_shift(t->level));

	return (s64)(address << unused) >> unused;
}

/* Entries of a table that lie within the walk's bounds */
static void bound_table(const struct walk *walk, struct walk_table *t)
{
	u64 end = t->address + (entry_span(t->level + 1) - 1);
	bool root = t->level == walk->levels;

	t->first = 0;
	t->last = TLBSCOPE_ENTRIES - 1;
	if (root || walk->start > t->address)
		t->first = entry_index(walk->start, t->level);
	if (root || walk->last < end)
		t->last = entry_index(walk->last, t->level);
}

/*
 * One table and all below it. The depth is that of the tree, 5 at most.
 *
 * A table below may be gone, or have become a huge page, between its parent's
 * snapshot and its own: the way to it is walked anew for each snapshot, and
 * where it ends early the parent's copy is brought up to date and looked at
 * again. If it ended above the parent, the parent itself is gone: what is there
 * instead is shown as a hole. What visitors were told before stays told.
 */
static int walk_table(struct walk *walk, unsigned int level, u64 address,
		      unsigned int rights, struct stop *stop)
{
	struct walk_table *t = &walk->table[level - 1];
	unsigned int i, from;
	int ret;

	cond_resched();
	if (fatal_signal_pending(current))
		return -EINTR;

	t->entry = walk->buffer->entry[level - 1];
	t->address = address;
	t->level = level;
	t->rights = rights;
	bound_table(walk, t);
	if (!snapshot(walk, t, stop))
		return -EAGAIN;
	ret = walk->ops->table ? walk->ops->table(walk, t) : 0;

	for (i = t->first; !ret && i <= t->last;) {
		from = i;
		if (level == 1)
			i = t->last + 1;
		while (i <= t->last && !entry_is_table(t->entry[i], level))
			i++;
		if (i > from && walk->ops->entries)
			ret = walk->ops->entries(walk, t, from, i);
		if (ret || i > t->last)
			break;
		ret = walk_table(walk, level - 1, walk_entry_address(walk, t, i),
				 rights & entry_rights(t->entry[i]), stop);
		if (ret == -EAGAIN) {
			t->entry[i] = stop->level == level ? stop->entry : 0;
			if (entry_is_table(t->entry[i], level))
				t->entry[i] = 0;
			ret = 0;
		} else {
			i++;
		}
	}
	return ret;
}

/**
 * walk_range - every table and entry between two addresses, in order
 * @walk: @target, @user, @start, @last, @ops, @private, @buffer set
 *
 * Interrupts are off for one table's snapshot at a time, and between tables
 * the scheduler and fatal signals get their turn. The whole is no more atomic
 * than that: what the process changes meanwhile is seen before or after.
 *
 * Return: 0, -EINTR, or what a visitor returned.
 */
int walk_range(struct walk *walk)
{
	struct stop stop = {};

	walk->levels = machine_levels();
	walk->root = target_root(walk->target, walk->user);
	/* The root is always readable, so this is never -EAGAIN */
	return walk_table(walk, walk->levels, 0, ENTRY_ALL_RIGHTS, &stop);
}
