/* SPDX-License-Identifier: GPL-2.0 */
/* What tlbscope shootdown measured: as text, JSON, CSV and curves */
#ifndef TOOL_SHOTPRINT_H
#define TOOL_SHOTPRINT_H

#include <stdbool.h>

#include "shots.h"

const char *shotprint_refused(int err);
void shotprint_text(const struct shots *shots);
void shotprint_json(const struct shots *shots, bool raw);
void shotprint_csv(const struct shots *shots);
int shotprint_plot(const char *verb, const char *file, const struct shots *shots);

#endif /* TOOL_SHOTPRINT_H */
