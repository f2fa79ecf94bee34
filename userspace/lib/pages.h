/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The entries of /proc/PID/pagemap, one for each 4 KiB of address space
 * (Documentation/admin-guide/mm/pagemap.rst)
 */
#ifndef TLBSCOPE_PAGES_H
#define TLBSCOPE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tlbscope.h>

#define PM_FRAME	((1ULL << 55) - 1)	/* where present */
#define PM_SWAP_TYPE	0x1fULL			/* where swapped */
#define PM_SOFT_DIRTY	(1ULL << 55)
#define PM_UFFD_WP	(1ULL << 57)
#define PM_GUARD	(1ULL << 58)		/* since 6.15 */
#define PM_SWAP		(1ULL << 62)
#define PM_PRESENT	(1ULL << 63)

/* Entries that are read at a time: those of 16 MiB */
#define PAGES_BATCH	4096

/**
 * struct pages - a window on a pagemap
 * @fd: the pagemap
 * @max: how many entries to read at a time
 * @start: first address of the window
 * @count: entries in it
 * @entry: them
 */
struct pages {
	int fd;
	size_t max;
	uint64_t start;
	size_t count;
	uint64_t entry[PAGES_BATCH];
};

bool pages_alive(int fd);
void pages_forget(struct pages *p, size_t max);
int pages_get(struct pages *p, uint64_t address, size_t want, uint64_t end,
	      const uint64_t **entry);
bool pages_show_frames(void);

/* What one entry says of a leaf whose start, end and level are set */
void pages_decode(struct tlbscope_range *leaf, uint64_t entry, bool no_access,
		  const struct tlbscope_format *format);

#endif /* TLBSCOPE_PAGES_H */
