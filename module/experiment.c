// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <asm/processor-flags.h>
#include <asm/tsc.h>

#include "compat.h"
#include "experiment.h"
#include "figures.h"
#include "invalidate.h"
#include "machine.h"
#include "measure.h"
#include "pages.h"
#include "request.h"
#include "target.h"
#include "worker.h"

/*
 * How an experiment reaches a target on a CPU where it may not even run. A
 * worker of that CPU takes on the target's address space for a batch of rounds,
 * as the kernel's own helpers do (kthread_use_mm()). That loads CR3 with the tag
 * under which this CPU knows the target, and drops nothing by itself if the
 * target was there before. So what the worker invalidates is the target's own,
 * and what it reads fills the TLB for it.
 *
 * Nothing is held from one batch to the next, and a batch ends with the first
 * round after a millisecond. During a batch mm_users keeps the tables, and the
 * CPU stays on line. So a target that exits, a CPU that goes and a signal wait
 * for a round at most, once the worker has its CPU.
 *
 * Interrupts are off for a stretch of pages at a time, since nothing may come
 * between what is timed and the times; in an IPI, of which that is all.
 */

/* Rounds that are not counted: caches, branch predictors, the clock's speed */
#define WARM_UP		4

/**
 * struct answer - what a CPU did when it was interrupted
 * @sample: what it measured
 * @loaded: it had the target loaded
 * @left: it had not, and may have entries with the target's tag nevertheless
 *
 * Each CPU writes its own; none shares a cache line with another's.
 */
struct answer {
	struct tlbscope_sample sample;
	bool loaded;
	bool left;
} ____cacheline_aligned;

/**
 * struct run - an experiment going on
 * @e: the request
 * @mm: the target's
 * @pages: the range
 * @bystanders: and the pages beside it
 * @nothing: the empty case
 * @invalidate: what each CPU does
 * @by_page: it goes by page
 * @take: a round, on @cpu
 * @cpu: where now; the initiator of an IPI
 * @done: rounds, negative while warming up
 * @rows: CPUs that have samples at the same time
 * @sample: @rows times e->times of them; one if nothing is measured
 * @answer: of an IPI, by CPU
 * @loaded: of an IPI: rounds in which a row had the target loaded
 * @left: of an IPI: in the round before, there was a CPU with entries left
 * @sent: when the IPI was sent
 * @in_step: the CPUs' counters run together
 * @err: of any CPU in a round
 */
struct run {
	struct experiment *e;
	struct mm_struct *mm;
	struct pages *pages;
	struct pages *bystanders;
	invalidate_fn nothing;
	invalidate_fn invalidate;
	bool by_page;
	int (*take)(struct run *run);
	int cpu;
	s64 done;
	u32 rows;
	struct tlbscope_sample *sample;
	struct answer *answer;
	u32 *loaded;
	bool left;
	u64 sent;
	bool in_step;
	int err;
};

/*
 * What a request is about
 */

static int check_request(const struct experiment *e)
{
	u64 available = invalidate_available();
	bool ipi = e->method == TLBSCOPE_IPI;

	if (e->method >= TLBSCOPE_METHODS || e->local >= TLBSCOPE_METHODS)
		return -EINVAL;
	if (e->local == TLBSCOPE_IPI || (ipi && e->local == TLBSCOPE_INVLPGB))
		return -EINVAL;
	if (!ipi && (e->local || e->initiator != -1))
		return -EINVAL;
	if (!e->times)
		return -EINVAL;
	if (e->times > (e->measured ? TLBSCOPE_SAMPLES_MAX : TLBSCOPE_REPEAT_MAX))
		return -E2BIG;
	if (!(available & BIT_ULL(e->method)) ||
	    (ipi && !(available & BIT_ULL(e->local))))
		return -EOPNOTSUPP;
	return e->target->kind == TARGET_KERNEL ? -EINVAL : 0;
}

/* Both in the user's half, and apart */
static int check_ranges(const struct experiment *e)
{
	bool bystanders = e->bystanders_start != e->bystanders_end;
	u64 last, other;
	int ret;

	ret = request_bounds(e->start, e->end, machine_levels(), &last);
	if (!ret && bystanders)
		ret = request_bounds(e->bystanders_start, e->bystanders_end,
				     machine_levels(), &other);
	if (ret)
		return ret;
	if (last >= machine_user_end())
		return -EINVAL;
	if (!bystanders)
		return 0;
	if (other >= machine_user_end() ||
	    (e->bystanders_start <= last && e->start <= other))
		return -EINVAL;
	return 0;
}

