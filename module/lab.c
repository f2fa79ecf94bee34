// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/tsc.h>

#include "invalidate.h"
#include "ioctl.h"
#include "lab.h"
#include "order.h"
#include "session.h"

/**
 * lab_create - for a file that is being opened
 * @measured: what its request lines ask for is measured
 *
 * Return: the lab, or NULL.
 */
struct lab *lab_create(bool measured)
{
	struct lab *lab = kzalloc(sizeof(*lab), GFP_KERNEL_ACCOUNT);

	if (!lab)
		return NULL;
	if (!zalloc_cpumask_var(&lab->cpus, GFP_KERNEL_ACCOUNT)) {
		kfree(lab);
		return NULL;
	}
	mutex_init(&lab->lock);
	lab->measured = measured;
	return lab;
}

/**
 * lab_destroy - for a file that is being closed
 * @lab: that nobody uses
 */
void lab_destroy(struct lab *lab)
{
	experiment_free(&lab->last);
	target_clear(&lab->target);
	free_cpumask_var(lab->cpus);
	mutex_destroy(&lab->lock);
	kfree(lab);
}

/**
 * lab_may_disturb - whether the caller may
 * @trusted: as for session_may_inspect()
 *
 * Who may inspect may; under lockdown as for any file of debugfs that is more
 * than a look, but asked at each use as well.
 *
 * Return: 0 or -EPERM.
 */
int lab_may_disturb(const struct cred *trusted)
{
	return session_may_inspect(trusted) ?:
	       security_locked_down(LOCKDOWN_DEBUGFS);
}

/* A number that is too large, or in a list that makes no sense */
static int set_cpus(struct cpumask *cpus, const char *list)
{
	int ret = cpulist_parse(list, cpus);

	return ret == -ERANGE || ret == -EOVERFLOW ? -ENXIO : ret;
}

/**
 * lab_ask - do what a line of text says, and keep what comes of it
 * @lab: locked
 * @line: @len bytes and a zero behind them; changed
 * @len: at most REQUEST_LINE_MAX
 *
 * Return: 0, or an errno of experiment_run(): then what the request before
 * brought is still there.
 */
int lab_ask(struct lab *lab, char *line, size_t len)
{
	struct target target = {};
	struct experiment e;
	struct order order;
	int ret;

	ret = order_parse(&order, lab->measured, line, len);
	if (ret)
		return ret;
	e = (struct experiment) {
		.target			= &target,
		.flags			= order.flags,
		.method			= order.method,
		.local			= order.local,
		.start			= order.start,
		.end			= order.end,
		.initiator		= order.initiator,
		.cpus			= lab->cpus,
		.bystanders_start	= order.bystanders_start,
		.bystanders_end		= order.bystanders_end,
		.times			= order.times,
		.measured		= lab->measured,
		.costs_max		= U32_MAX,
	};
	cpumask_clear(lab->cpus);
	if (!order.flags)
		ret = set_cpus(lab->cpus, order.cpus);
	if (!ret && order.whose == REQUEST_KERNEL)
		ret = -EINVAL;
	if (!ret)
		ret = session_aim(&target, order.whose, order.pid);
	if (!ret)
		ret = experiment_run(&e);
	target_clear(&target);
	if (ret) {
		experiment_free(&e);
		return ret;
	}
	experiment_free(&lab->last);
	lab->last = e;
	lab->last.target = NULL;
	lab->asked = true;
	return 0;
}

/*
 * ioctls
 */

static long ioctl_methods(void __user *arg)
{
	struct tlbscope_methods methods = {};
	int ret;

	ret = ioctl_get_args(&methods, sizeof(methods.size), sizeof(methods), arg);
	if (ret)
		return ret;
	methods.tsc_khz = tsc_khz;
	methods.available = invalidate_available();
	return copy_to_user(arg, &methods, sizeof(methods)) ? -EFAULT : 0;
}

/* The bits of 64 CPUs */
static int add_cpus(struct cpumask *cpus, unsigned int first, u64 bits)
{
	unsigned int i;

	for (i = 0; bits; i++, bits >>= 1) {
		if (!(bits & 1))
			continue;
		if (first + i >= nr_cpu_ids)
			return -ENXIO;
		cpumask_set_cpu(first + i, cpus);
	}
	return 0;
}

