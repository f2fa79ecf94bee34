// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gnuplot.h"
#include "machine.h"
#include "mem.h"
#include "out.h"
#include "plot.h"

#define WIDTH		1000
#define HEIGHT		620
#define PANEL_WIDTH	620
#define PANEL_HEIGHT	440
#define HEAD_HEIGHT	70
#define PANEL_TITLE	30

enum format { FORMAT_NONE, FORMAT_PNG, FORMAT_SVG };

static enum format format_of(const char *file)
{
	const char *dot = strrchr(file, '.');

	if (!dot || dot == file || dot[-1] == '/')
		return FORMAT_NONE;
	if (!strcasecmp(dot, ".png"))
		return FORMAT_PNG;
	return strcasecmp(dot, ".svg") ? FORMAT_NONE : FORMAT_SVG;
}

/* plot_machine - CPU, kernel and hypervisor in one line, to be freed */
char *plot_machine(void)
{
	struct tlbscope_info info;
	char cpu[MACHINE_LEN];
	const char *hypervisor;

	tlbscope_machine(&info);
	machine_cpu(cpu);
	hypervisor = machine_hypervisor(&info);
	return mem_printf("%s, Linux %s%s%s", cpu, info.kernel,
			  hypervisor[0] ? ", under " : ", no hypervisor", hypervisor);
}

/*
 * The script
 */

/* In single quotes gnuplot takes everything as it is but a quote */
static void put_quoted(FILE *to, const char *text)
{
	putc('\'', to);
	for (; *text; text++) {
		if (*text == '\'')
			putc('\'', to);
		putc((unsigned char)*text < ' ' ? ' ' : *text, to);
	}
	putc('\'', to);
}

static void put_text(FILE *to, const char *command, const char *text)
{
	fprintf(to, "%s ", command);
	put_quoted(to, text ? text : "");
	fputs(" noenhanced\n", to);
}

static void grid(const struct plot *plot, int *rows, int *columns)
{
	int n = (int)plot->n;

	*columns = n < 2 ? 1 : n < 5 ? 2 : 3;
	*rows = (n + *columns - 1) / *columns;
}

static void put_terminal(FILE *to, const struct plot *plot, const char *file)
{
	int rows, columns, width, height, head = HEAD_HEIGHT;

	grid(plot, &rows, &columns);
	if (plot->n && plot->panels[0].title)
		head += PANEL_TITLE;
	width = plot->n < 2 ? WIDTH : columns * PANEL_WIDTH;
	height = plot->n < 2 ? HEIGHT : rows * PANEL_HEIGHT + head;
	fputs("set encoding utf8\nset micro\n", to);
	if (format_of(file) == FORMAT_SVG)
		fprintf(to, "set terminal svg size %d,%d font 'sans,13' background 'white'\n",
			width, height);
	else
		fprintf(to,
			"if (strstrt(GPVAL_TERMINALS, 'pngcairo')) {\n"
			"set terminal pngcairo size %d,%d font 'sans,11'\n"
			"} else {\n"
			"set terminal png truecolor size %d,%d\n"
			"}\n", width, height, width, height);
	fprintf(to, "top = 1 - %d.0 / %d\n", head, height);
	fprintf(to, "row = 24.0 / %d\n", height);
}

static void put_data(FILE *to, const struct plot_curve *curve, size_t panel,
		     size_t number)
{
	bool error = curve->low && curve->high;
	size_t i;

	fprintf(to, "$d%zu_%zu << EOD\n", panel, number);
	for (i = 0; i < curve->n; i++)
		if (isfinite(curve->y[i]))
			fprintf(to, "%.17g %.17g %.17g %.17g\n", curve->x[i], curve->y[i],
				error && isfinite(curve->low[i]) ? curve->low[i] : curve->y[i],
				error && isfinite(curve->high[i]) ? curve->high[i] : curve->y[i]);
	fputs("EOD\n", to);
}

static bool has_points(const struct plot_curve *curve)
{
	size_t i;

	for (i = 0; i < curve->n; i++)
		if (isfinite(curve->y[i]))
			return true;
	return false;
}

static void x_range(const struct plot *plot, double *min, double *max)
{
	size_t p, c, i;

	*min = INFINITY;
	*max = 0;
	for (p = 0; p < plot->n; p++)
		for (c = 0; c < plot->panels[p].n; c++)
			for (i = 0; i < plot->panels[p].curves[c].n; i++) {
				*min = fmin(*min, plot->panels[p].curves[c].x[i]);
				*max = fmax(*max, plot->panels[p].curves[c].x[i]);
			}
	if (*max <= 0) {
		*min = 1;
		*max = 2;
	}
}

static void put_axes(FILE *to, const struct plot *plot)
{
	double min, max, tick;
	const char *comma = "";

	x_range(plot, &min, &max);
	put_text(to, "set xlabel", plot->x_label);
	put_text(to, "set ylabel", plot->y_label);
	fprintf(to, "set logscale x 2\nset xrange [%.17g:%.17g]\n", min / 1.2, max * 1.2);
	fputs("set xtics nomirror (", to);
	for (tick = 1; tick <= max; tick *= 2)
		if (tick >= min / 1.2) {
			fprintf(to, "%s%.0f", comma, tick);
			comma = ", ";
		}
	fprintf(to, ")%s\n", plot->n > 1 ? " rotate by -40" : "");
	if (plot->log_y)
		fputs("set logscale y 10\n", to);
	else
		fputs("set yrange [0:*]\n", to);
	if (plot->y_unit)
		fprintf(to, "set format y '%%.0s %%c%s'\n", plot->y_unit);
	fputs("set ytics nomirror\nset border 3\n"
	      "set grid xtics ytics lc rgb '#dddddd' lt 1\n"
	      "set key top left Left reverse samplen 2 spacing 1.1 noenhanced\n"
	      "set colorsequence podo\n"
	      "set style fill transparent solid 0.2 noborder\n", to);
}

