/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * tlbscope: the interface between the module and user space
 *
 * This header is the only ABI. It is included by the module, by libtlbscope
 * and by the tests, and changes as the kernel's own headers do: structs carry
 * their size and only grow at the end, unknown flags are refused with EINVAL,
 * a field is never used for something else.
 *
 * The ioctls work on the open files /proc/tlbscope/{walk,ranges,tables}, all
 * of them on each; TLBSCOPE_IOC_INFO works on /proc/tlbscope/info too. Those that
 * disturb (from ABI 2 on) work on /sys/kernel/debug/tlbscope/{invalidate,cost}. An
 * open file has one target at a time, which TLBSCOPE_IOC_TARGET sets (a request
 * line written to the file is another matter, with a target of its own); two
 * open files never see each other's.
 *
 * Every struct starts with its own size in bytes, as the caller knows it:
 * smaller than the first version's, EINVAL; larger than the module's with
 * anything but zero behind, E2BIG. The module writes no further than that
 * size. Fields marked "in" are read, the others only written; a flag that is
 * not known is refused with EINVAL.
 *
 * An address space that is alive changes while it is read. Each table is
 * read in about a microsecond, the whole picture is not atomic.
 */
#ifndef _UAPI_TLBSCOPE_H
#define _UAPI_TLBSCOPE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Grows when something is added; nothing is ever taken away. */
#define TLBSCOPE_ABI		2

/* The most levels that an x86-64 tree can have: 5 with LA57, else 4. */
#define TLBSCOPE_MAX_LEVELS	5

/* Entries of one table, at every level; and its bytes. */
#define TLBSCOPE_ENTRIES	512
#define TLBSCOPE_TABLE_SIZE	4096

/**
 * enum tlbscope_state - what an entry is
 * @TLBSCOPE_NONE: all zero: nothing is mapped here
 * @TLBSCOPE_LEAF: present, maps a page: 1 GiB at level 3, 2 MiB at level 2,
 *	4 KiB at level 1
 * @TLBSCOPE_TABLE: present, points to a table of the next level
 * @TLBSCOPE_PROTNONE: holds a frame, but the CPU faults on it: the mapping is
 *	PROT_NONE, or the kernel set a NUMA-balancing hint
 * @TLBSCOPE_SWAP: the page was swapped out
 * @TLBSCOPE_MIGRATION: the page is just being moved to another frame
 * @TLBSCOPE_DEVICE: the page is in a device's memory, or in its exclusive use
 * @TLBSCOPE_HWPOISON: the memory behind it is broken (a machine check said
 *	so), or its contents are lost; an access gets SIGBUS
 * @TLBSCOPE_MARKER: no page, a note of the kernel's own (userfaultfd's write
 *	protection, a guard page)
 * @TLBSCOPE_SPLITTING: a huge page that is just being split or changed
 * @TLBSCOPE_UNREADABLE: the table that should hold the entry could not be read
 *	(only in the kernel's half, whose tables may go away at any time)
 * @TLBSCOPE_UNKNOWN: not present, and none of the above
 *
 * Only TLBSCOPE_LEAF can be in a TLB.
 */
enum tlbscope_state {
	TLBSCOPE_NONE,
	TLBSCOPE_LEAF,
	TLBSCOPE_TABLE,
	TLBSCOPE_PROTNONE,
	TLBSCOPE_SWAP,
	TLBSCOPE_MIGRATION,
	TLBSCOPE_DEVICE,
	TLBSCOPE_HWPOISON,
	TLBSCOPE_MARKER,
	TLBSCOPE_SPLITTING,
	TLBSCOPE_UNREADABLE,
	TLBSCOPE_UNKNOWN,
	TLBSCOPE_STATES,	/* how many there are */
};

/*
 * What the levels of a walk together allow (Intel SDM vol. 3A, 4.6). In the
 * order of the bits NX (here: not), P, R/W and U/S of an entry.
 */
#define TLBSCOPE_MAY_EXEC	0x1
#define TLBSCOPE_MAY_READ	0x2
#define TLBSCOPE_MAY_WRITE	0x4
#define TLBSCOPE_MAY_USER	0x8	/* reachable from user mode */

