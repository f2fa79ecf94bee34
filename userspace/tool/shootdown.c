// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "args.h"
#include "mem.h"
#include "out.h"
#include "plot.h"
#include "proc.h"
#include "progress.h"
#include "shotprint.h"
#include "shots.h"
#include "topology.h"
#include "verbs.h"

#define SAMPLES		100
#define BUDGET_NS	16e9
/* Making a process costs about as much as so many pages */
#define BASE_PAGES	256

const char help_shootdown[] =
"usage: tlbscope shootdown [OPTION...]\n"
"\n"
"Times calls that take pages or rights away, as a program pays for them, while other\n"
"threads of it run on other CPUs; and how long those are interrupted. Beside it the\n"
"same without other threads, and on pages that were never touched, where nothing is to\n"
"be flushed. Needs no module and no rights.\n"
"\n"
"  --pages=A..B     pages a call, the powers of two from A to B (default 1..4096)\n"
"  --calls=LIST     of mprotect,munmap,dontneed,mremap,uffd-wp (default all)\n"
"  --threads=A..B   so many other threads, on the nearest CPUs; by default one at each\n"
"                   distance that there is, then one on every other CPU\n"
"  --cpus=LIST      call on the first of these CPUs, other threads on the others\n"
"  --samples=N      take exactly N (default up to 100, in about half a minute)\n"
"  --plot=FILE      draw the curves into FILE.png or FILE.svg, with gnuplot\n"
"  --csv            comma-separated values\n"
"  -j, --json       JSON\n"
"  --raw            JSON with each single sample\n";

/**
 * struct options - what was asked for
 * @pages: sweep
 * @threads: sweep; count is 0 if not given
 * @calls: by enum tlbscope_call
 * @cpus: list; NULL if not given
 * @n_cpus: its length
 * @samples: 0 if not given
 * @plot: file
 * @csv: ...
 * @json: ...
 * @raw: in the form that it has on the command line
 */
struct options {
	struct args_sweep pages;
	struct args_sweep threads;
	bool calls[TLBSCOPE_CALLS];
	unsigned int *cpus;
	size_t n_cpus;
	unsigned int samples;
	const char *plot;
	bool csv;
	bool json;
	bool raw;
};

/*
 * The command line
 */

static int parse_calls(const char *verb, const char *list, struct options *o)
{
	memset(o->calls, 0, sizeof(o->calls));
	for (;;) {
		size_t len = strcspn(list, ",");
		int call;

		for (call = 0; call < TLBSCOPE_CALLS; call++) {
			const char *name = tlbscope_call_name(call);

			if (strlen(name) == len && !strncmp(name, list, len))
				break;
		}
		if (call == TLBSCOPE_CALLS)
			return usage(verb, "--calls knows mprotect, munmap, dontneed, mremap and uffd-wp, not '%.*s'",
				     (int)len, list);
		o->calls[call] = true;
		if (!list[len])
			return 0;
		list += len + 1;
	}
}

static int parse_threads(const char *verb, const char *word, struct args_sweep *threads)
{
	if (args_sweep(word, 0, ARGS_CPU_MAX, threads))
		return usage(verb, "--threads wants a number or a range as 1..7, not '%s'",
			     word);
	return 0;
}

static int parse_samples(const char *verb, const char *word, unsigned int *samples)
{
	uint64_t n;

	if (args_number(word, &n) || n < 1 || n > TLBSCOPE_SHOOTDOWN_SAMPLES)
		return usage(verb, "--samples goes from 1 to %u, not to '%s'",
			     TLBSCOPE_SHOOTDOWN_SAMPLES, word);
	*samples = (unsigned int)n;
	return 0;
}

static int parse_option(const char *verb, int option, struct options *o)
{
	switch (option) {
	case 'p':
		return args_pages(verb, optarg, &o->pages);
	case 'c':
		return parse_calls(verb, optarg, o);
	case 't':
		return parse_threads(verb, optarg, &o->threads);
	case 'C':
		free(o->cpus);
		return args_cpus(verb, optarg, &o->cpus, &o->n_cpus);
	case 's':
		return parse_samples(verb, optarg, &o->samples);
	case 'P':
		o->plot = optarg;
		return plot_check(verb, optarg);
	case 'v':
		o->csv = true;
		return 0;
	case 'r':
		o->raw = true;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	default:
		return EXIT_USAGE;
	}
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "pages", required_argument, NULL, 'p' },
		{ "calls", required_argument, NULL, 'c' },
		{ "threads", required_argument, NULL, 't' },
		{ "cpus", required_argument, NULL, 'C' },
		{ "samples", required_argument, NULL, 's' },
		{ "plot", required_argument, NULL, 'P' },
		{ "csv", no_argument, NULL, 'v' },
		{ "raw", no_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 }
	};
	int option, status;

	*o = (struct options){ 0 };
	memset(o->calls, true, sizeof(o->calls));
	args_pages(argv[0], "1..4096", &o->pages);
	while ((option = args_option(argc, argv, ":j", options)) != -1) {
		status = parse_option(argv[0], option, o);
		if (status)
			return status;
	}
	if (optind < argc)
		return usage(argv[0], "'%s' is too much: it takes options only", argv[optind]);
	if (o->csv && (o->json || o->raw))
		return usage(argv[0], "either --csv or JSON");
	return 0;
}

