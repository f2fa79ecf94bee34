// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cost.h"
#include "mem.h"

/*
 * From samples to figures
 */

/* Each takes a figure out of a sample; false if that has none */
typedef bool (*figure_fn)(const struct tlbscope_sample *s, double empty, double *value);

static bool get_empty(const struct tlbscope_sample *s, double empty, double *value)
{
	(void)empty;
	*value = s->empty;
	return true;
}

static bool get_invalidation(const struct tlbscope_sample *s, double empty, double *value)
{
	*value = s->invalidation - s->stretches * empty;
	return s->stretches;
}

static bool get_delivery(const struct tlbscope_sample *s, double empty, double *value)
{
	(void)empty;
	*value = s->delivery;
	return s->delivery;
}

static bool get_warm(const struct tlbscope_sample *s, double empty, double *value)
{
	(void)empty;
	*value = s->warm;
	return s->warm;
}

static bool get_refill(const struct tlbscope_sample *s, double empty, double *value)
{
	(void)empty;
	*value = (double)s->cold - s->warm;
	return s->warm;
}

static bool get_bystanders(const struct tlbscope_sample *s, double empty, double *value)
{
	(void)empty;
	*value = s->bystanders_warm;
	return s->bystanders_warm;
}

static bool get_collateral(const struct tlbscope_sample *s, double empty, double *value)
{
	(void)empty;
	*value = (double)s->bystanders_cold - s->bystanders_warm;
	return s->bystanders_warm;
}

/* Of all that was to be read; with nothing to read it is the invalidation alone */
static bool get_total(const struct tlbscope_sample *s, double empty, double *value)
{
	double refill = 0, collateral = 0;

	get_refill(s, empty, &refill);
	get_collateral(s, empty, &collateral);
	if (!get_invalidation(s, empty, value))
		return false;
	*value += refill + collateral;
	return true;
}

static struct figure sum_up(const struct cost *cost, double empty, figure_fn get)
{
	double *value = mem_array(NULL, cost->samples + 1, sizeof(*value));
	struct figure figure = { .noisy = true };
	size_t n = 0, i;

	for (i = 0; i < cost->samples; i++)
		if (get(&cost->raw[i], empty, &value[n]))
			n++;
	if (n && tlbscope_stats(value, n, &figure.stats))
		die_of_memory();
	free(value);
	return figure;
}

/* What cannot be less than nothing, and takes some time at least */
static struct figure time_of(const struct cost *cost, double empty, figure_fn get)
{
	struct figure figure = sum_up(cost, empty, get);

	figure.noisy = tlbscope_inconclusive(&figure.stats.median);
	return figure;
}

/*
 * What took longer, if it did: nothing is a good answer, if it is one. So it is
 * held against what it was taken from.
 */
static struct figure change_of(const struct cost *cost, figure_fn get, figure_fn from)
{
	struct figure figure = sum_up(cost, 0, get), base = sum_up(cost, 0, from);
	const struct tlbscope_estimate *e = &figure.stats.median;

	figure.noisy = !(e->high - e->low <=
			 fmax(fabs(e->value), base.stats.median.value) / 2);
	return figure;
}

static void sum_all_up(struct cost *cost)
{
	double empty;

	cost->empty = time_of(cost, 0, get_empty);
	empty = cost->empty.stats.median.value;
	cost->invalidation = time_of(cost, empty, get_invalidation);
	cost->delivery = time_of(cost, empty, get_delivery);
	cost->refill = change_of(cost, get_refill, get_warm);
	cost->collateral = change_of(cost, get_collateral, get_bystanders);
	cost->total = time_of(cost, empty, get_total);
}

/*
 * Measuring
 */

static void keep(struct costs *costs, const struct tlbscope_cost *req,
		 const struct tlbscope_cost_cpu *cpu, const struct tlbscope_sample *raw)
{
	const struct tlbscope_invalidation *what = &req->what;
	struct cost *cost;

	if (costs->count == costs->room) {
		costs->room = costs->room ? 2 * costs->room : 16;
		costs->at = mem_array(costs->at, costs->room, sizeof(*costs->at));
	}
	cost = &costs->at[costs->count++];
	*cost = (struct cost) {
		.method = what->method,
		.local = what->method == TLBSCOPE_IPI ? what->local : what->method,
		.cpu = cpu->cpu,
		.role = cpu->role,
		.samples = req->samples,
		.loaded = cpu->loaded,
		.pages = req->pages,
		.pages_read = req->pages_read,
		.bystanders_read = req->bystanders_read,
		.raw = mem_array(NULL, req->samples, sizeof(*raw)),
	};
	memcpy(cost->raw, raw, req->samples * sizeof(*raw));
	memcpy(cost->histogram, cpu->invalidation.histogram, sizeof(cost->histogram));
	sum_all_up(cost);
}

/**
 * cost_measure - what a request costs
 * @costs: grows by one for each CPU
 * @lab: handle
 * @what: the request, but for where the answer goes
 *
 * Return: 0 or a negative errno
 */
int cost_measure(struct costs *costs, struct tlbscope_lab *lab,
		 const struct tlbscope_cost *what)
{
	size_t rows = (size_t)sysconf(_SC_NPROCESSORS_CONF) + 1;
	struct tlbscope_cost_cpu *vec = mem_array(NULL, rows, sizeof(*vec));
	struct tlbscope_sample *raw = mem_array(NULL, rows * what->samples, sizeof(*raw));
	struct tlbscope_cost req = *what;
	size_t i;
	int err;

	req.vec = (uintptr_t)vec;
	req.vec_len = (uint32_t)rows;
	req.raw = (uintptr_t)raw;
	req.raw_len = (uint32_t)(rows * what->samples);
	err = tlbscope_cost(lab, &req);
	if (!err && req.raw_filled != (uint64_t)req.filled * req.samples)
		err = -EPROTO;
	for (i = 0; !err && i < req.filled; i++)
		keep(costs, &req, &vec[i], raw + i * req.samples);
	free(vec);
	free(raw);
	return err;
}

void costs_free(struct costs *costs)
{
	size_t i;

	for (i = 0; i < costs->count; i++)
		free(costs->at[i].raw);
	free(costs->at);
	*costs = (struct costs){ 0 };
}

/* cost_spread - of the empty sample: how far the 99th of 100 is off the median */
double cost_spread(const struct cost *cost)
{
	return cost->empty.stats.p99 - cost->empty.stats.median.value;
}

/* cost_by_page - it took one instruction a page */
bool cost_by_page(const struct cost *cost)
{
	return tlbscope_method_is_by_page(cost->local);
}
