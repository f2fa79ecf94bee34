// SPDX-License-Identifier: GPL-2.0
#include <math.h>

#include "clock.h"

#define LOOPS	1000000UL

/* Two instructions a round */
static void count_down(unsigned long n)
{
	asm volatile("1: dec %0; jnz 1b" : "+r" (n) : : "cc");
}

static double least_of(unsigned int tries, double (*try)(void))
{
	double least = INFINITY, ticks;

	while (tries--) {
		ticks = try();
		if (ticks < least)
			least = ticks;
	}
	return least;
}

static double try_reading(void)
{
	__u64 begin = clock_read();

	return clock_read() - begin;
}

static double try_loop(void)
{
	__u64 begin = clock_read();

	count_down(LOOPS);
	return clock_read() - begin;
}

/**
 * clock_calibrate - learn what the clock counts
 * @clock: filled
 */
void clock_calibrate(struct clock *clock)
{
	clock->read = least_of(100, try_reading);
	clock->per_instruction = (least_of(5, try_loop) - clock->read) /
				 (2 * LOOPS);
	/* A timer's interrupt may have come in between, even five times */
	clock->exact = fabs(clock->per_instruction - 1) < 0.001;
}

/**
 * clock_measure - what something costs
 * @clock: calibrated
 * @repeat: the least of so many tries counts: others were interrupted
 * @times: how often it is done a try
 * @what: does it once
 * @arg: for @what
 *
 * Return: ticks each time, without those for reading the clock.
 */
double clock_measure(const struct clock *clock, unsigned int repeat,
		     unsigned int times, void (*what)(void *arg), void *arg)
{
	double least = INFINITY, ticks;
	unsigned int i;
	__u64 begin;

	while (repeat--) {
		begin = clock_read();
		for (i = 0; i < times; i++)
			what(arg);
		ticks = clock_read() - begin - clock->read;
		if (ticks < least)
			least = ticks;
	}
	return least / times;
}
