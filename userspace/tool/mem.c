// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "out.h"

_Noreturn void die_of_memory(void)
{
	fputs("tlbscope: out of memory\n", stderr);
	exit(EXIT_FAILED);
}

/* mem_array - room for @n elements, those of @old stay */
void *mem_array(void *old, size_t n, size_t size)
{
	void *new = reallocarray(old, n, size);

	if (!new)
		die_of_memory();
	return new;
}

char *mem_string(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		die_of_memory();
	return copy;
}

char *mem_vprintf(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		die_of_memory();
	return text;
}

char *mem_printf(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = mem_vprintf(fmt, args);
	va_end(args);
	return text;
}
