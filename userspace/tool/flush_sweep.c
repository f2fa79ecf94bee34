// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "costout.h"
#include "flush.h"
#include "machine.h"
#include "mem.h"
#include "out.h"
#include "plot.h"
#include "proc.h"
#include "table.h"

#define SAMPLES		100

/**
 * struct sweep - ranges of more and more pages, dropped in two ways
 * @steps: the method that goes page by page
 * @whole: the method that drops all at once
 * @cpu: where
 * @samples: of each figure
 * @costs: of each size, first by @steps, then by @whole
 * @found: what came of it
 * @at: the pages from which @whole is cheaper
 * @ceiling: of the kernel: so many pages go one by one; -1 if not known
 */
struct sweep {
	unsigned int steps;
	unsigned int whole;
	unsigned int cpu;
	uint32_t samples;
	struct costs costs;
	enum tlbscope_crossover found;
	struct tlbscope_estimate at;
	int64_t ceiling;
};

static size_t sizes(const struct sweep *s)
{
	return s->costs.count / 2;
}

static const struct cost *steps_of(const struct sweep *s, size_t i)
{
	return &s->costs.at[2 * i];
}

static const struct cost *whole_of(const struct sweep *s, size_t i)
{
	return &s->costs.at[2 * i + 1];
}

/*
 * Measuring
 */

