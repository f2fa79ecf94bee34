// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flushers.h"
#include "process.h"

void flushers_init(struct flushers *all, pid_t pid, bool children)
{
	memset(all, 0, sizeof(*all));
	all->last = &all->first;
	all->pid = pid;
	all->children = children;
}

static void free_list(struct flusher *f)
{
	while (f) {
		struct flusher *next = f->next;

		free(f);
		f = next;
	}
}

void flushers_free(struct flushers *all)
{
	free_list(all->first);
	free_list(all->group);
}

static struct flusher **bucket_of(struct flushers *all, pid_t pid)
{
	return &all->bucket[(unsigned int)pid % FLUSHERS_BUCKETS];
}

static struct flusher *find(struct flushers *all, pid_t pid)
{
	struct flusher *f = *bucket_of(all, pid);

	while (f && f->told.pid != pid)
		f = f->peer;
	return f;
}

static void unhash(struct flushers *all, struct flusher *f)
{
	struct flusher **at = bucket_of(all, f->told.pid);

	while (*at && *at != f)
		at = &(*at)->peer;
	if (*at)
		*at = f->peer;
}

static void set_name(struct flusher *f, const char *name)
{
	snprintf(f->told.command, sizeof(f->told.command), "%s", name);
}

static struct flusher *add_process(struct flushers *all, pid_t pid)
{
	struct flusher *f = calloc(1, sizeof(*f));
	struct flusher **bucket = bucket_of(all, pid);

	if (!f)
		return NULL;
	f->told.pid = pid;
	f->told.processes = 1;
	f->wanted = all->pid == TLBSCOPE_EVERYBODY || all->pid == pid;
	f->peer = *bucket;
	*bucket = f;
	*all->last = f;
	all->last = &f->next;
	return f;
}

/* One that was there before anything was said about it */
static struct flusher *find_or_add(struct flushers *all, pid_t pid)
{
	struct flusher *f = find(all, pid);
	char path[32], name[32];

	if (f)
		return f;
	f = add_process(all, pid);
	if (!f)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (pid == 0)
		set_name(f, "idle");
	else if (pid < 0)
		set_name(f, "exiting");
	else if (process_read_file(AT_FDCWD, path, name, sizeof(name)) <= 0)
		set_name(f, "?");
	else
		set_name(f, strtok(name, "\n") ?: "?");
	return f;
}

int tlbscope_flush_is_own(unsigned int reason)
{
	return reason <= TLBSCOPE_FLUSH_LOCAL_MM;
}

static unsigned int size_class(uint64_t pages)
{
	unsigned int class = pages ? 64 - (unsigned int)__builtin_clzll(pages) : 0;

	return class < TLBSCOPE_FLUSH_SIZES ? class : TLBSCOPE_FLUSH_SIZES - 1;
}

/**
 * flushers_count - a flush
 * @all: them
 * @pid: who ran where it happened
 * @record: what it was
 *
 * Return: 0 or -ENOMEM.
 */
int flushers_count(struct flushers *all, pid_t pid,
		   const struct flush_record *record)
{
	struct flusher *f = find_or_add(all, pid);
	struct tlbscope_flushes *reason;

	if (!f)
		return -ENOMEM;
	f->told.records++;
	if (record->pages && tlbscope_flush_is_own(record->reason)) {
		f->told.flushes++;
		f->told.recent++;
	}
	reason = &f->told.reason[record->reason];
	reason->records++;
	if (record->pages == TLBSCOPE_FLUSH_ALL) {
		reason->full++;
		return 0;
	}
	reason->pages += record->pages;
	reason->size[size_class(record->pages)]++;
	return 0;
}

/**
 * flushers_fork - a process was started
 * @all: them
 * @pid: its ID, which another one may have had before
 * @ppid: who did it
 *
 * Return: 0 or -ENOMEM.
 */
int flushers_fork(struct flushers *all, pid_t pid, pid_t ppid)
{
	struct flusher *f = find(all, pid), *parent;

	/* Its end may have been read before */
	if (f && !f->forked) {
		f->ppid = ppid;
		f->forked = true;
		return 0;
	}
	if (f)
		unhash(all, f);
	f = add_process(all, pid);
	if (!f)
		return -ENOMEM;
	f->ppid = ppid;
	f->forked = true;
	parent = find(all, ppid);
	set_name(f, parent ? parent->told.command : "?");
	return 0;
}

