// SPDX-License-Identifier: GPL-2.0
/*
 * What samples amount to, without any belief in how they are distributed
 *
 * Times are skewed: most are alike, some are much longer. So order statistics
 * throughout: median and MAD for mean and standard deviation, and for the
 * median's confidence the ranks that the binomial distribution gives.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libtlbscope.h"

/* Up to here 2^-n is a double, and the sum below is exact */
#define EXACT_MAX	1000

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(const double *sorted, size_t n)
{
	return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

/*
 * The median lies below the sample of this rank, counted from 1, with 2.5 %
 * probability at most: how many are below it is binomial with p = 1/2. 0 if
 * there is none.
 */
static size_t low_rank(size_t n)
{
	double probability, sum = 0;
	size_t k = 0;

	if (n > EXACT_MAX)
		return (size_t)(((double)n - 1.96 * sqrt((double)n)) / 2);
	probability = ldexp(1, -(int)n);
	while (sum + probability <= 0.025) {
		sum += probability;
		probability *= (double)(n - k) / (double)(k + 1);
		k++;
	}
	return k;
}

/* Half of the samples are nearer to the median than this */
static int deviation(const double *samples, size_t n, double median, double *mad)
{
	double *distance = reallocarray(NULL, n, sizeof(*distance));
	size_t i;

	if (!distance)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		distance[i] = fabs(samples[i] - median);
	qsort(distance, n, sizeof(*distance), compare);
	*mad = median_of(distance, n);
	free(distance);
	return 0;
}

int tlbscope_stats(double *samples, size_t n, struct tlbscope_stats *stats)
{
	size_t low;

	memset(stats, 0, sizeof(*stats));
	if (!n)
		return -EINVAL;
	qsort(samples, n, sizeof(*samples), compare);
	low = low_rank(n);
	stats->count = n;
	stats->min = samples[0];
	stats->p99 = samples[(99 * n + 99) / 100 - 1];
	stats->max = samples[n - 1];
	stats->median.value = median_of(samples, n);
	stats->median.low = low ? samples[low - 1] : -INFINITY;
	stats->median.high = low ? samples[n - low] : INFINITY;
	return deviation(samples, n, stats->median.value, &stats->mad);
}

/* The two errors are independent: they add as the sides of a right angle do */
struct tlbscope_estimate tlbscope_estimate_sub(struct tlbscope_estimate a,
					       struct tlbscope_estimate b)
{
	double value = a.value - b.value;

	return (struct tlbscope_estimate) {
		.value = value,
		.low = value - hypot(a.value - a.low, b.high - b.value),
		.high = value + hypot(a.high - a.value, b.value - b.low),
	};
}

bool tlbscope_inconclusive(const struct tlbscope_estimate *e)
{
	return !(e->low > 0 && e->high - e->low <= e->value / 2);
}
