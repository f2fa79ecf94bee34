/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/tlbscope-stale: what the tests ask of their own module
 */
#ifndef STALE_H
#define STALE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define STALE_DEVICE	"/dev/tlbscope-stale"

/**
 * struct stale_pair - two pages of the caller's
 * @page: their addresses. Present pages of 4 KiB of one mapping that is private,
 *	anonymous and locked, both accessed and written before.
 *
 * Errors: EINVAL they are not, EFAULT nothing is mapped, EAGAIN their entries
 * changed meanwhile.
 */
struct stale_pair {
	__u64 page[2];
};

/* Exchange the frames of two pages, and tell no TLB. Twice is as before. */
#define STALE_IOC_EXCHANGE	_IOW(0xbc, 0, struct stale_pair)

#endif /* STALE_H */
