// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"

#define PAGE		4096UL
#define HUGE		(2UL << 20)

/* From userfaultfd.h of kernels that are newer than the distribution's headers */
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY	1
#endif

/*
 * Neither place starts at a multiple of 2 MiB, and they differ by no multiple
 * of it: mremap then moves entry by entry, as it does for most programs, not
 * whole tables.
 */
#define AT_OFFSET	(16 * PAGE)
#define OTHER_OFFSET	(48 * PAGE)

static int map_at(char *at, size_t len)
{
	void *p = mmap(at, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	/* EINVAL where the kernel has no huge pages to begin with */
	return madvise(at, len, MADV_NOHUGEPAGE) && errno != EINVAL ? -1 : 0;
}

/* area_map - address space, and @pages pages that are not touched in it */
int area_map(struct area *area, unsigned int pages)
{
	size_t len = pages * PAGE, room = ((len + HUGE - 1) & -HUGE) + HUGE;
	char *start;

	*area = (struct area){ .len = len, .reserve_len = 2 * room + HUGE, .uffd = -1 };
	area->reserve = mmap(NULL, area->reserve_len, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area->reserve == MAP_FAILED)
		return -1;
	start = (char *)(((uintptr_t)area->reserve + HUGE - 1) & -HUGE);
	area->at = start + AT_OFFSET;
	area->other = start + room + OTHER_OFFSET;
	return map_at(area->at, len);
}

void area_unmap(struct area *area)
{
	munmap(area->reserve, area->reserve_len);
	if (area->uffd >= 0)
		close(area->uffd);
}

/* area_touch - have every page there, written to */
void area_touch(struct area *area)
{
	size_t at;

	for (at = 0; at < area->len; at += PAGE)
		((volatile char *)area->at)[at] = 1;
}

static int forget(struct area *area)
{
	return madvise(area->at, area->len, MADV_DONTNEED);
}

static int do_mprotect(struct area *area)
{
	return mprotect(area->at, area->len, PROT_READ);
}

static int undo_mprotect(struct area *area)
{
	if (mprotect(area->at, area->len, PROT_READ | PROT_WRITE))
		return -1;
	return forget(area);
}

static int do_munmap(struct area *area)
{
	return munmap(area->at, area->len);
}

static int undo_munmap(struct area *area)
{
	return map_at(area->at, area->len);
}

static int prepare_mremap(struct area *area)
{
	return munmap(area->other, area->len);
}

static int do_mremap(struct area *area)
{
	void *p = mremap(area->at, area->len, area->len,
			 MREMAP_MAYMOVE | MREMAP_FIXED, area->other);

	return p == MAP_FAILED ? -1 : 0;
}

static int undo_mremap(struct area *area)
{
	char *at = area->other;

	area->other = area->at;
	area->at = at;
	return forget(area);
}

/*
 * Faults in user mode are all that is asked for, which takes no right. There
 * will be none: protection is lifted before a page is touched again.
 */
static int prepare_uffd(struct area *area)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	struct uffdio_register reg = {
		.range = { (uintptr_t)area->at, area->len },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};

	area->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (area->uffd < 0)
		return -1;
	if (ioctl(area->uffd, UFFDIO_API, &api))
		return -1;
	return ioctl(area->uffd, UFFDIO_REGISTER, &reg);
}

static int write_protect(struct area *area, uint64_t mode)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)area->at, area->len },
		.mode = mode,
	};

	return ioctl(area->uffd, UFFDIO_WRITEPROTECT, &wp);
}

static int do_uffd(struct area *area)
{
	return write_protect(area, UFFDIO_WRITEPROTECT_MODE_WP);
}

static int undo_uffd(struct area *area)
{
	if (write_protect(area, 0))
		return -1;
	return forget(area);
}

static int nothing(struct area *area)
{
	(void)area;
	return 0;
}

/* call_ops - NULL for a call that does not exist */
const struct call_ops *call_ops(enum tlbscope_call call)
{
	static const struct call_ops all[] = {
		[TLBSCOPE_CALL_MPROTECT] = { NULL, do_mprotect, undo_mprotect },
		[TLBSCOPE_CALL_MUNMAP] = { NULL, do_munmap, undo_munmap },
		[TLBSCOPE_CALL_DONTNEED] = { NULL, forget, nothing },
		[TLBSCOPE_CALL_MREMAP] = { prepare_mremap, do_mremap, undo_mremap },
		[TLBSCOPE_CALL_UFFD_WP] = { prepare_uffd, do_uffd, undo_uffd },
	};

	return (size_t)call < sizeof(all) / sizeof(all[0]) ? &all[call] : NULL;
}

const char *tlbscope_call_name(enum tlbscope_call call)
{
	static const char *const names[] = {
		[TLBSCOPE_CALL_MPROTECT] = "mprotect",
		[TLBSCOPE_CALL_MUNMAP] = "munmap",
		[TLBSCOPE_CALL_DONTNEED] = "dontneed",
		[TLBSCOPE_CALL_MREMAP] = "mremap",
		[TLBSCOPE_CALL_UFFD_WP] = "uffd-wp",
	};

	return (size_t)call < sizeof(names) / sizeof(names[0]) ? names[call] : NULL;
}
