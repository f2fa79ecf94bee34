/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tracefs says about the tracepoint tlb:tlb_flush
 */
#ifndef TLBSCOPE_TRACEFS_H
#define TLBSCOPE_TRACEFS_H

#include "flush-format.h"

int tracefs_read_format(struct flush_format *format);

#endif /* TLBSCOPE_TRACEFS_H */
