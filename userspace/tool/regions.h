/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's half of the address space by name */
#ifndef TOOL_REGIONS_H
#define TOOL_REGIONS_H

#include "maps.h"

void regions_read(struct maps *maps, unsigned int levels);

#endif /* TOOL_REGIONS_H */
