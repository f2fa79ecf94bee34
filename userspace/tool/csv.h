/* SPDX-License-Identifier: GPL-2.0 */
/* Comma-separated values, as RFC 4180 has them */
#ifndef TOOL_CSV_H
#define TOOL_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct csv - rows that are being written
 * @to: where to
 * @begun: there is a field in this row
 */
struct csv {
	FILE *to;
	bool begun;
};

void csv_text(struct csv *csv, const char *text);
void csv_count(struct csv *csv, uint64_t n);
void csv_number(struct csv *csv, double n);
void csv_header(struct csv *csv, const char *const *names, size_t n);
void csv_end(struct csv *csv);

#endif /* TOOL_CSV_H */