/* Labels 1 and 2 are the titles; each marker's stands above the one before */
static void put_markers(FILE *to, const struct plot *plot)
{
	size_t i;

	for (i = 0; i < plot->markers_n; i++) {
		const struct plot_marker *marker = &plot->markers[i];

		fprintf(to, "set arrow %zu from first %.17g, graph 0 to first %.17g, graph 1 nohead dt 2 lw 1.5 lc rgb '#666666'\n",
			i + 1, marker->x, marker->x);
		fprintf(to, "set label %zu ", i + 3);
		put_quoted(to, marker->label);
		fprintf(to, " noenhanced at first %.17g, graph %.17g left offset character 0.7,0 textcolor rgb '#444444'\n",
			marker->x, 0.04 + 0.05 * (double)i);
	}
}

static void put_panel(FILE *to, const struct plot *plot, size_t number)
{
	const struct plot_panel *panel = &plot->panels[number];
	const char *separator = "plot ";
	size_t i;

	put_text(to, "set title", panel->title);
	for (i = 0; i < panel->n; i++) {
		const struct plot_curve *curve = &panel->curves[i];

		if (!has_points(curve))
			continue;
		if (curve->low && curve->high) {
			fprintf(to, "%s$d%zu_%zu using 1:3:4 with filledcurves lt %zu notitle",
				separator, number, i, i + 1);
			separator = ", ";
		}
		fprintf(to, "%s$d%zu_%zu using 1:2 with linespoints lt %zu lw 2 pt 7 ps 0.7 title ",
			separator, number, i, i + 1);
		put_quoted(to, curve->name);
		separator = ", ";
	}
	/* Where there is nothing to draw the place stays empty */
	if (separator[0] == 'p')
		fputs("set multiplot next", to);
	putc('\n', to);
}

/**
 * plot_script - what gnuplot is to be told
 * @file: its ending says which format; the picture itself goes to stdout
 *
 * Return: text, to be freed
 */
char *plot_script(const struct plot *plot, const char *file)
{
	int rows, columns;
	char *text = NULL;
	size_t len, p, c;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		die_of_memory();
	grid(plot, &rows, &columns);
	put_terminal(to, plot, file);
	for (p = 0; p < plot->n; p++)
		for (c = 0; c < plot->panels[p].n; c++)
			put_data(to, &plot->panels[p].curves[c], p, c);
	put_axes(to, plot);
	put_markers(to, plot);
	put_text(to, "set label 1", plot->title);
	fputs("set label 1 at screen 0.5, screen 1 - row center font ',15'\n", to);
	put_text(to, "set label 2", plot->subtitle);
	fputs("set label 2 at screen 0.5, screen 1 - 2 * row center textcolor rgb '#555555'\n", to);
	fprintf(to, "set multiplot layout %d,%d margins char 11, screen 0.98, char 5, screen top spacing char 11, char 7\n",
		rows, columns);
	for (p = 0; p < plot->n; p++) {
		put_panel(to, plot, p);
		if (!p)
			fputs("unset label 1\nunset label 2\n", to);
	}
	fputs("unset multiplot\n", to);
	if (fclose(to) || !text)
		die_of_memory();
	return text;
}

/*
 * The file
 */

static int not_installed(const char *verb)
{
	return fail(verb, "gnuplot, which draws, is not installed; try: apt-get install gnuplot-nox");
}

static int cannot_write(const char *verb, const char *file, int err)
{
	return fail(verb, "cannot write %s: %s; try: another place for it", file,
		    strerror(err));
}

/* Whether @file could be written, without touching it. Return: 0 or a negative errno */
static int writable(const char *file)
{
	const char *slash = strrchr(file, '/');
	struct stat st;
	char *dir;
	int err = 0;

	if (!stat(file, &st)) {
		if (S_ISDIR(st.st_mode))
			return -EISDIR;
		return access(file, W_OK) ? -errno : 0;
	}
	if (errno != ENOENT)
		return -errno;
	dir = slash ? mem_printf("%.*s/", (int)(slash - file), file) : mem_string(".");
	if (access(dir, W_OK | X_OK))
		err = -errno;
	free(dir);
	return err;
}

/**
 * plot_check - what can go wrong is told before anything is measured
 * @file: as given on the command line
 *
 * Return: 0 or an exit status, the reason has been said
 */
int plot_check(const char *verb, const char *file)
{
	int err;

	if (format_of(file) == FORMAT_NONE)
		return usage(verb, "--plot wants a FILE.png or a FILE.svg, not '%s'", file);
	if (!gnuplot_installed())
		return not_installed(verb);
	err = writable(file);
	return err ? cannot_write(verb, file, -err) : 0;
}

/**
 * plot_write - draw
 * @file: FILE.png or FILE.svg
 *
 * Return: an exit status, the reason has been said
 */
int plot_write(const char *verb, const char *file, const struct plot *plot)
{
	int out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	char *script, *why;
	int err, status = EXIT_DONE;

	if (out < 0)
		return cannot_write(verb, file, errno);
	script = plot_script(plot, file);
	err = gnuplot_run(script, out, &why);
	if (close(out) && !err)
		status = cannot_write(verb, file, errno);
	else if (err == -ENOENT)
		status = not_installed(verb);
	else if (err)
		status = fail(verb, "gnuplot did not draw %s: %s; try: --csv, and another program",
			      file, why ? why : strerror(-err));
	free(script);
	free(why);
	return status;
}
