// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "out.h"
#include "split.h"

#define FIELD_LEN	72
#define MARGIN		9

/**
 * split_add - the next field, from the highest bit down
 * @split: empty but for the address at first
 * @name: what the bits are
 * @bits: how many; the last field's must end at bit 0
 */
void split_add(struct split *split, const char *name, unsigned int bits)
{
	struct split_field *field = &split->field[split->count++];
	size_t i;

	*field = (struct split_field){ .name = name, .high = bits - 1 };
	/* Those before stand higher by so many bits */
	for (i = 0; i + 1 < split->count; i++) {
		split->field[i].high += bits;
		split->field[i].low += bits;
	}
}

static unsigned int bits_of(const struct split_field *field)
{
	return field->high - field->low + 1;
}

uint64_t split_value(const struct split *split, size_t i)
{
	const struct split_field *field = &split->field[i];

	return split->address >> field->low & ((1ULL << bits_of(field)) - 1);
}

static void binary(char *buf, const struct split *split, size_t i)
{
	unsigned int bits = bits_of(&split->field[i]), bit;
	uint64_t value = split_value(split, i);

	for (bit = 0; bit < bits; bit++)
		buf[bit] = '0' + (value >> (bits - 1 - bit) & 1);
	buf[bits] = '\0';
}

/* Wide enough for its bits, their numbers and its name */
static int width_of(const struct split_field *field)
{
	int width = (int)bits_of(field), name = (int)strlen(field->name);

	if (width < name)
		width = name;
	return width < 5 ? 5 : width;
}

/* @last: nothing follows on this line */
static void print_centred(const char *text, int width, bool last)
{
	int spare = width - (int)strlen(text);
	int left = spare > 0 ? spare / 2 : 0;

	printf("%*s%-*s", left, "", last ? 0 : width - left, text);
}

enum row { ROW_NAMES, ROW_BITS, ROW_BINARY, ROW_DECIMAL };

static void print_field(const struct split *split, size_t i, enum row row)
{
	const struct split_field *field = &split->field[i];
	bool last = i + 1 == split->count;
	int width = width_of(field);
	char buf[FIELD_LEN];

	switch (row) {
	case ROW_NAMES:
		print_centred(field->name, width, last);
		break;
	case ROW_BITS:
		printf("%-*u%*u", width - 2, field->high, 2, field->low);
		break;
	case ROW_BINARY:
		binary(buf, split, i);
		print_centred(buf, width, false);
		break;
	case ROW_DECIMAL:
		snprintf(buf, sizeof(buf), "%" PRIu64, split_value(split, i));
		print_centred(buf, width, last);
		break;
	}
}

static void print_row(const struct split *split, const char *title, enum row row)
{
	const char *edge = row == ROW_BINARY ? "|" : " ";
	size_t i;

	printf("%-*s%s", MARGIN, title, edge);
	for (i = 0; i < split->count; i++) {
		print_field(split, i, row);
		fputs(i + 1 < split->count || row == ROW_BINARY ? edge : "", stdout);
	}
	putchar('\n');
}

static void print_edge(const struct split *split)
{
	size_t i;
	int n;

	printf("%*s+", MARGIN, "");
	for (i = 0; i < split->count; i++) {
		for (n = 0; n < width_of(&split->field[i]); n++)
			putchar('-');
		putchar('+');
	}
	putchar('\n');
}

/* split_print - draw the fields, the highest bit on the left */
void split_print(const struct split *split)
{
	print_row(split, "", ROW_NAMES);
	print_row(split, "bits", ROW_BITS);
	print_edge(split);
	print_row(split, "binary", ROW_BINARY);
	print_edge(split);
	print_row(split, "decimal", ROW_DECIMAL);
}

json_object *split_json(const struct split *split)
{
	json_object *array = new_array();
	char buf[FIELD_LEN];
	size_t i;

	for (i = 0; i < split->count; i++) {
		json_object *o = new_object();

		binary(buf, split, i);
		put_str(o, "name", split->field[i].name);
		put_int(o, "high_bit", split->field[i].high);
		put_int(o, "low_bit", split->field[i].low);
		put_int(o, "value", split_value(split, i));
		put_str(o, "binary", buf);
		put_element(array, o);
	}
	return array;
}
