/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel itself tells about memory, by paths that have nothing to do
 * with the module: pagemap, kpageflags, kpagecount, smaps, status, kcore
 */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>

/* /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst) */
#define PM_PRESENT	(1ULL << 63)
#define PM_SWAP		(1ULL << 62)
#define PM_GUARD	(1ULL << 58)	/* from 6.15 on */
#define PM_UFFD_WP	(1ULL << 57)
#define PM_SOFT_DIRTY	(1ULL << 55)
#define PM_PFN		((1ULL << 55) - 1)

/* /proc/kpageflags, bit numbers of linux/kernel-page-flags.h */
#define KPF(nr)		(1ULL << (nr))
#define KPF_ANON	KPF(12)
#define KPF_SWAPBACKED	KPF(14)
#define KPF_HUGE	KPF(17)
#define KPF_HWPOISON	KPF(19)
#define KPF_NOPAGE	KPF(20)
#define KPF_THP		KPF(22)
#define KPF_ZERO_PAGE	KPF(24)

/**
 * struct vma - a mapping of /proc/PID/smaps
 * @start: first address
 * @end: first address behind
 * @pfnmap: pagemap says nothing about it
 * @anon_huge: AnonHugePages, in bytes
 * @page_size: KernelPageSize, in bytes
 * @name: file, [stack], or ""
 */
struct vma {
	__u64 start;
	__u64 end;
	bool pfnmap;
	__u64 anon_huge;
	__u64 page_size;
	char name[64];
};

struct vmas {
	struct vma *v;
	size_t n;
};

/* Where the kernel's own image is mapped, and its modules */
#define KERNEL_TEXT	0xffffffff80000000ULL

/**
 * struct symbol - a name and what /proc/kallsyms says of it
 * @name: NULL for the module's first function
 * @module: NULL for the kernel itself
 * @address: 0 without
 */
struct symbol {
	const char *name;
	const char *module;
	__u64 address;
};

int vmas_read(pid_t pid, struct vmas *vmas);
void vmas_free(struct vmas *vmas);
struct vma *vmas_find(struct vmas *vmas, __u64 address);
int vma_at(pid_t pid, const void *p, struct vma *vma);

int pagemap_read(pid_t pid, __u64 address, __u64 *entries, size_t n);
__u64 pagemap_at(pid_t pid, const void *p);
__u64 page_flags(__u64 phys);
__u64 page_count(__u64 phys);

long status_kib(pid_t pid, const char *field);
int write_file(const char *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int read_line(char *line, size_t len, const char *path);

int kernel_read(__u64 address, void *buf, size_t len);
int phys_read(__u64 phys, void *buf, size_t len);
int phys_segment(unsigned int i, __u64 *virt, __u64 *phys, __u64 *len);
void kernel_symbols(struct symbol *s, size_t n);

#endif /* PROC_H */
