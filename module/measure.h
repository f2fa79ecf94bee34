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

/**
 * measure_add - add what lies between two times
 * @cycles: sum, which stays at U32_MAX once it got there
 * @begin: measure_now() before
 * @end: and after
 */
static inline void measure_add(u32 *cycles, u64 begin, u64 end)
{
	u64 sum = *cycles + (end - begin);

	*cycles = sum > U32_MAX ? U32_MAX : sum;
}

/* What lies between two times, in the width of a sample */
static inline u32 measure_between(u64 begin, u64 end)
{
	u32 cycles = 0;

	measure_add(&cycles, begin, end);
	return cycles;
}

void measure_summarise(struct tlbscope_summary *summary, s64 *value,
		       unsigned int n);

#endif /* TLBSCOPE_MEASURE_H */
