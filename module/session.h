/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One open file: its target, its request, and all the memory it ever takes
 */
#ifndef TLBSCOPE_SESSION_H
#define TLBSCOPE_SESSION_H

#include <linux/mutex.h>

#include "request.h"
#include "target.h"
#include "walk.h"

/* Records on their way out, in bytes: of a text, of an ioctl */
#define SESSION_TEXT		8192
#define SESSION_RECORDS		24576
#define SESSION_LINES		(SESSION_TEXT / sizeof(struct tlbscope_range))
#define SESSION_RANGES		(SESSION_RECORDS / sizeof(struct tlbscope_range))
#define SESSION_TABLES		(SESSION_RECORDS / sizeof(struct tlbscope_table))

/**
 * struct question - a request line and how far its answer was read
 * @asked: there was one
 * @request: what it says
 * @target: whom it is about
 * @done: the answer has been walked to its end
 * @next: else where it goes on
 * @first: number of the record @line[0] in the answer
 * @filled: records in @line
 * @line: records to be read, of an answer that has many
 */
struct question {
	bool asked;
	struct request request;
	struct target target;
	bool done;
	u64 next;
	loff_t first;
	unsigned int filled;
	struct tlbscope_range line[SESSION_LINES];
};

/**
 * struct session - one open file
 * @lock: held for each use of the rest
 * @kind: what its request lines are
 * @question: the latest of them
 * @target: of the ioctls, which have nothing to do with request lines
 * @walk: memory for walks
 * @range: records of TLBSCOPE_IOC_RANGES
 * @table: records of TLBSCOPE_IOC_TABLES
 */
struct session {
	struct mutex lock; /* see above */
	enum request_kind kind;
	struct question question;
	struct target target;
	struct walk_buffer walk;
	union {
		struct tlbscope_range range[SESSION_RANGES];
		struct tlbscope_table table[SESSION_TABLES];
	};
};

struct cred;

struct session *session_create(enum request_kind kind);
void session_destroy(struct session *s);

int session_may_inspect(const struct cred *trusted);
int session_lock(struct session *s);
void session_unlock(struct session *s);

int session_aim(struct target *target, enum request_whose whose, int pid);
int session_ask(struct session *s, char *line, size_t len);
void session_rewind(struct question *q);
void session_init_walk(struct session *s, const struct target *target,
		       struct walk *walk);

#endif /* TLBSCOPE_SESSION_H */
