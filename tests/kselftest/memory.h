/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of every kind that page tables can hold
 *
 * Functions return NULL or a negative errno where it cannot be had.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include "scope.h"

/* Not in this C library's headers */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif

void *mem_reserve(size_t len, size_t align);
void *mem_small(size_t len);
void *mem_small_at(__u64 address, size_t len);
void *mem_huge(size_t n);
void *mem_hugetlb(size_t size);
bool mem_has_thp(void);
/* A line of /proc/meminfo, in KiB; -1 if there is none */
long mem_info(const char *name);

bool mem_has_swap(void);

void mem_stamp(void *p, size_t len, __u64 seed);
bool mem_stamped(const void *p, size_t len, __u64 seed);
int mem_collapse(void *p, size_t len);
int mem_swap_out(void *p, size_t len);
int mem_marker(void *p, size_t len);
void mem_flush_tlb(void);

/* The states and pages of a zoo */
#define ZOO_PARTS	16
#define ZOO_START	0x100000000000ULL	/* 16 TiB */
#define ZOO_SLOT	(4 * MIB)

/**
 * struct zoo_part - memory of one kind
 * @name: what it is
 * @start: first address
 * @end: first address behind
 * @state: enum tlbscope_state of all its pages
 * @level: of all its pages
 */
struct zoo_part {
	const char *name;
	__u64 start;
	__u64 end;
	unsigned int state;
	unsigned int level;
};

/**
 * struct zoo - memory of every kind, close together
 * @part: each kind that this machine has
 * @n: how many
 * @start: first address of them all
 * @end: first address behind
 */
struct zoo {
	struct zoo_part part[ZOO_PARTS];
	unsigned int n;
	__u64 start;
	__u64 end;
};

int zoo_build(struct zoo *zoo);

#endif /* MEMORY_H */
