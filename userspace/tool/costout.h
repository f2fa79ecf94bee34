/* SPDX-License-Identifier: GPL-2.0 */
/* What invalidations cost, printed: cells of a table, JSON, CSV */
#ifndef TOOL_COSTOUT_H
#define TOOL_COSTOUT_H

#include "cost.h"
#include "csv.h"
#include "out.h"
#include "table.h"

void cost_cell(struct table *t, const struct figure *figure, double times, bool tenth);
void cost_page_cell(struct table *t, const struct figure *figure, unsigned int pages);
void cost_p99_cell(struct table *t, const struct figure *figure);
void cost_empty_cells(struct table *t, const struct cost *c);
json_object *cost_json(const struct cost *cost, double ns, bool raw);
void cost_csv_titles(struct csv *csv);
void cost_csv(struct csv *csv, const struct cost *c);

#endif /* TOOL_COSTOUT_H */
