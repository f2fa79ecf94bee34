// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flushes.h"
#include "mem.h"
#include "out.h"
#include "table.h"

#define BAR	24

/* In a line of a screen: the rest is for programs */
#define LEAST_PROGRAMS	5

struct word {
	const char *key;
	const char *title;
};

static const struct word words[TLBSCOPE_FLUSH_REASONS] = {
	[TLBSCOPE_FLUSH_SWITCH]		= { "switch", "switch" },
	[TLBSCOPE_FLUSH_REMOTE]		= { "remote", "remote" },
	[TLBSCOPE_FLUSH_LOCAL]		= { "local", "local" },
	[TLBSCOPE_FLUSH_LOCAL_MM]	= { "local_mm", "local mm" },
	[TLBSCOPE_FLUSH_SEND_IPI]	= { "send_ipi", "shootdowns" },
	[TLBSCOPE_FLUSH_WRONG_CPU]	= { "wrong_cpu", "wrong CPU" },
	[TLBSCOPE_FLUSH_OTHER]		= { "other", "other" },
};

/**
 * struct programs - those that have flushed
 * @list: in the order in which they are shown
 * @count: how many
 * @sum: all of them
 */
struct programs {
	const struct tlbscope_flusher **list;
	size_t count;
	struct tlbscope_flusher sum;
};

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int by_flushes(const void *a, const void *b)
{
	const struct tlbscope_flusher *x = *(void * const *)a, *y = *(void * const *)b;

	return compare(x->recent, y->recent) ?: compare(x->flushes, y->flushes) ?:
	       compare(x->records, y->records) ?: x->pid - y->pid;
}

static void add_up(struct tlbscope_flusher *sum, const struct tlbscope_flusher *p)
{
	unsigned int r, size;

	sum->processes += p->processes;
	sum->records += p->records;
	sum->flushes += p->flushes;
	sum->recent += p->recent;
	for (r = 0; r < TLBSCOPE_FLUSH_REASONS; r++) {
		sum->reason[r].records += p->reason[r].records;
		sum->reason[r].full += p->reason[r].full;
		sum->reason[r].pages += p->reason[r].pages;
		for (size = 0; size < TLBSCOPE_FLUSH_SIZES; size++)
			sum->reason[r].size[size] += p->reason[r].size[size];
	}
}

static struct programs gather(const struct flushes *f)
{
	struct programs programs = { .sum.command = "all" };
	const struct tlbscope_flusher *p = NULL;
	size_t room = 0;

	while ((p = tlbscope_trace_next(f->trace, p))) {
		if (programs.count == room) {
			room = room ? 2 * room : 64;
			programs.list = mem_array(programs.list, room,
						  sizeof(*programs.list));
		}
		programs.list[programs.count++] = p;
		add_up(&programs.sum, p);
	}
	if (programs.count)
		qsort(programs.list, programs.count, sizeof(*programs.list), by_flushes);
	return programs;
}

/* Its records of all reasons that are about the TLB of its own CPU */
static struct tlbscope_flushes own_flushes(const struct tlbscope_flusher *p)
{
	struct tlbscope_flushes all = { .records = 0 };
	unsigned int r, size;

	for (r = 0; r < TLBSCOPE_FLUSH_REASONS; r++) {
		if (!tlbscope_flush_is_own(r))
			continue;
		all.records += p->reason[r].records;
		all.full += p->reason[r].full;
		all.pages += p->reason[r].pages;
		for (size = 0; size < TLBSCOPE_FLUSH_SIZES; size++)
			all.size[size] += p->reason[r].size[size];
	}
	return all;
}

/* A rate: whole numbers say enough from 100 on */
static struct out_text rate(uint64_t n, double seconds)
{
	double per_second = seconds > 0 ? (double)n / seconds : 0;
	struct out_text text;

	if (!n)
		snprintf(text.s, sizeof(text.s), "-");
	else if (per_second >= 99.95)
		return out_count((uint64_t)(per_second + 0.5));
	else
		snprintf(text.s, sizeof(text.s), "%.1f", per_second);
	return text;
}

/*
 * Text
 */

/* The reasons, in the order of the columns; the rare ones where they are seen */
static size_t shown_reasons(const struct tlbscope_flusher *sum, unsigned int *shown)
{
	static const unsigned int order[] = {
		TLBSCOPE_FLUSH_SWITCH, TLBSCOPE_FLUSH_LOCAL_MM,
		TLBSCOPE_FLUSH_LOCAL, TLBSCOPE_FLUSH_REMOTE,
		TLBSCOPE_FLUSH_SEND_IPI, TLBSCOPE_FLUSH_WRONG_CPU,
		TLBSCOPE_FLUSH_OTHER,
	};
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (sum->reason[order[i]].records || order[i] < TLBSCOPE_FLUSH_WRONG_CPU)
			shown[n++] = order[i];
	return n;
}

