/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions, where the machine's clock counts them, else time
 *
 * Under QEMU's -icount shift=0 an instruction takes a nanosecond and the TSC
 * ticks once a nanosecond, so that the TSC counts instructions, exactly.
 * clock_gettime() does not: the kernel's idea of the TSC's frequency is measured
 * at boot and off by some millionths, and reading it takes more instructions.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <linux/types.h>

struct clock {
	double per_instruction;	/* ticks */
	double read;		/* what reading it costs, in ticks */
	bool exact;		/* a tick is an instruction */
};

void clock_calibrate(struct clock *clock);

static inline __u64 clock_read(void)
{
	__u32 low, high;

	/* All before it is done, and nothing behind it begun */
	asm volatile("lfence; rdtsc; lfence"
		     : "=a" (low), "=d" (high) : : "memory");
	return (__u64)high << 32 | low;
}

double clock_measure(const struct clock *clock, unsigned int repeat,
		     unsigned int times, void (*what)(void *arg), void *arg);

#endif /* CLOCK_H */
