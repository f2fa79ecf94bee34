// SPDX-License-Identifier: GPL-2.0
#include <linux/compat.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "ioctl.h"
#include "procfs.h"
#include "ranges.h"
#include "session.h"
#include "text.h"

static struct proc_dir_entry *procfs_dir;

/* The records that follow those at hand */
static int refill(struct session *s)
{
	struct question *q = &s->question;
	struct ranges ranges = {
		.all		= q->request.flags & TLBSCOPE_RANGES_ALL,
		.unmerged	= q->request.flags & TLBSCOPE_RANGES_UNMERGED,
		.keep		= ~0ULL,
		.vec		= q->line,
		.vec_len	= SESSION_LINES,
	};
	struct walk walk;
	int ret;

	q->first += q->filled;
	q->filled = 0;
	if (q->done)
		return 0;
	ret = target_enter(&q->target);
	if (ret)
		return ret;
	session_init_walk(s, &q->target, &walk);
	walk.start = q->next;
	walk.last = q->request.last;
	walk.user = q->request.flags & TLBSCOPE_USER_ROOT;
	ret = ranges_walk(&ranges, &walk);
	target_leave(&q->target);
	if (ret)
		return ret;
	q->filled = ranges.filled;
	q->next = ranges.next;
	q->done = ranges.next - 1 == walk.last;
	return 0;
}

/*
 * An answer of ranges may be long; it is read on from where the reader is, with
 * what the address space holds then. A seek starts over from the beginning, as
 * seq_file does it, and so is never behind the records at hand.
 */
static void *range_at(struct session *s, loff_t pos)
{
	struct question *q = &s->question;
	int ret;

	if (!pos)
		session_rewind(q);
	if (pos == q->first + q->filled) {
		ret = refill(s);
		if (ret)
			return ERR_PTR(ret);
	}
	if (pos < q->first || pos >= q->first + q->filled)
		return NULL;
	return &q->line[pos - q->first];
}

static void *answer_start(struct seq_file *m, loff_t *pos)
{
	struct session *s = m->private;

	if (s->question.asked && s->kind == REQUEST_RANGES)
		return range_at(s, *pos);
	return *pos ? NULL : SEQ_START_TOKEN;
}

static void *answer_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return answer_start(m, pos);
}

/* Nothing is held from one record to the next */
static void answer_stop(struct seq_file *m, void *v)
{
}

static int answer_show(struct seq_file *m, void *v)
{
	struct session *s = m->private;

	if (!s->question.asked) {
		text_usage(m, s->kind);
		return 0;
	}
	switch (s->kind) {
	case REQUEST_WALK:
		return text_walk(m, s);
	case REQUEST_TABLES:
		return text_tables(m, s);
	default:
		text_range(m, v);
		return 0;
	}
}

static const struct seq_operations answer_ops = {
	.start	= answer_start,
	.next	= answer_next,
	.stop	= answer_stop,
	.show	= answer_show,
};

static struct session *file_session(struct file *file)
{
	struct seq_file *m = file->private_data;

	return m->private;
}

/*
 * Without the reference an open file would not keep the module: proc would
 * close it, under its owner's hands, when the module goes.
 */
static int request_open(struct inode *inode, struct file *file)
{
	enum request_kind kind = (uintptr_t)pde_data(inode);
	struct session *s;
	int ret;

	ret = session_may_inspect(NULL);
	if (ret)
		return ret;
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	ret = -ENOMEM;
	s = session_create(kind);
	if (!s)
		goto put_module;
	ret = seq_open(file, &answer_ops);
	if (ret)
		goto destroy;
	((struct seq_file *)file->private_data)->private = s;
	return 0;

destroy:
	session_destroy(s);
put_module:
	module_put(THIS_MODULE);
	return ret;
}

/*
 * Unloading waits in proc_remove() until every proc_release has returned, so
 * the reference may be put in here.
 */
static int request_release(struct inode *inode, struct file *file)
{
	session_destroy(file_session(file));
	seq_release(inode, file);
	module_put(THIS_MODULE);
	return 0;
}