/* Features of the CPU and how the kernel uses them (tlbscope_info.features) */
#define TLBSCOPE_FEAT_PGE	0x1ULL	/* global pages */
#define TLBSCOPE_FEAT_PCID	0x2ULL	/* address-space tags, in use */
#define TLBSCOPE_FEAT_INVPCID	0x4ULL
#define TLBSCOPE_FEAT_LA57	0x8ULL	/* the CPU can do five levels */
#define TLBSCOPE_FEAT_INVLPGB	0x10ULL	/* AMD broadcast invalidation */
#define TLBSCOPE_FEAT_PTI	0x20ULL	/* page-table isolation, in use */
#define TLBSCOPE_FEAT_NX	0x40ULL
#define TLBSCOPE_FEAT_PKU	0x80ULL	/* protection keys, in use */
#define TLBSCOPE_FEAT_XENPV	0x100ULL	/* Xen PV: entries hold machine frames */

/**
 * struct tlbscope_format - which bit of an entry means what on this kernel
 * @frame: the bits that hold the physical address of a 4 KiB page or table;
 *	never includes @encrypted
 * @encrypted: the memory-encryption bit (AMD SME and SEV), 0 without
 * @special: software bit: no struct page behind it
 * @uffd_wp: software bit: write-protected by userfaultfd
 * @soft_dirty: software bit: written since clear_refs
 * @devmap: software bit: device memory with a struct page
 * @saved_dirty: software bit: dirty, while the hardware's own bit must be clear
 *
 * A software bit that this kernel does not have is 0.
 */
struct tlbscope_format {
	__u64 frame;
	__u64 encrypted;
	__u64 special;
	__u64 uffd_wp;
	__u64 soft_dirty;
	__u64 devmap;
	__u64 saved_dirty;
};

/**
 * struct tlbscope_info - TLBSCOPE_IOC_INFO: the module and the machine
 * @size: in: sizeof(struct tlbscope_info)
 * @abi: TLBSCOPE_ABI of the module
 * @levels: paging levels in use: 4 or 5
 * @reserved: zero
 * @features: TLBSCOPE_FEAT_*
 * @leaf_sizes: the page sizes that the CPU has, in bytes, or'ed together
 * @format: the bits of an entry
 * @user_end: first byte behind the half of the address space that is the
 *	user's
 * @kernel_start: first byte of the kernel's half
 * @version: of the module, a string
 * @kernel: release of the kernel, a string
 * @hypervisor: as the hypervisor names itself (CPUID 0x40000000), "" without
 */
struct tlbscope_info {
	__u32 size;
	__u32 abi;
	__u32 levels;
	__u32 reserved;
	__u64 features;
	__u64 leaf_sizes;
	struct tlbscope_format format;
	__u64 user_end;
	__u64 kernel_start;
	char version[16];
	char kernel[72];
	char hypervisor[16];
};

/* tlbscope_target.flags; without one of them, @pid says which */
#define TLBSCOPE_TARGET_SELF	0x1	/* whoever calls the ioctl */
#define TLBSCOPE_TARGET_KERNEL	0x2	/* the kernel's own half */

/**
 * struct tlbscope_target - TLBSCOPE_IOC_TARGET: whose tables to read
 * @size: in: sizeof(struct tlbscope_target)
 * @flags: in: 0 or one of TLBSCOPE_TARGET_*
 * @pid: in: process ID as the caller's PID namespace numbers it; 0 with a flag
 * @reserved: in: zero
 *
 * The target is the address space that the process has at this moment. It is
 * not kept alive: once it is gone (by exit or exec), requests fail with ESRCH.
 * Also ESRCH: no such process, a kernel thread, a zombie.
 */
struct tlbscope_target {
	__u32 size;
	__u32 flags;
	__s32 pid;
	__u32 reserved;
};

/*
 * For walk, ranges and tables: start from the root that the CPU uses in user
 * mode, where page-table isolation gives a process two; EOPNOTSUPP where not.
 */
#define TLBSCOPE_USER_ROOT	0x1

/**
 * struct tlbscope_step - one level of a walk
 * @phys: physical address of the entry itself
 * @entry: the entry, raw
 */
