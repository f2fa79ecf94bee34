/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ways to drop translations: their names, and what kind each is
 *
 * Pure, the same in the module and in libtlbscope.
 */
#ifndef TLBSCOPE_METHOD_H
#define TLBSCOPE_METHOD_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#endif

#include "uapi/tlbscope.h"

const char *method_name(unsigned int method);
int method_by_name(const char *name);
bool method_is_by_page(unsigned int method);

#endif /* TLBSCOPE_METHOD_H */
