// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "entry.h"
#include "range.h"

/**
 * range_check - whether there is something between two addresses to ask for
 * @info: the machine
 * @start: first address
 * @end: first address behind; 0 and ~0 become the end of @start's half
 *
 * Return: 0; -EINVAL not canonical, not a multiple of 4096, or nothing between.
 */
int range_check(const struct tlbscope_info *info, uint64_t start, uint64_t *end)
{
	if (start % PAGE_SIZE || !entry_canonical(start, info->levels))
		return -EINVAL;
	if (!*end || *end == ~0ULL) {
		*end = start < info->user_end ? info->user_end : ~0ULL;
		return start < *end ? 0 : -EINVAL;
	}
	if (*end % PAGE_SIZE || !entry_canonical(*end - 1, info->levels))
		return -EINVAL;
	return start < *end ? 0 : -EINVAL;
}
