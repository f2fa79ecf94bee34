// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "csv.h"

static void next_field(struct csv *csv)
{
	if (csv->begun)
		putc(',', csv->to);
	csv->begun = true;
}

/* csv_text - quoted where it must be */
void csv_text(struct csv *csv, const char *text)
{
	next_field(csv);
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, csv->to);
		return;
	}
	putc('"', csv->to);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', csv->to);
		putc(*text, csv->to);
	}
	putc('"', csv->to);
}

void csv_count(struct csv *csv, uint64_t n)
{
	next_field(csv);
	fprintf(csv->to, "%" PRIu64, n);
}

/* csv_number - to a thousandth; empty for NAN, which is not known */
void csv_number(struct csv *csv, double n)
{
	next_field(csv);
	if (isfinite(n))
		fprintf(csv->to, "%.3f", n);
}

void csv_header(struct csv *csv, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		csv_text(csv, names[i]);
	csv_end(csv);
}

/* csv_end - of a row */
void csv_end(struct csv *csv)
{
	fputs("\r\n", csv->to);
	csv->begun = false;
}
