// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "ring.h"

/**
 * ring_next - the next record
 * @ring: where from
 *
 * The record is good until the next one is asked for. What makes no sense ends
 * the buffer: nothing behind it can be found.
 *
 * Return: the record, NULL at the end.
 */
const struct perf_event_header *ring_next(struct ring *ring)
{
	uint64_t at = ring->tail & (ring->size - 1);
	uint64_t left = ring->head - ring->tail;
	const struct perf_event_header *header;
	uint64_t first;

	if (left < sizeof(*header))
		return NULL;
	/* The kernel aligns records by 8: a header never goes round */
	header = (const struct perf_event_header *)(ring->data + at);
	if (header->size < sizeof(*header) || header->size % 8 ||
	    header->size > left || left > ring->size) {
		ring->tail = ring->head;
		return NULL;
	}
	ring->tail += header->size;
	first = ring->size - at;
	if (header->size <= first)
		return header;
	memcpy(ring->record + first, ring->data, header->size - first);
	memcpy(ring->record, ring->data + at, first);
	return (const struct perf_event_header *)ring->record;
}
