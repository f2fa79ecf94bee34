// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>

#include "ticks.h"
#include "watcher.h"

/* What is longer than so many turns, and than any cache miss, is a gap */
#define GAP_TURNS	4
#define GAP_NS		150
#define TURNS		255
#define STACK		(128 << 10)

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* One turn as it is when nothing happens */
static uint64_t usual_turn(struct watcher *w)
{
	uint64_t turn[TURNS], last = ticks_read(w->clock);
	int i;

	for (i = 0; i < TURNS; i++) {
		uint64_t now = ticks_read(w->clock);

		turn[i] = now - last;
		last = now;
		atomic_store_explicit(&w->tail, 0, memory_order_release);
	}
	qsort(turn, TURNS, sizeof(turn[0]), compare);
	return turn[TURNS / 2];
}

static uint64_t threshold(const struct watcher *w)
{
	uint64_t turns = GAP_TURNS * w->turn, least = ticks_of_ns(w->clock, GAP_NS);

	return turns > least ? turns : least;
}

static void *watch(void *data)
{
	struct watcher *w = data;
	uint64_t last, now, limit, tail = 0;

	w->turn = usual_turn(w);
	limit = threshold(w);
	last = ticks_read(w->clock);
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		now = ticks_read(w->clock);
		if (now - last > limit) {
			w->ring[tail % WATCHER_GAPS] = (struct gap){ last, now };
			atomic_store_explicit(&w->tail, ++tail, memory_order_release);
		}
		last = now;
		atomic_store_explicit(&w->beat, now, memory_order_release);
	}
	return NULL;
}

/**
 * watcher_start - on one CPU, where it stays
 * @w: zeroed
 *
 * Return: 0, or -EINVAL for a CPU that it may not run on, -EAGAIN no more
 * threads, -ENOMEM
 */
int watcher_start(struct watcher *w, const struct tlbscope_clock *clock,
		  unsigned int cpu)
{
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	size_t size = CPU_ALLOC_SIZE(cpu + 1);
	pthread_attr_t attr;
	int err;

	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpu, size, set);
	w->clock = clock;
	err = pthread_attr_init(&attr);
	if (!err) {
		/* A process with thread-local data of its own may need more */
		pthread_attr_setstacksize(&attr, STACK);
		err = pthread_attr_setaffinity_np(&attr, size, set);
		if (!err)
			err = pthread_create(&w->thread, &attr, watch, w);
		pthread_attr_destroy(&attr);
	}
	CPU_FREE(set);
	return -err;
}

/* watcher_catch_up - wait until all its gaps that began before @when are known */
void watcher_catch_up(struct watcher *w, uint64_t when)
{
	while (atomic_load_explicit(&w->beat, memory_order_acquire) <= when)
		_mm_pause();
}

/**
 * watcher_next - the next gap that it found
 * @gap: receives it
 *
 * Those that were overwritten before they were looked at are left out.
 *
 * Return: false if there is none
 */
bool watcher_next(struct watcher *w, struct gap *gap)
{
	uint64_t tail = atomic_load_explicit(&w->tail, memory_order_acquire);

	if (tail > w->head + WATCHER_GAPS / 2)
		w->head = tail - WATCHER_GAPS / 2;
	if (w->head == tail)
		return false;
	*gap = w->ring[w->head++ % WATCHER_GAPS];
	return true;
}

void watcher_stop(struct watcher *w)
{
	atomic_store(&w->stop, true);
	pthread_join(w->thread, NULL);
}
