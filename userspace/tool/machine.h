/* SPDX-License-Identifier: GPL-2.0 */
/* What the machine is called, for people */
#ifndef TOOL_MACHINE_H
#define TOOL_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include <libtlbscope.h>

/* Room for what any of them writes */
#define MACHINE_LEN	128

const char *machine_hypervisor(const struct tlbscope_info *info);
bool machine_emulated(const struct tlbscope_info *info);
void machine_cpu(char *buf);
void machine_pages(char *buf, const struct tlbscope_info *info);

#endif /* TOOL_MACHINE_H */
