/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A thread that does nothing but notice when it was kept from it
 */
#ifndef TLBSCOPE_WATCHER_H
#define TLBSCOPE_WATCHER_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "libtlbscope.h"

#define WATCHER_GAPS	1024

/**
 * struct gap - a time in which a watcher did not run
 * @start: its last reading before
 * @end: its first one after
 */
struct gap {
	uint64_t start;
	uint64_t end;
};

/**
 * struct watcher - the thread
 * @clock: what it reads
 * @thread: it
 * @stop: tells it to end
 * @beat: its latest reading; gaps before that are in the ring
 * @tail: gaps it has found so far, the last WATCHER_GAPS of them in @ring
 * @head: of those, how many have been looked at
 * @turn: one turn of its loop, in ticks
 * @ring: gaps
 */
struct watcher {
	const struct tlbscope_clock *clock;
	pthread_t thread;
	alignas(128) atomic_bool stop;
	alignas(128) _Atomic uint64_t beat;
	_Atomic uint64_t tail;
	alignas(128) uint64_t head;
	uint64_t turn;
	struct gap ring[WATCHER_GAPS];
};

int watcher_start(struct watcher *w, const struct tlbscope_clock *clock,
		  unsigned int cpu);
void watcher_catch_up(struct watcher *w, uint64_t when);
bool watcher_next(struct watcher *w, struct gap *gap);
void watcher_stop(struct watcher *w);

#endif /* TLBSCOPE_WATCHER_H */