/* Flushes; where there is none by nature, records */
static uint64_t told(const struct tlbscope_flusher *p, unsigned int reason)
{
	const struct tlbscope_flushes *r = &p->reason[reason];

	return tlbscope_flush_is_own(reason) ? r->records - r->size[0] : r->records;
}

static void program_row(struct table *t, const struct flushes *f,
			const struct tlbscope_flusher *p,
			const unsigned int *shown, size_t columns)
{
	struct tlbscope_flushes all = own_flushes(p);
	size_t i;

	if (p->pid > 0 && p->processes == 1)
		table_cell(t, "%d", p->pid);
	else
		table_cell(t, "%s", "");
	table_cell(t, "%s", COUNT(p->flushes));
	if (f->recent > 0)
		table_cell(t, "%s", rate(p->recent, f->recent).s);
	else
		table_cell(t, "%s", rate(p->flushes, f->seconds).s);
	table_cell(t, "%s", PERCENT(all.full, p->flushes));
	table_cell(t, "%s", OR_DASH(all.pages, COUNT(all.pages)));
	for (i = 0; i < columns; i++) {
		uint64_t n = told(p, shown[i]);

		table_cell(t, "%s", OR_DASH(n, COUNT(n)));
	}
	table_cell(t, "%s", OR_DASH(all.size[0], COUNT(all.size[0])));
}

static void program_name(struct table *t, const struct tlbscope_flusher *p)
{
	char name[sizeof(p->command)];

	memcpy(name, p->command, sizeof(name));
	out_clean(name);
	if (p->processes > 1)
		table_cell(t, "%s, %s ended", name, COUNT(p->processes));
	else if (p->pid <= 0)
		table_cell(t, "(%s)", name);
	else
		table_cell(t, "%s%s", name, p->ended ? ", ended" : "");
}

static void print_programs(const struct flushes *f, const struct programs *programs,
			   size_t most)
{
	unsigned int shown[TLBSCOPE_FLUSH_REASONS];
	size_t i, columns = shown_reasons(&programs->sum, shown);
	size_t n = programs->count < most ? programs->count : most;
	char align[7 + TLBSCOPE_FLUSH_REASONS + 1];
	struct table *t;

	memset(align, 'r', sizeof(align));
	strcpy(align + 6 + columns, "l");
	t = table_new(align);
	table_cell(t, "PID");
	table_cell(t, "flushes");
	table_cell(t, "/s");
	table_cell(t, "full");
	table_cell(t, "pages");
	for (i = 0; i < columns; i++)
		table_cell(t, "%s", words[shown[i]].title);
	table_cell(t, "kept");
	table_cell(t, "command");
	for (i = 0; i < n; i++) {
		program_row(t, f, programs->list[i], shown, columns);
		program_name(t, programs->list[i]);
	}
	program_row(t, f, &programs->sum, shown, columns);
	if (n < programs->count)
		table_cell(t, "all %s, %s not shown", COUNT(programs->count),
			   COUNT(programs->count - n));
	else
		table_cell(t, "all");
	table_print(t, "");
}

static struct out_text size_name(unsigned int size)
{
	struct out_text text;
	uint64_t from = 1ULL << (size - 1);

	if (size == 1)
		snprintf(text.s, sizeof(text.s), "1");
	else if (size == TLBSCOPE_FLUSH_SIZES - 1)
		snprintf(text.s, sizeof(text.s), "%" PRIu64 "-", from);
	else
		snprintf(text.s, sizeof(text.s), "%" PRIu64 "-%" PRIu64, from,
			 2 * from - 1);
	return text;
}

/* Share of the flushes, to be seen at a glance */
static struct out_text bar(uint64_t part, uint64_t whole)
{
	struct out_text text = { "" };
	int n = whole ? (int)((double)part / (double)whole * BAR + 0.5) : 0;

	memset(text.s, '#', (size_t)n);
	text.s[n] = '\0';
	return text;
}

static void size_row(struct table *t, const char *name, uint64_t flushes,
		     uint64_t all, uint64_t sent)
{
	table_cell(t, "%s", name);
	table_cell(t, "%s", OR_DASH(flushes, COUNT(flushes)));
	table_cell(t, "%s", PERCENT(flushes, all));
	table_cell(t, "%s", OR_DASH(sent, COUNT(sent)));
	table_cell(t, "%s", bar(flushes, all).s);
}

