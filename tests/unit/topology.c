// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <stdlib.h>

#include "topology.h"
#include "unit.h"

/*
 * Two sockets, of which the second has two L3: cores of CPUs (2) (3, 11) and
 * (4, 12) (5) | (6)
 */
static struct place places[] = {
	{ 2, 0, 0, 0 }, { 3, 1, 0, 0 }, { 4, 2, 1, 1 }, { 5, 3, 1, 1 }, { 6, 4, 2, 1 },
	{ 11, 1, 0, 0 }, { 12, 2, 1, 1 },
};
static const struct topology machine = { places, 7 };

TEST(distances)
{
	CHECK_EQ(topology_distance(&places[1], &places[5]), DISTANCE_CORE);
	CHECK_EQ(topology_distance(&places[0], &places[1]), DISTANCE_L3);
	CHECK_EQ(topology_distance(&places[2], &places[4]), DISTANCE_PACKAGE);
	CHECK_EQ(topology_distance(&places[0], &places[4]), DISTANCE_MACHINE);
}

TEST(nothing_is_known)
{
	struct place a = { 0, -1, -1, -1 }, b = { 1, -1, -1, -1 };

	CHECK_EQ(topology_distance(&a, &b), DISTANCE_PACKAGE);
}

TEST(the_one_with_most_distances)
{
	const struct place *centre = topology_centre(&machine);

	REQUIRE(centre);
	CHECK_EQ(centre->cpu, 4);
	CHECK_EQ(topology_at(&machine, centre, DISTANCE_CORE)->cpu, 12);
	CHECK_EQ(topology_at(&machine, centre, DISTANCE_L3)->cpu, 5);
	CHECK_EQ(topology_at(&machine, centre, DISTANCE_PACKAGE)->cpu, 6);
	CHECK_EQ(topology_at(&machine, centre, DISTANCE_MACHINE)->cpu, 2);
	CHECK(!topology_at(&machine, &places[0], DISTANCE_CORE));
}

TEST(nearest_first)
{
	static const unsigned int wanted[] = { 12, 5, 6, 2, 3, 11 };
	unsigned int *cpus;
	size_t i, n = topology_nearest(&machine, &places[2], &cpus);

	CHECK_EQ(n, 6);
	for (i = 0; i < n && i < 6; i++)
		CHECK_EQ(cpus[i], wanted[i]);
	free(cpus);
}

TEST(this_machine)
{
	struct topology t;
	cpu_set_t set;
	size_t i;

	REQUIRE(topology_load(&t));
	sched_getaffinity(0, sizeof(set), &set);
	CHECK_EQ(t.n, CPU_COUNT(&set));
	for (i = 0; i < t.n; i++)
		CHECK(CPU_ISSET(t.places[i].cpu, &set));
	CHECK(topology_has(&t, t.places[0].cpu));
	CHECK(!topology_has(&t, 8191));
	CHECK(topology_centre(&t));
	topology_free(&t);
	CHECK(!topology_has(&t, 0));
}

UNIT_MAIN("topology")
