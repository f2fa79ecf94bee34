/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the samples of a CPU say
 */
#ifndef TLBSCOPE_FIGURES_H
#define TLBSCOPE_FIGURES_H

#include <linux/types.h>

#include "uapi/tlbscope.h"

void figures_of(struct tlbscope_cost_cpu *cost,
		const struct tlbscope_sample *sample, u32 n, s64 *scratch);

#endif /* TLBSCOPE_FIGURES_H */
