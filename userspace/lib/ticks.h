/* SPDX-License-Identifier: GPL-2.0 */
/* Timestamps: the TSC where it can be trusted, else the kernel's clock in ns */
#ifndef TLBSCOPE_TICKS_H
#define TLBSCOPE_TICKS_H

#include <stdint.h>
#include <time.h>

#include <x86intrin.h>

#include "libtlbscope.h"

static inline uint64_t ticks_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* ticks_read - now, roughly: what stands around it may still be under way */
static inline uint64_t ticks_read(const struct tlbscope_clock *clock)
{
	return clock->tsc ? __rdtsc() : ticks_ns();
}

/* ticks_fenced - now: after all that stands before it, before all behind it */
static inline uint64_t ticks_fenced(const struct tlbscope_clock *clock)
{
	uint64_t now;

	_mm_lfence();
	now = ticks_read(clock);
	_mm_lfence();
	return now;
}

static inline uint64_t ticks_of_ns(const struct tlbscope_clock *clock, double ns)
{
	return (uint64_t)(ns * clock->ticks_per_ns);
}

static inline double ticks_to_ns(const struct tlbscope_clock *clock, uint64_t ticks)
{
	return (double)ticks / clock->ticks_per_ns;
}

static inline void ticks_wait(const struct tlbscope_clock *clock, uint64_t ticks)
{
	uint64_t start = ticks_read(clock);

	while (ticks_read(clock) - start < ticks)
		_mm_pause();
}

#endif /* TLBSCOPE_TICKS_H */