/*
 * Who else runs
 */

static void add_crowd(struct shots *shots, const char *name, const unsigned int *cpus,
		      size_t n)
{
	struct crowd *crowd;
	size_t i;

	/* The one at some distance may be all that there are */
	for (i = 0; i < shots->n_crowds; i++)
		if (shots->crowds[i].n == n && n < 2 &&
		    (!n || shots->crowds[i].cpus[0] == cpus[0]))
			return;
	shots->crowds = mem_array(shots->crowds, shots->n_crowds + 1,
				  sizeof(*shots->crowds));
	crowd = &shots->crowds[shots->n_crowds++];
	*crowd = (struct crowd){ .name = mem_string(name), .n = n };
	crowd->cpus = mem_array(NULL, n + 1, sizeof(*crowd->cpus));
	if (n)
		memcpy(crowd->cpus, cpus, n * sizeof(*cpus));
}

/* By distance, then all there are */
static void add_distances(struct shots *shots, const struct topology *t,
			  const struct place *from, const unsigned int *others, size_t n)
{
	enum distance d;

	for (d = 0; d < DISTANCES; d++) {
		const struct place *at = topology_at(t, from, d);

		if (at)
			add_crowd(shots, topology_distance_name(d), &at->cpu, 1);
	}
	if (n)
		add_crowd(shots, "all others", others, n);
}

static const struct place *place_of(const struct topology *t, unsigned int cpu)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->places[i].cpu == cpu)
			return &t->places[i];
	return NULL;
}

/* @n other threads, named by the farthest */
static void add_others(struct shots *shots, const struct topology *t,
		       const struct place *from, const unsigned int *others, size_t n)
{
	enum distance farthest = DISTANCE_CORE;
	size_t i;

	for (i = 0; i < n; i++) {
		enum distance d = topology_distance(from, place_of(t, others[i]));

		farthest = d > farthest ? d : farthest;
	}
	add_crowd(shots, topology_distance_name(farthest), others, n);
}

static int add_counts(const char *verb, struct shots *shots, const struct topology *t,
		      const struct place *from, const struct args_sweep *counts,
		      const unsigned int *others, size_t n)
{
	uint64_t most = counts->value[counts->count - 1];
	unsigned int i;

	if (most > n)
		return fail(verb, "--threads=%u wants more CPUs than there are for other threads; try: at most %zu",
			    (unsigned int)most, n);
	for (i = 0; i < counts->count; i++)
		add_others(shots, t, from, others, (size_t)counts->value[i]);
	return 0;
}

static int check_cpus(const char *verb, const struct topology *t, const struct options *o)
{
	size_t i;

	for (i = 0; i < o->n_cpus; i++)
		if (!topology_has(t, o->cpus[i]))
			return fail(verb, "CPU %u is not there, or not allowed here; try: grep Cpus_allowed_list /proc/self/status",
				    o->cpus[i]);
	return 0;
}

static int plan_crowds(const char *verb, const struct options *o, const struct topology *t,
		       struct shots *shots)
{
	const struct place *from = o->cpus ? place_of(t, o->cpus[0]) : topology_centre(t);
	unsigned int *nearest = NULL;
	const unsigned int *others;
	size_t n;
	int status = 0;

	shots->cpu = from->cpu;
	shots->allowed = t->n;
	add_crowd(shots, "alone", NULL, 0);
	n = o->cpus ? o->n_cpus - 1 : topology_nearest(t, from, &nearest);
	others = o->cpus ? &o->cpus[1] : nearest;
	if (o->threads.count)
		status = add_counts(verb, shots, t, from, &o->threads, others, n);
	else if (o->cpus)
		add_others(shots, t, from, others, n);
	else
		add_distances(shots, t, from, others, n);
	free(nearest);
	return status;
}

static int plan(const char *verb, const struct options *o, struct shots *shots)
{
	struct topology t;
	int status;

	if (!topology_load(&t) || !t.n)
		return fail(verb, "cannot tell which CPUs there are; try: ls /sys/devices/system/cpu");
	status = check_cpus(verb, &t, o);
	if (!status)
		status = plan_crowds(verb, o, &t, shots);
	topology_free(&t);
	shots->pages = o->pages;
	proc_flush_ceiling(&shots->ceiling);
	return status;
}

/*
 * The measuring
 */

/**
 * struct work - how far it is
 * @bar: on the terminal
 * @done: of @total, as progress_update() wants it
 * @total: ...
 * @share: what the one that is under way amounts to
 */
struct work {
	struct progress bar;
	uint64_t done;
	uint64_t total;
	uint64_t share;
};

static int show(void *data, unsigned int done, unsigned int wanted)
{
	struct work *work = data;

	progress_update(&work->bar, work->done + work->share * done / wanted, work->total);
	return 0;
}

