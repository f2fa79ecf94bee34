/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the machine is told without the module
 */
#ifndef TLBSCOPE_MACHINE_H
#define TLBSCOPE_MACHINE_H

#include <stdbool.h>

#include <tlbscope.h>

char *machine_flags(void);
bool machine_has_flag(const char *flags, const char *flag);
void machine_guess_format(struct tlbscope_format *format, const char *release);

#endif /* TLBSCOPE_MACHINE_H */
