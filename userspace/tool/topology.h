/* SPDX-License-Identifier: GPL-2.0 */
/* Which CPUs this process may use, and how far they are from each other */
#ifndef TOOL_TOPOLOGY_H
#define TOOL_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>

/* From near to far */
enum distance {
	DISTANCE_CORE,
	DISTANCE_L3,
	DISTANCE_PACKAGE,
	DISTANCE_MACHINE,
	DISTANCES,
};

/**
 * struct place - where a CPU is
 * @cpu: its number
 * @core: those of one core are SMT siblings; this and the others are -1 where
 *	the machine does not say
 * @l3: last-level cache
 * @package: socket
 */
struct place {
	unsigned int cpu;
	int core;
	int l3;
	int package;
};

/**
 * struct topology - the CPUs that this process may use
 * @places: by rising number
 * @n: how many
 */
struct topology {
	struct place *places;
	size_t n;
};

bool topology_load(struct topology *t);
void topology_free(struct topology *t);
bool topology_has(const struct topology *t, unsigned int cpu);
enum distance topology_distance(const struct place *a, const struct place *b);
const char *topology_distance_name(enum distance distance);
const struct place *topology_centre(const struct topology *t);
const struct place *topology_at(const struct topology *t, const struct place *from,
				enum distance distance);
size_t topology_nearest(const struct topology *t, const struct place *from,
			unsigned int **cpus);

#endif /* TOOL_TOPOLOGY_H */
