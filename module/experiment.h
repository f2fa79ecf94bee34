/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An invalidation carried out on the CPUs that it is for, and measured
 */
#ifndef TLBSCOPE_EXPERIMENT_H
#define TLBSCOPE_EXPERIMENT_H

#include <linux/types.h>

#include "uapi/tlbscope.h"

struct cpumask;
struct target;

/**
 * struct experiment - one request
 * @target: whose translations; a process
 * @flags: 0 for @cpus, or one of TLBSCOPE_CPUS_*
 * @method: see &struct tlbscope_invalidation, and so are the next four
 * @local: see there
 * @start: see there
 * @end: see there
 * @initiator: see there
 * @cpus: where; filled in if @flags says so
 * @bystanders_start: see &struct tlbscope_cost; and so is the next
 * @bystanders_end: see there
 * @times: how often, or samples, on each CPU
 * @measured: it is to be measured
 * @costs_max: for how many CPUs there is room, if @measured
 * @raw: where single samples are copied to, or NULL
 * @raw_len: for how many there is room
 * @pages: out: pages in the range
 * @pages_read: out: those that are read, if @measured
 * @bystanders_read: out: the same of the bystanders
 * @done: out: invalidations
 * @cost: out: if @measured, of experiment_free()'s
 * @costs: out: how many CPUs in @cost
 * @raw_filled: out: samples copied
 */
struct experiment {
	const struct target *target;
	u32 flags;
	u32 method;
	u32 local;
	u64 start;
	u64 end;
	s32 initiator;
	struct cpumask *cpus;
	u64 bystanders_start;
	u64 bystanders_end;
	u32 times;
	bool measured;
	u32 costs_max;
	struct tlbscope_sample __user *raw;
	u32 raw_len;

	u32 pages;
	u32 pages_read;
	u32 bystanders_read;
	u64 done;
	struct tlbscope_cost_cpu *cost;
	u32 costs;
	u32 raw_filled;
};

int experiment_run(struct experiment *e);
void experiment_free(struct experiment *e);

#endif /* TLBSCOPE_EXPERIMENT_H */
