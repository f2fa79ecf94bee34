/* SPDX-License-Identifier: GPL-2.0 */
/* What each mapping has in memory, in pages of which sizes */
#ifndef TOOL_SUMMARY_H
#define TOOL_SUMMARY_H

#include "pieces.h"

int summary_print(struct target *target, const struct maps *maps,
		  const struct query *query, bool json);

#endif /* TOOL_SUMMARY_H */