struct tlbscope_step {
	__u64 phys;
	__u64 entry;
};

/**
 * struct tlbscope_walk - TLBSCOPE_IOC_WALK: one address through all levels
 * @size: in: sizeof(struct tlbscope_walk)
 * @flags: in: 0 or TLBSCOPE_USER_ROOT
 * @address: in: the virtual address, any byte of a page, canonical
 * @phys: physical address of that byte where @state is TLBSCOPE_LEAF,
 *	TLBSCOPE_PROTNONE or TLBSCOPE_SPLITTING; else 0
 * @page_size: bytes that the last entry stands for: the page, or the hole
 * @state: enum tlbscope_state of the last entry
 * @level: level of the last entry: 5 or 4 at the root, 1 for a PTE
 * @levels: level of the root
 * @rights: TLBSCOPE_MAY_*, where @state is TLBSCOPE_LEAF. Under page-table
 *	isolation the kernel's root forbids to execute all that is the user's:
 *	what user mode may do, only the user root tells.
 * @reserved: zero
 * @step: the entries met, from the root on: @levels - @level + 1 of them, that
 *	of level L at @step[@levels - L]; the others are zero
 */
struct tlbscope_walk {
	__u32 size;
	__u32 flags;
	__u64 address;
	__u64 phys;
	__u64 page_size;
	__u8 state;
	__u8 level;
	__u8 levels;
	__u8 rights;
	__u32 reserved;
	struct tlbscope_step step[TLBSCOPE_MAX_LEVELS];
};

/**
 * struct tlbscope_translation - one address of many
 * @address: in: the virtual address, canonical
 * @phys: as in &struct tlbscope_walk, and so are the next three
 * @state: enum tlbscope_state of the last entry
 * @level: of the last entry: what it stands for is 4096 << 9 * (@level - 1)
 *	bytes
 * @rights: TLBSCOPE_MAY_*
 * @reserved: zero
 */
struct tlbscope_translation {
	__u64 address;
	__u64 phys;
	__u8 state;
	__u8 level;
	__u8 rights;
	__u8 reserved[5];
};

/**
 * struct tlbscope_translate - TLBSCOPE_IOC_TRANSLATE: many addresses at once
 * @size: in: sizeof(struct tlbscope_translate)
 * @flags: in: 0 or TLBSCOPE_USER_ROOT
 * @vec: in: address of an array of struct tlbscope_translation
 * @vec_len: in: its length, in records, from 1
 * @done: out: records answered: all, or those before the one that made the
 *	call fail (EINVAL not canonical, EFAULT, EINTR)
 */
struct tlbscope_translate {
	__u32 size;
	__u32 flags;
	__u64 vec;
	__u32 vec_len;
	__u32 done;
};

/* tlbscope_ranges.flags, beside TLBSCOPE_USER_ROOT */
#define TLBSCOPE_RANGES_UNMERGED 0x2	/* a record a leaf */
#define TLBSCOPE_RANGES_ALL	0x4	/* not only leaves: all but NONE */

/* What tlbscope_ranges.ignore may name: accessed, dirty, the software bits */
#define TLBSCOPE_RANGES_IGNORABLE 0x07f0000000000e60ULL

/**
 * struct tlbscope_range - leaves that run on
 * @start: first virtual address
 * @end: first virtual address behind (0 at the very top of the address space)
 * @phys: physical address of @start, where the state has a frame (see
 *	&struct tlbscope_walk), else 0
 * @entry: the first leaf's entry, raw, without the bits ignored
 * @level: of the leaves: 3, 2 or 1 for 1 GiB, 2 MiB, 4 KiB
 * @state: enum tlbscope_state
 * @rights: TLBSCOPE_MAY_*, where @state is TLBSCOPE_LEAF
 * @reserved: zero
 *
 * Leaves are merged where virtual and physical addresses run on and size,
 * flags and rights agree; entries without a frame where they have the same
 * state and size.
 */
struct tlbscope_range {
	__u64 start;
	__u64 end;
	__u64 phys;
	__u64 entry;
	__u8 level;
	__u8 state;
	__u8 rights;
	__u8 reserved[5];
};

