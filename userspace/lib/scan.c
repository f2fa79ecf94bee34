// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/ioctl.h>
#include <sys/ioctl.h>

#include "scan.h"

/* As struct pm_scan_arg */
struct scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN_IOCTL	_IOWR('f', 16, struct scan_arg)

#define SCAN_PRESENT	(1 << 3)
#define SCAN_SWAPPED	(1 << 4)
#define SCAN_HUGE	(1 << 6)

/**
 * scan_next - the next regions in which there is something
 * @fd: a pagemap
 * @start: first address; receives where to go on
 * @end: first address behind
 * @vec: receives the regions: present or swapped, huge or not
 * @len: room for so many
 *
 * Return: how many, or a negative errno. All is done when @start reaches @end.
 */
int scan_next(int fd, uint64_t *start, uint64_t end, struct scan_region *vec,
	      size_t len)
{
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = *start,
		.end = end,
		.vec = (uintptr_t)vec,
		.vec_len = len,
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
		.return_mask = SCAN_PRESENT | SCAN_SWAPPED | SCAN_HUGE,
	};
	int n = ioctl(fd, SCAN_IOCTL, &arg);

	if (n < 0)
		return -errno;
	if (arg.walk_end <= *start)
		return -EIO;
	*start = arg.walk_end;
	return n;
}

/**
 * scan_supported - whether the kernel has it
 * @fd: a pagemap
 *
 * Return: true if so.
 */
bool scan_supported(int fd)
{
	struct scan_region region;
	uint64_t start = 0;

	return scan_next(fd, &start, 4096, &region, 1) >= 0;
}

/**
 * scan_is_huge - whether one entry of level 2 or 3 maps it
 * @region: of scan_next()
 *
 * Return: true for transparent huge pages that are not split, and hugetlbfs.
 */
bool scan_is_huge(const struct scan_region *region)
{
	return region->categories & SCAN_HUGE;
}
