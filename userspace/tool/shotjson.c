// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <string.h>

#include "csv.h"
#include "machine.h"
#include "mem.h"
#include "out.h"
#include "shotprint.h"

static double known(const struct tlbscope_estimate *e)
{
	return tlbscope_inconclusive(e) ? NAN : e->value;
}

static double cycles(const struct shots *shots, double ns)
{
	return shots->clock.tsc ? ns * shots->clock.ticks_per_ns : NAN;
}

/*
 * JSON
 */

static json_object *estimate_json(const struct tlbscope_estimate *e)
{
	json_object *o = new_object();

	put_double(o, "value", known(e));
	put_double(o, "low", e->low);
	put_double(o, "high", e->high);
	put_bool(o, "inconclusive", tlbscope_inconclusive(e));
	return o;
}

static json_object *stats_json(const struct tlbscope_stats *stats)
{
	json_object *o = estimate_json(&stats->median);

	put_double(o, "min", stats->min);
	put_double(o, "p99", stats->p99);
	put_double(o, "max", stats->max);
	put_double(o, "mad", stats->mad);
	return o;
}

static json_object *cpus_json(const struct crowd *crowd)
{
	json_object *array = new_array();
	size_t i;

	for (i = 0; i < crowd->n; i++)
		put_number(array, crowd->cpus[i]);
	return array;
}

static json_object *thread_json(const struct shot *shot, size_t i)
{
	const struct tlbscope_shootdown_result *r = &shot->result;
	const struct tlbscope_interruption *touched = &r->touched.threads[i];
	json_object *o = new_object(), *quiet = new_object();

	put_int(o, "cpu", shot->crowd->cpus[i]);
	put_int(o, "interrupted_calls", touched->calls);
	put_int(o, "interruptions", touched->gaps);
	put_object(o, "interrupted_ns", touched->calls ? stats_json(&touched->time) : NULL);
	put_int(o, "interrupted_calls_untouched", r->untouched.threads[i].calls);
	put_double(quiet, "ns", r->quiet_ns);
	put_int(quiet, "interruptions", r->quiet[i].gaps);
	put_double(quiet, "longest_ns", r->quiet[i].longest_ns);
	put_object(o, "without_calls", quiet);
	return o;
}

static json_object *samples_json(const double *raw, unsigned int n)
{
	json_object *array = new_array();
	unsigned int i;

	for (i = 0; i < n; i++)
		put_decimal(array, raw[i]);
	return array;
}

static json_object *raw_json(const struct tlbscope_shootdown_result *r)
{
	json_object *o = new_object(), *threads = new_array();
	size_t i;

	put_object(o, "time_ns", samples_json(r->touched.raw, r->samples));
	put_object(o, "untouched_ns", samples_json(r->untouched.raw, r->samples));
	for (i = 0; i < r->n_threads; i++)
		put_element(threads, samples_json(r->touched.threads[i].raw, r->samples));
	put_object(o, "interrupted_ns", threads);
	return o;
}

static void put_costs(json_object *o, const struct shots *shots, const struct shot *shot)
{
	const struct tlbscope_stats *time = &shot->result.touched.time;
	double ns = known(&time->median);

	put_object(o, "time_ns", stats_json(time));
	put_double(o, "time_cycles", cycles(shots, ns));
	put_double(o, "page_ns", ns / shot->pages);
	put_double(o, "page_cycles", cycles(shots, ns) / shot->pages);
	put_double(o, "alone_ns", known(&shot->alone->result.touched.time.median));
	put_object(o, "untouched_ns", stats_json(&shot->result.untouched.time));
}

static void put_shootdown(json_object *o, const struct shot *shot)
{
	struct tlbscope_estimate shootdown = shot_shootdown(shot);
	struct interruption interruption = shot_interruption(shot);

	if (!shot->crowd->n) {
		put_null(o, "shootdown_ns");
		put_null(o, "share");
		put_null(o, "interrupted_share");
		put_null(o, "interrupted_ns");
		return;
	}
	put_object(o, "shootdown_ns", estimate_json(&shootdown));
	put_double(o, "share", shot_share(shot));
	put_double(o, "interrupted_share", interruption.share);
	put_object(o, "interrupted_ns",
		   interruption.time.count ? stats_json(&interruption.time) : NULL);
}