/* flushers_name - a process gave itself a name, or ran a program. 0 or -ENOMEM */
int flushers_name(struct flushers *all, pid_t pid, const char *name)
{
	struct flusher *f = find_or_add(all, pid);

	if (!f)
		return -ENOMEM;
	set_name(f, name);
	return 0;
}

void flushers_exit(struct flushers *all, pid_t pid)
{
	struct flusher *f = find(all, pid);

	if (!f || f->told.ended)
		return;
	f->told.ended = 1;
	f->round = all->round;
}

/* What those that are wanted have started is wanted too */
static void want_children(struct flushers *all)
{
	struct flusher *f, *parent;
	bool changed;

	do {
		changed = false;
		for (f = all->first; f; f = f->next) {
			if (f->wanted || !f->forked)
				continue;
			parent = find(all, f->ppid);
			f->wanted = parent && parent->wanted;
			changed |= f->wanted;
		}
	} while (changed);
}

static void add_up(struct tlbscope_flusher *sum, const struct tlbscope_flusher *f)
{
	unsigned int r, size;

	sum->processes += f->processes;
	sum->records += f->records;
	sum->flushes += f->flushes;
	sum->recent += f->recent;
	for (r = 0; r < TLBSCOPE_FLUSH_REASONS; r++) {
		sum->reason[r].records += f->reason[r].records;
		sum->reason[r].full += f->reason[r].full;
		sum->reason[r].pages += f->reason[r].pages;
		for (size = 0; size < TLBSCOPE_FLUSH_SIZES; size++)
			sum->reason[r].size[size] += f->reason[r].size[size];
	}
}

/* To those of the same name that have ended before */
static void put_together(struct flushers *all, struct flusher *f)
{
	struct flusher *g;

	for (g = all->group; g; g = g->next)
		if (g->wanted == f->wanted && !strcmp(g->told.command, f->told.command))
			break;
	if (g) {
		add_up(&g->told, &f->told);
		free(f);
		return;
	}
	f->grouped = true;
	f->next = all->group;
	all->group = f;
}

/**
 * flushers_end_round - all buffers have been read once
 * @all: them
 *
 * What has ended in an earlier round is put together, so that a machine on
 * which many short programs run does not fill the memory with them.
 */
void flushers_end_round(struct flushers *all)
{
	struct flusher **at = &all->first;
	struct flusher *f;

	if (all->children)
		want_children(all);
	while ((f = *at)) {
		if (!f->told.ended || f->round == all->round) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		unhash(all, f);
		if (f->told.records)
			put_together(all, f);
		else
			free(f);
	}
	all->last = at;
	all->round++;
}

void flushers_mark(struct flushers *all)
{
	struct flusher *f;

	for (f = all->first; f; f = f->next)
		f->told.recent = 0;
	for (f = all->group; f; f = f->next)
		f->told.recent = 0;
}

static const struct flusher *wanted_from(const struct flusher *f)
{
	while (f && !(f->wanted && f->told.records))
		f = f->next;
	return f;
}

/* flushers_next - the one behind @last that is wanted and has flushed, or NULL */
const struct tlbscope_flusher *
flushers_next(const struct flushers *all, const struct tlbscope_flusher *last)
{
	const struct flusher *f = (const struct flusher *)last;
	bool grouped = f && f->grouped;
	const struct flusher *next = wanted_from(f ? f->next : all->first);

	if (!next && !grouped)
		next = wanted_from(all->group);
	return next ? &next->told : NULL;
}

static int find_one(struct flushers *all, pid_t pid)
{
	if (find(all, pid))
		return 0;
	return find_or_add(all, pid) ? 0 : -ENOMEM;
}

/**
 * flushers_find_running - learn the names of those that run already
 * @all: them
 *
 * Later they may have ended before the first of their records is read.
 *
 * Return: 0 or -ENOMEM.
 */
int flushers_find_running(struct flushers *all)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int err = 0;

	while (!err && dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			err = find_one(all, atoi(entry->d_name));
	if (dir)
		closedir(dir);
	return err;
}
