/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two addresses that a request is between
 */
#ifndef TLBSCOPE_RANGE_H
#define TLBSCOPE_RANGE_H

#include <stdint.h>

#include <tlbscope.h>

#define PAGE_SIZE	4096ULL

int range_check(const struct tlbscope_info *info, uint64_t start, uint64_t *end);

#endif /* TLBSCOPE_RANGE_H */