static json_object *shot_json(const struct shots *shots, const struct shot *shot, bool raw)
{
	json_object *o = new_object(), *threads = new_array();
	size_t i;

	put_str(o, "call", tlbscope_call_name(shot->call));
	put_int(o, "pages", shot->pages);
	put_int(o, "threads", shot->crowd->n);
	put_str(o, "where", shot->crowd->name);
	put_object(o, "thread_cpus", cpus_json(shot->crowd));
	put_int(o, "samples", shot->result.samples);
	put_int(o, "discarded", shot->result.discarded);
	put_double(o, "empty_ns", shot->result.empty_ns);
	put_costs(o, shots, shot);
	put_shootdown(o, shot);
	for (i = 0; i < shot->crowd->n; i++)
		put_element(threads, thread_json(shot, i));
	put_object(o, "per_thread", threads);
	if (raw)
		put_object(o, "raw", raw_json(&shot->result));
	return o;
}

static void put_machine(json_object *o, const struct shots *shots)
{
	struct tlbscope_info info;
	char cpu[MACHINE_LEN];

	tlbscope_machine(&info);
	machine_cpu(cpu);
	put_str(o, "cpu", cpu);
	put_str(o, "kernel", info.kernel);
	if (info.hypervisor[0])
		put_str(o, "hypervisor", machine_hypervisor(&info));
	else
		put_null(o, "hypervisor");
	put_str(o, "clock", shots->clock.tsc ? "tsc" : "monotonic_raw");
	put_double(o, "cycles_per_ns", cycles(shots, 1));
	if (shots->ceiling)
		put_int(o, "single_page_flush_ceiling", shots->ceiling);
	else
		put_null(o, "single_page_flush_ceiling");
	put_int(o, "calling_cpu", shots->cpu);
	put_int(o, "cpus_allowed", shots->allowed);
	put_double(o, "seconds", shots->seconds);
}

void shotprint_json(const struct shots *shots, bool raw)
{
	json_object *o = new_object(), *list = new_array(), *refused = new_object();
	size_t i;
	int call;

	put_machine(o, shots);
	for (call = 0; call < TLBSCOPE_CALLS; call++)
		if (shots->refused[call])
			put_str(refused, tlbscope_call_name(call),
				shotprint_refused(shots->refused[call]));
	put_object(o, "not_measured", refused);
	for (i = 0; i < shots->n; i++)
		put_element(list, shot_json(shots, &shots->vec[i], raw));
	put_object(o, "measurements", list);
	out_json(o);
}

/*
 * CSV
 */

static const char *const columns[] = {
	"call", "pages", "threads", "where", "samples", "time_ns", "time_low_ns",
	"time_high_ns", "time_min_ns", "time_p99_ns", "time_max_ns", "time_mad_ns",
	"time_cycles", "page_ns", "page_cycles", "alone_ns", "untouched_ns",
	"shootdown_ns", "shootdown_low_ns", "shootdown_high_ns", "share",
	"interrupted_share", "interrupted_ns",
};

static void put_stats(struct csv *csv, const struct tlbscope_stats *stats)
{
	csv_number(csv, known(&stats->median));
	csv_number(csv, stats->median.low);
	csv_number(csv, stats->median.high);
	csv_number(csv, stats->min);
	csv_number(csv, stats->p99);
	csv_number(csv, stats->max);
	csv_number(csv, stats->mad);
}

static void put_others(struct csv *csv, const struct shot *shot)
{
	struct tlbscope_estimate shootdown = shot_shootdown(shot);
	struct interruption interruption = shot_interruption(shot);
	bool any = shot->crowd->n;

	csv_number(csv, any ? known(&shootdown) : NAN);
	csv_number(csv, any ? shootdown.low : NAN);
	csv_number(csv, any ? shootdown.high : NAN);
	csv_number(csv, any ? shot_share(shot) : NAN);
	csv_number(csv, any ? interruption.share : NAN);
	csv_number(csv, interruption.time.count ? known(&interruption.time.median) : NAN);
}

void shotprint_csv(const struct shots *shots)
{
	struct csv csv = { .to = stdout };
	size_t i;

	csv_header(&csv, columns, ARRAY_SIZE(columns));
	for (i = 0; i < shots->n; i++) {
		const struct shot *shot = &shots->vec[i];
		double ns = known(&shot->result.touched.time.median);

		csv_text(&csv, tlbscope_call_name(shot->call));
		csv_count(&csv, shot->pages);
		csv_count(&csv, shot->crowd->n);
		csv_text(&csv, shot->crowd->name);
		csv_count(&csv, shot->result.samples);
		put_stats(&csv, &shot->result.touched.time);
		csv_number(&csv, cycles(shots, ns));
		csv_number(&csv, ns / shot->pages);
		csv_number(&csv, cycles(shots, ns) / shot->pages);
		csv_number(&csv, known(&shot->alone->result.touched.time.median));
		csv_number(&csv, known(&shot->result.untouched.time.median));
		put_others(&csv, shot);
		csv_end(&csv);
	}
}
