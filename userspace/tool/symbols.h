/* SPDX-License-Identifier: GPL-2.0 */
/* Symbols of a process (libdwfl) or of the kernel (/proc/kallsyms) */
#ifndef TOOL_SYMBOLS_H
#define TOOL_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct symbols;

struct symbols *symbols_open(pid_t pid);
void symbols_close(struct symbols *symbols);
int symbols_find(struct symbols *symbols, const char *name, uint64_t *address);
bool symbols_hidden(void);
char *symbols_near(struct symbols *symbols, uint64_t address);

#endif /* TOOL_SYMBOLS_H */
