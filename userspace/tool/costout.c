// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "costout.h"
#include "mem.h"

static const char * const role_names[] = {
	[TLBSCOPE_ROLE_LOCAL]		= "local",
	[TLBSCOPE_ROLE_INITIATOR]	= "initiator",
	[TLBSCOPE_ROLE_RESPONDER]	= "responder",
};

/*
 * Text
 */

/* With commas, and no minus where nothing is left of the number behind it */
static struct out_text number(double value, bool tenth)
{
	uint64_t tenths = (uint64_t)round(fabs(value) * (tenth ? 10 : 1)) * (tenth ? 1 : 10);
	struct out_text whole = out_count(tenths / 10), text;
	const char *sign = value < 0 && tenths ? "-" : "";

	if (tenth)
		snprintf(text.s, sizeof(text.s), "%s%.40s.%u", sign, whole.s,
			 (unsigned int)(tenths % 10));
	else
		snprintf(text.s, sizeof(text.s), "%s%.40s", sign, whole.s);
	return text;
}

/**
 * cost_cell - a median times something
 * @tenth: with one decimal
 */
void cost_cell(struct table *t, const struct figure *figure, double times, bool tenth)
{
	table_cell(t, "%s", !figure->stats.count ? "-" : figure->noisy ? "inconclusive" :
		   number(figure->stats.median.value * times, tenth).s);
}

/* cost_page_cell - a median a page; nothing where there are none */
void cost_page_cell(struct table *t, const struct figure *figure, unsigned int pages)
{
	if (pages)
		cost_cell(t, figure, 1.0 / pages, true);
	else
		table_cell(t, "-");
}

void cost_p99_cell(struct table *t, const struct figure *figure)
{
	table_cell(t, "%s", figure->stats.count ? number(figure->stats.p99, false).s : "-");
}

/* cost_empty_cells - of measuring nothing: median and spread */
void cost_empty_cells(struct table *t, const struct cost *c)
{
	table_cell(t, "%s", number(c->empty.stats.median.value, false).s);
	table_cell(t, "%s", number(cost_spread(c), false).s);
}

/*
 * JSON
 */

static json_object *figure_json(const struct figure *figure, double per)
{
	const struct tlbscope_stats *s = &figure->stats;
	json_object *o;

	if (!s->count)
		return NULL;
	o = new_object();
	put_bool(o, "inconclusive", figure->noisy);
	put_double(o, "median", figure->noisy ? NAN : s->median.value);
	put_double(o, "median_low", s->median.low);
	put_double(o, "median_high", s->median.high);
	put_double(o, "min", s->min);
	put_double(o, "p99", s->p99);
	put_double(o, "max", s->max);
	if (per > 0)
		put_double(o, "per_page", figure->noisy ? NAN : s->median.value / per);
	return o;
}

static void put_histogram(json_object *o, const struct cost *cost)
{
	json_object *array = new_array();
	unsigned int i;

	for (i = 0; i < TLBSCOPE_BUCKETS; i++) {
		json_object *bucket;

		if (!cost->histogram[i])
			continue;
		bucket = new_object();
		put_int(bucket, "from", i ? 1ULL << (i - 1) : 0);
		put_int(bucket, "samples", cost->histogram[i]);
		put_element(array, bucket);
	}
	put_object(o, "histogram", array);
}

static json_object *sample_json(const struct tlbscope_sample *s)
{
	json_object *o = new_object();

	put_int(o, "empty", s->empty);
	put_int(o, "invalidation", s->invalidation);
	put_int(o, "stretches", s->stretches);
	put_int(o, "delivery", s->delivery);
	put_int(o, "warm", s->warm);
	put_int(o, "cold", s->cold);
	put_int(o, "bystanders_warm", s->bystanders_warm);
	put_int(o, "bystanders_cold", s->bystanders_cold);
	return o;
}

