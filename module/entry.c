// SPDX-License-Identifier: GPL-2.0
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "entry.h"

/**
 * entry_state - what an entry is, as far as its bits tell
 * @entry: raw
 * @level: its level, 1 to 5
 *
 * Return: TLBSCOPE_NONE, TLBSCOPE_LEAF, TLBSCOPE_TABLE, TLBSCOPE_PROTNONE,
 * TLBSCOPE_SPLITTING; or TLBSCOPE_UNKNOWN for the many things that the kernel
 * keeps in entries that are not present, which only it can tell apart.
 */
enum tlbscope_state entry_state(__u64 entry, unsigned int level)
{
	if (!entry)
		return TLBSCOPE_NONE;
	if (entry & ENTRY_PRESENT)
		return entry_is_table(entry, level) ? TLBSCOPE_TABLE :
						      TLBSCOPE_LEAF;
	if (entry & ENTRY_PROTNONE)
		return TLBSCOPE_PROTNONE;
	/* pmd_mkinvalid() takes the present bit away and leaves this one */
	if ((level == 2 || level == 3) && (entry & ENTRY_PSE))
		return TLBSCOPE_SPLITTING;
	return TLBSCOPE_UNKNOWN;
}

/**
 * entry_level_name - what Linux calls a level
 * @level: 1 to @levels
 * @levels: in use, 4 or 5
 *
 * Return: "PGD" for the root, then "P4D" (with five levels only), "PUD",
 * "PMD", "PTE"; "?" out of range.
 */
const char *entry_level_name(unsigned int level, unsigned int levels)
{
	static const char * const names[] = { "?", "PTE", "PMD", "PUD", "P4D" };

	if (level && level == levels)
		return "PGD";
	return names[level < 5 ? level : 0];
}

/**
 * entry_state_name - a state in one word
 * @state: any
 *
 * Return: the word, "unknown" out of range.
 */
const char *entry_state_name(enum tlbscope_state state)
{
	static const char * const names[TLBSCOPE_STATES] = {
		[TLBSCOPE_NONE]		= "none",
		[TLBSCOPE_LEAF]		= "present",
		[TLBSCOPE_TABLE]	= "table",
		[TLBSCOPE_PROTNONE]	= "protnone",
		[TLBSCOPE_SWAP]		= "swapped",
		[TLBSCOPE_MIGRATION]	= "migrating",
		[TLBSCOPE_DEVICE]	= "device",
		[TLBSCOPE_HWPOISON]	= "hwpoison",
		[TLBSCOPE_MARKER]	= "marker",
		[TLBSCOPE_SPLITTING]	= "splitting",
		[TLBSCOPE_UNREADABLE]	= "unreadable",
		[TLBSCOPE_UNKNOWN]	= "unknown",
	};

	if ((unsigned int)state >= TLBSCOPE_STATES)
		state = TLBSCOPE_UNKNOWN;
	return names[state];
}

/* One word and a space; what does not fit is left out whole */
static size_t add_word(char *buf, size_t len, size_t at, const char *word)
{
	size_t n = strlen(word);

	if (at + n + 2 > len)
		return at;
	memcpy(buf + at, word, n);
	buf[at + n] = ' ';
	buf[at + n + 1] = '\0';
	return at + n + 1;
}

/**
 * entry_flags - the flags of an entry in words
 * @buf: where to, a string in the end; ENTRY_FLAGS_LEN bytes hold any
 * @len: its size in bytes, from 1
 * @entry: raw
 * @level: its level, 1 to 5
 * @f: which bits mean what
 *
 * The words come about in the order of their bits, for instance "present write user
 * accessed dirty huge nx". What is not present has none but TLBSCOPE_PROTNONE
 * and TLBSCOPE_SPLITTING, which keep most: the bits of others are not flags.
 *
 * Return: length of the string.
 */
size_t entry_flags(char *buf, size_t len, __u64 entry, unsigned int level,
		   const struct tlbscope_format *f)
{
	enum tlbscope_state state = entry_state(entry, level);
	bool present = entry & ENTRY_PRESENT;
	bool leaf = state == TLBSCOPE_LEAF || entry_has_frame(state);
	bool huge = leaf && level > 1;
	const struct {
		__u64 bit;
		bool valid;
		const char *word;
	} words[] = {
		{ ENTRY_PRESENT,	true,		"present" },
		{ ENTRY_WRITE,		true,		"write" },
		{ ENTRY_USER,		true,		"user" },
		{ ENTRY_PWT,		true,		"pwt" },
		{ ENTRY_PCD,		true,		"pcd" },
		{ ENTRY_ACCESSED,	true,		"accessed" },
		{ ENTRY_DIRTY,		leaf,		"dirty" },
		{ ENTRY_PSE,		huge,		"huge" },
		{ ENTRY_PAT_4K,		leaf && !huge,	"pat" },
		{ ENTRY_GLOBAL,		leaf && present, "global" },
		{ ENTRY_PAT_HUGE,	huge && present, "pat" },
		{ f->special,		leaf,		"special" },
		{ f->uffd_wp,		leaf,		"uffd-wp" },
		{ f->soft_dirty,	leaf,		"soft-dirty" },
		{ f->devmap,		leaf,		"devmap" },
		{ f->saved_dirty,	leaf,		"saved-dirty" },
		{ f->encrypted,		true,		"encrypted" },
		{ ENTRY_NX,		true,		"nx" },
		{}
	}, *w;
	char pkey[8] = "pkey";
	unsigned int key = (entry & ENTRY_PKEY) >> 59;
	size_t at = 0;

	buf[0] = '\0';
	if (!present && !entry_has_frame(state))
		return 0;
	for (w = words; w->word; w++)
		if (w->valid && (entry & w->bit))
			at = add_word(buf, len, at, w->word);
	if (leaf && key) {
		if (key >= 10)
			pkey[4] = '1';
		pkey[key >= 10 ? 5 : 4] = '0' + key % 10;
		at = add_word(buf, len, at, pkey);
	}
	if (at)
		buf[--at] = '\0';
	return at;
}
