// SPDX-License-Identifier: GPL-2.0
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "worker.h"

static struct workqueue_struct *worker_queue;

/**
 * struct errand - something to be done, on its way
 * @work: queued
 * @done: it has been done
 * @cpu: where
 * @fn: what
 * @arg: of @fn
 * @ret: what @fn returned
 */
struct errand {
	struct work_struct work;
	struct completion done;
	int cpu;
	int (*fn)(void *arg);
	void *arg;
	int ret;
};

/*
 * A worker whose CPU has gone off line may run on any other. One that cannot
 * migrate keeps its CPU on line: that waits until it can again.
 */
static void run_errand(struct work_struct *work)
{
	struct errand *errand = container_of(work, struct errand, work);

	migrate_disable();
	errand->ret = -ENXIO;
	if (smp_processor_id() == errand->cpu)
		errand->ret = errand->fn(errand->arg);
	migrate_enable();
	complete(&errand->done);
}

/**
 * worker_run - have something done in a thread of the kernel, on a CPU
 * @cpu: which; below nr_cpu_ids
 * @fn: what; may sleep, and should not take long
 * @arg: of @fn
 *
 * The CPU stays on line meanwhile. It may be long before a worker gets it, if a
 * real-time thread has all of it: nothing is held for that, and a signal calls
 * off what has not begun. What has begun is waited for, in any case.
 *
 * Return: what @fn returns; -ENXIO the CPU is off line, -EINTR a signal came.
 */
int worker_run(int cpu, int (*fn)(void *arg), void *arg)
{
	struct errand errand = {
		.cpu	= cpu,
		.fn	= fn,
		.arg	= arg,
		.ret	= -EINTR,
	};

	if (!cpu_online(cpu))
		return -ENXIO;
	init_completion(&errand.done);
	INIT_WORK_ONSTACK(&errand.work, run_errand);
	queue_work_on(cpu, worker_queue, &errand.work);
	if (wait_for_completion_interruptible(&errand.done))
		cancel_work_sync(&errand.work);
	destroy_work_on_stack(&errand.work);
	return errand.ret;
}

/**
 * worker_init - before the first worker_run()
 *
 * The queue is for work that takes its time: other work of the CPU goes on beside
 * it.
 *
 * Return: 0 or -ENOMEM.
 */
int __init worker_init(void)
{
	worker_queue = alloc_workqueue("tlbscope",
				       WQ_CPU_INTENSIVE | COMPAT_WQ_PERCPU, 0);
	return worker_queue ? 0 : -ENOMEM;
}

/**
 * worker_exit - after the last one
 */
void worker_exit(void)
{
	destroy_workqueue(worker_queue);
}
