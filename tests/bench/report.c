// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "report.h"

/**
 * report_head - what the columns are
 * @report: how
 * @unit: what the clock counts
 */
void report_head(const struct report *report, const char *unit)
{
	if (report->json)
		return;
	printf("Costs are in %s.\n\n", unit);
	printf("%-44s %10s %-18s %8s\n", "", "result", "", "goal");
}

/**
 * report_section - what the next figures have in common
 * @report: how
 * @title: a line
 */
void report_section(const struct report *report, const char *title)
{
	if (!report->json)
		printf("\n%s\n", title);
}

static void put_number(double number)
{
	printf(number < 100 ? "%10.2f" : "%10.0f", number);
}

/**
 * report_figure - one figure
 * @report: how; counts what misses its goal
 * @name: what was measured
 * @unit: of @result and @goal
 * @result: the figure
 * @goal: at most that, or NO_GOAL
 * @note: what else is to say, or ""
 */
void report_figure(struct report *report, const char *name, const char *unit,
		   double result, double goal, const char *note)
{
	bool judged = report->judge && goal != NO_GOAL;
	bool missed = judged && result > goal;

	report->missed += missed;
	if (report->json) {
		printf("{\"figure\": \"%s\", \"unit\": \"%s\", \"result\": %.3f",
		       name, unit, result);
		if (goal != NO_GOAL)
			printf(", \"goal\": %g", goal);
		if (judged)
			printf(", \"met\": %s", missed ? "false" : "true");
		if (note[0])
			printf(", \"note\": \"%s\"", note);
		printf("}\n");
		return;
	}
	printf("  %-42s ", name);
	put_number(result);
	printf(" %-18s ", unit);
	if (goal != NO_GOAL)
		printf("%8g %s", goal, missed ? "MISSED" : judged ? "met" : "");
	else if (note[0])
		printf("%8s", "");
	if (note[0])
		printf("  %s", note);
	printf("\n");
}

/**
 * report_missing - a figure that this machine cannot give
 * @report: how
 * @name: what would have been measured
 * @why: in a few words
 */
void report_missing(const struct report *report, const char *name,
		    const char *why)
{
	if (report->json)
		printf("{\"figure\": \"%s\", \"missing\": \"%s\"}\n", name,
		       why);
	else
		printf("  %-42s %10s %s\n", name, "-", why);
}
