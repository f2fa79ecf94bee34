/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's measuring of invalidations costs by itself
 */
#ifndef COST_H
#define COST_H

#include "report.h"

void bench_cost(struct report *report);

#endif /* COST_H */
