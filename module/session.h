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

/* What a reader's buffer is filled from, in bytes */
#define SESSION_RECORDS		24576
#define SESSION_RANGES		(SESSION_RECORDS / sizeof(struct tlbscope_range))
#define SESSION_TABLES		(SESSION_RECORDS / sizeof(struct tlbscope_table))

/**
 * struct session - one open file
 * @lock: held for each use of the rest
 * @kind: what its text requests are
 * @target: of the latest request line or TLBSCOPE_IOC_TARGET
 * @asked: a request line was written
 * @request: that line
 * @done: its answer has been walked to the end
 * @next: else where it goes on
 * @first: number of the record @range[0] in that answer
 * @filled: records in @range that belong to it
 * @walk: memory for walks
 * @range: records on their way out
 * @table: the same, for TLBSCOPE_IOC_TABLES
 */
struct session {
	struct mutex lock; /* see above */
	enum request_kind kind;
	struct target target;
	bool asked;
	bool done;
	struct request request;
	u64 next;
	loff_t first;
	unsigned int filled;
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

int session_ask(struct session *s, char *line, size_t len);
void session_init_walk(struct session *s, struct walk *walk);

#endif /* TLBSCOPE_SESSION_H */
