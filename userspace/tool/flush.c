// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flush.h"
#include "machine.h"
#include "mem.h"
#include "plot.h"
#include "topology.h"
#include "verbs.h"

const char help_flush[] =
"usage: tlbscope flush PID|self [OPTION...]\n"
"\n"
"Measures what it costs to drop translations from the TLB, by every method that this\n"
"machine has: the instructions themselves, the refill of what was dropped, and of what\n"
"was dropped with it; on one CPU, and by interrupting others. With --pages=A..B it finds\n"
"from how many pages on one full flush is cheaper than page by page, and compares that\n"
"with the kernel's setting. Of the process only its memory is read, and nothing that it\n"
"computes changes. Needs the module, and root. 'self' takes pages of the tool's own.\n"
"\n"
"      --pages=N|A..B      pages to drop: 32, or a sweep from A to B (1..4096)\n"
"      --bystanders=N      pages used beside them, 32; of a sweep 512\n"
"      --range=START-END   of a process: these pages, not some that are found\n"
"      --cpus=LIST|run|all where: 0,2-5; where its threads run; all. The first of them\n"
"                          interrupts the others\n"
"      --method=LIST       only these: invlpg, cr3, ...; ipi is for other CPUs\n"
"      --samples=N         of each figure, 1000; of a sweep 100\n"
"      --raw               JSON with every sample\n"
"      --csv               comma-separated values\n"
"      --plot=FILE         draw a sweep into FILE.png or FILE.svg\n"
"  -j, --json              JSON\n";

#define PAGES		32
/* With the pages few enough for any first level; of a sweep, a working set */
#define BYSTANDERS	32
#define SWEEP_BYSTANDERS 512

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	interrupted = signal;
}

/* flush_interrupted - by Ctrl-C: what is there is shown, and no more measured */
bool flush_interrupted(void)
{
	return interrupted;
}

/* Say what a call's errno means. Return: EXIT_FAILED */
static int flush_fail(const struct flush *f, const struct tlbscope_invalidation *what, int err)
{
	char line[256];

	return fail(f->verb, "%s",
		    tlbscope_lab_explain(line, sizeof(line), f->pid, what, err));
}

/**
 * flush_request - what all requests have in common
 * @method: enum tlbscope_method
 * @pages: the first of the area
 * @samples: how many
 */
struct tlbscope_cost flush_request(const struct flush *f, unsigned int method,
				   uint64_t pages, uint32_t samples)
{
	const struct area *area = &f->area;

	return (struct tlbscope_cost) {
		.what.method = method,
		.what.start = area->start,
		.what.end = area->start + pages * area->page_size,
		.what.initiator = -1,
		.bystanders_start = area->bystanders_start,
		.bystanders_end = area->bystanders_start +
				  area->bystanders * area->page_size,
		.samples = samples,
	};
}

/**
 * flush_measure - a request, on some CPUs
 * @costs: grows by one for each CPU
 * @req: the request, but for where it is to be done
 * @cpus: where; NULL if @req says it
 * @n: how many
 *
 * Return: 0, also if it was interrupted, or an exit status, the reason has been
 * said
 */
int flush_measure(const struct flush *f, struct costs *costs, struct tlbscope_cost *req,
		  const unsigned int *cpus, size_t n)
{
	uint64_t mask[(ARGS_CPU_MAX + 1) / 64] = { 0 };
	size_t i;
	int err;

	for (i = 0; i < n; i++)
		mask[cpus[i] / 64] |= 1ULL << (cpus[i] % 64);
	if (cpus) {
		req->what.cpus = (uintptr_t)mask;
		req->what.cpus_len = sizeof(mask);
	}
	err = cost_measure(costs, f->lab, req);
	return err && !interrupted ? flush_fail(f, &req->what, err) : 0;
}

/*
 * What it is about
 */

static const char *hypervisor_note(const struct flush *f)
{
	if (machine_emulated(&f->info))
		return ", which emulates this CPU: these are the emulator's times, not a CPU's";
	if (f->info.hypervisor[0])
		return ": where it intercepts an instruction, that is in the figure";
	return "";
}

static const char *yes_no(const struct flush *f, uint64_t feature)
{
	return f->info.features & feature ? "yes" : "no";
}

