/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mappings of a process, out of /proc/PID/maps or /proc/PID/smaps
 */
#ifndef TLBSCOPE_MAPPING_H
#define TLBSCOPE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct mapping - one mapping
 * @start: first address
 * @end: first address behind
 * @no_access: neither to read, to write nor to execute: PROT_NONE
 *
 * All below is in smaps only, and zero where the kernel does not say it:
 *
 * @page_size: of its pages: what hugetlbfs gave it, else 4096
 * @rss: bytes of it in memory; the zero page does not count
 * @pmd_mapped: bytes of it mapped by entries of level 2; without hugetlbfs and
 *	the huge zero page
 * @no_pages: VM_PFNMAP: physical memory without a struct page, which
 *	/proc/PID/pagemap shows as nothing
 */
struct mapping {
	uint64_t start;
	uint64_t end;
	bool no_access;
	uint64_t page_size;
	uint64_t rss;
	uint64_t pmd_mapped;
	bool no_pages;
};

/**
 * struct mappings - reads a file of mappings, one after the other
 * @fd: the file, -1 if closed
 * @pos: next byte of @buf
 * @len: bytes in @buf
 * @ahead: the mapping that begins with the line read last
 * @has_ahead: whether there is one
 * @buf: what was read and not yet looked at
 */
struct mappings {
	int fd;
	size_t pos;
	size_t len;
	struct mapping ahead;
	bool has_ahead;
	char buf[16384];
};

int mappings_open(struct mappings *m, int dir, const char *name);
void mappings_close(struct mappings *m);
int mappings_next(struct mappings *m, struct mapping *mapping);
int mappings_find(struct mappings *m, uint64_t address, struct mapping *mapping);

/* The parsing alone, of one line without its newline */
bool mapping_parse_header(const char *line, struct mapping *mapping);
void mapping_parse_field(const char *line, struct mapping *mapping);

#endif /* TLBSCOPE_MAPPING_H */
