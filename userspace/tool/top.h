/* SPDX-License-Identifier: GPL-2.0 */
/* The page tables of all processes, as top(1) would show them */
#ifndef TOOL_TOP_H
#define TOOL_TOP_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct top - how to show them
 * @open: TLBSCOPE_OPEN_*
 * @most: processes shown, 0 for all
 * @seconds: between two looks, 0 for one look
 * @json: instead of text
 */
struct top {
	unsigned int open;
	uint64_t most;
	uint64_t seconds;
	bool json;
};

int top_show(const char *verb, const struct top *top);

#endif /* TOOL_TOP_H */
