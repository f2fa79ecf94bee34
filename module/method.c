// SPDX-License-Identifier: GPL-2.0
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "method.h"

static const char * const names[TLBSCOPE_METHODS] = {
	[TLBSCOPE_INVLPG]		= "invlpg",
	[TLBSCOPE_INVPCID_ADDRESS]	= "invpcid-address",
	[TLBSCOPE_INVPCID_CONTEXT]	= "invpcid-context",
	[TLBSCOPE_INVPCID_ALL]		= "invpcid-all",
	[TLBSCOPE_INVPCID_NONGLOBAL]	= "invpcid-nonglobal",
	[TLBSCOPE_CR3]			= "cr3",
	[TLBSCOPE_CR4_PGE]		= "cr4-pge",
	[TLBSCOPE_INVLPGB]		= "invlpgb",
	[TLBSCOPE_IPI]			= "ipi",
};

/**
 * method_name - a method in a word
 * @method: enum tlbscope_method
 *
 * Return: the word, NULL for a number that is none.
 */
const char *method_name(unsigned int method)
{
	return method < TLBSCOPE_METHODS ? names[method] : NULL;
}

/**
 * method_by_name - the method of that name
 * @name: a word
 *
 * Return: enum tlbscope_method, or -1.
 */
int method_by_name(const char *name)
{
	int i;

	for (i = 0; i < TLBSCOPE_METHODS; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

/**
 * method_is_by_page - whether what is dropped is named by address
 * @method: enum tlbscope_method, not TLBSCOPE_IPI
 *
 * Return: true for one instruction a page, false for one that drops a whole
 * tag or more.
 */
bool method_is_by_page(unsigned int method)
{
	return method == TLBSCOPE_INVLPG ||
	       method == TLBSCOPE_INVPCID_ADDRESS ||
	       method == TLBSCOPE_INVLPGB;
}
