/* SPDX-License-Identifier: GPL-2.0 */
/* What tlbscope shootdown measured, and what follows from it */
#ifndef TOOL_SHOTS_H
#define TOOL_SHOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libtlbscope.h>

#include "args.h"

/**
 * struct crowd - other threads of the process
 * @name: where they are: "same L3", "all others"
 * @cpus: one each
 * @n: how many; 0 for none
 */
struct crowd {
	char *name;
	unsigned int *cpus;
	size_t n;
};

/**
 * struct shot - one call on so many pages beside one crowd
 * @call: which
 * @pages: how many
 * @crowd: beside whom
 * @alone: the same without other threads; itself if there are none
 * @result: times
 */
struct shot {
	enum tlbscope_call call;
	unsigned int pages;
	const struct crowd *crowd;
	const struct shot *alone;
	struct tlbscope_shootdown_result result;
};

/**
 * struct shots - all of them, and what was asked for
 * @clock: what was measured with
 * @cpu: where the calls were made
 * @allowed: CPUs that could have been used
 * @ceiling: pages from which on the kernel flushes all, 0 if not known
 * @pages: the sweep
 * @crowds: the first is nobody
 * @n_crowds: how many
 * @refused: for each call 0, or the errno of why it cannot be measured here
 * @vec: by call, then pages, then crowd
 * @n: how many
 * @seconds: that it took
 */
struct shots {
	struct tlbscope_clock clock;
	unsigned int cpu;
	size_t allowed;
	uint64_t ceiling;
	struct args_sweep pages;
	struct crowd *crowds;
	size_t n_crowds;
	int refused[TLBSCOPE_CALLS];
	struct shot *vec;
	size_t n;
	double seconds;
};

/**
 * struct interruption - what a call did to another thread, over all threads
 * @share: of calls and threads, from 0 to 1, in which a thread was interrupted; NAN if
 *	there are none
 * @time: ns, of those
 */
struct interruption {
	double share;
	struct tlbscope_stats time;
};

struct tlbscope_estimate shot_shootdown(const struct shot *shot);
double shot_share(const struct shot *shot);
struct interruption shot_interruption(const struct shot *shot);

#endif /* TOOL_SHOTS_H */