/* flush_print_machine - the facts that the figures are to be read with */
void flush_print_machine(const struct flush *f, uint32_t samples)
{
	const char *hypervisor = machine_hypervisor(&f->info);
	const struct area *area = &f->area;
	char cpu[MACHINE_LEN];

	machine_cpu(cpu);
	printf("CPU         %s, %ld on line\n", cpu, sysconf(_SC_NPROCESSORS_ONLN));
	printf("kernel      %s\n", f->info.kernel);
	printf("hypervisor  %s%s\n", hypervisor[0] ? hypervisor : "none",
	       hypervisor_note(f));
	printf("TSC         %.1f MHz, a cycle is %.3f ns\n",
	       f->methods.tsc_khz / 1000.0, flush_ns(f));
	printf("tags        PCID %s, INVPCID %s, page-table isolation %s\n",
	       yes_no(f, TLBSCOPE_FEAT_PCID), yes_no(f, TLBSCOPE_FEAT_INVPCID),
	       f->info.features & TLBSCOPE_FEAT_PTI ? "on" : "off");
	printf("target      %s, pages of %s: %s at %s", f->title,
	       SIZE(area->page_size), COUNT(area->pages), HEX(area->start));
	if (area->bystanders)
		printf(", %s bystanders at %s\n", COUNT(area->bystanders),
		       HEX(area->bystanders_start));
	else
		puts(", no bystanders");
	printf("samples     %s of each figure\n", COUNT(samples));
}

