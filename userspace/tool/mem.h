/* SPDX-License-Identifier: GPL-2.0 */
/* Memory, or the end: a tool that prints can do nothing without; and arrays */
#ifndef TOOL_MEM_H
#define TOOL_MEM_H

#include <stdarg.h>
#include <stddef.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

_Noreturn void die_of_memory(void);
void *mem_array(void *old, size_t n, size_t size);
char *mem_string(const char *text);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *mem_vprintf(const char *fmt, va_list args);

#endif /* TOOL_MEM_H */