/* The histogram; nothing in between is left out. Return: its lines */
static unsigned int print_sizes(const struct tlbscope_flusher *sum)
{
	static const char * const titles[] = {
		"pages", "flushes", "share", "shootdowns", ""
	};
	const struct tlbscope_flushes *sent = &sum->reason[TLBSCOPE_FLUSH_SEND_IPI];
	struct tlbscope_flushes all = own_flushes(sum);
	struct table *t = table_new("rrrrl");
	unsigned int size, end = TLBSCOPE_FLUSH_SIZES;

	while (end > 1 && !all.size[end - 1] && !sent->size[end - 1])
		end--;
	table_cells(t, titles);
	for (size = 1; size < end; size++)
		size_row(t, size_name(size).s, all.size[size], sum->flushes,
			 sent->size[size]);
	size_row(t, "full", all.full, sum->flushes, sent->full);
	table_print(t, "");
	return end + 1;
}

static void print_reasons(const struct flushes *f, const struct tlbscope_flusher *sum)
{
	static const char * const titles[] = {
		"reason", "records", "/s", "kept", "some", "full", "pages"
	};
	unsigned int shown[TLBSCOPE_FLUSH_REASONS];
	size_t i, n = shown_reasons(sum, shown);
	struct table *t = table_new("lrrrrrr");

	table_cells(t, titles);
	for (i = 0; i < n; i++) {
		const struct tlbscope_flushes *r = &sum->reason[shown[i]];
		const char *name = tlbscope_trace_reason(f->trace, shown[i]);
		uint64_t some = r->records - r->full - r->size[0];

		table_cell(t, "%s", name ?: words[shown[i]].title);
		table_cell(t, "%s", OR_DASH(r->records, COUNT(r->records)));
		table_cell(t, "%s", rate(r->records, f->seconds).s);
		table_cell(t, "%s", OR_DASH(r->size[0], COUNT(r->size[0])));
		table_cell(t, "%s", OR_DASH(some, COUNT(some)));
		table_cell(t, "%s", OR_DASH(r->full, COUNT(r->full)));
		table_cell(t, "%s", OR_DASH(r->pages, COUNT(r->pages)));
	}
	table_print(t, "");
}

static struct out_text lost(const struct flushes *f)
{
	uint64_t n = tlbscope_trace_lost(f->trace);

	return n ? out_count(n) : (struct out_text){ "none" };
}

static void print_target(const struct flushes *f)
{
	if (f->pid == TLBSCOPE_EVERYBODY)
		printf("all that runs");
	else
		printf("%s (%d), all its threads%s", f->command, f->pid,
		       f->children ? ", and what it starts" : "");
}

static void print_machine(const struct flushes *f)
{
	const char *hypervisor = machine_hypervisor(&f->machine);

	printf("CPU         %s\n", f->cpu);
	printf("kernel      %s\n", f->machine.kernel);
	printf("hypervisor  %s\n", *hypervisor ? hypervisor : "none");
}

/* flushes_print - all of it */
void flushes_print(const struct flushes *f)
{
	struct programs programs = gather(f);
	const struct tlbscope_flusher *sum = &programs.sum;

	print_machine(f);
	printf("traced      ");
	print_target(f);
	printf(", for %.1f s\n", f->seconds);
	printf("records     %s of tlb:tlb_flush, %s lost\n", COUNT(sum->records), lost(f).s);
	printf("flushes     %s, %s a second\n\n", COUNT(sum->flushes),
	       sum->flushes ? rate(sum->flushes, f->seconds).s : "0");
	if (programs.count) {
		print_reasons(f, sum);
		putchar('\n');
		print_sizes(sum);
		putchar('\n');
		print_programs(f, &programs, f->most ? f->most : SIZE_MAX);
		putchar('\n');
		puts("A record counts with the program that its CPU runs: 'remote' with who is\n"
		     "interrupted, 'shootdowns' with who asks other CPUs to flush. 'kept': looked, and\n"
		     "needed no flush; the flushes are those of the TLB of the program's own CPU.");
	}
	if (tlbscope_trace_lost(f->trace))
		puts("Records were lost; of whom is not known. try: -i 0.1");
	free(programs.list);
}

/**
 * flushes_draw - what fits on a screen
 * @rows: lines that it has
 */
void flushes_draw(const struct flushes *f, unsigned int rows)
{
	struct programs programs = gather(f);
	const struct tlbscope_flusher *sum = &programs.sum;
	unsigned int used = 6;
	size_t most;

	printf("TLB flushes of ");
	print_target(f);
	printf("; %.0f s\n%s flushes, %s a second now; %s records, %s lost; q or Ctrl-C ends\n\n",
	       f->seconds, COUNT(sum->flushes),
	       sum->recent ? rate(sum->recent, f->recent).s : "0",
	       COUNT(sum->records), lost(f).s);
	if (rows >= TLBSCOPE_FLUSH_SIZES + 3 + used + LEAST_PROGRAMS) {
		used += print_sizes(sum) + 1;
		putchar('\n');
	}
	most = rows > used ? rows - used : 0;
	if (f->most && f->most < most)
		most = f->most;
	print_programs(f, &programs, most);
	free(programs.list);
}

