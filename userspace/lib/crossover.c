// SPDX-License-Identifier: GPL-2.0
/*
 * Where two curves cross that were measured, with their errors, at some sizes
 */
#include <math.h>
#include <stdbool.h>

#include "libtlbscope.h"

/* What doing it in steps costs more */
static struct tlbscope_estimate excess(const struct tlbscope_crossing *c)
{
	return tlbscope_estimate_sub(c->steps, c->whole);
}

/* Where a straight line from one size to the next is zero */
static double zero_between(const struct tlbscope_crossing *c, double y0, double y1)
{
	if (!isfinite(y0) || !isfinite(y1) || y1 <= y0)
		return c[1].size;
	return c[0].size + (c[1].size - c[0].size) * -y0 / (y1 - y0);
}

static double bound(const struct tlbscope_estimate *e, int which)
{
	return which < 0 ? e->low : which > 0 ? e->high : e->value;
}

/*
 * Where a curve of the excess, or of one end of its interval, first rises above
 * zero; 0 if it begins there, INFINITY if it never does.
 */
static double first_zero(const struct tlbscope_crossing *c, size_t n, int which)
{
	struct tlbscope_estimate now = excess(&c[0]), next;
	size_t i;

	if (bound(&now, which) > 0)
		return 0;
	for (i = 1; i < n; i++) {
		next = excess(&c[i]);
		if (bound(&next, which) > 0)
			return zero_between(&c[i - 1], bound(&now, which),
					    bound(&next, which));
		now = next;
	}
	return INFINITY;
}

enum tlbscope_crossover tlbscope_crossover(const struct tlbscope_crossing *sizes,
					   size_t n, struct tlbscope_estimate *at)
{
	size_t below = 0, above = 0, last = 0, i;

	*at = (struct tlbscope_estimate){ 0, 0, INFINITY };
	for (i = 0; i < n; i++) {
		struct tlbscope_estimate e = excess(&sizes[i]);

		/* Once one go is the cheaper way it must stay so */
		if (e.high < 0 && above)
			return TLBSCOPE_CROSSOVER_NOISE;
		if (e.high < 0)
			last = i;
		below += e.high < 0;
		above += e.low > 0;
	}
	if (!below && !above)
		return TLBSCOPE_CROSSOVER_NOISE;
	at->low = fmin(first_zero(sizes + last, n - last, 1), sizes[n - 1].size);
	at->value = first_zero(sizes + last, n - last, 0);
	at->high = first_zero(sizes + last, n - last, -1);
	if (!above)
		return TLBSCOPE_CROSSOVER_ABOVE;
	if (!below)
		return TLBSCOPE_CROSSOVER_BELOW;
	return tlbscope_inconclusive(at) ? TLBSCOPE_CROSSOVER_NOISE :
					   TLBSCOPE_CROSSOVER_FOUND;
}
