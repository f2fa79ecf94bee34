// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"
#include "mem.h"
#include "out.h"

/* maps_add - a copy of @map, the name too */
void maps_add(struct maps *maps, const struct map *map)
{
	struct map *new;

	if (maps->count == maps->room) {
		maps->room = maps->room ? 2 * maps->room : 64;
		maps->map = mem_array(maps->map, maps->room, sizeof(*maps->map));
	}
	new = &maps->map[maps->count++];
	*new = *map;
	new->name = mem_string(map->name);
}

static int by_start(const void *a, const void *b)
{
	const struct map *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

void maps_sort(struct maps *maps)
{
	if (maps->count)
		qsort(maps->map, maps->count, sizeof(*maps->map), by_start);
}

/* A line of /proc/PID/maps */
static bool parse_line(struct map *map, char *line)
{
	static char anonymous[] = "[anon]";
	uint64_t inode, end;
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*x %*s %" SCNu64 " %n",
		   &map->start, &end, map->rights, &inode, &at) != 4 || !at)
		return false;
	map->last = end - 1;
	map->anonymous = !inode;
	map->name = line[at] ? line + at : anonymous;
	out_clean(map->name);
	return true;
}

/**
 * maps_read - the mappings of a process
 * @maps: receives them; maps_free() when done
 * @pid: a process ID
 *
 * Return: 0 or a negative errno; @maps can be used in any case
 */
int maps_read(struct maps *maps, pid_t pid)
{
	char path[32], *line = NULL;
	struct map map;
	size_t room = 0;
	FILE *file;

	*maps = (struct maps){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (getline(&line, &room, file) > 0)
		if (parse_line(&map, line))
			maps_add(maps, &map);
	free(line);
	fclose(file);
	/* vsyscall comes last there though its address is a kernel one */
	maps_sort(maps);
	return 0;
}

void maps_free(struct maps *maps)
{
	size_t i;

	for (i = 0; i < maps->count; i++)
		free(maps->map[i].name);
	free(maps->map);
	*maps = (struct maps){ 0 };
}

/* maps_from - the first mapping that ends at @address or behind, or NULL */
const struct map *maps_from(const struct maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps->map[middle].last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < maps->count ? &maps->map[low] : NULL;
}

/* maps_at - the mapping that holds @address, or NULL */
const struct map *maps_at(const struct maps *maps, uint64_t address)
{
	const struct map *map = maps_from(maps, address);

	return map && map->start <= address ? map : NULL;
}
