/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cycles: reading the time-stamp counter in order, and summing up what it said
 */
#ifndef TLBSCOPE_MEASURE_H
#define TLBSCOPE_MEASURE_H

#include <linux/types.h>

#include "uapi/tlbscope.h"

/**
 * measure_now - the time-stamp counter, in order
 *
 * LFENCE waits until all that is before it has completed, loads with their
 * data, and lets nothing behind it begin (Intel SDM vol. 2A; AMD as the kernel
 * sets it up: APM vol. 3, LFENCE). So all of what lies between two calls is
 * between their two answers, and nothing else.
 *
 * Return: TSC cycles.
 */
static __always_inline u64 measure_now(void)
{
	u32 low, high;

	asm volatile("lfence\n\t"
		     "rdtsc\n\t"
		     "lfence"
		     : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
}

/* What lies between two times, in the width of a sample */
static inline u32 measure_between(u64 begin, u64 end)
{
	return end - begin > U32_MAX ? U32_MAX : end - begin;
}

void measure_summarise(struct tlbscope_summary *summary, s64 *value,
		       unsigned int n);

#endif /* TLBSCOPE_MEASURE_H */
