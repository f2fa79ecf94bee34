/* SPDX-License-Identifier: GPL-2.0 */
/* What an invalidation costs: measured, and summed up */
#ifndef TOOL_COST_H
#define TOOL_COST_H

#include <stdbool.h>
#include <stddef.h>

#include <libtlbscope.h>

/**
 * struct figure - something measured, in TSC cycles
 * @stats: of its samples; a count of 0 if there are none
 * @noisy: too noisy to name a figure
 */
struct figure {
	struct tlbscope_stats stats;
	bool noisy;
};

/**
 * struct cost - what an invalidation cost on one CPU
 * @method: enum tlbscope_method
 * @local: of TLBSCOPE_IPI what each CPU ran, else @method
 * @cpu: where
 * @role: TLBSCOPE_ROLE_*
 * @samples: how many there are
 * @loaded: of a responder: in how many it had the target's address space loaded
 * @pages: pages of the range
 * @pages_read: those that were read
 * @bystanders_read: bystanders that were read
 * @empty: measuring nothing
 * @invalidation: the invalidation, without @empty; of an initiator: until all
 *	have answered
 * @delivery: of a responder: until it was interrupted
 * @refill: what reading the pages took longer afterwards
 * @collateral: what reading the bystanders took longer afterwards
 * @total: the sum of @invalidation, @refill and @collateral, of each sample
 * @histogram: of @invalidation, in powers of two: see TLBSCOPE_BUCKETS
 * @raw: the samples, as the module took them
 */
struct cost {
	unsigned int method;
	unsigned int local;
	unsigned int cpu;
	unsigned int role;
	size_t samples;
	size_t loaded;
	unsigned int pages;
	unsigned int pages_read;
	unsigned int bystanders_read;
	struct figure empty;
	struct figure invalidation;
	struct figure delivery;
	struct figure refill;
	struct figure collateral;
	struct figure total;
	uint32_t histogram[TLBSCOPE_BUCKETS];
	struct tlbscope_sample *raw;
};

/* In the order in which they were measured */
struct costs {
	struct cost *at;
	size_t count;
	size_t room;
};

int cost_measure(struct costs *costs, struct tlbscope_lab *lab,
		 const struct tlbscope_cost *what);
void costs_free(struct costs *costs);

double cost_spread(const struct cost *cost);
bool cost_by_page(const struct cost *cost);

#endif /* TOOL_COST_H */
