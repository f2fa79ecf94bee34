/* SPDX-License-Identifier: GPL-2.0 */
/* The paging schemes of x86, from one level to five */
#ifndef TOOL_PAGING_H
#define TOOL_PAGING_H

#include <stdbool.h>

int paging_explain(const char *verb, const char *name, const char *word,
		   bool json);

#endif /* TOOL_PAGING_H */
