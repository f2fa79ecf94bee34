// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "gnuplot.h"
#include "out.h"
#include "plot.h"
#include "unit.h"

static const double x[] = { 1, 2, 4, 33 }, y[] = { 1e-6, NAN, 3e-6, 4e-6 };
static const double low[] = { 9e-7, NAN, 2e-6, -INFINITY };
static const double high[] = { 2e-6, NAN, 4e-6, INFINITY };

static struct plot_curve curve = {
	.name = "it's `date`", .n = 4, .x = x, .y = y, .low = low, .high = high,
};
static struct plot_panel panels[5] = {
	{ .title = "a_b", .curves = &curve, .n = 1 },
	{ .title = "two", .curves = &curve, .n = 1 },
	{ .title = "none" },
	{ .title = "four", .curves = &curve, .n = 1 },
	{ .title = "five", .curves = &curve, .n = 1 },
};

static const struct plot_marker markers[] = {
	{ 33, "ceiling 33" }, { 20.5, "crossover" },
};

static struct plot plot_of(size_t n)
{
	return (struct plot) {
		.title = "A \"title\"\nof two lines", .subtitle = "CPU {x}_y @ 2.60GHz \\n",
		.x_label = "pages", .y_label = "time a call", .y_unit = "s",
		.log_y = true, .markers = markers, .markers_n = 2,
		.panels = panels, .n = n,
	};
}

#define HAS(text, part) do {						\
	if (!strstr(text, part))					\
		UNIT_FAIL("there is no \"%s\"", part);			\
} while (0)

TEST(script)
{
	struct plot plot = plot_of(1);
	char *text = plot_script(&plot, "x.png");

	HAS(text, "pngcairo");
	HAS(text, "set title 'a_b' noenhanced");
	HAS(text, "set label 1 'A \"title\" of two lines' noenhanced");
	HAS(text, "set label 2 'CPU {x}_y @ 2.60GHz \\n' noenhanced");
	HAS(text, "set xlabel 'pages'");
	HAS(text, "set ylabel 'time a call'");
	HAS(text, "set logscale x 2");
	HAS(text, "(1, 2, 4, 8, 16, 32)");
	HAS(text, "set logscale y");
	HAS(text, "set format y '%.0s %cs'");
	HAS(text, "title 'it''s `date`'");
	HAS(text, "from first 33, graph 0");
	HAS(text, "'ceiling 33'");
	HAS(text, "from first 20.5, graph 0");
	HAS(text, "'crossover'");
	CHECK(!strstr(text, "nan"));
	CHECK(!strstr(text, "inf"));
	free(text);
}

TEST(svg)
{
	struct plot plot = plot_of(1);
	char *text = plot_script(&plot, "dir.png/x.SVG");

	HAS(text, "set terminal svg");
	CHECK(!strstr(text, "png"));
	free(text);
}

TEST(no_marker_and_linear)
{
	struct plot plot = plot_of(1);
	char *text;

	plot.markers_n = 0;
	plot.log_y = false;
	plot.y_unit = NULL;
	text = plot_script(&plot, "x.png");
	CHECK(!strstr(text, "set arrow"));
	CHECK(!strstr(text, "logscale y"));
	CHECK(!strstr(text, "format y"));
	free(text);
}

/* What gnuplot says to scripts of one and of many panels: nothing */
TEST(gnuplot_takes_it)
{
	static const char *const files[] = { "x.png", "x.svg" };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	size_t n, f;
	char *why;

	if (!gnuplot_installed())
		SKIP("gnuplot is not installed");
	for (n = 1; n <= 5; n++)
		for (f = 0; f < 2; f++) {
			struct plot plot = plot_of(n);
			char *text = plot_script(&plot, files[f]);

			CHECK_EQ(gnuplot_run(text, null, &why), 0);
			if (why)
				UNIT_FAIL("%zu panels, %s: %s", n, files[f], why);
			free(why);
			free(text);
		}
	close(null);
}

TEST(gnuplot_complains)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char *why;

	if (!gnuplot_installed())
		SKIP("gnuplot is not installed");
	CHECK_EQ(gnuplot_run("set nonsense\n", null, &why), -EIO);
	REQUIRE(why);
	CHECK(strlen(why) > 5);
	free(why);
	close(null);
}

TEST(gnuplot_is_not_there)
{
	char *path = getenv("PATH") ? strdup(getenv("PATH")) : NULL, *why;

	setenv("PATH", "/nonexistent", 1);
	CHECK(!gnuplot_installed());
	CHECK_EQ(gnuplot_run("", STDOUT_FILENO, &why), -ENOENT);
	CHECK(!why);
	if (path)
		setenv("PATH", path, 1);
	free(path);
}

UNIT_MAIN("plot")
