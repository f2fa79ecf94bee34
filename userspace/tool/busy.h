/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that keep our address space loaded on other CPUs */
#ifndef TOOL_BUSY_H
#define TOOL_BUSY_H

#include <stddef.h>

struct busy;

struct busy *busy_start(const unsigned int *cpus, size_t n);
void busy_stop(struct busy *busy);

#endif /* TOOL_BUSY_H */
