// SPDX-License-Identifier: GPL-2.0
/*
 * What the module itself adds to what it measures, and whether it says the same
 * twice
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cost.h"
#include "uapi/tlbscope.h"

#define PAGE		4096UL
#define PAGES		64
#define SAMPLES		1000

static const char * const names[TLBSCOPE_METHODS] = {
	[TLBSCOPE_INVLPG]		= "INVLPG",
	[TLBSCOPE_INVPCID_ADDRESS]	= "INVPCID, address",
	[TLBSCOPE_INVPCID_CONTEXT]	= "INVPCID, context",
	[TLBSCOPE_INVPCID_ALL]		= "INVPCID, all",
	[TLBSCOPE_INVPCID_NONGLOBAL]	= "INVPCID, all but globals",
	[TLBSCOPE_CR3]			= "CR3 reload",
	[TLBSCOPE_CR4_PGE]		= "CR4.PGE toggle",
	[TLBSCOPE_INVLPGB]		= "INVLPGB and TLBSYNC",
};

static bool get_cost(int fd, const char *p, unsigned int method,
		     struct tlbscope_cost_cpu *cpu)
{
	__u64 first = 1;
	struct tlbscope_cost args = {
		.size = sizeof(args),
		.what = {
			.method = method, .initiator = -1,
			.start = (unsigned long)p,
			.end = (unsigned long)p + PAGES * PAGE,
			.cpus = (unsigned long)&first,
			.cpus_len = sizeof(first),
		},
		.bystanders_start = (unsigned long)p + PAGES * PAGE,
		.bystanders_end = (unsigned long)p + 2 * PAGES * PAGE,
		.samples = SAMPLES,
		.vec = (unsigned long)cpu, .vec_len = 1,
	};

	if (ioctl(fd, TLBSCOPE_IOC_COST, &args)) {
		perror("bench: TLBSCOPE_IOC_COST");
		return false;
	}
	return true;
}

static void bench_method(struct report *report, int fd, const char *p,
			 unsigned int method)
{
	bool by_page = method == TLBSCOPE_INVLPG ||
		       method == TLBSCOPE_INVPCID_ADDRESS ||
		       method == TLBSCOPE_INVLPGB;
	unsigned int of = by_page ? PAGES : 1;
	struct tlbscope_cost_cpu once, twice;
	char note[64];

	if (!get_cost(fd, p, method, &once) || !get_cost(fd, p, method, &twice))
		exit(2);
	snprintf(note, sizeof(note), "again: %.2f%s",
		 (double)twice.invalidation.median / of,
		 once.invalidation.median == twice.invalidation.median ?
		 ", the same" : "");
	report_figure(report, names[method], by_page ? "a page of 64" : "a call",
		      (double)once.invalidation.median / of, NO_GOAL, note);
	/* Only an exact clock must say the same twice */
	if (method == TLBSCOPE_INVLPG)
		report_figure(report, "INVLPG, two runs apart by", "ticks",
			      (double)llabs(once.invalidation.median -
					    twice.invalidation.median),
			      report->judge ? 0.5 : NO_GOAL, "");
	if (method != TLBSCOPE_INVLPG)
		return;
	report_figure(report, "an empty sample, subtracted", "ticks",
		      (double)once.empty.median, NO_GOAL, "");
	report_figure(report, "its spread (p99 - median)", "ticks",
		      (double)(once.empty.p99 - once.empty.median), NO_GOAL, "");
}

/**
 * bench_cost - the experiments
 * @report: how
 */
void bench_cost(struct report *report)
{
	struct tlbscope_methods methods = { .size = sizeof(methods) };
	struct tlbscope_target target = {
		.size = sizeof(target), .flags = TLBSCOPE_TARGET_SELF,
	};
	unsigned int i;
	char *p;
	int fd;

	report_section(report, "Invalidations");
	fd = open("/sys/kernel/debug/tlbscope/cost", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		report_missing(report, "all of them", strerror(errno));
		return;
	}
	p = mmap(NULL, 2 * PAGES * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED || ioctl(fd, TLBSCOPE_IOC_TARGET, &target) ||
	    ioctl(fd, TLBSCOPE_IOC_METHODS, &methods)) {
		perror("bench: /sys/kernel/debug/tlbscope/cost");
		exit(2);
	}
	for (i = 0; i < TLBSCOPE_IPI; i++)
		if (methods.available & (1ULL << i))
			bench_method(report, fd, p, i);
		else
			report_missing(report, names[i], "not on this CPU");
	munmap(p, 2 * PAGES * PAGE);
	close(fd);
}
