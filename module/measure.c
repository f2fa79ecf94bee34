// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "measure.h"

static int compare(const void *a, const void *b)
{
	s64 x = *(const s64 *)a, y = *(const s64 *)b;

	return x < y ? -1 : x > y;
}

static unsigned int bucket(s64 value)
{
	return value <= 0 ? 0 : min(fls64(value), TLBSCOPE_BUCKETS - 1);
}

/**
 * measure_summarise - many measurements in a few numbers
 * @summary: filled whole
 * @value: the measurements, in TSC cycles; sorted by this
 * @n: how many; with none the summary is all zero
 *
 * A quantile is the smallest measurement that is not less than the given share
 * of all (nearest rank), so it is always one that was seen.
 */
void measure_summarise(struct tlbscope_summary *summary, s64 *value,
		       unsigned int n)
{
	unsigned int i;

	memset(summary, 0, sizeof(*summary));
	if (!n)
		return;
	sort(value, n, sizeof(*value), compare, NULL);
	summary->samples = n;
	summary->min = value[0];
	summary->median = value[(n - 1) / 2];
	summary->p99 = value[(n * 99 + 99) / 100 - 1];
	summary->max = value[n - 1];
	for (i = 0; i < n; i++)
		summary->histogram[bucket(value[i])]++;
}
