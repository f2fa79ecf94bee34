// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "experiment.h"
#include "proc.h"

#define CPU_DIR		"/sys/devices/system/cpu"

/**
 * experiment_open - open one of the files
 * @file: invalidate or cost
 *
 * Return: a file descriptor or a negative errno.
 */
int experiment_open(const char *file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), EXPERIMENT_DIR "/%s", file);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The same with a target: SELF or a process ID */
int experiment_open_at(const char *file, pid_t pid)
{
	int fd = experiment_open(file), ret;

	if (fd < 0)
		return fd;
	ret = scope_target(fd, pid);
	if (ret)
		close(fd);
	return ret ? ret : fd;
}

/* 1 << method of all that this machine has; 0 without an answer */
__u64 experiment_methods(void)
{
	struct tlbscope_methods methods = { .size = sizeof(methods) };
	int fd = experiment_open("invalidate");

	if (fd < 0)
		return 0;
	if (ioctl(fd, TLBSCOPE_IOC_METHODS, &methods))
		methods.available = 0;
	close(fd);
	return methods.available;
}

/* One request line, on a file that is opened for it */
int experiment_ask(const char *file, const char *fmt, ...)
{
	int fd = experiment_open(file), ret;
	char line[300];
	va_list args;

	if (fd < 0)
		return fd;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	ret = scope_ask(fd, line);
	close(fd);
	return ret;
}

/**
 * what_pages - some pages, by one method
 * @method: enum tlbscope_method
 * @p: the first
 * @pages: how many, of 4 KiB
 * @cpus: bits, which must stay; NULL for none, with a flag
 *
 * Return: what a request says of it.
 */
struct tlbscope_invalidation what_pages(unsigned int method, const void *p,
					size_t pages, const __u64 *cpus)
{
	return (struct tlbscope_invalidation) {
		.method = method,
		.start = (unsigned long)p,
		.end = (unsigned long)p + pages * PAGE,
		.cpus = (unsigned long)cpus,
		.cpus_len = cpus ? sizeof(*cpus) : 0,
		.initiator = -1,
	};
}

/**
 * experiment_invalidate - one request
 * @fd: with a target
 * @what: with CPUs
 * @repeat: how often
 * @answer: receives the answer; may be NULL
 */
int experiment_invalidate(int fd, const struct tlbscope_invalidation *what,
			  __u32 repeat, struct tlbscope_invalidate *answer)
{
	struct tlbscope_invalidate args = {
		.size = sizeof(args), .what = *what, .repeat = repeat,
		/* What the module does not write must not look like an answer */
		.pages = ~0U, .done = ~0ULL,
	};
	int ret = ioctl(fd, TLBSCOPE_IOC_INVALIDATE, &args) ? -errno : 0;

	if (answer)
		*answer = args;
	return ret;
}

/* Drop one page of the caller's own, by what each machine of ours has */
int experiment_try(int fd)
{
	__u64 cpus = cpu_bit(cpu_first(cpus_online()));
	char *p = (char *)((unsigned long)&cpus / PAGE * PAGE);
	struct tlbscope_invalidation what;

	what = what_pages(TLBSCOPE_CR4_PGE, p, 1, &cpus);
	return experiment_invalidate(fd, &what, 1, NULL);
}

/* NULL behind the last */
const char *method_name(unsigned int method)
{
	static const char * const names[TLBSCOPE_METHODS] = {
		"invlpg", "invpcid-address", "invpcid-context", "invpcid-all",
		"invpcid-nonglobal", "cr3", "cr4-pge", "invlpgb", "ipi",
	};

	return method < TLBSCOPE_METHODS ? names[method] : NULL;
}

bool method_is_by_page(unsigned int method)
{
	return method == TLBSCOPE_INVLPG ||
	       method == TLBSCOPE_INVPCID_ADDRESS ||
	       method == TLBSCOPE_INVLPGB;
}

/* Those of the first CPUS_MAX that are on line, as bits */
__u64 cpus_online(void)
{
	char line[256], *next, *end;
	unsigned long first, last;
	__u64 cpus = 0;

	if (read_line(line, sizeof(line), CPU_DIR "/online"))
		return 1;
	for (next = line; *next; next = *end ? end + 1 : end) {
		first = last = strtoul(next, &end, 10);
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first < CPUS_MAX; first++)
			cpus |= cpu_bit(first);
	}
	return cpus;
}

unsigned int cpu_count(__u64 cpus)
{
	return __builtin_popcountll(cpus);
}

/* -1 if there is none */
int cpu_first(__u64 cpus)
{
	return __builtin_ffsll(cpus) - 1;
}

int cpu_set_online(int cpu, bool online)
{
	return write_file(online ? "1" : "0", CPU_DIR "/cpu%d/online", cpu);
}

/* This thread runs there and nowhere else */
int cpu_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}
