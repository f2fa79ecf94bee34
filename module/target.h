/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose tables: a process's address space, or the kernel itself
 */
#ifndef TLBSCOPE_TARGET_H
#define TLBSCOPE_TARGET_H

#include <linux/types.h>

struct cpumask;
struct mm_struct;

enum target_kind {
	TARGET_UNSET,
	TARGET_PROCESS,
	TARGET_KERNEL,
};

/**
 * struct target - an address space that requests are about
 * @kind: what it is
 * @pid: as the user named it, for messages; 0 for the kernel
 * @mm: TARGET_PROCESS: held by mm_count, so that the struct stays while the
 *	memory behind it may go at any time; NULL else
 */
struct target {
	enum target_kind kind;
	pid_t pid;
	struct mm_struct *mm;
};

int target_set_pid(struct target *target, pid_t pid);
int target_set_self(struct target *target);
void target_set_kernel(struct target *target);
void target_clear(struct target *target);

int target_enter(const struct target *target);
void target_leave(const struct target *target);

struct mm_struct *target_mm(const struct target *target);
bool target_has_user_root(void);
void target_cpus(const struct target *target, struct cpumask *cpus);
const u64 *target_root(const struct target *target, bool user);

#endif /* TLBSCOPE_TARGET_H */
