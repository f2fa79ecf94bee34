/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The records of a buffer that goes round
 */
#ifndef TLBSCOPE_RING_H
#define TLBSCOPE_RING_H

#include <stdint.h>
#include <linux/perf_event.h>

/* A record's size is 16 bits */
#define RING_RECORD_MAX		65536

/**
 * struct ring - what is to be read
 * @data: the buffer
 * @size: its bytes, a power of two
 * @tail: read up to here; counts on, as @head does, without going round
 * @head: written up to here
 * @record: a record that goes round the end is put together here,
 *	RING_RECORD_MAX bytes
 */
struct ring {
	const unsigned char *data;
	uint64_t size;
	uint64_t tail;
	uint64_t head;
	unsigned char *record;
};

const struct perf_event_header *ring_next(struct ring *ring);

#endif /* TLBSCOPE_RING_H */
