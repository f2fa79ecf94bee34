// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "mem.h"
#include "out.h"
#include "plot.h"
#include "shotprint.h"
#include "table.h"

#define INCONCLUSIVE	"inconclusive"

/* What each call does, as a program would write it */
static const char *const spelled[TLBSCOPE_CALLS] = {
	[TLBSCOPE_CALL_MPROTECT] = "mprotect(PROT_READ)",
	[TLBSCOPE_CALL_MUNMAP] = "munmap()",
	[TLBSCOPE_CALL_DONTNEED] = "madvise(MADV_DONTNEED)",
	[TLBSCOPE_CALL_MREMAP] = "mremap() to another address",
	[TLBSCOPE_CALL_UFFD_WP] = "UFFDIO_WRITEPROTECT: rights taken in place, as NUMA balancing does",
};

static double cycles(const struct shots *shots, double ns)
{
	return shots->clock.tsc ? ns * shots->clock.ticks_per_ns : NAN;
}

static double known(const struct tlbscope_estimate *e)
{
	return tlbscope_inconclusive(e) ? NAN : e->value;
}

/* shotprint_refused - why there is nothing about UFFDIO_WRITEPROTECT */
const char *shotprint_refused(int err)
{
	if (err == EPERM)
		return "uffd-wp cannot be measured: userfaultfd(2) is not permitted here; try: outside of the container";
	if (err == ENOSYS)
		return "uffd-wp cannot be measured: userfaultfd(2) is missing here; try: outside of the container, or a kernel with CONFIG_USERFAULTFD";
	return "uffd-wp cannot be measured: this kernel cannot write-protect by userfaultfd(2); try: Linux 5.11 or newer";
}

/*
 * Text
 */

static struct out_text whole(double n)
{
	struct out_text text = { "-" };

	return isfinite(n) ? out_count((uint64_t)(n + 0.5)) : text;
}

static struct out_text tenths(double n)
{
	struct out_text text = { "-" };

	if (isfinite(n) && n < 1000)
		snprintf(text.s, sizeof(text.s), "%.1f", n);
	else if (isfinite(n))
		return whole(n);
	return text;
}

static void cell(struct table *t, const struct tlbscope_estimate *e)
{
	table_cell(t, "%s", tlbscope_inconclusive(e) ? INCONCLUSIVE : whole(e->value).s);
}

static void print_cpus(const struct crowd *crowd)
{
	size_t i, last;

	for (i = 0; i < crowd->n; i = last + 1) {
		last = i;
		while (last + 1 < crowd->n && crowd->cpus[last + 1] == crowd->cpus[last] + 1)
			last++;
		printf("%s%u", i ? "," : "", crowd->cpus[i]);
		if (last > i)
			printf("-%u", crowd->cpus[last]);
	}
}

static void print_crowds(const struct shots *shots)
{
	size_t i;

	printf("calls      on CPU %u\n", shots->cpu);
	for (i = 1; i < shots->n_crowds; i++) {
		const struct crowd *crowd = &shots->crowds[i];

		printf("%s%zu, %s: on CPU%s ", i > 1 ? "           " : "threads    ", crowd->n,
		       crowd->name, crowd->n > 1 ? "s" : "");
		print_cpus(crowd);
		putchar('\n');
	}
	if (shots->n_crowds > 1)
		return;
	if (shots->allowed < 2)
		puts("threads    none: only one CPU may be used here (affinity, cgroup), so that there is no shootdown");
	else
		puts("threads    none");
}

static void print_head(const struct shots *shots)
{
	char *machine = plot_machine();

	puts(machine);
	free(machine);
	print_crowds(shots);
	if (shots->clock.tsc)
		printf("clock      TSC at %s MHz, 1 ns is %.2f cycles; reading it takes %.0f ns, subtracted\n",
		       tenths(shots->clock.ticks_per_ns * 1000).s, shots->clock.ticks_per_ns,
		       shots->vec[0].result.empty_ns);
	else
		printf("clock      CLOCK_MONOTONIC_RAW, as the TSC is not constant here; reading it takes %.0f ns, subtracted\n",
		       shots->vec[0].result.empty_ns);
	if (shots->ceiling)
		printf("ceiling    of more than %s pages the kernel flushes all (tlb_single_page_flush_ceiling)\n",
		       COUNT(shots->ceiling));
}

