/* SPDX-License-Identifier: GPL-2.0 */
/* Rows whose columns align */
#ifndef TOOL_TABLE_H
#define TOOL_TABLE_H

struct table;

struct table *table_new(const char *align);
void table_cell(struct table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void table_cells(struct table *t, const char *const *text);
void table_print(struct table *t, const char *indent);

#endif /* TOOL_TABLE_H */
