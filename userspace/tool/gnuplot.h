/* SPDX-License-Identifier: GPL-2.0 */
/* The program that draws */
#ifndef TOOL_GNUPLOT_H
#define TOOL_GNUPLOT_H

#include <stdbool.h>

bool gnuplot_installed(void);
int gnuplot_run(const char *script, int out, char **why);

#endif /* TOOL_GNUPLOT_H */
