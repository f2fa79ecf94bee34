/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asking the module: its ioctls and its text files, as they are
 *
 * Functions return 0 or a negative errno unless said otherwise. Those that read
 * lists also hold each answer against the rules of the ABI, and return -EPROTO,
 * with a line on stderr, where one is broken.
 */
#ifndef SCOPE_H
#define SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "uapi/tlbscope.h"

#define PAGE		4096UL
#define MIB		(1UL << 20)
#define GIB		(1UL << 30)
#define HUGE		(2 * MIB)

/* Instead of a process ID */
#define SELF		0
#define KERNEL		-1

/* The bits of an entry (Intel SDM vol. 3A, 4.5) */
#define BIT_PRESENT	(1ULL << 0)
#define BIT_WRITE	(1ULL << 1)
#define BIT_USER	(1ULL << 2)
#define BIT_ACCESSED	(1ULL << 5)
#define BIT_DIRTY	(1ULL << 6)
#define BIT_PSE		(1ULL << 7)
#define BIT_NX		(1ULL << 63)

struct ranges {
	struct tlbscope_range *v;
	size_t n;
};

struct tables {
	struct tlbscope_level level[TLBSCOPE_MAX_LEVELS];
	__u64 root;
	struct tlbscope_table *v;
	size_t n;
};

int scope_open(const char *file);
int scope_info(struct tlbscope_info *info);
unsigned int scope_levels(void);
bool scope_pti(void);

int scope_target(int fd, pid_t pid);
int scope_walk(int fd, __u64 address, __u32 flags, struct tlbscope_walk *w);
int scope_translate(int fd, struct tlbscope_translation *v, unsigned int n,
		    __u32 flags, unsigned int *done);
int scope_ranges(int fd, const struct tlbscope_ranges *query, struct ranges *r);
int scope_all_ranges(int fd, __u64 start, __u64 end, __u32 flags,
		     struct ranges *r);
void ranges_free(struct ranges *r);
int scope_tables(int fd, const struct tlbscope_tables *query, struct tables *t);
void tables_free(struct tables *t);

int scope_ask(int fd, const char *line);
char *scope_answer(int fd, size_t step);
char *scope_text(const char *file, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static inline __u64 span(unsigned int level)
{
	return 1ULL << (12 + 9 * (level - 1));
}

/* Whether an entry in this state holds a frame */
static inline bool has_frame(unsigned int state)
{
	return state == TLBSCOPE_LEAF || state == TLBSCOPE_PROTNONE ||
	       state == TLBSCOPE_SPLITTING;
}

#endif /* SCOPE_H */