static const char *const titles[] = {
	"pages", "ns a call", "mad", "cycles", "ns a page", "cycles", "untouched",
	"threads", "alone", "shootdown", "share", "interrupted", "for ns",
};

/* The first are those of a table without other threads */
#define ALIGN		"rrrrrrrlrrrrr"
#define ALIGN_ALONE	"rrrrrrr"

static void costs(struct table *t, const struct shots *shots, const struct shot *shot)
{
	const struct tlbscope_stats *time = &shot->result.touched.time;
	double ns = known(&time->median);

	table_cell(t, "%s", COUNT(shot->pages));
	cell(t, &time->median);
	table_cell(t, "%s", whole(time->mad).s);
	table_cell(t, "%s", whole(cycles(shots, ns)).s);
	table_cell(t, "%s", tenths(ns / shot->pages).s);
	table_cell(t, "%s", tenths(cycles(shots, ns) / shot->pages).s);
	cell(t, &shot->result.untouched.time.median);
}

static void percent(struct table *t, double share)
{
	if (isfinite(share))
		table_cell(t, "%.1f %%", 100 * share);
	else
		table_cell(t, "-");
}

static void beside(struct table *t, const struct shot *shot)
{
	struct tlbscope_estimate shootdown = shot_shootdown(shot);
	struct interruption interruption = shot_interruption(shot);

	table_cell(t, "%zu, %s", shot->crowd->n, shot->crowd->name);
	cell(t, &shot->alone->result.touched.time.median);
	cell(t, &shootdown);
	percent(t, shot_share(shot));
	percent(t, interruption.share);
	if (interruption.time.count)
		cell(t, &interruption.time.median);
	else
		table_cell(t, "-");
}

/* Those beside other threads; where there are none, those without */
static bool worth_a_row(const struct shots *shots, const struct shot *shot)
{
	return shot->crowd->n || shots->n_crowds == 1;
}

static void print_call(const struct shots *shots, enum tlbscope_call call)
{
	struct table *t = NULL;
	size_t i;

	for (i = 0; i < shots->n; i++) {
		if (shots->vec[i].call != call || !worth_a_row(shots, &shots->vec[i]))
			continue;
		if (!t) {
			printf("\n%s: %s\n", tlbscope_call_name(call), spelled[call]);
			t = table_new(shots->n_crowds > 1 ? ALIGN : ALIGN_ALONE);
			table_cells(t, titles);
		}
		costs(t, shots, &shots->vec[i]);
		if (shots->n_crowds > 1)
			beside(t, &shots->vec[i]);
	}
	if (t)
		table_print(t, "");
	if (shots->refused[call])
		printf("\n%s\n", shotprint_refused(shots->refused[call]));
}

/* The span of a figure over the calls, "inconclusive" if there is none */
struct span {
	double low;
	double high;
};

static void widen(struct span *span, double value)
{
	if (!isfinite(value))
		return;
	span->low = span->high > 0 ? fmin(span->low, value) : value;
	span->high = fmax(span->high, value);
}

static void print_span(const struct span *span, const char *unit)
{
	if (!(span->high > 0))
		fputs(INCONCLUSIVE, stdout);
	else if (span->high - span->low < 1)
		printf("%s %s", whole(span->low).s, unit);
	else
		printf("%s to %s %s", whole(span->low).s, whole(span->high).s, unit);
}