/**
 * struct tlbscope_ranges - TLBSCOPE_IOC_RANGES: the leaves between two addresses
 * @size: in: sizeof(struct tlbscope_ranges)
 * @flags: in: TLBSCOPE_USER_ROOT, TLBSCOPE_RANGES_*
 * @start: in: first address, a multiple of 4096, canonical
 * @end: in: first address behind, a multiple of 4096 above @start (that of the
 *	user's half too, which is not canonical itself), or ~0 for the top of
 *	the address space. A leaf that lies across @start or @end is cut there.
 * @ignore: in: bits of an entry (of TLBSCOPE_RANGES_IGNORABLE) that shall not
 *	keep leaves apart; they read 0 in the records
 * @vec: in: address of an array of struct tlbscope_range
 * @vec_len: in: its length, in records, from 1. Only a fatal signal ends a
 *	call before these are full.
 * @filled: out: records written
 * @next: out: where to go on, @end when all is done. Progress is certain:
 *	@next is behind @start.
 * @irqs_off: out: longest stretch with interrupts off, in TSC cycles
 */
struct tlbscope_ranges {
	__u32 size;
	__u32 flags;
	__u64 start;
	__u64 end;
	__u64 ignore;
	__u64 vec;
	__u32 vec_len;
	__u32 filled;
	__u64 next;
	__u64 irqs_off;
};

/* Tables by entries used: 0, 1, 2-3, 4-7, 8-15, ..., 256-511, 512 */
#define TLBSCOPE_OCCUPANCY	11

/**
 * struct tlbscope_level - the tables of one level, counted
 * @tables: tables
 * @used: entries in them that are not zero
 * @leaves: present entries that map a page
 * @pointers: present entries that point to a table
 * @occupancy: tables by the number of entries used, in steps of a power of two
 *
 * The rest, @used - @leaves - @pointers, is not present: swapped, PROT_NONE...
 */
struct tlbscope_level {
	__u64 tables;
	__u64 used;
	__u64 leaves;
	__u64 pointers;
	__u64 occupancy[TLBSCOPE_OCCUPANCY];
};

/**
 * struct tlbscope_table - one table
 * @address: first virtual address that it maps
 * @phys: its physical address
 * @level: 1 for a table of PTEs, and so on
 * @reserved: zero
 * @used: entries that are not zero, of 512
 * @leaves: present entries that map a page
 * @pointers: present entries that point to a table
 */
struct tlbscope_table {
	__u64 address;
	__u64 phys;
	__u8 level;
	__u8 reserved;
	__u16 used;
	__u16 leaves;
	__u16 pointers;
};

/**
 * struct tlbscope_tables - TLBSCOPE_IOC_TABLES: the tree, counted
 * @size: in: sizeof(struct tlbscope_tables)
 * @flags: in: 0 or TLBSCOPE_USER_ROOT
 * @start: in: first address, as in &struct tlbscope_ranges
 * @end: in: first address behind. Entries outside are not counted, tables
 *	that lie partly outside are.
 * @next: out: where to go on, @end when all is done
 * @vec: in: address of an array of struct tlbscope_table, 0 for the sums alone
 * @vec_len: in: its length, in records; 0 for the sums alone
 * @filled: out: records written
 * @start_level: in: 0; when going on, the @next_level of the call before (and
 *	@start its @next): the tables met before are not counted again
 * @next_level: out: for @start_level
 * @root: out: physical address of the root
 * @irqs_off: out: longest stretch with interrupts off, in TSC cycles
 * @level: out: the sums of this call, that of level L at @level[L - 1]
 *
 * Tables come as the walk meets them: a table before those that it points to.
 */
struct tlbscope_tables {
	__u32 size;
	__u32 flags;
	__u64 start;
	__u64 end;
	__u64 next;
	__u64 vec;
	__u32 vec_len;
	__u32 filled;
	__u32 start_level;
	__u32 next_level;
	__u64 root;
	__u64 irqs_off;
	struct tlbscope_level level[TLBSCOPE_MAX_LEVELS];
};

/*
 * What follows disturbs, and works on /sys/kernel/debug/tlbscope/{invalidate,
 * cost} alone, beside TLBSCOPE_IOC_INFO and TLBSCOPE_IOC_TARGET. It never changes
 * what a program computes: to drop a translation is always safe, and the memory
 * of a target is only read, which can be seen by its accessed bits.
 */

