/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The programs that flush, and how they are called
 *
 * The records of one CPU come in order, those of different CPUs do not: what a
 * process did may come before that it was started, or after that it ended. So
 * that whoever is first makes the entry, and what has ended is left alone for
 * one more round.
 */
#ifndef TLBSCOPE_FLUSHERS_H
#define TLBSCOPE_FLUSHERS_H

#include "flush-format.h"
#include "libtlbscope.h"

#define FLUSHERS_BUCKETS	1024

/**
 * struct flusher - a process, or those of one name that have ended
 * @told: what the library tells; the first member
 * @next: in order of age
 * @peer: in the same bucket
 * @ppid: who started it
 * @forked: that is known
 * @wanted: it is the target or, if so asked, comes from it
 * @grouped: it has ended and is put together with others of its name
 * @round: in which it ended
 */
struct flusher {
	struct tlbscope_flusher told;
	struct flusher *next;
	struct flusher *peer;
	pid_t ppid;
	bool forked;
	bool wanted;
	bool grouped;
	uint64_t round;
};

/**
 * struct flushers - all of them
 * @first: the oldest process
 * @last: where the next one goes
 * @group: those that have ended
 * @bucket: by process ID
 * @pid: the target, or TLBSCOPE_EVERYBODY
 * @children: those that it starts are wanted too
 * @round: how often all buffers have been read
 */
struct flushers {
	struct flusher *first;
	struct flusher **last;
	struct flusher *group;
	struct flusher *bucket[FLUSHERS_BUCKETS];
	pid_t pid;
	bool children;
	uint64_t round;
};

void flushers_init(struct flushers *all, pid_t pid, bool children);
void flushers_free(struct flushers *all);

/* What the records say; 0 or -ENOMEM */
int flushers_count(struct flushers *all, pid_t pid,
		   const struct flush_record *record);
int flushers_fork(struct flushers *all, pid_t pid, pid_t ppid);
int flushers_name(struct flushers *all, pid_t pid, const char *name);
void flushers_exit(struct flushers *all, pid_t pid);

void flushers_end_round(struct flushers *all);
void flushers_mark(struct flushers *all);
const struct tlbscope_flusher *
flushers_next(const struct flushers *all, const struct tlbscope_flusher *last);

/* Those that run already */
int flushers_find_running(struct flushers *all);

#endif /* TLBSCOPE_FLUSHERS_H */
