// SPDX-License-Identifier: GPL-2.0
/*
 * The TSC, and how fast it runs
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "process.h"
#include "ticks.h"

#define CALIBRATE_NS	50000000
#define TRIES		20

/* A reading of both clocks at about the same moment */
struct moment {
	uint64_t tsc;
	uint64_t ns;
};

/* The one of several readings that was not interrupted */
static struct moment look(void)
{
	struct moment best = { 0 };
	uint64_t least = UINT64_MAX;
	int i;

	for (i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc(), ns = ticks_ns(), after = __rdtsc();

		if (after - before >= least)
			continue;
		least = after - before;
		best = (struct moment){ before + least / 2, ns };
	}
	return best;
}

/* The kernel compares TSCs, and turns to another clock if they do not agree */
static bool kernel_distrusts_tsc(void)
{
	static const char *const others[] = {
		"hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit",
	};
	char name[32];
	size_t i;

	if (process_read_file(AT_FDCWD,
			      "/sys/devices/system/clocksource/clocksource0/current_clocksource",
			      name, sizeof(name)) <= 0)
		return false;
	name[strcspn(name, "\n")] = '\0';
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(name, others[i]))
			return true;
	return false;
}

static bool tsc_is_constant(void)
{
	char *flags = machine_flags();
	bool constant = flags && machine_has_flag(flags, "constant_tsc");

	free(flags);
	return constant;
}

void tlbscope_clock(struct tlbscope_clock *clock)
{
	struct timespec pause = { .tv_nsec = CALIBRATE_NS };
	struct moment first, second;

	*clock = (struct tlbscope_clock){ .tsc = false, .ticks_per_ns = 1 };
	if (!tsc_is_constant() || kernel_distrusts_tsc())
		return;
	first = look();
	while (nanosleep(&pause, &pause) && errno == EINTR)
		;
	second = look();
	if (second.ns <= first.ns || second.tsc <= first.tsc)
		return;
	clock->tsc = true;
	clock->ticks_per_ns = (double)(second.tsc - first.tsc) /
			      (double)(second.ns - first.ns);
}