/**
 * enum tlbscope_method - how translations are dropped (Intel SDM vol. 3A, 4.10.4;
 *	AMD APM vol. 2, 5.5.2)
 * @TLBSCOPE_INVLPG: INVLPG for each page
 * @TLBSCOPE_INVPCID_ADDRESS: INVPCID type 0 for each page
 * @TLBSCOPE_INVPCID_CONTEXT: INVPCID type 1: all of one tag (PCID)
 * @TLBSCOPE_INVPCID_ALL: INVPCID type 2: everything, global pages too
 * @TLBSCOPE_INVPCID_NONGLOBAL: INVPCID type 3: everything but global pages
 * @TLBSCOPE_CR3: load CR3 with what it holds: all of the current tag, but global
 *	pages
 * @TLBSCOPE_CR4_PGE: toggle CR4.PGE: everything, global pages too
 * @TLBSCOPE_INVLPGB: INVLPGB and TLBSYNC (AMD): each page, of any tag, on every
 *	CPU of the machine, whichever CPU runs it
 * @TLBSCOPE_IPI: one CPU interrupts the others, each of them runs one of the
 *	methods above (but not INVLPGB), and it waits for them all: what the
 *	kernel's own shootdown does. A CPU that runs another address space has
 *	the target's entries dropped when it next loads it, as the kernel does it;
 *	or, where the kernel flushes by INVLPGB, all but global pages at once.
 *
 * With page-table isolation and PCIDs, methods that drop a page or a tag drop it
 * for both tags of the process; without INVPCID that cannot be done, and they
 * are refused.
 */
enum tlbscope_method {
	TLBSCOPE_INVLPG,
	TLBSCOPE_INVPCID_ADDRESS,
	TLBSCOPE_INVPCID_CONTEXT,
	TLBSCOPE_INVPCID_ALL,
	TLBSCOPE_INVPCID_NONGLOBAL,
	TLBSCOPE_CR3,
	TLBSCOPE_CR4_PGE,
	TLBSCOPE_INVLPGB,
	TLBSCOPE_IPI,
	TLBSCOPE_METHODS,	/* how many there are */
};

/* The most that one request may ask for; E2BIG above */
#define TLBSCOPE_PAGES_MAX	4096	/* pages of a range, of whatever size */
#define TLBSCOPE_REPEAT_MAX	1000000
#define TLBSCOPE_SAMPLES_MAX	10000	/* of one CPU */
#define TLBSCOPE_RECORDS_MAX	262144	/* samples of all CPUs of an IPI */

/**
 * struct tlbscope_methods - TLBSCOPE_IOC_METHODS: what can be done here
 * @size: in: sizeof(struct tlbscope_methods)
 * @tsc_khz: TSC cycles a millisecond
 * @available: 1 << method of all that this machine has; the others are refused
 *	with EOPNOTSUPP. None under Xen PV.
 */
struct tlbscope_methods {
	__u32 size;
	__u32 tsc_khz;
	__u64 available;
};

/* .flags of the two below, instead of .what.cpus */
#define TLBSCOPE_CPUS_ALL	0x1	/* all that are on line */
#define TLBSCOPE_CPUS_RUN	0x2	/* where its threads run, or last ran */

/**
 * struct tlbscope_invalidation - what to drop, how, and where
 * @method: in: enum tlbscope_method
 * @local: in: for TLBSCOPE_IPI what each CPU runs; else 0
 * @start: in: first address, a multiple of 4096, in the user's half
 * @end: in: first address behind; from @start to here there are at most
 *	TLBSCOPE_PAGES_MAX pages. A huge page counts as one, and is dropped by one
 *	instruction; of what is not present, each 4 KiB. An IPI takes at most
 *	TLBSCOPE_STRETCH pages where it goes by page. Methods that drop more than
 *	pages do so whatever the range.
 * @cpus: in: address of a bit mask as of sched_setaffinity(); 0 with a flag
 * @cpus_len: in: its length in bytes, a multiple of 8; 0 with a flag
 * @initiator: in: for TLBSCOPE_IPI the CPU that interrupts the others, or -1 for
 *	the lowest of them; if it is one of the CPUs, it runs @local itself too.
 *	Else -1.
 *
 * Errors: EOPNOTSUPP the machine lacks the method, ENXIO a CPU that is off line
 * or absent (or went so meanwhile), EFAULT nothing of the target's is mapped in
 * the range, E2BIG a range or a number too large, EINVAL an address, method,
 * flag or number that cannot be, or no CPU at all, ESRCH the target is gone,
 * EINTR a signal came.
 */
