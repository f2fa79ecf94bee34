// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <asm/cpufeature.h>

#include "compat.h"
#include "target.h"

/*
 * Between requests only mm_count is held: the struct mm_struct and its PGD
 * stay, and exit_mmap() is not held up by an open file. During a request
 * mm_users is held too, by target_enter(), and with it all tables but those
 * that the process itself takes away.
 */
static void target_set_mm(struct target *target, pid_t pid,
			  struct mm_struct *mm)
{
	mmgrab(mm);
	target_clear(target);
	target->kind = TARGET_PROCESS;
	target->pid = pid;
	target->mm = mm;
}

/**
 * target_set_pid - aim at the address space that a process has now
 * @target: of one open file, cleared or set before
 * @pid: from 1, as the caller's PID namespace numbers it
 *
 * Return: 0, or -ESRCH: no such process, a kernel thread or a zombie; @target
 * is unchanged then.
 */
int target_set_pid(struct target *target, pid_t pid)
{
	struct task_struct *task;
	struct mm_struct *mm;
	struct pid *ref;

	ref = find_get_pid(pid);
	task = get_pid_task(ref, PIDTYPE_PID);
	put_pid(ref);
	if (!task)
		return -ESRCH;
	mm = get_task_mm(task);
	put_task_struct(task);
	if (!mm)
		return -ESRCH;
	target_set_mm(target, pid, mm);
	mmput(mm);
	return 0;
}

/**
 * target_set_self - aim at the caller's own address space
 * @target: of one open file, cleared or set before
 *
 * Return: 0, or -ESRCH from a thread of the kernel.
 */
int target_set_self(struct target *target)
{
	if (!current->mm)
		return -ESRCH;
	target_set_mm(target, task_tgid_vnr(current), current->mm);
	return 0;
}

/**
 * target_set_kernel - aim at the kernel's half of the address space
 * @target: of one open file, cleared or set before
 */
void target_set_kernel(struct target *target)
{
	target_clear(target);
	target->kind = TARGET_KERNEL;
}

/**
 * target_clear - aim at nothing
 * @target: set, or zeroed memory
 */
void target_clear(struct target *target)
{
	if (target->mm)
		mmdrop(target->mm);
	memset(target, 0, sizeof(*target));
}

/**
 * target_enter - hold the tables for one request
 * @target: any
 *
 * Return: 0, to be followed by target_leave(); -ESRCH if nothing is aimed at or
 * it is gone; -EOPNOTSUPP under Xen PV, where entries hold machine frames and
 * what is behind them is not where the direct map says.
 */
int target_enter(const struct target *target)
{
	if (cpu_feature_enabled(X86_FEATURE_XENPV))
		return -EOPNOTSUPP;
	switch (target->kind) {
	case TARGET_PROCESS:
		return mmget_not_zero(target->mm) ? 0 : -ESRCH;
	case TARGET_KERNEL:
		return current->mm ? 0 : -ESRCH;
	default:
		return -ESRCH;
	}
}

/**
 * target_leave - let go what target_enter() held; may sleep
 * @target: entered
 */
void target_leave(const struct target *target)
{
	if (target->mm)
		mmput(target->mm);
}

/**
 * target_mm - the address space that a target's tables are those of
 * @target: entered
 *
 * init_mm is not for modules. The kernel's half is the same in every root, so
 * the caller's own serves, which cannot go away while the caller is in here.
 *
 * Return: the mm, which stays until target_leave().
 */
struct mm_struct *target_mm(const struct target *target)
{
	return target->mm ?: current->mm;
}

/**
 * target_cpus - where a process's threads run, or last ran
 * @target: a process, entered
 * @cpus: filled, with those of them that are on line
 *
 * The kernel's own mask forgets a CPU as soon as another process runs there.
 * What is tagged stays in the TLB for longer: so each thread's last CPU, too.
 */
void target_cpus(const struct target *target, struct cpumask *cpus)
{
	struct task_struct *task, *thread;

	cpumask_copy(cpus, mm_cpumask(target->mm));
	rcu_read_lock();
	task = pid_task(find_vpid(target->pid), PIDTYPE_PID);
	if (task) {
		/* The number may mean somebody else by now: only the mm counts */
		for_each_thread(task, thread)
			if (READ_ONCE(thread->mm) == target->mm)
				cpumask_set_cpu(task_cpu(thread), cpus);
	}
	rcu_read_unlock();
	cpumask_and(cpus, cpus, cpu_online_mask);
}

/**
 * target_has_user_root - whether a process has a second root for user mode
 *
 * Return: true under page-table isolation.
 */
bool target_has_user_root(void)
{
	return boot_cpu_has(X86_FEATURE_PTI);
}

/**
 * target_root - where a walk starts
 * @target: entered
 * @user: the user-mode root; target_has_user_root() must hold
 *
 * With page-table isolation the two roots are one allocation of two pages, the
 * second one being the user's.
 *
 * Return: the root table.
 */
const u64 *target_root(const struct target *target, bool user)
{
	return (const u64 *)target_mm(target)->pgd + (user ? PTRS_PER_PGD : 0);
}
