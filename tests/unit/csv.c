// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>

#include "csv.h"
#include "unit.h"

static char *text;
static size_t len;
static struct csv csv;

static void begin(void)
{
	csv = (struct csv){ .to = open_memstream(&text, &len) };
}

static void check(const char *wanted)
{
	fclose(csv.to);
	CHECK_STR(text, wanted);
	free(text);
}

TEST(plain)
{
	begin();
	csv_text(&csv, "call");
	csv_count(&csv, 1234567);
	csv_number(&csv, 1234.5);
	csv_end(&csv);
	csv_count(&csv, 0);
	csv_end(&csv);
	check("call,1234567,1234.500\r\n0\r\n");
}

TEST(quoted)
{
	begin();
	csv_text(&csv, "a,b");
	csv_text(&csv, "say \"no\"");
	csv_text(&csv, "two\nlines");
	csv_text(&csv, "a b");
	csv_text(&csv, "");
	csv_end(&csv);
	check("\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",a b,\r\n");
}

TEST(not_known)
{
	begin();
	csv_number(&csv, NAN);
	csv_number(&csv, -INFINITY);
	csv_number(&csv, -1);
	csv_end(&csv);
	check(",,-1.000\r\n");
}

TEST(header)
{
	static const char *const names[] = { "call", "time_ns" };

	begin();
	csv_header(&csv, names, 2);
	check("call,time_ns\r\n");
}

UNIT_MAIN("csv")
