// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "ring.h"
#include "unit.h"

#define SIZE	4096

/* A ring of which this program is the kernel, too */
struct fixture {
	struct ring ring;
	unsigned char *data;
	unsigned char *record;
};

/* From the heap, so that a sanitizer sees what goes beyond */
static void setup(struct fixture *f, uint64_t start)
{
	f->data = malloc(SIZE);
	f->record = malloc(RING_RECORD_MAX);
	f->ring = (struct ring){
		.data = f->data, .size = SIZE, .tail = start, .head = start,
		.record = f->record,
	};
}

static void teardown(struct fixture *f)
{
	free(f->data);
	free(f->record);
}

static void put(struct fixture *f, const void *bytes, size_t n)
{
	const unsigned char *from = bytes;

	while (n--)
		f->data[f->ring.head++ % SIZE] = *from++;
}

/* A record whose bytes tell which one it is */
static void put_record(struct fixture *f, unsigned int number, uint16_t size)
{
	struct perf_event_header header = { .type = number, .size = size };
	unsigned int i;

	put(f, &header, sizeof(header));
	for (i = sizeof(header); i < size; i++) {
		unsigned char byte = (unsigned char)(number * 7 + i);

		put(f, &byte, 1);
	}
}

static void check_record(struct fixture *f, unsigned int number, uint16_t size)
{
	const struct perf_event_header *header = ring_next(&f->ring);
	const unsigned char *byte = (const unsigned char *)header;
	unsigned int i;

	REQUIRE(header);
	CHECK_EQ(header->type, number);
	CHECK_EQ(header->size, size);
	for (i = sizeof(*header); i < size; i++)
		CHECK_EQ(byte[i], (unsigned char)(number * 7 + i));
}

TEST(empty)
{
	struct fixture f;

	setup(&f, 0);
	CHECK(!ring_next(&f.ring));
	teardown(&f);
}

TEST(in_order)
{
	struct fixture f;

	setup(&f, 0);
	put_record(&f, 1, 8);
	put_record(&f, 2, 48);
	put_record(&f, 3, 16);
	check_record(&f, 1, 8);
	check_record(&f, 2, 48);
	check_record(&f, 3, 16);
	CHECK(!ring_next(&f.ring));
	CHECK_EQ(f.ring.tail, 72);
	teardown(&f);
}

TEST(goes_round_at_every_place)
{
	unsigned int before;

	for (before = 8; before < 48; before += 8) {
		struct fixture f;

		setup(&f, 5 * SIZE - before);
		put_record(&f, 1, 48);
		put_record(&f, 2, 24);
		check_record(&f, 1, 48);
		check_record(&f, 2, 24);
		CHECK(!ring_next(&f.ring));
		teardown(&f);
	}
}

TEST(ends_with_the_buffer)
{
	struct fixture f;

	setup(&f, SIZE - 48);
	put_record(&f, 1, 48);
	put_record(&f, 2, 48);
	check_record(&f, 1, 48);
	check_record(&f, 2, 48);
	teardown(&f);
}

TEST(full)
{
	struct fixture f;
	unsigned int i;

	setup(&f, 40);
	for (i = 0; i < SIZE / 64; i++)
		put_record(&f, i, 64);
	for (i = 0; i < SIZE / 64; i++)
		check_record(&f, i, 64);
	CHECK(!ring_next(&f.ring));
	teardown(&f);
}

TEST(a_record_as_large_as_the_buffer)
{
	struct fixture f;

	setup(&f, 8);
	put_record(&f, 3, SIZE);
	check_record(&f, 3, SIZE);
	CHECK(!ring_next(&f.ring));
	teardown(&f);
}

TEST(positions_count_on)
{
	unsigned long long seed = 1;
	struct fixture f;
	unsigned int i;

	setup(&f, (1ULL << 40) - 24);
	for (i = 0; i < 10000; i++) {
		uint16_t size = (uint16_t)(8 + unit_random(&seed) % 64 * 8);

		put_record(&f, i, size);
		check_record(&f, i, size);
	}
	teardown(&f);
}

/* What makes no sense must not be read beyond, nor for ever */
TEST(nonsense_ends_it)
{
	static const uint16_t sizes[] = { 0, 4, 7, 12, 104, SIZE, 65528 };
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct perf_event_header header = { .size = sizes[i] };
		unsigned char zero[88] = { 0 };
		struct fixture f;

		setup(&f, SIZE - 48);
		put(&f, &header, sizeof(header));
		put(&f, zero, sizeof(zero));
		CHECK(!ring_next(&f.ring));
		CHECK_EQ(f.ring.tail, f.ring.head);
		teardown(&f);
	}
}

TEST(more_than_there_can_be)
{
	struct fixture f;

	setup(&f, 0);
	put_record(&f, 1, 48);
	f.ring.head = 2 * SIZE;
	CHECK(!ring_next(&f.ring));
	CHECK_EQ(f.ring.tail, f.ring.head);
	teardown(&f);
}

UNIT_MAIN("ring")
