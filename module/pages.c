// SPDX-License-Identifier: GPL-2.0
#include <linux/cache.h>
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <asm/mmu_context.h>

#include "measure.h"
#include "pages.h"
#include "target.h"
#include "walk.h"

/*
 * What is read of a target, and why that changes nothing for it but the accessed
 * bits. A device's registers may do anything when they are read: mappings that
 * can hold such (VM_IO, VM_PFNMAP, VM_MIXEDMAP) are left alone, and with the mmap
 * lock held none of the others can become one. What is not present stays so:
 * faults are not handled meanwhile. Pages with a protection key are not for
 * workers of the kernel, whose own keys are all shut.
 *
 * The lock is only tried, and held for a stretch of TLBSCOPE_STRETCH pages.
 */

/**
 * struct readable - a part of the address space that may be read
 * @start: first address
 * @end: first address behind; @start for nothing
 */
struct readable {
	u64 start;
	u64 end;
};

/* The mmap lock is held */
static bool may_read(struct readable *readable, struct mm_struct *mm,
		     u64 address)
{
	struct vm_area_struct *vma;

	if (address >= readable->start && address < readable->end)
		return true;
	vma = find_vma(mm, address);
	if (!vma || address < vma->vm_start || vma_pkey(vma) ||
	    (vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP)))
		return false;
	readable->start = vma->vm_start;
	readable->end = vma->vm_end;
	return true;
}

static bool may_read_all(struct mm_struct *mm, const u64 *address, u32 n)
{
	struct readable readable = {};
	u32 i;

	for (i = 0; i < n; i++)
		if (!may_read(&readable, mm, address[i]))
			return false;
	return true;
}

/*
 * Each load waits for the one before it: its address depends on what that one
 * brought, by nothing. One that faults is given up.
 */
static bool time_reads(const u64 *address, u32 n, u32 *cycles)
{
	u64 begin, end, value, depend = 0, none = 0;
	unsigned long flags;
	u32 i;

	OPTIMIZER_HIDE_VAR(none);
	local_irq_save(flags);
	if (!user_access_begin((void __user *)address[0], sizeof(value)))
		goto no_access;
	begin = measure_now();
	for (i = 0; i < n; i++) {
		unsafe_get_user(value, (u64 __user *)(address[i] + depend),
				fault);
		depend = value & none;
	}
	end = measure_now();
	user_access_end();
	local_irq_restore(flags);
	measure_add(cycles, begin, end);
	return true;

fault:
	user_access_end();
no_access:
	local_irq_restore(flags);
	return false;
}

static bool read_stretch(struct mm_struct *mm, const u64 *address, u32 n,
			 u32 *cycles)
{
	bool ok = false;

	if (!mmap_read_trylock(mm))
		return false;
	if (may_read_all(mm, address, n)) {
		pagefault_disable();
		ok = time_reads(address, n, cycles);
		pagefault_enable();
	}
	mmap_read_unlock(mm);
	return ok;
}

/**
 * pages_read - read each page once, and time it
 * @pages: to read; NULL for none
 * @mm: theirs, which this CPU has loaded; mm_users is held
 * @cycles: receives TSC cycles, saturated
 *
 * Return: true, or false if not all could be read: pages went away, or somebody
 * is just changing the address space.
 */
bool pages_read(const struct pages *pages, struct mm_struct *mm, u32 *cycles)
{
	u32 i;

	*cycles = 0;
	for (i = 0; pages && i < pages->reads; i += TLBSCOPE_STRETCH)
		if (!read_stretch(mm, pages->read + i,
				  min_t(u32, pages->reads - i, TLBSCOPE_STRETCH),
				  cycles))
			return false;
	return true;
}

/* The same order each time, one that no prefetcher foresees */
static void shuffle(u64 *value, u32 n)
{
	u32 random = 2463534242U;

	for (; n > 1; n--) {
		random ^= random << 13;
		random ^= random >> 17;
		random ^= random << 5;
		swap(value[n - 1], value[random % n]);
	}
}

/* Each page's line in another set of the cache than its neighbours' */
static u64 place_to_read(u64 page, u32 i)
{
	return page + i * SMP_CACHE_BYTES % PAGE_SIZE;
}

static int find_page(struct pages *pages, const struct target *target,
		     struct tlbscope_translation *t, struct readable *readable)
{
	const unsigned int rights = TLBSCOPE_MAY_USER | TLBSCOPE_MAY_READ;
	struct mm_struct *mm = target_mm(target);
	u64 address = t->address;
	bool ok;

	walk_translate(target, false, t);
	pages->address[pages->n] = address;
	if (t->state != TLBSCOPE_LEAF || (t->rights & rights) != rights)
		return 0;
	ok = address >= readable->start && address < readable->end;
	if (!ok) {
		if (mmap_read_lock_killable(mm))
			return -EINTR;
		ok = may_read(readable, mm, address);
		mmap_read_unlock(mm);
	}
	if (ok)
		pages->read[pages->reads++] = place_to_read(address, pages->n);
	return 0;
}

/**
 * pages_find - the pages between two addresses
 * @pages: filled whole
 * @target: whose, entered
 * @start: first address, of the user's half; a multiple of the page size
 * @end: first address behind
 * @mapped: set if anything is there, be it only swapped
 *
 * Return: 0, -E2BIG more than TLBSCOPE_PAGES_MAX, -EINTR the caller is being
 * killed.
 */
int pages_find(struct pages *pages, const struct target *target, u64 start,
	       u64 end, bool *mapped)
{
	struct readable readable = {};
	struct tlbscope_translation t;
	u64 address, span;
	int ret;

	pages->n = 0;
	pages->reads = 0;
	for (address = start; address < end; pages->n++) {
		if (pages->n == TLBSCOPE_PAGES_MAX)
			return -E2BIG;
		if (pages->n % TLBSCOPE_ENTRIES == 0)
			cond_resched();
		t.address = address;
		ret = find_page(pages, target, &t, &readable);
		if (ret)
			return ret;
		if (t.state != TLBSCOPE_NONE)
			*mapped = true;
		span = t.state == TLBSCOPE_LEAF ? entry_span(t.level) : PAGE_SIZE;
		address = ALIGN_DOWN(address, span) + span;
	}
	shuffle(pages->read, pages->reads);
	return 0;
}
