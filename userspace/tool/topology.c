// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <stdlib.h>

#include <hwloc.h>

#include "mem.h"
#include "topology.h"

#define CPUS_MAX	8192

static int ancestor(hwloc_topology_t hwloc, hwloc_obj_t pu, hwloc_obj_type_t type)
{
	hwloc_obj_t obj = hwloc_get_ancestor_obj_by_type(hwloc, type, pu);

	return obj ? (int)obj->logical_index : -1;
}

static struct place place_of(hwloc_topology_t hwloc, unsigned int cpu)
{
	struct place place = { cpu, -1, -1, -1 };
	hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(hwloc, cpu);

	if (pu) {
		place.core = ancestor(hwloc, pu, HWLOC_OBJ_CORE);
		place.l3 = ancestor(hwloc, pu, HWLOC_OBJ_L3CACHE);
		place.package = ancestor(hwloc, pu, HWLOC_OBJ_PACKAGE);
	}
	return place;
}

/**
 * topology_load - ask hwloc about the CPUs that affinity and cgroup allow
 * @t: receives them; to be freed with topology_free()
 *
 * Return: false if not even the kernel says which
 */
bool topology_load(struct topology *t)
{
	size_t size = CPU_ALLOC_SIZE(CPUS_MAX);
	cpu_set_t *allowed = CPU_ALLOC(CPUS_MAX);
	hwloc_topology_t hwloc;
	unsigned int cpu;
	bool loaded;

	*t = (struct topology){ 0 };
	if (!allowed || hwloc_topology_init(&hwloc))
		die_of_memory();
	loaded = !hwloc_topology_load(hwloc) && !sched_getaffinity(0, size, allowed);
	if (loaded) {
		t->places = mem_array(NULL, (size_t)CPU_COUNT_S(size, allowed),
				      sizeof(*t->places));
		for (cpu = 0; cpu < CPUS_MAX; cpu++)
			if (CPU_ISSET_S(cpu, size, allowed))
				t->places[t->n++] = place_of(hwloc, cpu);
	}
	hwloc_topology_destroy(hwloc);
	CPU_FREE(allowed);
	return loaded;
}

void topology_free(struct topology *t)
{
	free(t->places);
	*t = (struct topology){ 0 };
}

bool topology_has(const struct topology *t, unsigned int cpu)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->places[i].cpu == cpu)
			return true;
	return false;
}

enum distance topology_distance(const struct place *a, const struct place *b)
{
	if (a->core >= 0 && a->core == b->core)
		return DISTANCE_CORE;
	if (a->l3 >= 0 && a->l3 == b->l3)
		return DISTANCE_L3;
	if (a->package == b->package)
		return DISTANCE_PACKAGE;
	return DISTANCE_MACHINE;
}

const char *topology_distance_name(enum distance distance)
{
	static const char *const names[] = {
		[DISTANCE_CORE] = "SMT sibling",
		[DISTANCE_L3] = "same L3",
		[DISTANCE_PACKAGE] = "same socket",
		[DISTANCE_MACHINE] = "other socket",
	};

	return names[distance];
}

/* topology_at - the first other CPU at that distance, NULL if there is none */
const struct place *topology_at(const struct topology *t, const struct place *from,
				enum distance distance)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->places[i].cpu != from->cpu &&
		    topology_distance(from, &t->places[i]) == distance)
			return &t->places[i];
	return NULL;
}

/* topology_centre - the first of the CPUs that have others at most distances */
const struct place *topology_centre(const struct topology *t)
{
	const struct place *best = NULL;
	int most = -1;
	size_t i;

	for (i = 0; i < t->n; i++) {
		enum distance d;
		int count = 0;

		for (d = 0; d < DISTANCES; d++)
			count += !!topology_at(t, &t->places[i], d);
		if (count > most) {
			most = count;
			best = &t->places[i];
		}
	}
	return best;
}

/**
 * topology_nearest - all other CPUs, the nearest first
 * @cpus: receives an array to be freed
 *
 * Return: how many
 */
size_t topology_nearest(const struct topology *t, const struct place *from,
			unsigned int **cpus)
{
	enum distance d;
	size_t i, n = 0;

	*cpus = mem_array(NULL, t->n, sizeof(**cpus));
	for (d = 0; d < DISTANCES; d++)
		for (i = 0; i < t->n; i++)
			if (t->places[i].cpu != from->cpu &&
			    topology_distance(from, &t->places[i]) == d)
				(*cpus)[n++] = t->places[i].cpu;
	return n;
}