/* Rights are those of whoever uses the file now, not of who opened it */
static int begin_use(struct file *file)
{
	return session_may_inspect(file->f_cred) ?:
	       session_lock(file_session(file));
}

static ssize_t request_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct session *s = file_session(iocb->ki_filp);
	ssize_t ret = begin_use(iocb->ki_filp);

	if (ret)
		return ret;
	ret = seq_read_iter(iocb, to);
	session_unlock(s);
	return ret;
}

static loff_t request_lseek(struct file *file, loff_t offset, int whence)
{
	struct session *s = file_session(file);
	loff_t ret = begin_use(file);

	if (ret)
		return ret;
	ret = seq_lseek(file, offset, whence);
	session_unlock(s);
	return ret;
}

/* A write is one request, and puts the reader back to the start */
static ssize_t request_write(struct file *file, const char __user *buf,
			     size_t len, loff_t *pos)
{
	struct session *s = file_session(file);
	char line[REQUEST_LINE_MAX + 1];
	int ret;

	ret = ioctl_get_line(line, buf, len) ?: begin_use(file);
	if (ret)
		return ret;
	ret = session_ask(s, line, len);
	session_unlock(s);
	if (ret)
		return ret;
	*pos = 0;
	return len;
}

static long request_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct session *s = file_session(file);
	long ret;

	if (ioctl_is_info(cmd))
		return ioctl_info((void __user *)arg);
	ret = begin_use(file);
	if (ret)
		return ret;
	ret = ioctl_session(s, cmd, (void __user *)arg);
	session_unlock(s);
	return ret;
}

/* The structs are the same for 32-bit programs, down to their padding */
#ifdef CONFIG_COMPAT
static long request_compat_ioctl(struct file *file, unsigned int cmd,
				 unsigned long arg)
{
	return request_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#endif

static const struct proc_ops request_ops = {
	.proc_open	= request_open,
	.proc_read_iter	= request_read,
	.proc_write	= request_write,
	.proc_lseek	= request_lseek,
	.proc_ioctl	= request_ioctl,
#ifdef CONFIG_COMPAT
	.proc_compat_ioctl = request_compat_ioctl,
#endif
	.proc_release	= request_release,
};

static int info_show(struct seq_file *m, void *v)
{
	text_info(m);
	return 0;
}

static int info_open(struct inode *inode, struct file *file)
{
	int ret;

	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	ret = single_open(file, info_show, NULL);
	if (ret)
		module_put(THIS_MODULE);
	return ret;
}

static int info_release(struct inode *inode, struct file *file)
{
	int ret = single_release(inode, file);

	module_put(THIS_MODULE);
	return ret;
}

static long info_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ioctl_is_info(cmd) ? ioctl_info((void __user *)arg) : -ENOTTY;
}

#ifdef CONFIG_COMPAT
static long info_compat_ioctl(struct file *file, unsigned int cmd,
			      unsigned long arg)
{
	return info_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#endif

static const struct proc_ops info_ops = {
	.proc_open	= info_open,
	.proc_read_iter	= seq_read_iter,
	.proc_lseek	= seq_lseek,
	.proc_ioctl	= info_ioctl,
#ifdef CONFIG_COMPAT
	.proc_compat_ioctl = info_compat_ioctl,
#endif
	.proc_release	= info_release,
};

static bool create(const char *name, enum request_kind kind)
{
	return proc_create_data(name, 0600, procfs_dir, &request_ops,
				(void *)(uintptr_t)kind);
}

/**
 * procfs_init - make /proc/tlbscope
 *
 * Return: 0 or -ENOMEM, with nothing left behind.
 */
int __init procfs_init(void)
{
	procfs_dir = proc_mkdir("tlbscope", NULL);
	if (!procfs_dir)
		return -ENOMEM;
	if (proc_create("info", 0444, procfs_dir, &info_ops) &&
	    create("walk", REQUEST_WALK) &&
	    create("ranges", REQUEST_RANGES) &&
	    create("tables", REQUEST_TABLES))
		return 0;
	proc_remove(procfs_dir);
	return -ENOMEM;
}

/**
 * procfs_exit - take it away; waits for whoever is in it
 */
void procfs_exit(void)
{
	proc_remove(procfs_dir);
}
