/* SPDX-License-Identifier: GPL-2.0 */
/* Pages to experiment on: some to invalidate, and bystanders */
#ifndef TOOL_AREA_H
#define TOOL_AREA_H

#include <stddef.h>
#include <stdint.h>

#include <libtlbscope.h>

/**
 * struct area - pages of one size, and bystanders of the same size
 * @page_size: in bytes
 * @start: of the pages
 * @pages: how many, one behind the other
 * @bystanders_start: of the bystanders, which are not among them
 * @bystanders: how many, one behind the other
 * @map: if they are our own, where they are mapped; else NULL
 * @map_len: bytes mapped
 */
struct area {
	uint64_t page_size;
	uint64_t start;
	uint64_t pages;
	uint64_t bystanders_start;
	uint64_t bystanders;
	void *map;
	size_t map_len;
};

int area_own(struct area *area, uint64_t pages, uint64_t bystanders);
int area_find(struct area *area, struct tlbscope *t, uint64_t pages,
	      uint64_t bystanders);
int area_at(struct area *area, struct tlbscope *t, uint64_t start, uint64_t end,
	    uint64_t bystanders);
void area_free(struct area *area);

#endif /* TOOL_AREA_H */