/* flush_put_machine - the same in JSON */
void flush_put_machine(const struct flush *f, uint32_t samples, json_object *o)
{
	const char *hypervisor = machine_hypervisor(&f->info);
	const struct area *area = &f->area;
	char cpu[MACHINE_LEN];

	machine_cpu(cpu);
	put_str(o, "cpu", cpu);
	put_int(o, "cpus_online", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	put_str(o, "kernel", f->info.kernel);
	put_object(o, "hypervisor", NULL);
	if (hypervisor[0])
		put_str(o, "hypervisor", hypervisor);
	put_bool(o, "emulated", machine_emulated(&f->info));
	put_int(o, "tsc_khz", f->methods.tsc_khz);
	put_bool(o, "pcid", f->info.features & TLBSCOPE_FEAT_PCID);
	put_bool(o, "invpcid", f->info.features & TLBSCOPE_FEAT_INVPCID);
	put_bool(o, "pti", f->info.features & TLBSCOPE_FEAT_PTI);
	put_int(o, "pid", (uint64_t)(f->pid == TLBSCOPE_SELF ? getpid() : f->pid));
	put_int(o, "page_size", area->page_size);
	put_hex(o, "start", area->start);
	put_int(o, "pages", area->pages);
	put_hex(o, "bystanders_start", area->bystanders_start);
	put_int(o, "bystanders", area->bystanders);
	put_int(o, "samples", samples);
	put_bool(o, "interrupted", flush_interrupted());
}

/*
 * Which pages
 */

static int no_area(const struct flush *f, int err)
{
	switch (err) {
	case -ENODATA:
		return fail(f->verb, "%s has no memory present that could be read; try: a process that does something",
			    f->title);
	case -EFAULT:
		return fail(f->verb, "nothing of %s is present from %s to %s; try: tlbscope ranges %s",
			    f->title, HEX(f->range_start), END(f->range_end), f->word);
	case -EXDEV:
		return fail(f->verb, "not all of %s to %s is present, in pages of one size; try: tlbscope ranges %s",
			    HEX(f->range_start), END(f->range_end), f->word);
	default:
		return flush_fail(f, NULL, err);
	}
}

static int find_area(struct flush *f, uint64_t pages)
{
	struct tlbscope *t;
	int err;

	err = tlbscope_open(&t, f->pid, TLBSCOPE_OPEN_MODULE);
	if (err)
		return err;
	if (f->range_end)
		err = area_at(&f->area, t, f->range_start, f->range_end, f->bystanders);
	else
		err = area_find(&f->area, t, pages, f->bystanders);
	tlbscope_close(t);
	return err;
}

/* A process may have fewer pages than a sweep asks for */
static int fit_sizes(struct flush *f)
{
	struct args_sweep *sizes = &f->sizes;

	if (sizes->value[0] >= f->area.pages)
		return fail(f->verb, "a sweep from %s pages takes more than the %s that follow each other in %s; try: --pages=1..%s",
			    COUNT(sizes->value[0]), COUNT(f->area.pages), f->title,
			    COUNT(f->area.pages));
	while (sizes->value[sizes->count - 1] > f->area.pages) {
		sizes->count--;
		if (sizes->value[sizes->count - 1] < f->area.pages)
			sizes->value[sizes->count++] = f->area.pages;
	}
	return 0;
}

static int choose_area(struct flush *f)
{
	uint64_t pages = f->sizes.value[f->sizes.count - 1];
	int err;

	if (f->pid == TLBSCOPE_SELF)
		err = area_own(&f->area, pages, f->bystanders);
	else
		err = find_area(f, pages);
	if (err)
		return no_area(f, err);
	if (f->area.pages > TLBSCOPE_PAGES_MAX)
		return flush_fail(f, NULL, -E2BIG);
	return f->sizes.count > 1 ? fit_sizes(f) : 0;
}

/*
 * Where
 */

static unsigned int first_method(const struct flush *f)
{
	return (unsigned int)__builtin_ctzll(f->methods.available);
}

static void add_cpu(struct flush *f, unsigned int cpu)
{
	f->cpus = mem_array(f->cpus, f->n_cpus + 1, sizeof(*f->cpus));
	f->cpus[f->n_cpus++] = cpu;
}

/* The module knows which CPUs these are: one sample tells */
static int ask_for_cpus(struct flush *f)
{
	struct tlbscope_cost req = flush_request(f, first_method(f), 1, 1);
	struct costs costs = { 0 };
	size_t i;
	int err;

	req.flags = f->where;
	err = flush_measure(f, &costs, &req, NULL, 0);
	for (i = 0; i < costs.count; i++)
		add_cpu(f, costs.at[i].cpu);
	costs_free(&costs);
	return err;
}

/* One that we may run on to measure, and the nearest to interrupt */
static int take_own_cpus(struct flush *f)
{
	const struct place *centre;
	unsigned int *nearest;
	struct topology t;

	if (!topology_load(&t))
		return fail(f->verb, "the CPUs of this machine cannot be told; try: --cpus=0,1");
	centre = topology_centre(&t);
	add_cpu(f, centre->cpu);
	if (topology_nearest(&t, centre, &nearest))
		add_cpu(f, nearest[0]);
	free(nearest);
	topology_free(&t);
	return 0;
}

static int choose_cpus(struct flush *f)
{
	if (f->n_cpus)
		return 0;
	if (f->where)
		return ask_for_cpus(f);
	f->all_local = false;
	if (f->pid == TLBSCOPE_SELF)
		return take_own_cpus(f);
	f->where = TLBSCOPE_CPUS_RUN;
	return ask_for_cpus(f);
}

/*
 * The command line
 */

static int parse_methods(struct flush *f, const char *word)
{
	char *copy = mem_string(word), *rest = copy, *name;
	int method, err = 0;

	f->asked = 0;
	while (!err && (name = strsep(&rest, ","))) {
		method = tlbscope_method_by_name(name);
		if (method < 0)
			err = usage(f->verb, "there is no method '%s'", name);
		else
			f->asked |= 1ULL << method;
	}
	free(copy);
	return err;
}

static int parse_cpus(struct flush *f, const char *word)
{
	free(f->cpus);
	f->cpus = NULL;
	f->n_cpus = 0;
	f->where = 0;
	if (!strcmp(word, "all"))
		f->where = TLBSCOPE_CPUS_ALL;
	else if (!strcmp(word, "run"))
		f->where = TLBSCOPE_CPUS_RUN;
	else
		return args_cpus(f->verb, word, &f->cpus, &f->n_cpus);
	return 0;
}

static int parse_range(struct flush *f, const char *word)
{
	const char *dash = strchr(word, '-');
	char *first = mem_printf("%.*s", dash ? (int)(dash - word) : 0, word);
	int err;

	err = args_hex(first, &f->range_start) ||
	      args_hex(dash ? dash + 1 : "", &f->range_end);
	free(first);
	if (err || f->range_start >= f->range_end ||
	    ((f->range_start | f->range_end) & 4095))
		return usage(f->verb, "'%s' is no range START-END of hexadecimal multiples of 4096",
			     word);
	return 0;
}

static int parse_count(struct flush *f, const char *option, const char *word,
		       uint64_t least, uint64_t most, uint64_t *n)
{
	if (!args_number(word, n) && *n >= least && *n <= most)
		return 0;
	return usage(f->verb, "%s goes from %s to %s, not to '%s'", option,
		     COUNT(least), COUNT(most), word);
}

enum {
	PAGES_OPTION = ARGS_LONG,
	BYSTANDERS_OPTION,
	RANGE_OPTION,
	CPUS_OPTION,
	METHOD_OPTION,
	SAMPLES_OPTION,
	RAW_OPTION,
	CSV_OPTION,
	PLOT_OPTION,
};

static int parse_option(struct flush *f, int option, const char *value)
{
	uint64_t n;
	int err;

	switch (option) {
	case PAGES_OPTION:
		return args_pages(f->verb, value, &f->sizes);
	case BYSTANDERS_OPTION:
		return parse_count(f, "--bystanders", value, 0, TLBSCOPE_PAGES_MAX,
				   &f->bystanders);
	case RANGE_OPTION:
		return parse_range(f, value);
	case CPUS_OPTION:
		return parse_cpus(f, value);
	case METHOD_OPTION:
		return parse_methods(f, value);
	case SAMPLES_OPTION:
		err = parse_count(f, "--samples", value, 1, TLBSCOPE_SAMPLES_MAX, &n);
		if (!err)
			f->samples = (uint32_t)n;
		return err;
	case RAW_OPTION:
		f->raw = true;
		f->json = true;
		return 0;
	case CSV_OPTION:
		f->csv = true;
		return 0;
	case PLOT_OPTION:
		f->plot = value;
		return 0;
	case 'j':
		f->json = true;
		return 0;
	default:
		return EXIT_USAGE;
	}
}

static int parse(struct flush *f, int argc, char **argv)
{
	static const struct option options[] = {
		{ "pages",	required_argument,	NULL, PAGES_OPTION },
		{ "bystanders",	required_argument,	NULL, BYSTANDERS_OPTION },
		{ "range",	required_argument,	NULL, RANGE_OPTION },
		{ "cpus",	required_argument,	NULL, CPUS_OPTION },
		{ "method",	required_argument,	NULL, METHOD_OPTION },
		{ "samples",	required_argument,	NULL, SAMPLES_OPTION },
		{ "raw",	no_argument,		NULL, RAW_OPTION },
		{ "csv",	no_argument,		NULL, CSV_OPTION },
		{ "plot",	required_argument,	NULL, PLOT_OPTION },
		{ "json",	no_argument,		NULL, 'j' },
		{ 0 }
	};
	int option, err = 0;

	while (!err && (option = args_option(argc, argv, ":j", options)) != -1)
		err = parse_option(f, option, optarg);
	if (err)
		return err;
	if (argc - optind != 1)
		return usage(f->verb, "whose translations? PID or self");
	f->word = argv[optind];
	return args_target(f->verb, f->word, &f->pid);
}

static int check(struct flush *f)
{
	if (f->bystanders == UINT64_MAX)
		f->bystanders = f->sizes.count > 1 ? SWEEP_BYSTANDERS : BYSTANDERS;
	if (f->pid == TLBSCOPE_KERNEL)
		return usage(f->verb, "experiments are made on a process, not on the kernel");
	if (f->pid == TLBSCOPE_SELF && f->range_end)
		return usage(f->verb, "--range goes with a PID: 'self' takes pages of its own");
	if (f->json && f->csv)
		return usage(f->verb, "either --csv or JSON");
	if (f->plot && f->sizes.count < 2)
		return usage(f->verb, "--plot draws a sweep, as of --pages=1..4096");
	return f->plot ? plot_check(f->verb, f->plot) : 0;
}

static void name_target(struct flush *f)
{
	char command[PROC_NAME_LEN];
	pid_t pid = f->pid == TLBSCOPE_SELF ? getpid() : f->pid;

	proc_name(command, pid);
	snprintf(f->title, sizeof(f->title), "%s (%d)", command, pid);
}

static int measure(struct flush *f)
{
	int err;

	err = tlbscope_methods(f->lab, &f->methods);
	if (!err && !f->methods.available)
		err = -EOPNOTSUPP;
	if (err)
		return flush_fail(f, NULL, err);
	err = choose_area(f);
	if (!err)
		err = choose_cpus(f);
	if (!err)
		err = f->sizes.count > 1 ? flush_sweep(f) : flush_methods(f);
	area_free(&f->area);
	return err;
}

static int open_and_measure(struct flush *f)
{
	int err;

	tlbscope_machine(&f->info);
	name_target(f);
	err = tlbscope_lab_open(&f->lab, f->pid);
	if (err)
		return flush_fail(f, NULL, err);
	err = measure(f);
	tlbscope_lab_close(f->lab);
	return err;
}

int verb_flush(int argc, char **argv)
{
	/* Without SA_RESTART: the module then ends what it does */
	static const struct sigaction on_interrupt = { .sa_handler = interrupt };
	static const struct sigaction as_usual = { .sa_handler = SIG_DFL };
	struct flush f = {
		.verb = argv[0],
		.sizes = { .count = 1, .value = { PAGES } },
		.bystanders = UINT64_MAX,
		.all_local = true,
	};
	int err;

	err = parse(&f, argc, argv);
	if (!err)
		err = check(&f);
	if (!err) {
		sigaction(SIGINT, &on_interrupt, NULL);
		err = open_and_measure(&f);
	}
	free(f.cpus);
	if (interrupted) {
		fflush(stdout);
		sigaction(SIGINT, &as_usual, NULL);
		raise(SIGINT);
	}
	return err;
}