/*
 * JSON
 */

/* How many have 0, 1, 2 to 3, 4 to 7, ... pages */
static json_object *sizes_json(const struct tlbscope_flushes *flushes)
{
	json_object *array = new_array();
	unsigned int size, end = TLBSCOPE_FLUSH_SIZES;

	while (end && !flushes->size[end - 1])
		end--;
	for (size = 0; size < end; size++)
		put_number(array, flushes->size[size]);
	return array;
}

static json_object *flushes_json(const struct tlbscope_flushes *flushes)
{
	json_object *o = new_object();

	put_int(o, "records", flushes->records);
	put_int(o, "kept", flushes->size[0]);
	put_int(o, "full", flushes->full);
	put_int(o, "pages", flushes->pages);
	return o;
}

static json_object *reasons_json(const struct flushes *f,
				 const struct tlbscope_flusher *sum)
{
	json_object *all = new_object();
	unsigned int r;

	for (r = 0; r < TLBSCOPE_FLUSH_REASONS; r++) {
		const char *name = tlbscope_trace_reason(f->trace, r);
		json_object *o;

		if (!name && !sum->reason[r].records)
			continue;
		o = flushes_json(&sum->reason[r]);
		put_object(o, "log2_sizes", sizes_json(&sum->reason[r]));
		if (name)
			put_str(o, "name", name);
		else
			put_null(o, "name");
		put_object(all, words[r].key, o);
	}
	return all;
}

static json_object *program_json(const struct flushes *f,
				 const struct tlbscope_flusher *p)
{
	json_object *o = new_object(), *reasons = new_object();
	char name[sizeof(p->command)];
	unsigned int r;

	memcpy(name, p->command, sizeof(name));
	out_clean(name);
	if (p->pid >= 0 && p->processes == 1)
		put_int(o, "pid", (uint64_t)p->pid);
	else
		put_null(o, "pid");
	put_str(o, "command", name);
	put_int(o, "processes", p->processes);
	put_bool(o, "ended", p->ended);
	put_int(o, "records", p->records);
	put_int(o, "flushes", p->flushes);
	if (f->recent > 0)
		put_int(o, "recent", p->recent);
	for (r = 0; r < TLBSCOPE_FLUSH_REASONS; r++)
		if (p->reason[r].records)
			put_object(reasons, words[r].key, flushes_json(&p->reason[r]));
	put_object(o, "reasons", reasons);
	return o;
}

static void put_head(json_object *o, const struct flushes *f)
{
	const char *hypervisor = machine_hypervisor(&f->machine);
	json_object *target = NULL;

	put_str(o, "cpu", f->cpu);
	put_str(o, "kernel", f->machine.kernel);
	if (*hypervisor)
		put_str(o, "hypervisor", hypervisor);
	else
		put_null(o, "hypervisor");
	if (f->pid != TLBSCOPE_EVERYBODY) {
		target = new_object();
		put_int(target, "pid", (uint64_t)f->pid);
		put_str(target, "command", f->command);
		put_bool(target, "children", f->children);
	}
	put_object(o, "target", target);
}

/**
 * flushes_print_json - all of it
 * @line: as one of many records
 */
void flushes_print_json(const struct flushes *f, bool line)
{
	struct programs programs = gather(f);
	json_object *o = new_object(), *array = new_array();
	size_t i;

	put_head(o, f);
	put_int(o, "milliseconds", (uint64_t)(f->seconds * 1000 + 0.5));
	if (f->recent > 0)
		put_int(o, "recent_milliseconds", (uint64_t)(f->recent * 1000 + 0.5));
	put_int(o, "records", programs.sum.records);
	put_int(o, "lost", tlbscope_trace_lost(f->trace));
	put_int(o, "flushes", programs.sum.flushes);
	if (f->recent > 0)
		put_int(o, "recent", programs.sum.recent);
	put_object(o, "reasons", reasons_json(f, &programs.sum));
	put_int(o, "program_count", programs.count);
	for (i = 0; i < programs.count && (!f->most || i < f->most); i++)
		put_element(array, program_json(f, programs.list[i]));
	put_object(o, "programs", array);
	free(programs.list);
	if (line)
		out_json_line(o);
	else
		out_json(o);
}
