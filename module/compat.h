/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the kernels that the module is built for. No other
 * file looks at the version.
 */
#ifndef TLBSCOPE_COMPAT_H
#define TLBSCOPE_COMPAT_H

#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/swap.h>
#include <linux/version.h>
#include <asm/processor.h>

#include "uapi/tlbscope.h"

/* cpuid() and its kin left asm/processor.h in 6.2, and moved again in 6.15 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#include <asm/cpuid/api.h>
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#include <asm/cpuid.h>
#endif

/*
 * Until 6.15, without a hypervisor's help, tables are given back as soon as
 * every CPU of mm_cpumask() has answered an IPI; since then, only after an RCU
 * grace period.
 */
#define COMPAT_TABLES_WAIT_FOR_IPI \
	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0))

/*
 * What an entry holds that is not present and has no frame of its own. Swap
 * entries became "leaf entries" in 6.19.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#include <linux/leafops.h>

static inline enum tlbscope_state compat_absent_state(u64 entry)
{
	softleaf_t leaf = softleaf_from_pte(native_make_pte(entry));

	if (softleaf_is_swap(leaf))
		return TLBSCOPE_SWAP;
	if (softleaf_is_migration(leaf))
		return TLBSCOPE_MIGRATION;
	if (softleaf_is_device_private(leaf) ||
	    softleaf_is_device_exclusive(leaf))
		return TLBSCOPE_DEVICE;
	if (softleaf_is_hwpoison(leaf) || softleaf_is_poison_marker(leaf))
		return TLBSCOPE_HWPOISON;
	if (softleaf_is_marker(leaf))
		return TLBSCOPE_MARKER;
	return TLBSCOPE_UNKNOWN;
}
#else
#include <linux/swapops.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
static inline bool compat_contents_lost(swp_entry_t swp)
{
	return is_poisoned_swp_entry(swp);
}
#else
static inline bool compat_contents_lost(swp_entry_t swp)
{
	return is_swapin_error_entry(swp);
}
#endif

static inline enum tlbscope_state compat_absent_state(u64 entry)
{
	swp_entry_t swp = pte_to_swp_entry(native_make_pte(entry));

	if (!non_swap_entry(swp))
		return TLBSCOPE_SWAP;
	if (is_migration_entry(swp))
		return TLBSCOPE_MIGRATION;
	if (is_device_private_entry(swp) || is_device_exclusive_entry(swp))
		return TLBSCOPE_DEVICE;
	if (is_hwpoison_entry(swp) || compat_contents_lost(swp))
		return TLBSCOPE_HWPOISON;
	if (is_pte_marker_entry(swp))
		return TLBSCOPE_MARKER;
	return TLBSCOPE_UNKNOWN;
}
#endif

/*
 * From 6.15 on a kernel may give a busy address space one tag for all CPUs and
 * flush it by broadcast; nobody then asks for mm->context.tlb_gen.
 */
#ifdef CONFIG_BROADCAST_TLB_FLUSH
#define COMPAT_BROADCAST_FLUSH	1
#else
#define COMPAT_BROADCAST_FLUSH	0
#endif

/* From 6.18 on a workqueue says so if it is each CPU's own */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define COMPAT_WQ_PERCPU	WQ_PERCPU
#else
#define COMPAT_WQ_PERCPU	0
#endif

/* Software bits that not every kernel has, or not by the same name */
#ifdef _PAGE_UFFD
#define COMPAT_UFFD_WP		_PAGE_UFFD
#else
#define COMPAT_UFFD_WP		_PAGE_UFFD_WP
#endif

#ifdef _PAGE_SAVED_DIRTY
#define COMPAT_SAVED_DIRTY	_PAGE_SAVED_DIRTY
#else
#define COMPAT_SAVED_DIRTY	0
#endif

#ifdef _PAGE_DEVMAP
#define COMPAT_DEVMAP		_PAGE_DEVMAP
#else
#define COMPAT_DEVMAP		0
#endif

#endif /* TLBSCOPE_COMPAT_H */
