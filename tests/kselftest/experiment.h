/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asking for what disturbs: /sys/kernel/debug/tlbscope
 *
 * Functions return 0 or a negative errno unless said otherwise.
 */
#ifndef EXPERIMENT_H
#define EXPERIMENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "scope.h"

#define EXPERIMENT_DIR	"/sys/kernel/debug/tlbscope"

/* The CPUs that tests look at: bits of a word */
#define CPUS_MAX	64

int experiment_open(const char *file);
int experiment_open_at(const char *file, pid_t pid);
__u64 experiment_methods(void);
int experiment_ask(const char *file, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

struct tlbscope_invalidation what_pages(unsigned int method, const void *p,
					size_t pages, const __u64 *cpus);
int experiment_invalidate(int fd, const struct tlbscope_invalidation *what,
			  __u32 repeat, struct tlbscope_invalidate *answer);
int experiment_try(int fd);

const char *method_name(unsigned int method);
bool method_is_by_page(unsigned int method);

__u64 cpus_online(void);
unsigned int cpu_count(__u64 cpus);
int cpu_first(__u64 cpus);
int cpu_set_online(int cpu, bool online);
int cpu_pin(int cpu);

static inline __u64 cpu_bit(int cpu)
{
	return 1ULL << cpu;
}

#endif /* EXPERIMENT_H */
