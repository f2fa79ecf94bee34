// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "plot.h"
#include "shotprint.h"

/* The values of a curve, in one piece: x, y, low and high */
static void fill_curve(const struct shots *shots, enum tlbscope_call call, size_t crowd,
		       struct plot_curve *curve)
{
	size_t room = shots->pages.count, i, n = 0;
	double *values = mem_array(NULL, 4 * room, sizeof(*values));
	double *x = values, *y = x + room, *low = y + room, *high = low + room;

	for (i = 0; i < shots->n; i++) {
		const struct shot *shot = &shots->vec[i];
		const struct tlbscope_estimate *time = &shot->result.touched.time.median;

		if (shot->call != call || shot->crowd != &shots->crowds[crowd])
			continue;
		x[n] = shot->pages;
		y[n] = tlbscope_inconclusive(time) ? NAN : time->value / 1e9;
		low[n] = time->low / 1e9;
		high[n++] = time->high / 1e9;
	}
	*curve = (struct plot_curve){ .n = n, .x = x, .y = y, .low = low, .high = high };
	if (shots->crowds[crowd].n)
		curve->name = mem_printf("beside %zu thread%s, %s", shots->crowds[crowd].n,
					 shots->crowds[crowd].n > 1 ? "s" : "",
					 shots->crowds[crowd].name);
	else
		curve->name = mem_string("no other threads");
}

static struct plot_panel panel_of(const struct shots *shots, enum tlbscope_call call)
{
	struct plot_curve *curves = mem_array(NULL, shots->n_crowds, sizeof(*curves));
	size_t crowd;

	for (crowd = 0; crowd < shots->n_crowds; crowd++)
		fill_curve(shots, call, crowd, &curves[crowd]);
	return (struct plot_panel) {
		.title = tlbscope_call_name(call),
		.curves = curves,
		.n = shots->n_crowds,
	};
}

static void free_panel(const struct plot_panel *panel)
{
	size_t i;

	for (i = 0; i < panel->n; i++) {
		free((void *)panel->curves[i].x);
		free((void *)panel->curves[i].name);
	}
	free((void *)panel->curves);
}

static bool was_measured(const struct shots *shots, enum tlbscope_call call)
{
	size_t i;

	for (i = 0; i < shots->n; i++)
		if (shots->vec[i].call == call)
			return true;
	return false;
}

/* shotprint_plot - a panel for each call. Return: an exit status */
int shotprint_plot(const char *verb, const char *file, const struct shots *shots)
{
	struct plot_panel panels[TLBSCOPE_CALLS];
	char *machine = plot_machine();
	char *label = mem_printf("more than %u pages: all is flushed",
				 (unsigned int)shots->ceiling);
	struct plot_marker marker = { (double)shots->ceiling, label };
	struct plot plot = {
		.title = "Calls that flush the TLB: time a call (median, 95 % confidence)",
		.subtitle = machine,
		.x_label = "pages a call (4 KiB)",
		.y_label = "time a call",
		.y_unit = "s",
		.log_y = true,
		.markers = &marker,
		.markers_n = shots->ceiling > 0,
		.panels = panels,
	};
	int call, status;
	size_t i;

	for (call = 0; call < TLBSCOPE_CALLS; call++)
		if (was_measured(shots, call))
			panels[plot.n++] = panel_of(shots, call);
	status = plot_write(verb, file, &plot);
	for (i = 0; i < plot.n; i++)
		free_panel(&panels[i]);
	free(label);
	free(machine);
	return status;
}