/* CPUs that are named must all be there */
static int find_cpus(struct experiment *e)
{
	if (e->flags & TLBSCOPE_CPUS_ALL)
		cpumask_copy(e->cpus, cpu_online_mask);
	else if (e->flags & TLBSCOPE_CPUS_RUN)
		target_cpus(e->target, e->cpus);
	if (cpumask_empty(e->cpus))
		return -EINVAL;
	if (!cpumask_subset(e->cpus, cpu_online_mask))
		return -ENXIO;
	return 0;
}

/* Who interrupts whom */
static int find_initiator(struct experiment *e)
{
	if (e->initiator < -1)
		return -EINVAL;
	if (e->initiator == -1)
		e->initiator = cpumask_first(e->cpus);
	if (e->initiator >= nr_cpu_ids || !cpu_online(e->initiator))
		return -ENXIO;
	if (cpumask_weight(e->cpus) == 1 &&
	    cpumask_test_cpu(e->initiator, e->cpus))
		return -EINVAL;
	return 0;
}

static int find_pages(struct run *run)
{
	struct experiment *e = run->e;
	bool mapped = false, any;
	int ret;

	ret = pages_find(run->pages, e->target, e->start, e->end, &mapped);
	if (!ret && !mapped)
		ret = -EFAULT;
	if (!ret && run->bystanders)
		ret = pages_find(run->bystanders, e->target,
				 e->bystanders_start, e->bystanders_end, &any);
	if (ret)
		return ret;
	/* All of them in one interrupt */
	if (e->method == TLBSCOPE_IPI && method_is_by_page(e->local) &&
	    run->pages->n > TLBSCOPE_STRETCH)
		return -E2BIG;
	e->pages = run->pages->n;
	if (e->measured)
		e->pages_read = run->pages->reads;
	if (run->bystanders)
		e->bystanders_read = run->bystanders->reads;
	return 0;
}

/*
 * A round: all of this runs on the CPU in question, with the target loaded
 */

/* Nothing comes between what is timed and the times */
static int time_stretch(invalidate_fn fn, const u64 *address, u32 n,
			u32 *cycles)
{
	struct invalidate_cpu cpu;
	unsigned long flags;
	u64 begin, end;
	int ret;

	local_irq_save(flags);
	invalidate_look(&cpu);
	begin = measure_now();
	ret = fn(&cpu, address, n);
	end = measure_now();
	local_irq_restore(flags);
	measure_add(cycles, begin, end);
	return ret;
}

static u32 time_empty(const struct run *run)
{
	u32 cycles = 0;

	time_stretch(run->nothing, NULL, 0, &cycles);
	return cycles;
}

static int invalidate_stretch(const struct run *run, const u64 *address,
			      u32 n, struct tlbscope_sample *s)
{
	s->stretches++;
	return time_stretch(run->invalidate, address, n, &s->invalidation);
}

static int invalidate_pages(const struct run *run, struct tlbscope_sample *s)
{
	const struct pages *set = run->pages;
	int ret = 0;
	u32 i;

	s->invalidation = 0;
	s->stretches = 0;
	if (!run->by_page)
		return invalidate_stretch(run, NULL, 0, s);
	for (i = 0; i < set->n && !ret; i += TLBSCOPE_STRETCH)
		ret = invalidate_stretch(run, set->address + i,
					 min_t(u32, set->n - i, TLBSCOPE_STRETCH), s);
	return ret;
}

static bool read_both(const struct run *run, u32 *pages, u32 *bystanders)
{
	return pages_read(run->pages, run->mm, pages) &&
	       pages_read(run->bystanders, run->mm, bystanders);
}

static void forget_reads(struct tlbscope_sample *s)
{
	s->warm = 0;
	s->cold = 0;
	s->bystanders_warm = 0;
	s->bystanders_cold = 0;
}

