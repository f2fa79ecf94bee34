// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "busy.h"
#include "costout.h"
#include "flush.h"
#include "mem.h"
#include "out.h"
#include "table.h"

#define SAMPLES		1000

/**
 * struct methods - what each of them cost
 * @local: by the CPU itself
 * @remote: by interrupting others: an initiator, then the responders, a method
 * @samples: of each figure
 */
struct methods {
	struct costs local;
	struct costs remote;
	uint32_t samples;
};

/*
 * Measuring
 */

#define ANY_LOCAL	(~(1ULL << TLBSCOPE_IPI))

/* Those to be run by a CPU itself; all that the machine has, unless named */
static uint64_t local_methods(const struct flush *f)
{
	if (f->asked & ANY_LOCAL)
		return f->asked & ANY_LOCAL;
	return f->asked ? 0 : f->methods.available & ANY_LOCAL;
}

/* Those to be run by whoever is interrupted */
static uint64_t remote_methods(const struct flush *f)
{
	uint64_t methods = f->methods.available;

	if (f->asked && !(f->asked & 1ULL << TLBSCOPE_IPI))
		return 0;
	if (f->asked & ANY_LOCAL)
		methods = f->asked;
	return methods & ANY_LOCAL & ~(1ULL << TLBSCOPE_INVLPGB);
}

static int measure_ipi(const struct flush *f, struct methods *m, unsigned int local)
{
	struct tlbscope_cost req = flush_request(f, TLBSCOPE_IPI, f->area.pages,
						 m->samples);

	req.what.local = local;
	req.what.initiator = (int)f->cpus[0];
	return flush_measure(f, &m->remote, &req, f->cpus + 1, f->n_cpus - 1);
}

static bool has(uint64_t methods, unsigned int method)
{
	return methods >> method & 1;
}

/* On how many CPUs local methods run */
static size_t local_cpus(const struct flush *f)
{
	return f->all_local ? f->n_cpus : 1;
}

static int measure_local(struct flush *f, struct methods *m, uint64_t steps)
{
	struct tlbscope_cost req;
	unsigned int method;
	uint64_t step = 0;
	size_t i;
	int err = 0;

	for (i = 0; i < local_cpus(f); i++)
		for (method = 0; method < TLBSCOPE_METHODS && !err; method++) {
			if (!has(local_methods(f), method) || flush_interrupted())
				continue;
			progress_update(&f->progress, step++, steps);
			req = flush_request(f, method, f->area.pages, m->samples);
			err = flush_measure(f, &m->local, &req, &f->cpus[i], 1);
		}
	return err;
}

/* Our own threads are to be interrupted where the target is the tool */
static int measure_remote(struct flush *f, struct methods *m, uint64_t steps)
{
	unsigned int method, step = (unsigned int)m->local.count;
	struct busy *busy = NULL;
	int err = 0;

	if (f->n_cpus < 2 || !remote_methods(f))
		return 0;
	if (f->pid == TLBSCOPE_SELF)
		busy = busy_start(f->cpus + 1, f->n_cpus - 1);
	for (method = 0; method < TLBSCOPE_METHODS && !err; method++) {
		if (!has(remote_methods(f), method) || flush_interrupted())
			continue;
		progress_update(&f->progress, step++, steps);
		err = measure_ipi(f, m, method);
	}
	if (busy)
		busy_stop(busy);
	return err;
}

static int measure(struct flush *f, struct methods *m)
{
	uint64_t steps = (unsigned int)__builtin_popcountll(local_methods(f)) *
			 local_cpus(f) +
			 (unsigned int)__builtin_popcountll(remote_methods(f));
	int err;

	progress_start(&f->progress, "measuring", true);
	err = measure_local(f, m, steps);
	if (!err)
		err = measure_remote(f, m, steps);
	progress_end(&f->progress);
	return err;
}

/*
 * Text
 */

/* A time: cycles, nanoseconds, and how much it can be */
static void time_cells(struct table *t, const struct figure *figure, double ns)
{
	cost_cell(t, figure, 1, false);
	cost_cell(t, figure, ns, true);
	cost_p99_cell(t, figure);
}

static void local_row(struct table *t, const struct cost *c, double ns)
{
	table_cell(t, "%s", tlbscope_method_name(c->local));
	table_cell(t, "%u", c->cpu);
	time_cells(t, &c->invalidation, ns);
	cost_page_cell(t, &c->invalidation, cost_by_page(c) ? c->pages : 0);
	cost_cell(t, &c->refill, 1, false);
	cost_page_cell(t, &c->refill, c->pages_read);
	cost_cell(t, &c->collateral, 1, false);
	cost_page_cell(t, &c->collateral, c->bystanders_read);
	cost_empty_cells(t, c);
}

