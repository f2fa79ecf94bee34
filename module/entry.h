/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What one 64-bit entry of an x86-64 page table says
 *
 * Pure functions of the entry's bits (Intel SDM vol. 3A, 4.5; AMD APM vol. 2,
 * 5.3), the same in the module, in libtlbscope and in the unit tests. A level
 * is a number: 1 for PTEs, 2 for PMDs, 3 for PUDs, 4, and 5 with five levels.
 */
#ifndef TLBSCOPE_ENTRY_H
#define TLBSCOPE_ENTRY_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#endif

#include "uapi/tlbscope.h"

#define ENTRY_PRESENT	0x1ULL
#define ENTRY_WRITE	0x2ULL
#define ENTRY_USER	0x4ULL
#define ENTRY_PWT	0x8ULL
#define ENTRY_PCD	0x10ULL
#define ENTRY_ACCESSED	0x20ULL
#define ENTRY_DIRTY	0x40ULL
#define ENTRY_PSE	0x80ULL	/* levels 2 and 3: this is a leaf */
#define ENTRY_PAT_4K	0x80ULL	/* level 1 */
#define ENTRY_GLOBAL	0x100ULL
#define ENTRY_PROTNONE	0x100ULL	/* where not present */
#define ENTRY_PAT_HUGE	0x1000ULL	/* leaves of levels 2 and 3 */
#define ENTRY_PKEY	0x7800000000000000ULL
#define ENTRY_NX	0x8000000000000000ULL

#define ENTRY_ALL_RIGHTS (TLBSCOPE_MAY_EXEC | TLBSCOPE_MAY_READ | \
			  TLBSCOPE_MAY_WRITE | TLBSCOPE_MAY_USER)

/* Long enough for every name that entry_flags() can put together */
#define ENTRY_FLAGS_LEN	192

static inline unsigned int entry_shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

/* Bytes of address space that one entry of @level stands for */
static inline __u64 entry_span(unsigned int level)
{
	return 1ULL << entry_shift(level);
}

/* Which of the 512 entries of a table of @level translates @address */
static inline unsigned int entry_index(__u64 address, unsigned int level)
{
	return (address >> entry_shift(level)) & (TLBSCOPE_ENTRIES - 1);
}

/* Whether all bits of @address above those that are translated agree */
static inline bool entry_canonical(__u64 address, unsigned int levels)
{
	unsigned int unused = 64 - entry_shift(levels + 1);

	return (__u64)((__s64)(address << unused) >> unused) == address;
}

/* Only the three lowest levels can have leaves; at level 1 there is nothing else */
static inline bool entry_is_table(__u64 entry, unsigned int level)
{
	if (!(entry & ENTRY_PRESENT) || level == 1)
		return false;
	return level > 3 || !(entry & ENTRY_PSE);
}

static inline bool entry_is_leaf(__u64 entry, unsigned int level)
{
	return (entry & ENTRY_PRESENT) && !entry_is_table(entry, level);
}

/*
 * Linux inverts the frame of an entry that is not present and not zero, so
 * that an L1TF attack finds no memory behind it (the kernel's
 * asm/pgtable-invert.h).
 */
static inline __u64 entry_normal(__u64 entry, const struct tlbscope_format *f)
{
	if (!entry || (entry & ENTRY_PRESENT))
		return entry;
	return entry ^ f->frame;
}

/**
 * entry_phys - the physical address that an entry holds
 * @entry: raw, one with a frame: a table, a leaf, TLBSCOPE_PROTNONE or
 *	TLBSCOPE_SPLITTING
 * @level: its level, 1 to 5
 * @f: which bits are the frame's
 *
 * Return: address of the table or of the page's first byte. In a huge leaf the
 * lowest frame bit is PAT's, and the others below the page's size are reserved.
 * What has a frame and is not present is never a table, so it is huge too.
 */
static inline __u64 entry_phys(__u64 entry, unsigned int level,
			       const struct tlbscope_format *f)
{
	__u64 phys = entry_normal(entry, f) & f->frame;

	if (level > 1 && level <= 3 &&
	    ((entry & ENTRY_PSE) || !(entry & ENTRY_PRESENT)))
		phys &= ~(entry_span(level) - 1);
	return phys;
}

/* Whether an entry in this state has a frame that entry_phys() can tell */
static inline bool entry_has_frame(enum tlbscope_state state)
{
	return state == TLBSCOPE_LEAF || state == TLBSCOPE_PROTNONE ||
	       state == TLBSCOPE_SPLITTING;
}

/*
 * TLBSCOPE_MAY_* from bit @at on: NX comes round to stand below the others. The
 * bits beside these four mean nothing.
 */
static inline __u64 entry_rotated(__u64 entry, unsigned int at)
{
	return (entry << (at + 1) | entry >> (63 - at)) ^
	       ((__u64)TLBSCOPE_MAY_EXEC << at);
}

/**
 * entry_rights - what an entry allows, if all levels above allow it too
 * @entry: raw, present
 *
 * Return: TLBSCOPE_MAY_*. The rights of a walk are those of all its levels
 * and'ed (Intel SDM vol. 3A, 4.6.1).
 */
static inline unsigned int entry_rights(__u64 entry)
{
	return entry_rotated(entry, 0) & ENTRY_ALL_RIGHTS;
}

enum tlbscope_state entry_state(__u64 entry, unsigned int level);
const char *entry_level_name(unsigned int level, unsigned int levels);
const char *entry_state_name(enum tlbscope_state state);
size_t entry_flags(char *buf, size_t len, __u64 entry, unsigned int level,
		   const struct tlbscope_format *f);

#endif /* TLBSCOPE_ENTRY_H */
