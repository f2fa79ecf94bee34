/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A request as a line of text, and the checks that every request passes
 */
#ifndef TLBSCOPE_REQUEST_H
#define TLBSCOPE_REQUEST_H

#include <linux/errno.h>

#include "entry.h"

/* The longest line, in bytes */
#define REQUEST_LINE_MAX	255

/* What a file's requests are made of, beside the PID */
enum request_kind {
	REQUEST_WALK,		/* ADDRESS [user] */
	REQUEST_RANGES,		/* [START [END]] [unmerged] [all] [user] */
	REQUEST_TABLES,		/* [START [END]] [user] */
};

enum request_whose {
	REQUEST_PID,
	REQUEST_SELF,
	REQUEST_KERNEL,
};

/**
 * struct request - what somebody wants to know
 * @whose: whose tables
 * @pid: REQUEST_PID: from 1
 * @start: REQUEST_WALK: the address; else the first address
 * @last: last address, not of REQUEST_WALK
 * @flags: as in the ioctl of the same kind
 */
struct request {
	enum request_whose whose;
	int pid;
	__u64 start;
	__u64 last;
	__u32 flags;
};

/**
 * request_address - check an address
 * @address: any
 * @levels: in use
 *
 * Return: 0, or -EINVAL if it is not canonical.
 */
static inline int request_address(__u64 address, unsigned int levels)
{
	return entry_canonical(address, levels) ? 0 : -EINVAL;
}

int request_split(char *line, char **words, int max);
int request_whose(const char *word, enum request_whose *whose, int *pid);
int request_parse(struct request *request, enum request_kind kind, char *line,
		  size_t len, unsigned int levels);
int request_bounds(__u64 start, __u64 end, unsigned int levels, __u64 *last);

#endif /* TLBSCOPE_REQUEST_H */
