// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "source.h"

static struct tlbscope *handle_new(pid_t pid)
{
	struct tlbscope *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->fd = -1;
	t->dir = -1;
	t->pid = pid == TLBSCOPE_SELF ? getpid() : pid;
	t->walk.size = sizeof(t->walk);
	return t;
}

/* Whether the fallback may answer where the module answered so */
static bool may_fall_back(int err)
{
	switch (err) {
	case -ENOENT:		/* not loaded */
	case -EACCES:		/* not for this user, who may see own processes */
	case -EPERM:
	case -EOPNOTSUPP:	/* Xen PV */
		return true;
	default:
		return false;
	}
}

static int open_source(struct tlbscope *t, pid_t pid, unsigned int flags)
{
	int err = -ENOENT;

	if (!(flags & TLBSCOPE_OPEN_FALLBACK)) {
		err = module_open(t, pid);
		if (!err || (flags & TLBSCOPE_OPEN_MODULE) ||
		    pid == TLBSCOPE_KERNEL || !may_fall_back(err))
			return err;
	}
	return pid == TLBSCOPE_KERNEL ? -EOPNOTSUPP : pagemap_open(t);
}

int tlbscope_open(struct tlbscope **handle, pid_t pid, unsigned int flags)
{
	struct tlbscope *t;
	int err = 0;

	*handle = NULL;
	if ((flags & ~(TLBSCOPE_OPEN_MODULE | TLBSCOPE_OPEN_FALLBACK)) ||
	    flags == (TLBSCOPE_OPEN_MODULE | TLBSCOPE_OPEN_FALLBACK))
		return -EINVAL;
	t = handle_new(pid);
	if (!t)
		return -ENOMEM;
	if (pid != TLBSCOPE_KERNEL) {
		t->dir = process_open(t->pid);
		if (t->dir < 0)
			err = t->dir;
	}
	if (!err)
		err = open_source(t, pid, flags);
	if (err) {
		tlbscope_close(t);
		return err;
	}
	*handle = t;
	return 0;
}

void tlbscope_close(struct tlbscope *t)
{
	if (!t)
		return;
	if (t->ops && t->ops->close)
		t->ops->close(t);
	if (t->fd >= 0)
		close(t->fd);
	if (t->dir >= 0)
		close(t->dir);
	free(t);
}

enum tlbscope_source tlbscope_source(const struct tlbscope *t)
{
	return t->source;
}

unsigned int tlbscope_knows(const struct tlbscope *t)
{
	return t->knows;
}

pid_t tlbscope_pid(const struct tlbscope *t)
{
	return t->pid;
}

int tlbscope_walk_address(struct tlbscope *t, uint64_t address,
			  unsigned int flags, struct tlbscope_walk *walk)
{
	if (flags & ~TLBSCOPE_USER_ROOT)
		return -EINVAL;
	memset(walk, 0, sizeof(*walk));
	walk->size = sizeof(*walk);
	walk->flags = flags;
	walk->address = address;
	return t->ops->walk(t, walk);
}

/*
 * Programs call this once for each address of a long list: the request is
 * kept in the handle, and of the answer only what is asked for is looked at.
 */
int tlbscope_translate(struct tlbscope *t, uint64_t address, uint64_t *phys,
		       uint64_t *page_size)
{
	struct tlbscope_walk *walk = &t->walk;
	int err;

	walk->address = address;
	err = t->ops->walk(t, walk);
	if (err)
		return err;
	if (walk->state != TLBSCOPE_LEAF)
		return -ENODATA;
	if (!(t->knows & TLBSCOPE_KNOWS_PHYS))
		return -EPERM;
	*phys = walk->phys;
	if (page_size)
		*page_size = walk->page_size;
	return 0;
}

/* A source that knows no better */
static int translate_each(struct tlbscope *t, struct tlbscope_translate *req)
{
	struct tlbscope_translation *vec = (void *)(uintptr_t)req->vec;
	struct tlbscope_walk walk;
	int err;

	for (req->done = 0; req->done < req->vec_len; req->done++, vec++) {
		err = tlbscope_walk_address(t, vec->address, req->flags, &walk);
		if (err)
			return err;
		*vec = (struct tlbscope_translation) {
			.address = vec->address,
			.phys = walk.phys,
			.state = walk.state,
			.level = walk.level,
			.rights = walk.rights,
		};
	}
	return 0;
}

int tlbscope_translate_many(struct tlbscope *t, struct tlbscope_translation *vec,
			    size_t n, unsigned int flags)
{
	struct tlbscope_translate req = {
		.size = sizeof(req),
		.flags = flags,
		.vec = (uintptr_t)vec,
		.vec_len = n,
	};
	int err;

	if (n > INT_MAX || (flags & ~TLBSCOPE_USER_ROOT))
		return -EINVAL;
	if (!n)
		return 0;
	if (t->ops->translate)
		err = t->ops->translate(t, &req);
	else
		err = translate_each(t, &req);
	return err && (!req.done || err == -ESRCH) ? err : (int)req.done;
}