static void print_short(const struct shots *shots, const struct crowd *crowd)
{
	struct span took = { 0 }, share = { 0 }, kept = { 0 };
	size_t i;

	for (i = 0; i < shots->n; i++) {
		const struct shot *shot = &shots->vec[i];
		struct tlbscope_estimate shootdown;
		struct interruption interruption;

		if (shot->crowd != crowd || shot->pages != shots->pages.value[0])
			continue;
		shootdown = shot_shootdown(shot);
		interruption = shot_interruption(shot);
		widen(&took, known(&shootdown));
		widen(&share, 100 * shot_share(shot));
		if (interruption.time.count)
			widen(&kept, known(&interruption.time.median));
	}
	printf("  %zu, %s: ", crowd->n, crowd->name);
	print_span(&took, "ns");
	if (took.high > 0) {
		fputs(", ", stdout);
		print_span(&share, "% of the call");
	}
	if (kept.high > 0) {
		fputs("; a thread is interrupted for ", stdout);
		print_span(&kept, "ns");
	}
	putchar('\n');
}

static const char legend[] =
"ns a call: median, on pages that had been written to; mad: half of the samples are as\n"
"near to it; untouched: on pages that were never touched, where nothing is flushed\n";

static const char legend_beside[] =
"alone: without other threads; shootdown: what the threads add to a call, less what\n"
"they add to one on untouched pages; share: of the call's time; interrupted: calls that\n"
"kept a thread from running, and for how long (median)\n";

static const char legend_inconclusive[] =
"inconclusive: the 95 % confidence interval reaches 0 or is wider than half the figure\n";

static void print_notes(const struct shots *shots)
{
	struct tlbscope_info info;
	const char *hypervisor;

	tlbscope_machine(&info);
	hypervisor = machine_hypervisor(&info);
	if (hypervisor[0] && shots->n_crowds > 1)
		printf("Under %s: interrupting another virtual CPU may take the hypervisor's help, which makes\n"
		       "it dearer than on the bare machine; and with paravirtual flushes a virtual CPU that\n"
		       "does not run just then is not interrupted, but flushes before it runs again.\n",
		       hypervisor);
	if ((info.features & TLBSCOPE_FEAT_INVLPGB) && shots->n_crowds > 1)
		puts("This CPU has INVLPGB: from Linux 6.15 on, processes that run on more than three CPUs may\n"
		     "be flushed by broadcast, without interrupting anybody.");
}

static double timed_seconds(const struct shot *shot)
{
	const struct tlbscope_shootdown_result *r = &shot->result;
	double ns = 0;
	unsigned int i;

	for (i = 0; i < r->samples; i++)
		ns += r->touched.raw[i] + r->untouched.raw[i];
	return ns / 1e9;
}

/* How many samples there are of each, and where the time went */
static void print_effort(const struct shots *shots)
{
	unsigned int least = UINT32_MAX, most = 0;
	uint64_t discarded = 0;
	double timed = 0;
	size_t i;

	for (i = 0; i < shots->n; i++) {
		unsigned int n = shots->vec[i].result.samples;

		least = n < least ? n : least;
		most = n > most ? n : most;
		discarded += shots->vec[i].result.discarded;
		timed += timed_seconds(&shots->vec[i]);
	}
	printf("%zu measurements of ", shots->n);
	if (least < most)
		printf("%u to ", least);
	printf("%u samples took %.1f s, %.1f s of it in the calls that were timed\n", most,
	       shots->seconds, timed);
	if (discarded)
		printf("%s more were discarded, as a thread was not running when the call began\n",
		       COUNT(discarded));
}

void shotprint_text(const struct shots *shots)
{
	int call;
	size_t i;

	print_head(shots);
	for (call = 0; call < TLBSCOPE_CALLS; call++)
		print_call(shots, call);
	putchar('\n');
	if (shots->n_crowds > 1)
		printf("In short, the shootdown of %s page%s, over the calls\n",
		       COUNT(shots->pages.value[0]), shots->pages.value[0] > 1 ? "s" : "");
	for (i = 1; i < shots->n_crowds; i++)
		print_short(shots, &shots->crowds[i]);
	if (shots->n_crowds > 1)
		putchar('\n');
	fputs(legend, stdout);
	if (shots->n_crowds > 1)
		fputs(legend_beside, stdout);
	fputs(legend_inconclusive, stdout);
	print_notes(shots);
	print_effort(shots);
}
