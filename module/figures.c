// SPDX-License-Identifier: GPL-2.0
#include <linux/sched.h>

#include "figures.h"
#include "measure.h"

enum figure {
	FIGURE_EMPTY,
	FIGURE_INVALIDATION,
	FIGURE_DELIVERY,
	FIGURE_WARM,
	FIGURE_REFILL,
	FIGURE_BYSTANDERS_WARM,
	FIGURE_COLLATERAL,
};

/* Whether a sample has such a figure, and what it is; @empty to be subtracted */
static bool get_figure(const struct tlbscope_sample *s, enum figure figure,
		       s64 empty, s64 *value)
{
	switch (figure) {
	case FIGURE_EMPTY:
		*value = s->empty;
		return true;
	case FIGURE_INVALIDATION:
		*value = s->invalidation - s->stretches * empty;
		return s->stretches;
	case FIGURE_DELIVERY:
		*value = s->delivery;
		return s->delivery;
	case FIGURE_WARM:
		*value = s->warm;
		return s->warm;
	case FIGURE_REFILL:
		*value = (s64)s->cold - s->warm;
		return s->warm;
	case FIGURE_BYSTANDERS_WARM:
		*value = s->bystanders_warm;
		return s->bystanders_warm;
	default:
		*value = (s64)s->bystanders_cold - s->bystanders_warm;
		return s->bystanders_warm;
	}
}

static void summarise(struct tlbscope_summary *summary, s64 *scratch,
		      const struct tlbscope_sample *s, u32 n,
		      enum figure figure, s64 empty)
{
	u32 filled = 0;

	for (; n; n--, s++)
		if (get_figure(s, figure, empty, &scratch[filled]))
			filled++;
	measure_summarise(summary, scratch, filled);
	cond_resched();
}

/**
 * figures_of - sum up what a CPU measured
 * @cost: its summaries are filled
 * @sample: of that CPU
 * @n: how many
 * @scratch: room for as many values
 */
void figures_of(struct tlbscope_cost_cpu *cost,
		const struct tlbscope_sample *sample, u32 n, s64 *scratch)
{
	s64 empty;

	summarise(&cost->empty, scratch, sample, n, FIGURE_EMPTY, 0);
	empty = cost->empty.median;
	summarise(&cost->invalidation, scratch, sample, n,
		  FIGURE_INVALIDATION, empty);
	summarise(&cost->delivery, scratch, sample, n, FIGURE_DELIVERY, empty);
	summarise(&cost->warm, scratch, sample, n, FIGURE_WARM, empty);
	summarise(&cost->refill, scratch, sample, n, FIGURE_REFILL, empty);
	summarise(&cost->bystanders_warm, scratch, sample, n,
		  FIGURE_BYSTANDERS_WARM, empty);
	summarise(&cost->collateral, scratch, sample, n, FIGURE_COLLATERAL,
		  empty);
}
