/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A thread on one CPU that reads memory in user mode when it is told
 *
 * While it waits it spins, so that nothing happens to the TLB of its CPU but
 * what the kernel does there by itself; or it sleeps, and leaves its CPU.
 */
#ifndef READER_H
#define READER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Places that are read at a time */
#define READER_SPOTS	2

/**
 * struct reader - shared with the thread
 * @cpu: where it runs
 * @sleeps: while it waits, instead of spinning
 * @spot: what it reads, a byte each
 * @value: what it read
 * @asked: grows by one for each time
 * @answered: the same once it has read
 * @stop: it is to end
 * @wake: for one that sleeps
 * @thread: itself
 */
struct reader {
	int cpu;
	bool sleeps;
	const volatile unsigned char *spot[READER_SPOTS];
	unsigned char value[READER_SPOTS];
	atomic_uint asked;
	atomic_uint answered;
	atomic_bool stop;
	sem_t wake;
	pthread_t thread;
};

int reader_start(struct reader *r, int cpu, bool sleeps);
int reader_stop(struct reader *r);
int reader_move(struct reader *r, int cpu);
void reader_ask(struct reader *r);
void reader_wait(const struct reader *r);

#endif /* READER_H */
