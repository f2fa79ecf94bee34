// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "table.h"

struct table {
	const char *align;
	size_t columns;
	char **cell;
	size_t count;
	size_t room;
};

/* table_new - with a column for each character of @align, 'l'eft or 'r'ight */
struct table *table_new(const char *align)
{
	struct table *t = mem_array(NULL, 1, sizeof(*t));

	*t = (struct table){ .align = align, .columns = strlen(align) };
	return t;
}

/* table_cell - the next cell, from left to right and from top to bottom */
void table_cell(struct table *t, const char *fmt, ...)
{
	va_list args;

	if (t->count == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->cell = mem_array(t->cell, t->room, sizeof(*t->cell));
	}
	va_start(args, fmt);
	t->cell[t->count++] = mem_vprintf(fmt, args);
	va_end(args);
}

/* table_cells - a whole row, for the titles */
void table_cells(struct table *t, const char *const *text)
{
	size_t i;

	for (i = 0; i < t->columns; i++)
		table_cell(t, "%s", text[i]);
}

static int column_width(const struct table *t, size_t column)
{
	size_t width = 0, i;

	for (i = column; i < t->count; i += t->columns)
		if (strlen(t->cell[i]) > width)
			width = strlen(t->cell[i]);
	return (int)width;
}

static void print_cell(const struct table *t, size_t i, const int *width)
{
	size_t column = i % t->columns;

	/* Nothing in the last column: no blanks at the end of the line either */
	if (column && (column < t->columns - 1 || t->cell[i][0]))
		fputs("  ", stdout);
	if (t->align[column] == 'r')
		printf("%*s", width[column], t->cell[i]);
	else if (column < t->columns - 1)
		printf("%-*s", width[column], t->cell[i]);
	else
		fputs(t->cell[i], stdout);
	if (column == t->columns - 1)
		putchar('\n');
}

/* table_print - and free */
void table_print(struct table *t, const char *indent)
{
	int *width = mem_array(NULL, t->columns, sizeof(*width));
	size_t i;

	for (i = 0; i < t->columns; i++)
		width[i] = column_width(t, i);
	for (i = 0; i < t->count; i++) {
		if (i % t->columns == 0)
			fputs(indent, stdout);
		print_cell(t, i, width);
		free(t->cell[i]);
	}
	free(width);
	free(t->cell);
	free(t);
}
