/* SPDX-License-Identifier: GPL-2.0 */
/* An address as the CPU cuts it: indexes into tables and an offset, drawn */
#ifndef TOOL_SPLIT_H
#define TOOL_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#define SPLIT_FIELDS	8

/* Bits @high to @low of an address */
struct split_field {
	const char *name;
	unsigned int high;
	unsigned int low;
};

struct split {
	uint64_t address;
	size_t count;
	struct split_field field[SPLIT_FIELDS];
};

void split_add(struct split *split, const char *name, unsigned int bits);
uint64_t split_value(const struct split *split, size_t i);
void split_print(const struct split *split);
json_object *split_json(const struct split *split);

#endif /* TOOL_SPLIT_H */
