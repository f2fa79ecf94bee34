/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the CPU and the kernel are, as far as translation goes
 */
#ifndef TLBSCOPE_MACHINE_H
#define TLBSCOPE_MACHINE_H

#include <linux/pgtable.h>

#include "uapi/tlbscope.h"

extern struct tlbscope_format machine_format;
extern unsigned int machine_invlpgb_pages;

/* Levels of the tables in use: 4 or 5 */
static inline unsigned int machine_levels(void)
{
	return pgtable_l5_enabled() ? 5 : 4;
}

/* First byte behind the user's half, and first of the kernel's */
static inline u64 machine_user_end(void)
{
	return 1ULL << (12 + 9 * machine_levels() - 1);
}

static inline u64 machine_kernel_start(void)
{
	return -machine_user_end();
}

void machine_init(void);
void machine_info(struct tlbscope_info *info);

#endif /* TLBSCOPE_MACHINE_H */