static int get_cpus(struct cpumask *cpus, u32 flags,
		    const struct tlbscope_invalidation *what)
{
	u64 __user *word = u64_to_user_ptr(what->cpus);
	unsigned int i;
	u64 bits;
	int ret = 0;

	cpumask_clear(cpus);
	if (flags == TLBSCOPE_CPUS_ALL || flags == TLBSCOPE_CPUS_RUN)
		return what->cpus || what->cpus_len ? -EINVAL : 0;
	if (flags || what->cpus_len % sizeof(bits))
		return -EINVAL;
	if (what->cpus_len > PAGE_SIZE)
		return -E2BIG;
	for (i = 0; i < what->cpus_len / sizeof(bits) && !ret; i++) {
		if (get_user(bits, word + i))
			return -EFAULT;
		ret = add_cpus(cpus, i * BITS_PER_TYPE(bits), bits);
	}
	return ret;
}

static int get_experiment(struct lab *lab, struct experiment *e, u32 flags,
			  const struct tlbscope_invalidation *what)
{
	*e = (struct experiment) {
		.target		= &lab->target,
		.flags		= flags,
		.method		= what->method,
		.local		= what->local,
		.start		= what->start,
		.end		= what->end,
		.initiator	= what->initiator,
		.cpus		= lab->cpus,
	};
	return get_cpus(lab->cpus, flags, what);
}

/* How far it came is told even if it failed */
static long ioctl_invalidate(struct lab *lab, void __user *arg)
{
	struct tlbscope_invalidate args;
	struct experiment e;
	int ret;

	ret = ioctl_get_args(&args, sizeof(args), sizeof(args), arg);
	if (ret)
		return ret;
	ret = get_experiment(lab, &e, args.flags, &args.what);
	if (ret)
		return ret;
	e.times = args.repeat;
	ret = experiment_run(&e);
	args.pages = e.pages;
	args.done = e.done;
	experiment_free(&e);
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : ret;
}

static int put_cost(struct tlbscope_cost *args, const struct experiment *e,
		    void __user *arg)
{
	args->pages = e->pages;
	args->pages_read = e->pages_read;
	args->bystanders_read = e->bystanders_read;
	args->filled = e->costs;
	args->raw_filled = e->raw_filled;
	if (copy_to_user(u64_to_user_ptr(args->vec), e->cost,
			 e->costs * sizeof(*e->cost)))
		return -EFAULT;
	return copy_to_user(arg, args, sizeof(*args)) ? -EFAULT : 0;
}

static long ioctl_cost(struct lab *lab, void __user *arg)
{
	struct tlbscope_cost args;
	struct experiment e;
	int ret;

	ret = ioctl_get_args(&args, sizeof(args), sizeof(args), arg);
	if (ret)
		return ret;
	ret = get_experiment(lab, &e, args.flags, &args.what);
	if (ret)
		return ret;
	e.bystanders_start = args.bystanders_start;
	e.bystanders_end = args.bystanders_end;
	e.times = args.samples;
	e.measured = true;
	e.costs_max = args.vec_len;
	e.raw = u64_to_user_ptr(args.raw);
	e.raw_len = args.raw_len;
	ret = experiment_run(&e) ?: put_cost(&args, &e, arg);
	experiment_free(&e);
	return ret;
}

/**
 * lab_ioctl - the requests of a privileged caller
 * @lab: locked
 * @cmd: of the ioctl
 * @arg: of the ioctl
 *
 * Return: 0 or a negative errno, -ENOTTY for what is none of ours.
 */
long lab_ioctl(struct lab *lab, unsigned int cmd, void __user *arg)
{
	if (_IOC_TYPE(cmd) != TLBSCOPE_IOC_MAGIC)
		return -ENOTTY;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(TLBSCOPE_IOC_TARGET):
		return ioctl_target(&lab->target, arg);
	case _IOC_NR(TLBSCOPE_IOC_METHODS):
		return ioctl_methods(arg);
	case _IOC_NR(TLBSCOPE_IOC_INVALIDATE):
		return ioctl_invalidate(lab, arg);
	case _IOC_NR(TLBSCOPE_IOC_COST):
		return ioctl_cost(lab, arg);
	default:
		return -ENOTTY;
	}
}
