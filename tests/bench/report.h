/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Figures, as a table for people or as JSON Lines
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>

#define NO_GOAL	0.0

/**
 * struct report - how to print
 * @json: one object a line
 * @judge: whether goals count here: they are in instructions
 * @missed: figures that are above their goals
 */
struct report {
	bool json;
	bool judge;
	unsigned int missed;
};

void report_head(const struct report *report, const char *unit);
void report_section(const struct report *report, const char *title);
void report_figure(struct report *report, const char *name, const char *unit,
		   double result, double goal, const char *note);
void report_missing(const struct report *report, const char *name,
		    const char *why);

#endif /* REPORT_H */