/* Twice, so that the second time finds all that the caches can hold */
static bool read_before(const struct run *run, struct tlbscope_sample *s)
{
	return read_both(run, &s->warm, &s->bystanders_warm) &&
	       read_both(run, &s->warm, &s->bystanders_warm);
}

static bool read_after(const struct run *run, struct tlbscope_sample *s)
{
	return read_both(run, &s->cold, &s->bystanders_cold);
}

/* The sample of this round; what warms up, or is not measured, is overwritten */
static struct tlbscope_sample *this_sample(struct run *run, u32 row)
{
	u32 round = 0;

	if (run->e->measured && run->done >= 0)
		round = run->done;
	return &run->sample[row * run->e->times + round];
}

static int take_local(struct run *run)
{
	struct tlbscope_sample *s = this_sample(run, 0);
	bool reads = run->e->measured;
	int ret;

	memset(s, 0, sizeof(*s));
	s->cpu = run->cpu;
	if (reads) {
		s->empty = time_empty(run);
		reads = read_before(run, s);
	}
	ret = invalidate_pages(run, s);
	if (ret)
		return ret;
	if (!reads || !read_after(run, s))
		forget_reads(s);
	return 0;
}

/* Whether this CPU has the target's root loaded */
static bool has_loaded(const struct invalidate_cpu *cpu,
		       const struct mm_struct *mm)
{
	return (cpu->cr3 & CR3_ADDR_MASK) == __pa(mm->pgd);
}

/*
 * A CPU that is interrupted, with whatever address space it has. If that is not
 * the target's, the target's tag is not known here; but then none of its entries
 * is used before it is loaded, and let_go_elsewhere() takes care of that. Where
 * the kernel flushes by broadcast it does not: there all tags are dropped.
 */
static void respond(void *arg)
{
	u64 now = measure_now();
	struct run *run = arg;
	struct answer *answer = &run->answer[smp_processor_id()];
	struct tlbscope_sample *s = &answer->sample;
	struct invalidate_cpu cpu;
	int ret = 0;

	memset(answer, 0, sizeof(*answer));
	s->cpu = smp_processor_id();
	if (run->in_step && now > run->sent)
		s->delivery = measure_between(run->sent, now);
	s->empty = time_empty(run);
	invalidate_look(&cpu);
	answer->loaded = has_loaded(&cpu, run->mm);
	answer->left = !answer->loaded && (cpu.cr4 & X86_CR4_PCIDE);
	if (answer->loaded)
		ret = invalidate_pages(run, s);
	else if (COMPAT_BROADCAST_FLUSH && machine_invlpgb_pages)
		ret = invalidate_method(TLBSCOPE_INVPCID_NONGLOBAL)(&cpu, NULL, 0);
	if (ret)
		WRITE_ONCE(run->err, ret);
}

/*
 * The first half of what the kernel does for a flush: each CPU compares this
 * number when it loads the address space, and flushes it if it has grown. It may
 * grow at any time for no reason, and is ordered before the IPI as there.
 */
static void let_go_elsewhere(struct run *run)
{
	atomic64_inc_return(&run->mm->context.tlb_gen);
}

/* Rows: the initiator, then the others in their order */
static void keep_answers(struct run *run)
{
	const struct answer *answer;
	u32 row = 1;
	int cpu;

	for_each_cpu(cpu, run->e->cpus) {
		if (cpu == run->cpu || !run->e->measured)
			continue;
		answer = &run->answer[cpu];
		*this_sample(run, row) = answer->sample;
		if (run->done >= 0)
			run->loaded[row] += answer->loaded;
		row++;
	}
}

/* A CPU can only go off line when all let themselves be interrupted for it */
static int send_ipi(struct run *run, struct tlbscope_sample *s)
{
	int ret = -ENXIO;
	u64 end;

	preempt_disable();
	if (cpumask_subset(run->e->cpus, cpu_online_mask)) {
		run->sent = measure_now();
		on_each_cpu_mask(run->e->cpus, respond, run, true);
		end = measure_now();
		s->invalidation = measure_between(run->sent, end);
		s->stretches = 1;
		ret = run->err;
	}
	preempt_enable();
	return ret;
}

static bool any_left(const struct run *run)
{
	int cpu;

	for_each_cpu(cpu, run->e->cpus)
		if (run->answer[cpu].left)
			return true;
	return false;
}

