// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "reader.h"

static void pause_reader(struct reader *r, unsigned int done)
{
	while (!r->sleeps && atomic_load(&r->asked) == done)
		__builtin_ia32_pause();
	while (r->sleeps && sem_wait(&r->wake))
		;
}

static void *read_when_asked(void *arg)
{
	struct reader *r = arg;
	unsigned int done = 0, i;

	for (;;) {
		pause_reader(r, done);
		if (atomic_load(&r->stop))
			return NULL;
		done = atomic_load(&r->asked);
		for (i = 0; i < READER_SPOTS; i++)
			r->value[i] = *r->spot[i];
		atomic_store(&r->answered, done);
	}
}

/**
 * reader_start - start the thread
 * @r: filled; stays where it is until reader_stop()
 * @cpu: where
 * @sleeps: while it waits
 *
 * Return: 0 or a negative errno.
 */
int reader_start(struct reader *r, int cpu, bool sleeps)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int ret;

	memset(r, 0, sizeof(*r));
	r->cpu = cpu;
	r->sleeps = sleeps;
	sem_init(&r->wake, 0, 0);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	ret = pthread_create(&r->thread, &attr, read_when_asked, r);
	pthread_attr_destroy(&attr);
	return -ret;
}

int reader_stop(struct reader *r)
{
	atomic_store(&r->stop, true);
	reader_ask(r);
	return -pthread_join(r->thread, NULL);
}

/* To another CPU; it is there when it has next answered */
int reader_move(struct reader *r, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	r->cpu = cpu;
	return -pthread_setaffinity_np(r->thread, sizeof(set), &set);
}

/* Have it read; what is to be read stays until it has */
void reader_ask(struct reader *r)
{
	atomic_fetch_add(&r->asked, 1);
	if (r->sleeps)
		sem_post(&r->wake);
}

/*
 * Until it has. Who waits may have to leave it the CPU, for longer each time:
 * on a slow machine a short sleep is over before the reader runs.
 */
void reader_wait(const struct reader *r)
{
	struct timespec moment = { .tv_nsec = 20000 };
	unsigned int spins;

	for (spins = 0; spins < 2000; spins++) {
		if (atomic_load(&r->answered) == atomic_load(&r->asked))
			return;
		__builtin_ia32_pause();
	}
	while (atomic_load(&r->answered) != atomic_load(&r->asked)) {
		nanosleep(&moment, NULL);
		if (moment.tv_nsec < 10000000)
			moment.tv_nsec *= 2;
	}
}