/* The kernel's own full flush loads CR3 (native_flush_tlb_local()) */
static unsigned int usual_whole(const struct flush *f)
{
	static const unsigned int order[] = {
		TLBSCOPE_CR3, TLBSCOPE_INVPCID_CONTEXT, TLBSCOPE_INVPCID_NONGLOBAL,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (f->methods.available >> order[i] & 1)
			return order[i];
	return TLBSCOPE_CR4_PGE;
}

/* One method of each kind, the usual ones unless named. Return: 0 or an exit status */
static int choose_methods(const struct flush *f, struct sweep *s)
{
	unsigned int method, count[2] = { 0 };

	s->steps = TLBSCOPE_INVLPG;
	s->whole = usual_whole(f);
	for (method = 0; method < TLBSCOPE_METHODS; method++) {
		bool by_page = tlbscope_method_is_by_page(method);

		if (!(f->asked >> method & 1))
			continue;
		if (method == TLBSCOPE_IPI || count[by_page]++)
			return usage(f->verb, "a sweep compares one method that goes by page with one that does not; try: --method=invlpg,cr3");
		if (by_page)
			s->steps = method;
		else
			s->whole = method;
	}
	return 0;
}

static int measure_size(const struct flush *f, struct sweep *s, unsigned int method,
			uint64_t pages)
{
	struct tlbscope_cost req = flush_request(f, method, pages, s->samples);

	return flush_measure(f, &s->costs, &req, &s->cpu, 1);
}

/* Half of the time goes into the last sizes, so that is what the bar counts */
static int measure(struct flush *f, struct sweep *s)
{
	uint64_t done = 0, total = 0;
	unsigned int i;
	int err = 0;

	for (i = 0; i < f->sizes.count; i++)
		total += f->sizes.value[i] + f->area.bystanders;
	progress_start(&f->progress, "measuring", true);
	for (i = 0; i < f->sizes.count && !err && !flush_interrupted(); i++) {
		progress_update(&f->progress, done, total);
		err = measure_size(f, s, s->steps, f->sizes.value[i]);
		if (!err && !flush_interrupted())
			err = measure_size(f, s, s->whole, f->sizes.value[i]);
		done += f->sizes.value[i] + f->area.bystanders;
	}
	progress_end(&f->progress);
	return err;
}

static int64_t read_ceiling(void)
{
	uint64_t pages;

	return proc_flush_ceiling(&pages) ? (int64_t)pages : -1;
}

static void find_crossover(struct sweep *s)
{
	struct tlbscope_crossing *c = mem_array(NULL, sizes(s) + 1, sizeof(*c));
	size_t i;

	for (i = 0; i < sizes(s); i++)
		c[i] = (struct tlbscope_crossing) {
			.size = steps_of(s, i)->pages,
			.steps = steps_of(s, i)->total.stats.median,
			.whole = whole_of(s, i)->total.stats.median,
		};
	s->found = tlbscope_crossover(c, sizes(s), &s->at);
	free(c);
}

/* The most pages that still go one by one; -1 if that was not found */
static int64_t suggestion(const struct sweep *s)
{
	const struct cost *first;

	if (s->found == TLBSCOPE_CROSSOVER_FOUND)
		return (int64_t)ceil(s->at.value) - 1;
	if (!sizes(s))
		return -1;
	first = steps_of(s, 0);
	return s->found == TLBSCOPE_CROSSOVER_BELOW && first->pages == 1 ? 0 : -1;
}

/* The kernel's setting is one of those that the measurement allows */
static bool agrees(const struct sweep *s)
{
	return s->found == TLBSCOPE_CROSSOVER_FOUND && s->ceiling >= 0 &&
	       s->ceiling >= ceil(s->at.low) - 1 && s->ceiling <= ceil(s->at.high) - 1;
}

/*
 * Text
 */

static const char *cheaper(const struct sweep *s, size_t i)
{
	struct tlbscope_estimate e =
		tlbscope_estimate_sub(steps_of(s, i)->total.stats.median,
				      whole_of(s, i)->total.stats.median);

	if (e.high < 0)
		return tlbscope_method_name(s->steps);
	return e.low > 0 ? tlbscope_method_name(s->whole) : "inconclusive";
}

static void cost_cells(struct table *t, const struct cost *c)
{
	cost_cell(t, &c->invalidation, 1, false);
	cost_cell(t, &c->refill, 1, false);
	cost_cell(t, &c->collateral, 1, false);
	cost_cell(t, &c->total, 1, false);
}

static void print_sizes(const struct sweep *s)
{
	struct table *t = table_new("rrrrrrrrrrrl");
	const char *steps = tlbscope_method_name(s->steps);
	const char *whole = tlbscope_method_name(s->whole);
	const char * const titles[] = {
		"pages", steps, "refill", "collateral", "total",
		whole, "refill", "collateral", "total", "empty", "spread", "cheaper"
	};
	size_t i;

	table_cells(t, titles);
	for (i = 0; i < sizes(s); i++) {
		table_cell(t, "%s", COUNT(steps_of(s, i)->pages));
		cost_cells(t, steps_of(s, i));
		cost_cells(t, whole_of(s, i));
		cost_empty_cells(t, steps_of(s, i));
		table_cell(t, "%s", cheaper(s, i));
	}
	putchar('\n');
	table_print(t, "");
}

static void print_crossover(const struct sweep *s)
{
	const char *steps = tlbscope_method_name(s->steps);
	const char *whole = tlbscope_method_name(s->whole);

	fputs("crossover  ", stdout);
	switch (s->found) {
	case TLBSCOPE_CROSSOVER_FOUND:
		printf("%.1f pages (95 %% confidence: %.1f to %.1f): above, %s with its refill is cheaper than %s\n",
		       s->at.value, s->at.low, s->at.high, whole, steps);
		break;
	case TLBSCOPE_CROSSOVER_ABOVE:
		printf("above %.0f pages: %s is cheaper up to there\n", s->at.low, steps);
		break;
	case TLBSCOPE_CROSSOVER_BELOW:
		printf("below: at %u page%s already %s with its refill is cheaper than %s\n",
		       steps_of(s, 0)->pages, steps_of(s, 0)->pages == 1 ? "" : "s", whole,
		       steps);
		break;
	default:
		fputs("inconclusive", stdout);
		if (s->at.low > 0 && isfinite(s->at.high))
			printf(": somewhere from %.0f to %.0f pages", s->at.low, s->at.high);
		puts("; try: more --samples, or a quieter machine");
	}
}

static void print_suggestion(const struct flush *f, const struct sweep *s)
{
	int64_t suggested = suggestion(s);

	fputs("suggested  ", stdout);
	if (agrees(s))
		puts("as it is: the kernel's setting is within what was measured");
	else if (suggested >= 0)
		printf("%" PRIi64 "%s; to set it, as root: echo %" PRIi64 " > " PROC_FLUSH_CEILING "\n",
		       suggested, machine_emulated(&f->info) ?
		       ", for this emulator, which says nothing of a CPU" : "", suggested);
	else if (s->found == TLBSCOPE_CROSSOVER_ABOVE)
		printf("%.0f or more, see where the sweep ends\n", s->at.low);
	else if (s->found == TLBSCOPE_CROSSOVER_BELOW)
		printf("less than %u; try: --pages=1..%u\n", steps_of(s, 0)->pages,
		       steps_of(s, 0)->pages);
	else
		puts("nothing");
}

static void print_text(const struct flush *f, const struct sweep *s)
{
	flush_print_machine(f, s->samples);
	printf("method     %s page by page, against a full flush by %s, on CPU %u\n",
	       tlbscope_method_name(s->steps), tlbscope_method_name(s->whole), s->cpu);
	if (sizes(s)) {
		print_sizes(s);
		puts("\ntotal: cycles of a flush and of reading again the pages that it dropped, and the\n"
		     "bystanders; spread: of the empty sample, p99 - median\n");
	}
	if (flush_interrupted()) {
		puts("interrupted: larger ranges were not measured");
		return;
	}
	print_crossover(s);
	if (s->ceiling >= 0)
		printf("kernel     goes page by page up to %" PRIi64 " pages (tlb_single_page_flush_ceiling)\n",
		       s->ceiling);
	else
		puts("kernel     setting not known, there is no " PROC_FLUSH_CEILING " (by default it is 33)");
	print_suggestion(f, s);
	if (s->found != TLBSCOPE_CROSSOVER_NOISE)
		printf("           for programs that use some %s other pages again after each flush, as here\n",
		       COUNT(f->area.bystanders));
}

/*
 * JSON and CSV
 */

static const char * const found_names[] = {
	[TLBSCOPE_CROSSOVER_FOUND] = "found",
	[TLBSCOPE_CROSSOVER_ABOVE] = "above",
	[TLBSCOPE_CROSSOVER_BELOW] = "below",
	[TLBSCOPE_CROSSOVER_NOISE] = "inconclusive",
};

static json_object *crossover_json(const struct sweep *s)
{
	json_object *o = new_object();

	put_str(o, "result", found_names[s->found]);
	put_double(o, "pages", s->found == TLBSCOPE_CROSSOVER_FOUND ? s->at.value : NAN);
	put_double(o, "pages_low", s->at.low);
	put_double(o, "pages_high", s->at.high);
	return o;
}

static void put_or_null(json_object *o, const char *key, int64_t value)
{
	if (value < 0)
		put_null(o, key);
	else
		put_signed(o, key, value);
}

static void print_json(const struct flush *f, const struct sweep *s)
{
	json_object *o = new_object(), *array = new_array();
	size_t i;

	flush_put_machine(f, s->samples, o);
	put_str(o, "by_page_method", tlbscope_method_name(s->steps));
	put_str(o, "full_method", tlbscope_method_name(s->whole));
	for (i = 0; i < sizes(s); i++) {
		json_object *size = new_object();

		put_int(size, "pages", steps_of(s, i)->pages);
		put_object(size, "by_page", cost_json(steps_of(s, i), flush_ns(f), f->raw));
		put_object(size, "full", cost_json(whole_of(s, i), flush_ns(f), f->raw));
		put_str(size, "cheaper", cheaper(s, i));
		put_element(array, size);
	}
	put_object(o, "sweep", array);
	put_object(o, "crossover", flush_interrupted() ? NULL : crossover_json(s));
	put_or_null(o, "kernel_ceiling", s->ceiling);
	put_or_null(o, "suggested_ceiling", flush_interrupted() ? -1 : suggestion(s));
	out_json(o);
}

/* The points of a curve; x, y, low and high are to be freed */
static void set_curve(struct plot_curve *curve, const struct sweep *s, size_t which)
{
	double *row[4];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(row); i++)
		row[i] = mem_array(NULL, sizes(s), sizeof(**row));
	for (i = 0; i < sizes(s); i++) {
		const struct cost *c = &s->costs.at[2 * i + which];

		row[0][i] = c->pages;
		row[1][i] = c->total.stats.median.value;
		row[2][i] = c->total.stats.median.low;
		row[3][i] = c->total.stats.median.high;
	}
	*curve = (struct plot_curve) {
		.n = sizes(s), .x = row[0], .y = row[1], .low = row[2], .high = row[3],
	};
}

