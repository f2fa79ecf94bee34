/* SPDX-License-Identifier: GPL-2.0 */
/* Names of address ranges: /proc/PID/maps, and the kernel's own layout */
#ifndef TOOL_MAPS_H
#define TOOL_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct map - one mapping
 * @start: first address
 * @last: last address; the top of the address space has no address behind
 * @rights: as in /proc/PID/maps, "" for the kernel's
 * @anonymous: no file behind
 * @name: never NULL
 */
struct map {
	uint64_t start;
	uint64_t last;
	char rights[8];
	bool anonymous;
	char *name;
};

/* In order of addresses, none overlaps another */
struct maps {
	struct map *map;
	size_t count;
	size_t room;
};

void maps_add(struct maps *maps, const struct map *map);
void maps_sort(struct maps *maps);
int maps_read(struct maps *maps, pid_t pid);
void maps_free(struct maps *maps);
const struct map *maps_from(const struct maps *maps, uint64_t address);
const struct map *maps_at(const struct maps *maps, uint64_t address);

#endif /* TOOL_MAPS_H */
