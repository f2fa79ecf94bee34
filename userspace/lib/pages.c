// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "entry.h"
#include "pages.h"
#include "range.h"

/*
 * The kernel keeps its swap types from here on for what is no swap: pages that
 * are being moved, are in a device's memory or are broken, and notes of its
 * own. Which is which depends on its version and configuration; all have had
 * at most ten of the 32.
 */
#define SWAP_TYPE_SPECIAL	22

/**
 * pages_alive - whether the address space still exists
 * @fd: the pagemap, which belongs to the address space that the process had
 *	when it was opened
 *
 * Return: false after exit and exec, and for what never had one.
 */
bool pages_alive(int fd)
{
	uint64_t entry;

	return pread(fd, &entry, sizeof(entry), 0) == sizeof(entry);
}

/**
 * pages_forget - an answer begins: what was read before is old
 * @p: the window
 * @max: how many entries to read at a time from now on, up to PAGES_BATCH
 */
void pages_forget(struct pages *p, size_t max)
{
	p->max = max;
	p->count = 0;
}

static int pages_read(struct pages *p, uint64_t address, uint64_t end)
{
	size_t count = (end - address) / PAGE_SIZE;
	ssize_t n;

	if (count > p->max)
		count = p->max;
	p->start = address;
	p->count = 0;
	n = pread(p->fd, p->entry, count * sizeof(p->entry[0]),
		  address / PAGE_SIZE * sizeof(p->entry[0]));
	if (n < 0)
		return -errno;
	p->count = n / sizeof(p->entry[0]);
	return p->count ? 0 : -ESRCH;
}

/**
 * pages_get - the entries from an address on
 * @p: the window
 * @address: first address, a multiple of 4096
 * @want: how many entries
 * @end: first address that nobody will ask for, at least @want pages ahead
 * @entry: receives where they are, until the next call
 *
 * Return: 0, -ESRCH the address space is gone, or another negative errno.
 */
int pages_get(struct pages *p, uint64_t address, size_t want, uint64_t end,
	      const uint64_t **entry)
{
	/* Below the window it wraps round, and is far behind its end */
	uint64_t at = (address - p->start) / PAGE_SIZE;
	int err;

	if (at + want > p->count) {
		err = pages_read(p, address, end);
		if (err)
			return err;
		if (p->count < want)
			return -EIO;
		at = 0;
	}
	*entry = p->entry + at;
	return 0;
}

/**
 * pages_show_frames - whether pagemap shows this process physical addresses
 *
 * It does with CAP_SYS_ADMIN in the initial user namespace, else they are 0.
 * The page of a variable just written is there, so its entry tells.
 *
 * Return: true if so.
 */
bool pages_show_frames(void)
{
	volatile uint64_t entry = 1;
	uint64_t offset = (uintptr_t)&entry / PAGE_SIZE * sizeof(entry);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	bool shown;

	if (fd < 0)
		return false;
	shown = pread(fd, (void *)&entry, sizeof(entry), offset) == sizeof(entry) &&
		(entry & PM_PRESENT) && (entry & PM_FRAME);
	close(fd);
	return shown;
}

/*
 * The bits of an entry that are known, as it would have them. The frame is that
 * of the whole page, even if the leaf is cut.
 */
static uint64_t make_entry(const struct tlbscope_range *leaf, uint64_t entry,
			   const struct tlbscope_format *f)
{
	uint64_t made = leaf->phys;

	if (leaf->level > 1)
		made &= ~(entry_span(leaf->level) - 1);
	if (leaf->state == TLBSCOPE_LEAF)
		made |= ENTRY_PRESENT;
	else
		made = (made ^ f->frame) | ENTRY_PROTNONE;
	if (leaf->level > 1)
		made |= ENTRY_PSE;
	if (entry & PM_SOFT_DIRTY)
		made |= f->soft_dirty;
	if (entry & PM_UFFD_WP)
		made |= f->uffd_wp;
	return made;
}

static enum tlbscope_state decode_state(uint64_t entry, bool no_access)
{
	if (entry & PM_PRESENT)
		return no_access ? TLBSCOPE_PROTNONE : TLBSCOPE_LEAF;
	if (entry & PM_GUARD)
		return TLBSCOPE_MARKER;
	if (!(entry & PM_SWAP))
		return TLBSCOPE_NONE;
	return (entry & PM_SWAP_TYPE) < SWAP_TYPE_SPECIAL ? TLBSCOPE_SWAP :
							    TLBSCOPE_UNKNOWN;
}

/**
 * pages_decode - what an entry of pagemap says
 * @leaf: start, end and level are set; receives state, physical address and as
 *	much of the entry as can be told
 * @entry: that of @leaf's first page
 * @no_access: the mapping is PROT_NONE: then pages that are there are so in
 *	name only, which pagemap does not tell
 * @format: which bits mean what
 */
void pages_decode(struct tlbscope_range *leaf, uint64_t entry, bool no_access,
		  const struct tlbscope_format *format)
{
	leaf->state = decode_state(entry, no_access);
	leaf->phys = 0;
	leaf->entry = 0;
	if (!(entry & PM_PRESENT))
		return;
	leaf->phys = ((entry & PM_FRAME) * PAGE_SIZE) & format->frame;
	leaf->entry = make_entry(leaf, entry, format);
}
