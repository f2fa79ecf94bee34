// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include <tlbscope.h>

#include "rights.h"

/**
 * rights_words - of a page that is present
 * @buf: where to, RIGHTS_LEN bytes
 * @rights: TLBSCOPE_MAY_*
 *
 * Return: @buf: "read write user", "read exec kernel-only", ...
 */
const char *rights_words(char *buf, unsigned int rights)
{
	snprintf(buf, RIGHTS_LEN, "read%s%s %s",
		 rights & TLBSCOPE_MAY_WRITE ? " write" : "",
		 rights & TLBSCOPE_MAY_EXEC ? " exec" : "",
		 rights & TLBSCOPE_MAY_USER ? "user" : "kernel-only");
	return buf;
}

/* rights_letters - the same as "rw-u", "r-xk" */
const char *rights_letters(char *buf, unsigned int rights)
{
	snprintf(buf, RIGHTS_LEN, "r%c%c%c",
		 rights & TLBSCOPE_MAY_WRITE ? 'w' : '-',
		 rights & TLBSCOPE_MAY_EXEC ? 'x' : '-',
		 rights & TLBSCOPE_MAY_USER ? 'u' : 'k');
	return buf;
}