struct tlbscope_invalidation {
	__u32 method;
	__u32 local;
	__u64 start;
	__u64 end;
	__u64 cpus;
	__u32 cpus_len;
	__s32 initiator;
};

/**
 * struct tlbscope_invalidate - TLBSCOPE_IOC_INVALIDATE: drop translations
 * @size: in: sizeof(struct tlbscope_invalidate)
 * @flags: in: 0 or one of TLBSCOPE_CPUS_*
 * @what: in: what, how and where. CPUs take their turn, from the lowest on.
 * @repeat: in: how often on each CPU, 1 to TLBSCOPE_REPEAT_MAX
 * @pages: out: pages in the range
 * @done: out: how often it was done, on all CPUs together (an IPI counts as one);
 *	on failure too
 */
struct tlbscope_invalidate {
	__u32 size;
	__u32 flags;
	struct tlbscope_invalidation what;
	__u32 repeat;
	__u32 pages;
	__u64 done;
};

/**
 * struct tlbscope_sample - one sample, in TSC cycles, as measured
 * @cpu: where
 * @empty: what measuring nothing took
 * @invalidation: the invalidation, with @stretches times @empty in it; of the
 *	initiator of an IPI: until all have answered
 * @stretches: parts in which it was measured, interrupts on between them
 * @delivery: of a responder: from before the sending until it was interrupted;
 *	0 where the CPUs' counters do not run together
 * @warm: reading the pages of the range, before
 * @cold: and after
 * @bystanders_warm: reading the bystanders, before
 * @bystanders_cold: and after
 * @reserved: zero
 *
 * A page is read by one load of 8 bytes, each of which waits for the one
 * before; in a random order. The four are 0 if there was nothing to read, a page
 * went away or the address space was just being changed, and for responders.
 * 4294967295 stands for that many cycles and more.
 */
struct tlbscope_sample {
	__u32 cpu;
	__u32 empty;
	__u32 invalidation;
	__u32 stretches;
	__u32 delivery;
	__u32 warm;
	__u32 cold;
	__u32 bystanders_warm;
	__u32 bystanders_cold;
	__u32 reserved;
};

/* Values of 0 and less, of 1, of 2 to 3, of 4 to 7, ..., of 2^30 and more */
#define TLBSCOPE_BUCKETS	32

/**
 * struct tlbscope_summary - many measurements, in TSC cycles
 * @samples: how many; 0: nothing was measured, and the rest is 0
 * @min: the smallest
 * @median: half of them are not larger
 * @p99: 99 of 100 are not larger
 * @max: the largest
 * @histogram: how many of each size, in powers of two
 */
struct tlbscope_summary {
	__u64 samples;
	__s64 min;
	__s64 median;
	__s64 p99;
	__s64 max;
	__u32 histogram[TLBSCOPE_BUCKETS];
};

/* tlbscope_cost_cpu.role */
#define TLBSCOPE_ROLE_LOCAL	0	/* ran the method by itself */
#define TLBSCOPE_ROLE_INITIATOR	1	/* of an IPI */
#define TLBSCOPE_ROLE_RESPONDER	2	/* to an IPI */

/**
 * struct tlbscope_cost_cpu - what it cost on one CPU
 * @cpu: which
 * @role: TLBSCOPE_ROLE_*
 * @loaded: of a responder: in how many samples it ran the target's address
 *	space, and so had the local method to run
 * @reserved: zero
 * @empty: measuring nothing
 * @invalidation: the invalidation alone, the median of @empty subtracted for
 *	each stretch; of an initiator: the round trip; of a responder: the local
 *	method, where it was @loaded
 * @delivery: of a responder: until it was interrupted
 * @warm: reading the pages, before; the time to measure is in it
 * @refill: what reading them took longer after it
 * @bystanders_warm: reading the bystanders, before
 * @collateral: what reading them took longer after it
 */
