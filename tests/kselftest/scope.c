// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scope.h"

/* A full buffer's worth, where the caller does not care */
#define VEC_LEN		4096

#define broken(fmt, ...) \
	(fprintf(stderr, "# %s: " fmt "\n", __func__, ##__VA_ARGS__), -EPROTO)

/**
 * scope_open - open one of the module's files
 * @file: info, walk, ranges or tables
 *
 * Return: a file descriptor or a negative errno.
 */
int scope_open(const char *file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/tlbscope/%s", file);
	fd = open(path, (strcmp(file, "info") ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int request(int fd, unsigned long cmd, void *args)
{
	return ioctl(fd, cmd, args) ? -errno : 0;
}

int scope_info(struct tlbscope_info *info)
{
	int fd, ret;

	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	fd = scope_open("info");
	if (fd < 0)
		return fd;
	ret = request(fd, TLBSCOPE_IOC_INFO, info);
	close(fd);
	return ret;
}

/* 0 without an answer, which no test takes for levels */
unsigned int scope_levels(void)
{
	struct tlbscope_info info;

	return scope_info(&info) ? 0 : info.levels;
}

bool scope_pti(void)
{
	struct tlbscope_info info;

	return !scope_info(&info) && (info.features & TLBSCOPE_FEAT_PTI);
}

/* @pid may be SELF or KERNEL */
int scope_target(int fd, pid_t pid)
{
	struct tlbscope_target target = { .size = sizeof(target) };

	if (pid == SELF)
		target.flags = TLBSCOPE_TARGET_SELF;
	else if (pid == KERNEL)
		target.flags = TLBSCOPE_TARGET_KERNEL;
	else
		target.pid = pid;
	return request(fd, TLBSCOPE_IOC_TARGET, &target);
}

int scope_walk(int fd, __u64 address, __u32 flags, struct tlbscope_walk *w)
{
	/* What the module does not write must not look like an answer */
	memset(w, 0xa5, sizeof(*w));
	w->size = sizeof(*w);
	w->flags = flags;
	w->address = address;
	w->reserved = 0;
	return request(fd, TLBSCOPE_IOC_WALK, w);
}

int scope_translate(int fd, struct tlbscope_translation *v, unsigned int n,
		    __u32 flags, unsigned int *done)
{
	struct tlbscope_translate args = {
		.size = sizeof(args), .flags = flags, .vec = (unsigned long)v,
		.vec_len = n, .done = ~0U,
	};
	int ret = request(fd, TLBSCOPE_IOC_TRANSLATE, &args);

	*done = args.done;
	return ret;
}

/* The first byte behind, as a number that compares: ~0 at the very top */
static __u64 behind(__u64 end)
{
	return end ? end : ~0ULL;
}

static int check_range(const struct tlbscope_range *r, __u64 from, __u64 to,
		       const struct tlbscope_ranges *query)
{
	bool leaf = r->state == TLBSCOPE_LEAF;

	if (r->start < from || behind(r->end) > to)
		return broken("%llx-%llx is not within %llx-%llx",
			      r->start, r->end, from, to);
	if (behind(r->end) <= r->start)
		return broken("%llx-%llx is empty", r->start, r->end);
	if ((r->start | r->end) % PAGE)
		return broken("%llx-%llx is not made of pages", r->start, r->end);
	if (!r->level || r->level > 5 || (leaf && r->level > 3))
		return broken("level %u at %llx", r->level, r->start);
	if (r->state == TLBSCOPE_NONE || r->state >= TLBSCOPE_STATES ||
	    r->state == TLBSCOPE_TABLE)
		return broken("state %u at %llx", r->state, r->start);
	if (!leaf && !(query->flags & TLBSCOPE_RANGES_ALL))
		return broken("state %u at %llx was not asked for", r->state,
			      r->start);
	if (r->entry & query->ignore)
		return broken("ignored bits in %llx", r->entry);
	if (!has_frame(r->state) && r->phys)
		return broken("state %u has the frame %llx", r->state, r->phys);
	if (r->phys % PAGE || r->phys >> 52)
		return broken("physical %llx", r->phys);
	if (!leaf && r->rights)
		return broken("rights %x in state %u", r->rights, r->state);
	if (leaf && !(r->entry & BIT_PRESENT))
		return broken("leaf %llx is not present", r->entry);
	if ((query->flags & TLBSCOPE_RANGES_UNMERGED) &&
	    behind(r->end) - r->start > span(r->level))
		return broken("%llx-%llx is more than one leaf", r->start,
			      r->end);
	return 0;
}

static int check_ranges(const struct tlbscope_ranges *in,
			const struct tlbscope_ranges *out,
			const struct tlbscope_range *vec)
{
	__u64 from = in->start, to = behind(in->end);
	unsigned int i;
	int ret;

	if (out->filled > in->vec_len)
		return broken("%u records of %u", out->filled, in->vec_len);
	if (out->filled < in->vec_len && out->next != in->end)
		return broken("stopped at %llx with %u records of %u",
			      out->next, out->filled, in->vec_len);
	if (behind(out->next) <= in->start || behind(out->next) > to)
		return broken("next %llx of %llx-%llx", out->next, in->start,
			      in->end);
	if (out->start != in->start || out->end != in->end ||
	    out->flags != in->flags || out->vec != in->vec ||
	    out->vec_len != in->vec_len || out->ignore != in->ignore ||
	    out->size != in->size)
		return broken("changed what was asked");
	for (i = 0; i < out->filled; i++) {
		ret = check_range(&vec[i], from, to, in);
		if (ret)
			return ret;
		from = behind(vec[i].end);
	}
	if (out->filled && behind(out->next) < from)
		return broken("next %llx lies before the last record's end",
			      out->next);
	return 0;
}

/**
 * scope_ranges - all ranges between two addresses
 * @fd: with a target
 * @query: @start, @end, @flags, @ignore; @vec_len records a call, 0 for many
 * @r: receives them; free with ranges_free(), also after an error
 */
int scope_ranges(int fd, const struct tlbscope_ranges *query, struct ranges *r)
{
	struct tlbscope_ranges in = *query, out;
	size_t room = 0;
	int ret;

	memset(r, 0, sizeof(*r));
	in.size = sizeof(in);
	if (!in.vec_len)
		in.vec_len = VEC_LEN;
	do {
		if (r->n + in.vec_len + 1 > room) {
			room = 2 * room + in.vec_len + 1;
			r->v = realloc(r->v, room * sizeof(*r->v));
			if (!r->v)
				return -ENOMEM;
		}
		/* Records are written where they are said to be, no further */
		memset(&r->v[r->n], 0x5a, (in.vec_len + 1) * sizeof(*r->v));
		in.vec = (unsigned long)&r->v[r->n];
		out = in;
		ret = request(fd, TLBSCOPE_IOC_RANGES, &out);
		if (!ret)
			ret = check_ranges(&in, &out, &r->v[r->n]);
		if (ret)
			return ret;
		r->n += out.filled;
		if (r->v[r->n].start != 0x5a5a5a5a5a5a5a5aULL)
			return broken("wrote more than %u records", out.filled);
		in.start = out.next;
	} while (in.start != in.end);
	return 0;
}

int scope_all_ranges(int fd, __u64 start, __u64 end, __u32 flags,
		     struct ranges *r)
{
	struct tlbscope_ranges query = {
		.start = start, .end = end, .flags = flags,
	};

	return scope_ranges(fd, &query, r);
}

void ranges_free(struct ranges *r)
{
	free(r->v);
	memset(r, 0, sizeof(*r));
}

static int check_level(const struct tlbscope_level *l, unsigned int level)
{
	__u64 tables = 0, least = 0, most = 0;
	unsigned int i;

	for (i = 0; i < TLBSCOPE_OCCUPANCY; i++) {
		tables += l->occupancy[i];
		least += l->occupancy[i] * (i ? 1ULL << (i - 1) : 0);
		most += l->occupancy[i] * (i == 10 ? 512 : (1ULL << i) - 1);
	}
	if (tables != l->tables)
		return broken("level %u: occupancy of %llu tables, not %llu",
			      level, tables, l->tables);
	if (l->used < least || l->used > most)
		return broken("level %u: %llu used, not %llu to %llu", level,
			      l->used, least, most);
	if (l->leaves + l->pointers > l->used)
		return broken("level %u: leaves and pointers of %llu used",
			      level, l->used);
	return 0;
}

static void add_level(struct tlbscope_level *sum,
		      const struct tlbscope_level *l)
{
	unsigned int i;

	sum->tables += l->tables;
	sum->used += l->used;
	sum->leaves += l->leaves;
	sum->pointers += l->pointers;
	for (i = 0; i < TLBSCOPE_OCCUPANCY; i++)
		sum->occupancy[i] += l->occupancy[i];
}

/**
 * scope_tables - all tables between two addresses
 * @fd: with a target
 * @query: @start, @end, @flags; @vec_len tables a call, 0 for the sums alone
 * @t: receives them, with the sums; free with tables_free(), also after an
 *	error
 */
int scope_tables(int fd, const struct tlbscope_tables *query, struct tables *t)
{
	struct tlbscope_tables in = *query, out;
	unsigned int i;
	int ret;

	memset(t, 0, sizeof(*t));
	in.size = sizeof(in);
	do {
		if (in.vec_len) {
			t->v = realloc(t->v, (t->n + in.vec_len) *
					     sizeof(*t->v));
			if (!t->v)
				return -ENOMEM;
			in.vec = (unsigned long)&t->v[t->n];
		}
		out = in;
		ret = request(fd, TLBSCOPE_IOC_TABLES, &out);
		if (ret)
			return ret;
		if (out.filled > in.vec_len)
			return broken("%u tables of %u", out.filled, in.vec_len);
		if (!out.next_level == (out.next != in.end) ||
		    out.next_level > TLBSCOPE_MAX_LEVELS ||
		    out.next < in.start || out.next > in.end)
			return broken("next %llx at level %u of %llx-%llx",
				      out.next, out.next_level, in.start, in.end);
		if (out.next_level && out.filled < in.vec_len)
			return broken("stopped with %u tables of %u",
				      out.filled, in.vec_len);
		for (i = 0; i < TLBSCOPE_MAX_LEVELS; i++) {
			ret = check_level(&out.level[i], i + 1);
			if (ret)
				return ret;
			add_level(&t->level[i], &out.level[i]);
		}
		t->n += out.filled;
		t->root = out.root;
		in.start = out.next;
		in.start_level = out.next_level;
	} while (out.next_level);
	return 0;
}

void tables_free(struct tables *t)
{
	free(t->v);
	memset(t, 0, sizeof(*t));
}

/* Write a request line */
int scope_ask(int fd, const char *line)
{
	ssize_t ret = write(fd, line, strlen(line));

	if (ret < 0)
		return -errno;
	return (size_t)ret == strlen(line) ? 0 : broken("short write");
}

/**
 * scope_answer - read on to the end
 * @fd: any file
 * @step: bytes a read
 *
 * Return: a string to free, or NULL with errno.
 */
char *scope_answer(int fd, size_t step)
{
	size_t len = 0, room = 65536 + step;
	char *text = malloc(room + 1), *more;
	ssize_t ret;

	while (text) {
		ret = read(fd, text + len, step);
		if (ret < 0) {
			free(text);
			return NULL;
		}
		len += ret;
		text[len] = '\0';
		if (!ret)
			break;
		if (room < len + step) {
			room = 2 * room + step;
			more = realloc(text, room + 1);
			if (!more)
				free(text);
			text = more;
		}
	}
	return text;
}

/**
 * scope_text - ask and read on a file that is opened for it
 * @file: walk, ranges or tables
 * @fmt: the request line
 *
 * Return: a string to free, or NULL with errno.
 */
char *scope_text(const char *file, const char *fmt, ...)
{
	char line[300], *text = NULL;
	va_list args;
	int fd, ret;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fd = scope_open(file);
	ret = fd < 0 ? fd : scope_ask(fd, line);
	if (!ret)
		text = scope_answer(fd, 65536);
	if (fd >= 0)
		close(fd);
	if (ret)
		errno = -ret;
	return text;
}