/*
 * To make all others flush costs those, too, that nobody named: it is done only
 * if one that was named had something left. Once more then for whoever loaded
 * the target between its answer and that.
 */
static int interrupt_all(struct run *run, struct tlbscope_sample *s)
{
	bool before = run->left;
	int ret;

	if (before)
		let_go_elsewhere(run);
	ret = send_ipi(run, s);
	if (ret)
		return ret;
	run->left = any_left(run);
	if (before || !run->left)
		return 0;
	let_go_elsewhere(run);
	return send_ipi(run, s);
}

static int take_ipi(struct run *run)
{
	struct tlbscope_sample *s = this_sample(run, 0);
	bool reads = run->e->measured &&
		     cpumask_test_cpu(run->cpu, run->e->cpus);
	int ret;

	memset(s, 0, sizeof(*s));
	s->cpu = run->cpu;
	if (run->e->measured)
		s->empty = time_empty(run);
	if (reads)
		reads = read_before(run, s);
	ret = interrupt_all(run, s);
	if (ret)
		return ret;
	keep_answers(run);
	if (!reads || !read_after(run, s))
		forget_reads(s);
	return 0;
}

/*
 * Rounds, for about a millisecond
 */

/* In a worker of run->cpu */
static int batch(void *arg)
{
	struct run *run = arg;
	u64 begin = measure_now();
	int ret;

	kthread_use_mm(run->mm);
	do {
		ret = run->take(run);
		if (ret)
			break;
		if (run->done >= 0)
			run->e->done++;
		run->done++;
		cond_resched();
	} while (run->done < run->e->times && measure_now() - begin < tsc_khz);
	kthread_unuse_mm(run->mm);
	return ret;
}

/* The CPUs that are interrupted have other things to do, too */
static void pause_between(const struct run *run)
{
	if (run->e->method == TLBSCOPE_IPI)
		usleep_range(500, 1000);
	else
		cond_resched();
}

static int run_rounds(struct run *run)
{
	int ret = 0;

	run->done = run->e->measured ? -WARM_UP : 0;
	while (!ret && run->done < run->e->times) {
		if (signal_pending(current))
			return -EINTR;
		ret = target_enter(run->e->target);
		if (ret)
			return ret;
		ret = worker_run(run->cpu, batch, run);
		target_leave(run->e->target);
		pause_between(run);
	}
	return ret;
}

/*
 * What comes of it
 */

static void summarise_row(const struct run *run, u32 row, u32 role,
			  s64 *scratch)
{
	const u32 n = run->e->times;
	const struct tlbscope_sample *s = &run->sample[row * n];
	struct tlbscope_cost_cpu *cost = &run->e->cost[run->e->costs++];

	cost->cpu = s->cpu;
	cost->role = role;
	if (role == TLBSCOPE_ROLE_RESPONDER)
		cost->loaded = run->loaded[row];
	figures_of(cost, s, n, scratch);
}

static int copy_raw(struct run *run, u32 row)
{
	struct experiment *e = run->e;
	u32 n = min(e->times, e->raw_len - e->raw_filled);

	if (!e->raw || !n)
		return 0;
	if (copy_to_user(e->raw + e->raw_filled, &run->sample[row * e->times],
			 n * sizeof(*e->raw)))
		return -EFAULT;
	e->raw_filled += n;
	return 0;
}

static int report_rows(struct run *run, u32 first_role)
{
	s64 *scratch;
	int ret = 0;
	u32 row;

	if (!run->e->measured)
		return 0;
	scratch = kvcalloc(run->e->times, sizeof(*scratch), GFP_KERNEL_ACCOUNT);
	if (!scratch)
		return -ENOMEM;
	for (row = 0; row < run->rows && !ret; row++) {
		summarise_row(run, row, row ? TLBSCOPE_ROLE_RESPONDER : first_role,
			      scratch);
		ret = copy_raw(run, row);
	}
	kvfree(scratch);
	return ret;
}

static int run_local(struct run *run)
{
	int cpu, ret = 0;

	run->take = take_local;
	run->invalidate = invalidate_method(run->e->method);
	run->by_page = method_is_by_page(run->e->method);
	for_each_cpu(cpu, run->e->cpus) {
		run->cpu = cpu;
		ret = run_rounds(run) ?: report_rows(run, TLBSCOPE_ROLE_LOCAL);
		if (ret)
			break;
	}
	return ret;
}

