/* SPDX-License-Identifier: GPL-2.0 */
/* Curves, drawn by gnuplot into a PNG or an SVG */
#ifndef TOOL_PLOT_H
#define TOOL_PLOT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct plot_curve - points that belong together
 * @name: for the legend
 * @n: points
 * @x: of each
 * @y: of each; NAN leaves it out
 * @low: lower end of its error, NULL without
 * @high: upper end, NULL without
 */
struct plot_curve {
	const char *name;
	size_t n;
	const double *x;
	const double *y;
	const double *low;
	const double *high;
};

/**
 * struct plot_panel - one pair of axes
 * @title: above it; NULL if the plot's own says all
 * @curves: what is drawn
 * @n: how many
 */
struct plot_panel {
	const char *title;
	const struct plot_curve *curves;
	size_t n;
};

/**
 * struct plot_marker - a vertical line across all panels
 * @x: where
 * @label: beside it
 */
struct plot_marker {
	double x;
	const char *label;
};

/**
 * struct plot - a picture
 * @title: what it shows
 * @subtitle: where that was measured, as plot_machine() says
 * @x_label: with the unit; the axis is logarithmic to base 2
 * @y_label: with the unit
 * @y_unit: a base unit ("s") that the ticks carry with an SI prefix; NULL for
 *	plain numbers
 * @log_y: logarithmic
 * @markers: vertical lines
 * @markers_n: how many
 * @panels: side by side, all with the same axes
 * @n: how many
 */
struct plot {
	const char *title;
	const char *subtitle;
	const char *x_label;
	const char *y_label;
	const char *y_unit;
	bool log_y;
	const struct plot_marker *markers;
	size_t markers_n;
	const struct plot_panel *panels;
	size_t n;
};

char *plot_machine(void);
char *plot_script(const struct plot *plot, const char *file);
int plot_check(const char *verb, const char *file);
int plot_write(const char *verb, const char *file, const struct plot *plot);

#endif /* TOOL_PLOT_H */
