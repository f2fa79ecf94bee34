/* SPDX-License-Identifier: GPL-2.0 */
/* What flush is asked for, and its two answers: every method, or a sweep */
#ifndef TOOL_FLUSH_H
#define TOOL_FLUSH_H

#include <stdbool.h>
#include <stdint.h>

#include <libtlbscope.h>

#include "area.h"
#include "args.h"
#include "cost.h"
#include "out.h"
#include "progress.h"
#include "proc.h"

/**
 * struct flush - what is asked for, and what it is about
 * @verb: who asks
 * @word: the target, as on the command line
 * @pid: the same for the library
 * @title: the same for people
 * @json: print JSON
 * @csv: print CSV
 * @raw: with each sample, in JSON
 * @plot: file for a picture, or NULL
 * @sizes: pages of a range; several are a sweep
 * @range_start: of the range that the user chose, 0 if none
 * @range_end: first address behind
 * @bystanders: how many are wanted, UINT64_MAX for the default
 * @samples: how many of each figure, 0 for the default
 * @asked: 1 << method of those that were named, 0 for all
 * @where: TLBSCOPE_CPUS_*; 0 if @cpus were named, or are to be found
 * @cpus: where; the first of them is the initiator
 * @n_cpus: how many
 * @all_local: local methods run on each of @cpus, not only on the first
 * @lab: handle
 * @info: facts of CPU and kernel
 * @methods: what the machine has
 * @area: the pages
 * @progress: for who waits
 */
struct flush {
	const char *verb;
	const char *word;
	pid_t pid;
	char title[PROC_NAME_LEN + 16];
	bool json;
	bool csv;
	bool raw;
	const char *plot;
	struct args_sweep sizes;
	uint64_t range_start;
	uint64_t range_end;
	uint64_t bystanders;
	uint32_t samples;
	uint64_t asked;
	unsigned int where;
	unsigned int *cpus;
	size_t n_cpus;
	bool all_local;
	struct tlbscope_lab *lab;
	struct tlbscope_info info;
	struct tlbscope_methods methods;
	struct area area;
	struct progress progress;
};

/* Nanoseconds of a TSC cycle */
static inline double flush_ns(const struct flush *f)
{
	return 1e6 / f->methods.tsc_khz;
}

struct tlbscope_cost flush_request(const struct flush *f, unsigned int method,
				   uint64_t pages, uint32_t samples);
int flush_measure(const struct flush *f, struct costs *costs, struct tlbscope_cost *req,
		  const unsigned int *cpus, size_t n);
bool flush_interrupted(void);
void flush_print_machine(const struct flush *f, uint32_t samples);
void flush_put_machine(const struct flush *f, uint32_t samples, json_object *o);

int flush_methods(struct flush *f);
int flush_sweep(struct flush *f);

#endif /* TOOL_FLUSH_H */
