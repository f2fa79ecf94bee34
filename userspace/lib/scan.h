/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PAGEMAP_SCAN, Linux 6.7 and later: where something is, without the holes
 *
 * The declarations are made here for systems whose linux/fs.h is older.
 */
#ifndef TLBSCOPE_SCAN_H
#define TLBSCOPE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As struct page_region */
struct scan_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

bool scan_supported(int fd);
int scan_next(int fd, uint64_t *start, uint64_t end, struct scan_region *vec,
	      size_t len);
bool scan_is_huge(const struct scan_region *region);

#endif /* TLBSCOPE_SCAN_H */