static void put_raw(json_object *o, const struct cost *cost)
{
	json_object *array = new_array();
	size_t i;

	for (i = 0; i < cost->samples; i++)
		put_element(array, sample_json(&cost->raw[i]));
	put_object(o, "raw", array);
}

/**
 * cost_json - all that is known of it
 * @ns: nanoseconds of a TSC cycle
 * @raw: with each sample
 */
json_object *cost_json(const struct cost *cost, double ns, bool raw)
{
	const struct figure *figure = &cost->invalidation;
	json_object *o = new_object();

	put_str(o, "method", tlbscope_method_name(cost->local));
	put_int(o, "cpu", cost->cpu);
	put_str(o, "role", role_names[cost->role]);
	put_int(o, "samples", cost->samples);
	put_int(o, "pages", cost->pages);
	put_int(o, "pages_read", cost->pages_read);
	put_int(o, "bystanders_read", cost->bystanders_read);
	put_object(o, "empty", figure_json(&cost->empty, 0));
	put_double(o, "empty_spread", cost_spread(cost));
	put_object(o, "cycles", figure_json(figure, cost_by_page(cost) ? cost->pages : 0));
	put_double(o, "ns", figure->noisy ? NAN : figure->stats.median.value * ns);
	put_histogram(o, cost);
	put_object(o, "refill", figure_json(&cost->refill, cost->pages_read));
	put_object(o, "collateral", figure_json(&cost->collateral, cost->bystanders_read));
	if (cost->role == TLBSCOPE_ROLE_LOCAL)
		put_object(o, "total", figure_json(&cost->total, 0));
	if (cost->role == TLBSCOPE_ROLE_RESPONDER) {
		put_object(o, "delivery", figure_json(&cost->delivery, 0));
		put_int(o, "loaded", cost->loaded);
	}
	if (raw)
		put_raw(o, cost);
	return o;
}

/*
 * CSV
 */

static void csv_figure(struct csv *csv, const struct figure *figure)
{
	const struct tlbscope_stats *s = &figure->stats;

	csv_number(csv, s->count && !figure->noisy ? s->median.value : NAN);
	csv_number(csv, s->count ? s->median.low : NAN);
	csv_number(csv, s->count ? s->median.high : NAN);
	csv_number(csv, s->count ? s->p99 : NAN);
}

/* cost_csv_titles - of the rows that cost_csv() writes */
void cost_csv_titles(struct csv *csv)
{
	static const char * const titles[] = {
		"role", "method", "cpu", "samples", "pages", "pages_read", "bystanders_read",
		"cycles", "cycles_low", "cycles_high", "cycles_p99",
		"refill", "refill_low", "refill_high", "refill_p99",
		"collateral", "collateral_low", "collateral_high", "collateral_p99",
		"total", "total_low", "total_high", "total_p99",
		"delivery", "delivery_low", "delivery_high", "delivery_p99",
		"empty", "empty_low", "empty_high", "empty_p99", "loaded"
	};

	csv_header(csv, titles, ARRAY_SIZE(titles));
}

void cost_csv(struct csv *csv, const struct cost *c)
{
	static const struct figure none = { .noisy = true };

	csv_text(csv, role_names[c->role]);
	csv_text(csv, tlbscope_method_name(c->local));
	csv_count(csv, c->cpu);
	csv_count(csv, c->samples);
	csv_count(csv, c->pages);
	csv_count(csv, c->pages_read);
	csv_count(csv, c->bystanders_read);
	csv_figure(csv, &c->invalidation);
	csv_figure(csv, &c->refill);
	csv_figure(csv, &c->collateral);
	csv_figure(csv, c->role == TLBSCOPE_ROLE_LOCAL ? &c->total : &none);
	csv_figure(csv, &c->delivery);
	csv_figure(csv, &c->empty);
	csv_number(csv, c->role == TLBSCOPE_ROLE_RESPONDER ? (double)c->loaded : NAN);
	csv_end(csv);
}
