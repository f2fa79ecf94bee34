/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a record of the tracepoint tlb:tlb_flush looks like
 */
#ifndef TLBSCOPE_FLUSH_FORMAT_H
#define TLBSCOPE_FLUSH_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libtlbscope.h"

#define FLUSH_REASON_LEN	40

/* struct flush_field - where in a record a number lies, in bytes */
struct flush_field {
	unsigned int offset;
	unsigned int size;
};

/**
 * struct flush_format - the tracepoint
 * @id: what perf_event_open() calls it
 * @reason: enum tlb_flush_reason of the kernel
 * @pages: how many, or all ones for a full flush
 * @name: what the kernel calls each reason; "" for one that it does not have
 */
struct flush_format {
	uint64_t id;
	struct flush_field reason;
	struct flush_field pages;
	char name[TLBSCOPE_FLUSH_REASONS][FLUSH_REASON_LEN];
};

/**
 * struct flush_record - one flush
 * @reason: enum tlbscope_flush_reason
 * @pages: how many, TLBSCOPE_FLUSH_ALL for a full one
 */
struct flush_record {
	unsigned int reason;
	uint64_t pages;
};

bool flush_format_parse(const char *text, struct flush_format *format);
bool flush_format_decode(const struct flush_format *format, const void *raw,
			 size_t size, struct flush_record *record);

#endif /* TLBSCOPE_FLUSH_FORMAT_H */
