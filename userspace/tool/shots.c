// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "shots.h"

/**
 * shot_shootdown - ns of a call that the shootdown takes
 *
 * What the other threads add to the call, less what they add to one that has
 * nothing to flush: a process with threads pays a little more for any call.
 */
struct tlbscope_estimate shot_shootdown(const struct shot *shot)
{
	const struct tlbscope_shootdown_result *with = &shot->result;
	const struct tlbscope_shootdown_result *alone = &shot->alone->result;

	return tlbscope_estimate_sub(
		tlbscope_estimate_sub(with->touched.time.median, alone->touched.time.median),
		tlbscope_estimate_sub(with->untouched.time.median,
				      alone->untouched.time.median));
}

/* shot_share - of the call's time, from 0 to 1; NAN if it cannot be told */
double shot_share(const struct shot *shot)
{
	struct tlbscope_estimate shootdown = shot_shootdown(shot);
	const struct tlbscope_estimate *call = &shot->result.touched.time.median;

	if (tlbscope_inconclusive(&shootdown) || tlbscope_inconclusive(call))
		return NAN;
	return fmin(shootdown.value / call->value, 1);
}

/* shot_interruption - NAN where there are no other threads, or no samples */
struct interruption shot_interruption(const struct shot *shot)
{
	const struct tlbscope_shootdown_result *r = &shot->result;
	size_t pairs = r->n_threads * r->samples, hits = 0, t;
	struct interruption sum = { .share = NAN };
	double *times;
	unsigned int i;

	if (!pairs)
		return sum;
	times = mem_array(NULL, pairs, sizeof(*times));
	for (t = 0; t < r->n_threads; t++)
		for (i = 0; i < r->samples; i++)
			if (r->touched.threads[t].raw[i] > 0)
				times[hits++] = r->touched.threads[t].raw[i];
	if (hits && tlbscope_stats(times, hits, &sum.time))
		die_of_memory();
	sum.share = (double)hits / (double)pairs;
	free(times);
	return sum;
}