static void print_local(const struct flush *f, const struct methods *m)
{
	static const char * const titles[] = {
		"local", "CPU", "cycles", "ns", "p99", "a page", "refill", "a page",
		"collateral", "a page", "empty", "spread"
	};
	struct table *t;
	size_t i;

	if (!m->local.count)
		return;
	t = table_new("lrrrrrrrrrrr");
	table_cells(t, titles);
	for (i = 0; i < m->local.count; i++)
		local_row(t, &m->local.at[i], flush_ns(f));
	putchar('\n');
	table_print(t, "");
}

static void remote_row(struct table *t, const struct cost *c, double ns)
{
	bool initiator = c->role == TLBSCOPE_ROLE_INITIATOR;

	table_cell(t, "%s%s", initiator ? "ipi, " : "",
		   initiator ? tlbscope_method_name(c->local) : "");
	table_cell(t, "%u", c->cpu);
	table_cell(t, "%s", initiator ? "round trip" : "responder");
	time_cells(t, &c->invalidation, ns);
	cost_cell(t, &c->delivery, 1, false);
	cost_p99_cell(t, &c->delivery);
	table_cell(t, "%s", initiator ? "-" : PERCENT(c->loaded, c->samples));
	cost_empty_cells(t, c);
}

static void print_remote(const struct flush *f, const struct methods *m)
{
	static const char * const titles[] = {
		"remote", "CPU", "", "cycles", "ns", "p99", "delivery", "p99", "loaded",
		"empty", "spread"
	};
	struct table *t;
	size_t i;

	if (!remote_methods(f))
		return;
	putchar('\n');
	if (f->n_cpus < 2) {
		puts("remote: there is no other CPU to interrupt; try: --cpus=all");
		return;
	}
	t = table_new("lrlrrrrrrrr");
	table_cells(t, titles);
	for (i = 0; i < m->remote.count; i++)
		remote_row(t, &m->remote.at[i], flush_ns(f));
	table_print(t, "");
}

/* In one line, those together that have the same reason */
static void print_missing(const struct flush *f)
{
	const char *why, *last = NULL;
	unsigned int method;

	for (method = 0; method < TLBSCOPE_METHODS; method++) {
		if (has(f->methods.available, method))
			continue;
		why = tlbscope_method_missing(method, &f->info);
		if (last && strcmp(why, last))
			printf(" (%s); ", last);
		else
			fputs(last ? ", " : "not here: ", stdout);
		fputs(tlbscope_method_name(method), stdout);
		last = why;
	}
	if (last)
		printf(" (%s)\n", last);
}

static void print_legend(const struct methods *m)
{
	puts("\ncycles: TSC cycles of the invalidation, median, without the empty sample; refill:\n"
	     "what reading the pages took longer afterwards; collateral: the same of the\n"
	     "bystanders; spread: of the empty sample, p99 - median");
	if (m->remote.count)
		puts("round trip: until all have answered; delivery: until a responder was interrupted;\n"
		     "loaded: samples in which it had the target loaded, and so had something to drop");
}

static void print_text(const struct flush *f, const struct methods *m)
{
	flush_print_machine(f, m->samples);
	print_local(f, m);
	print_remote(f, m);
	putchar('\n');
	print_missing(f);
	print_legend(m);
	if (flush_interrupted())
		puts("\ninterrupted: the rest was not measured");
}

/*
 * JSON and CSV
 */

static json_object *costs_json(const struct flush *f, const struct costs *costs)
{
	json_object *array = new_array();
	size_t i;

	for (i = 0; i < costs->count; i++)
		put_element(array, cost_json(&costs->at[i], flush_ns(f), f->raw));
	return array;
}

static json_object *missing_json(const struct flush *f)
{
	json_object *array = new_array();
	unsigned int method;

	for (method = 0; method < TLBSCOPE_METHODS; method++) {
		json_object *o;

		if (has(f->methods.available, method))
			continue;
		o = new_object();
		put_str(o, "method", tlbscope_method_name(method));
		put_str(o, "why", tlbscope_method_missing(method, &f->info));
		put_element(array, o);
	}
	return array;
}

static void print_json(const struct flush *f, const struct methods *m)
{
	json_object *o = new_object();

	flush_put_machine(f, m->samples, o);
	put_object(o, "missing", missing_json(f));
	put_object(o, "local", costs_json(f, &m->local));
	put_object(o, "remote", costs_json(f, &m->remote));
	out_json(o);
}

static void print_csv(const struct methods *m)
{
	struct csv csv = { .to = stdout };
	size_t i;

	cost_csv_titles(&csv);
	for (i = 0; i < m->local.count; i++)
		cost_csv(&csv, &m->local.at[i]);
	for (i = 0; i < m->remote.count; i++)
		cost_csv(&csv, &m->remote.at[i]);
}

/* flush_methods - each of them, on one CPU and by interrupting others */
int flush_methods(struct flush *f)
{
	struct methods m = { .samples = f->samples ? f->samples : SAMPLES };
	int err;

	err = measure(f, &m);
	if (!err && f->json)
		print_json(f, &m);
	else if (!err && f->csv)
		print_csv(&m);
	else if (!err)
		print_text(f, &m);
	costs_free(&m.local);
	costs_free(&m.remote);
	return err;
}