static void free_curve(struct plot_curve *curve)
{
	free((void *)curve->name);
	free((void *)curve->x);
	free((void *)curve->y);
	free((void *)curve->low);
	free((void *)curve->high);
}

/* Where the curves cross, and where the kernel goes from one to the other */
static size_t set_markers(struct plot_marker markers[2], const struct sweep *s)
{
	size_t n = 0;

	if (s->found == TLBSCOPE_CROSSOVER_FOUND)
		markers[n++] = (struct plot_marker) {
			s->at.value, mem_printf("crossover: %.1f pages", s->at.value) };
	if (s->ceiling > 0)
		markers[n++] = (struct plot_marker) {
			(double)s->ceiling,
			mem_printf("the kernel's setting: %" PRIi64, s->ceiling) };
	return n;
}

static int draw(const struct flush *f, const struct sweep *s)
{
	char *machine = plot_machine();
	struct plot_curve curves[2];
	struct plot_panel panel = { .curves = curves, .n = 2 };
	struct plot_marker markers[2];
	struct plot plot = {
		.title = "Dropping pages from the TLB, and having them again (median, 95 % confidence)",
		.subtitle = machine,
		.x_label = "pages dropped",
		.y_label = "TSC cycles, with the refill",
		.y_unit = "",
		.log_y = true,
		.markers = markers,
		.markers_n = set_markers(markers, s),
		.panels = &panel,
		.n = 1,
	};
	int status;

	set_curve(&curves[0], s, 0);
	curves[0].name = mem_printf("%s, page by page", tlbscope_method_name(s->steps));
	set_curve(&curves[1], s, 1);
	curves[1].name = mem_printf("%s, a full flush; %s bystanders",
				    tlbscope_method_name(s->whole),
				    COUNT(f->area.bystanders));
	status = plot_write(f->verb, f->plot, &plot);
	free_curve(&curves[0]);
	free_curve(&curves[1]);
	while (plot.markers_n)
		free((void *)markers[--plot.markers_n].label);
	free(machine);
	return status;
}

static void print_csv(const struct sweep *s)
{
	struct csv csv = { .to = stdout };
	size_t i;

	cost_csv_titles(&csv);
	for (i = 0; i < s->costs.count; i++)
		cost_csv(&csv, &s->costs.at[i]);
}

/* flush_sweep - from few pages to many, and where the costs cross */
int flush_sweep(struct flush *f)
{
	struct sweep s = {
		.cpu = f->cpus[0],
		.samples = f->samples ? f->samples : SAMPLES,
		.ceiling = read_ceiling(),
	};
	int err;

	err = choose_methods(f, &s);
	if (!err)
		err = measure(f, &s);
	if (!err) {
		find_crossover(&s);
		if (f->json)
			print_json(f, &s);
		else if (f->csv)
			print_csv(&s);
		else
			print_text(f, &s);
		if (f->plot && sizes(&s))
			err = draw(f, &s);
	}
	costs_free(&s.costs);
	return err;
}