struct tlbscope_cost_cpu {
	__u32 cpu;
	__u32 role;
	__u32 loaded;
	__u32 reserved;
	struct tlbscope_summary empty;
	struct tlbscope_summary invalidation;
	struct tlbscope_summary delivery;
	struct tlbscope_summary warm;
	struct tlbscope_summary refill;
	struct tlbscope_summary bystanders_warm;
	struct tlbscope_summary collateral;
};

/**
 * struct tlbscope_cost - TLBSCOPE_IOC_COST: the same, measured
 * @size: in: sizeof(struct tlbscope_cost)
 * @flags: in: 0 or one of TLBSCOPE_CPUS_*
 * @what: in: what, how and where
 * @bystanders_start: in: first address of pages that should survive, outside of
 *	the range; as @what.start
 * @bystanders_end: in: first address behind; as @bystanders_start for none
 * @samples: in: how many on each CPU, 1 to TLBSCOPE_SAMPLES_MAX; for an IPI times
 *	the number of CPUs at most TLBSCOPE_RECORDS_MAX
 * @pages: out: pages in the range
 * @pages_read: out: those of them that are read: what is present, the user's
 *	and without a protection key, in a mapping that holds no device's memory
 * @bystanders_read: out: bystanders that are read
 * @vec: in: address of an array of struct tlbscope_cost_cpu
 * @vec_len: in: its length in records: at least one a CPU, and one for an
 *	initiator that is not one of them; else E2BIG
 * @filled: out: records written, in the order of the CPUs, an initiator first
 * @raw: in: address of an array of struct tlbscope_sample, 0 for none
 * @raw_len: in: its length in records
 * @raw_filled: out: records written: those of one CPU after those of another.
 *	What does not fit is left out.
 *
 * What is measured is measured with interrupts off, for TLBSCOPE_STRETCH pages
 * at a time; only an initiator waits with interrupts on. While pages are read the
 * target's mmap lock is held, for as long.
 */
struct tlbscope_cost {
	__u32 size;
	__u32 flags;
	struct tlbscope_invalidation what;
	__u64 bystanders_start;
	__u64 bystanders_end;
	__u32 samples;
	__u32 pages;
	__u32 pages_read;
	__u32 bystanders_read;
	__u64 vec;
	__u32 vec_len;
	__u32 filled;
	__u64 raw;
	__u32 raw_len;
	__u32 raw_filled;
};

/* Pages that are invalidated, or read, in one go */
#define TLBSCOPE_STRETCH	64

#define TLBSCOPE_IOC_MAGIC	0xbb
#define TLBSCOPE_IOC_INFO	_IOWR(TLBSCOPE_IOC_MAGIC, 0, struct tlbscope_info)
#define TLBSCOPE_IOC_TARGET	_IOW(TLBSCOPE_IOC_MAGIC, 1, struct tlbscope_target)
#define TLBSCOPE_IOC_WALK	_IOWR(TLBSCOPE_IOC_MAGIC, 2, struct tlbscope_walk)
#define TLBSCOPE_IOC_RANGES	_IOWR(TLBSCOPE_IOC_MAGIC, 3, struct tlbscope_ranges)
#define TLBSCOPE_IOC_TABLES	_IOWR(TLBSCOPE_IOC_MAGIC, 4, struct tlbscope_tables)
#define TLBSCOPE_IOC_TRANSLATE	_IOWR(TLBSCOPE_IOC_MAGIC, 5, struct tlbscope_translate)
#define TLBSCOPE_IOC_METHODS	_IOWR(TLBSCOPE_IOC_MAGIC, 6, struct tlbscope_methods)
#define TLBSCOPE_IOC_INVALIDATE	_IOWR(TLBSCOPE_IOC_MAGIC, 7, struct tlbscope_invalidate)
#define TLBSCOPE_IOC_COST	_IOWR(TLBSCOPE_IOC_MAGIC, 8, struct tlbscope_cost)

#endif /* _UAPI_TLBSCOPE_H */
