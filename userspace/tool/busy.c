// SPDX-License-Identifier: GPL-2.0
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "busy.h"
#include "mem.h"

/**
 * struct busy - threads, one on each of some CPUs
 * @count: how many there are
 * @running: how many have begun
 * @stop: they shall end
 * @thread: they
 */
struct busy {
	size_t count;
	atomic_size_t running;
	atomic_bool stop;
	pthread_t thread[];
};

static void *spin(void *arg)
{
	struct busy *busy = arg;

	atomic_fetch_add(&busy->running, 1);
	while (!atomic_load_explicit(&busy->stop, memory_order_relaxed))
		__builtin_ia32_pause();
	return NULL;
}

static bool start_one(struct busy *busy, unsigned int cpu)
{
	size_t len = CPU_ALLOC_SIZE(cpu + 1);
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	pthread_attr_t attr;
	int err;

	if (!set)
		die_of_memory();
	CPU_ZERO_S(len, set);
	CPU_SET_S(cpu, len, set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, len, set);
	err = pthread_create(&busy->thread[busy->count], &attr, spin, busy);
	pthread_attr_destroy(&attr);
	CPU_FREE(set);
	return !err;
}

/**
 * busy_start - have a thread spin on each CPU, until busy_stop()
 * @cpus: where. Where none can be had there is none: what is measured says
 *	whether our address space was loaded
 * @n: how many
 *
 * Signals are the other threads' matter. Return: never NULL
 */
struct busy *busy_start(const unsigned int *cpus, size_t n)
{
	static const struct timespec moment = { .tv_nsec = 1000000 };
	struct busy *busy = mem_array(NULL, 1, sizeof(*busy) +
				      n * sizeof(busy->thread[0]));
	sigset_t all, old;
	size_t i;
	int tries;

	busy->count = 0;
	atomic_init(&busy->running, 0);
	atomic_init(&busy->stop, false);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (i = 0; i < n; i++)
		if (start_one(busy, cpus[i]))
			busy->count++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	for (tries = 0; tries < 1000 && atomic_load(&busy->running) < busy->count; tries++)
		nanosleep(&moment, NULL);
	return busy;
}

void busy_stop(struct busy *busy)
{
	size_t i;

	atomic_store(&busy->stop, true);
	for (i = 0; i < busy->count; i++)
		pthread_join(busy->thread[i], NULL);
	free(busy);
}