static int run_ipi(struct run *run)
{
	run->take = take_ipi;
	run->invalidate = invalidate_method(run->e->local);
	run->by_page = method_is_by_page(run->e->local);
	run->cpu = run->e->initiator;
	run->in_step = !check_tsc_unstable();
	return run_rounds(run) ?: report_rows(run, TLBSCOPE_ROLE_INITIATOR);
}

/*
 * Memory, for one request
 */

static void free_run(struct run *run)
{
	kvfree(run->pages);
	kvfree(run->bystanders);
	kvfree(run->sample);
	kvfree(run->answer);
	kvfree(run->loaded);
}

static int alloc_pages_of(struct run *run)
{
	const struct experiment *e = run->e;

	run->pages = kvzalloc(sizeof(*run->pages), GFP_KERNEL_ACCOUNT);
	if (!run->pages)
		return -ENOMEM;
	if (!e->measured || e->bystanders_start == e->bystanders_end)
		return 0;
	run->bystanders = kvzalloc(sizeof(*run->bystanders), GFP_KERNEL_ACCOUNT);
	return run->bystanders ? 0 : -ENOMEM;
}

/* CPUs that report: those of an IPI at the same time, else one after another */
static int alloc_samples(struct run *run)
{
	struct experiment *e = run->e;
	u32 cpus = cpumask_weight(e->cpus);
	u32 samples = e->measured ? e->times : 1;

	run->rows = 1;
	if (e->method == TLBSCOPE_IPI) {
		cpus += !cpumask_test_cpu(e->initiator, e->cpus);
		run->rows = cpus;
		run->answer = kvcalloc(nr_cpu_ids, sizeof(*run->answer),
				       GFP_KERNEL_ACCOUNT);
		run->loaded = kvcalloc(cpus, sizeof(*run->loaded),
				       GFP_KERNEL_ACCOUNT);
		if (!run->answer || !run->loaded)
			return -ENOMEM;
	}
	if (e->measured) {
		if (cpus > e->costs_max ||
		    run->rows > TLBSCOPE_RECORDS_MAX / samples)
			return -E2BIG;
		e->cost = kvcalloc(cpus, sizeof(*e->cost), GFP_KERNEL_ACCOUNT);
		if (!e->cost)
			return -ENOMEM;
	}
	run->sample = kvcalloc((size_t)run->rows * samples, sizeof(*run->sample),
			       GFP_KERNEL_ACCOUNT);
	return run->sample ? 0 : -ENOMEM;
}

/* What is to be known of the target before the first batch */
static int look_at_target(struct run *run)
{
	struct experiment *e = run->e;
	int ret;

	ret = target_enter(e->target);
	if (ret)
		return ret;
	run->mm = target_mm(e->target);
	ret = find_cpus(e);
	if (!ret && e->method == TLBSCOPE_IPI)
		ret = find_initiator(e);
	if (!ret)
		ret = find_pages(run);
	target_leave(e->target);
	return ret;
}

/**
 * experiment_run - carry it out
 * @e: all "in" fields set, the others zero; ended by experiment_free()
 *
 * May sleep, and takes as long as was asked for, up to minutes; a signal ends it.
 *
 * Return: 0; -EINVAL, -E2BIG, -EOPNOTSUPP, -ENXIO, -EFAULT, -ESRCH, -EINTR as
 * &struct tlbscope_invalidation says; -ENOMEM.
 */
int experiment_run(struct experiment *e)
{
	struct run run = { .e = e, .nothing = invalidate_nothing() };
	int ret;

	ret = check_request(e) ?: check_ranges(e) ?: alloc_pages_of(&run) ?:
	      look_at_target(&run) ?: alloc_samples(&run);
	if (!ret)
		ret = e->method == TLBSCOPE_IPI ? run_ipi(&run) : run_local(&run);
	free_run(&run);
	return ret;
}

/**
 * experiment_free - give back what it brought
 * @e: run, successfully or not
 */
void experiment_free(struct experiment *e)
{
	kvfree(e->cost);
	e->cost = NULL;
	e->costs = 0;
}
