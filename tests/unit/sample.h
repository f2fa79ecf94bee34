/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process with memory of every kind that can be had here
 *
 * It is a program of its own, as one under AddressSanitizer or valgrind has
 * terabytes of mappings.
 */
#ifndef TLBSCOPE_SAMPLE_H
#define TLBSCOPE_SAMPLE_H

#include <stdint.h>
#include <sys/types.h>

#define SAMPLE_AREAS	20

/**
 * struct sample_area - memory of one kind
 * @name: the kind
 * @start: first address
 * @end: first address behind
 */
struct sample_area {
	char name[16];
	uint64_t start;
	uint64_t end;
};

/**
 * struct sample - the process
 * @pid: its PID
 * @control: closing it ends the process; a byte makes it exec /bin/sleep
 * @count: areas
 * @area: them
 */
struct sample {
	pid_t pid;
	int control;
	unsigned int count;
	struct sample_area area[SAMPLE_AREAS];
};

int sample_start(struct sample *s);
const struct sample_area *sample_area(const struct sample *s, const char *name);
void sample_exec(struct sample *s);
void sample_stop(struct sample *s);

#endif /* TLBSCOPE_SAMPLE_H */