static uint64_t weight(uint64_t pages)
{
	return pages + BASE_PAGES;
}

static uint64_t weight_of_all(const struct options *o, const struct shots *shots)
{
	uint64_t sum = 0, calls = 0;
	unsigned int i;

	for (i = 0; i < o->pages.count; i++)
		sum += weight(o->pages.value[i]);
	for (i = 0; i < TLBSCOPE_CALLS; i++)
		calls += o->calls[i];
	return sum * calls * shots->n_crowds;
}

static int measure_one(const struct options *o, struct shots *shots, struct work *work,
		       struct shot *shot)
{
	struct tlbscope_shootdown req = {
		.call = shot->call,
		.pages = shot->pages,
		.samples = o->samples ? o->samples : SAMPLES,
		.clock = &shots->clock,
		.cpu = shots->cpu,
		.others = shot->crowd->cpus,
		.n_others = shot->crowd->n,
		.progress = show,
		.data = work,
	};
	int err;

	work->share = weight(shot->pages);
	if (!o->samples)
		req.limit_ns = (uint64_t)(BUDGET_NS * (double)work->share / (double)work->total);
	err = tlbscope_shootdown(&req, &shot->result);
	work->done += work->share;
	return err;
}

/* One call, over all pages and crowds. Return: 0 or a negative errno */
static int measure_call(const struct options *o, struct shots *shots, struct work *work,
			enum tlbscope_call call)
{
	unsigned int page;
	size_t crowd;
	int err;

	for (page = 0; page < o->pages.count; page++) {
		const struct shot *alone = &shots->vec[shots->n];

		for (crowd = 0; crowd < shots->n_crowds; crowd++) {
			struct shot *shot = &shots->vec[shots->n];

			shot->call = call;
			shot->pages = (unsigned int)o->pages.value[page];
			shot->crowd = &shots->crowds[crowd];
			shot->alone = alone;
			err = measure_one(o, shots, work, shot);
			if (err)
				return err;
			shots->n++;
		}
	}
	return 0;
}

static int cannot_measure(const char *verb, enum tlbscope_call call, int err)
{
	switch (-err) {
	case ENOMEM:
		return fail(verb, "not enough memory; try: fewer --pages or --samples, ulimit -v unlimited");
	case EAGAIN:
		return fail(verb, "no process or thread can be added; try: ulimit -u, or fewer --threads");
	case ECHILD:
		return fail(verb, "the process that measures was killed; try: fewer --pages, dmesg | tail");
	default:
		return fail(verb, "cannot measure %s: %s; try: --calls without it, or other --cpus",
			    tlbscope_call_name(call), strerror(-err));
	}
}

/* A container's filter, or an old kernel, may keep userfaultfd from us */
static bool may_be_refused(enum tlbscope_call call, int err)
{
	return call == TLBSCOPE_CALL_UFFD_WP &&
	       (err == -EPERM || err == -ENOSYS || err == -EINVAL || err == -EOPNOTSUPP);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int measure(const char *verb, const struct options *o, struct shots *shots)
{
	struct work work = { .total = weight_of_all(o, shots) };
	double start = now();
	int call, err, status = 0;

	shots->vec = mem_array(NULL, TLBSCOPE_CALLS * shots->n_crowds * o->pages.count,
			       sizeof(*shots->vec));
	progress_start(&work.bar, "calling", true);
	tlbscope_clock(&shots->clock);
	for (call = 0; call < TLBSCOPE_CALLS && !status; call++) {
		if (!o->calls[call])
			continue;
		err = measure_call(o, shots, &work, call);
		if (may_be_refused(call, err))
			shots->refused[call] = -err;
		else if (err)
			status = cannot_measure(verb, call, err);
	}
	progress_end(&work.bar);
	shots->seconds = now() - start;
	if (!status && !shots->n)
		return fail(verb, "%s", shotprint_refused(shots->refused[TLBSCOPE_CALL_UFFD_WP]));
	return status;
}

static void free_shots(struct shots *shots)
{
	size_t i;

	for (i = 0; i < shots->n; i++)
		tlbscope_shootdown_free(&shots->vec[i].result);
	for (i = 0; i < shots->n_crowds; i++) {
		free(shots->crowds[i].name);
		free(shots->crowds[i].cpus);
	}
	free(shots->crowds);
	free(shots->vec);
}

int verb_shootdown(int argc, char **argv)
{
	struct shots shots = { 0 };
	struct options o;
	int status = parse(argc, argv, &o);

	if (!status)
		status = plan(argv[0], &o, &shots);
	if (!status)
		status = measure(argv[0], &o, &shots);
	if (!status) {
		if (o.csv)
			shotprint_csv(&shots);
		else if (o.json || o.raw)
			shotprint_json(&shots, o.raw);
		else
			shotprint_text(&shots);
		if (o.plot)
			status = shotprint_plot(argv[0], o.plot, &shots);
	}
	free_shots(&shots);
	free(o.cpus);
	return status;
}
