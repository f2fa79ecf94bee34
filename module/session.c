// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/security.h>
#include <linux/vmalloc.h>

#include "machine.h"
#include "session.h"

/**
 * session_create - for a file that is being opened
 * @kind: what its text requests are
 *
 * All memory that its requests will take is taken here, once: 56 KiB, page by
 * page, charged to the caller's memory cgroup.
 *
 * Return: the session, or NULL.
 */
struct session *session_create(enum request_kind kind)
{
	struct session *s = __vmalloc(sizeof(*s), GFP_KERNEL_ACCOUNT | __GFP_ZERO);

	if (s) {
		mutex_init(&s->lock);
		s->kind = kind;
	}
	return s;
}

/**
 * session_destroy - for a file that is being closed
 * @s: a session that nobody uses
 */
void session_destroy(struct session *s)
{
	target_clear(&s->question.target);
	target_clear(&s->target);
	mutex_destroy(&s->lock);
	vfree(s);
}

/**
 * session_may_inspect - whether the caller may see other processes' frames
 * @trusted: credentials that were allowed before, held; NULL for none
 *
 * Asked when a file is opened and again at each use, since an open file can be
 * handed to somebody else. Physical addresses help attacks on memory (as those
 * of pagemap do, which asks for the same capability), and the tables of the
 * kernel are what lockdown's confidentiality mode hides in /proc/kcore.
 *
 * Credentials never change, they are only exchanged for others: who still has
 * those that opened the file still has their capabilities, and need not be put
 * to the security modules each time.
 *
 * Return: 0 or -EPERM.
 */
int session_may_inspect(const struct cred *trusted)
{
	if (current_cred() != trusted && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	return security_locked_down(LOCKDOWN_KCORE);
}

/**
 * session_lock - begin to use a session
 * @s: any
 *
 * Return: 0, or -EINTR if the caller is being killed.
 */
int session_lock(struct session *s)
{
	return mutex_lock_killable(&s->lock);
}

/**
 * session_unlock - be done with it
 * @s: locked
 */
void session_unlock(struct session *s)
{
	mutex_unlock(&s->lock);
}

/**
 * session_aim - aim at whom a request line names
 * @target: cleared or set before
 * @whose: whose tables
 * @pid: REQUEST_PID: from 1
 *
 * Return: 0 or -ESRCH.
 */
int session_aim(struct target *target, enum request_whose whose, int pid)
{
	switch (whose) {
	case REQUEST_KERNEL:
		target_set_kernel(target);
		return 0;
	case REQUEST_SELF:
		return target_set_self(target);
	default:
		return target_set_pid(target, pid);
	}
}

/**
 * session_ask - take a line of text as the request to answer from now on
 * @s: locked
 * @line: @len bytes and a zero behind them; changed
 * @len: at most REQUEST_LINE_MAX
 *
 * Return: 0; -EINVAL, -ESRCH, -EOPNOTSUPP: then the request before still holds.
 */
int session_ask(struct session *s, char *line, size_t len)
{
	struct question *q = &s->question;
	struct request request;
	int ret;

	ret = request_parse(&request, s->kind, line, len, machine_levels());
	if (ret)
		return ret;
	if ((request.flags & TLBSCOPE_USER_ROOT) && !target_has_user_root())
		return -EOPNOTSUPP;
	ret = session_aim(&q->target, request.whose, request.pid);
	if (ret)
		return ret;
	q->request = request;
	q->asked = true;
	session_rewind(q);
	return 0;
}

/**
 * session_rewind - read an answer from its beginning
 * @q: asked
 */
void session_rewind(struct question *q)
{
	q->done = false;
	q->next = q->request.start;
	q->first = 0;
	q->filled = 0;
}

/**
 * session_init_walk - a walk with a session's memory
 * @s: locked
 * @target: whose, entered
 * @walk: @start and @last are the caller's to set
 */
void session_init_walk(struct session *s, const struct target *target,
		       struct walk *walk)
{
	memset(walk, 0, sizeof(*walk));
	walk->target = target;
	walk->buffer = &s->walk;
}
