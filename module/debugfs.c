// SPDX-License-Identifier: GPL-2.0
#include <linux/compat.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "debugfs.h"
#include "ioctl.h"
#include "lab.h"
#include "request.h"
#include "text.h"

static struct dentry *debugfs_dir;

/* What an inode of ours says: the file's requests are measured */
#define LAB_COST	((void *)1)

static struct lab *file_lab(struct file *file)
{
	struct seq_file *m = file->private_data;

	return m->private;
}

static int lab_show(struct seq_file *m, void *v)
{
	text_lab(m, m->private);
	return 0;
}

static int lab_open(struct inode *inode, struct file *file)
{
	struct lab *lab;
	int ret;

	ret = lab_may_disturb(NULL);
	if (ret)
		return ret;
	lab = lab_create(inode->i_private == LAB_COST);
	if (!lab)
		return -ENOMEM;
	ret = single_open(file, lab_show, lab);
	if (ret)
		lab_destroy(lab);
	return ret;
}

static int lab_release(struct inode *inode, struct file *file)
{
	lab_destroy(file_lab(file));
	return single_release(inode, file);
}

/*
 * Rights are those of whoever uses the file now, not of who opened it. A request
 * may last: who shares an open file with another waits for that, killably but
 * for a read, which waits for the file's position before it comes here.
 */
static int begin_use(struct file *file)
{
	return lab_may_disturb(file->f_cred) ?:
	       mutex_lock_killable(&file_lab(file)->lock);
}

static void end_use(struct file *file)
{
	mutex_unlock(&file_lab(file)->lock);
}

static ssize_t lab_read(struct file *file, char __user *buf, size_t len,
			loff_t *pos)
{
	ssize_t ret = begin_use(file);

	if (ret)
		return ret;
	ret = seq_read(file, buf, len, pos);
	end_use(file);
	return ret;
}

static loff_t lab_llseek(struct file *file, loff_t offset, int whence)
{
	loff_t ret = begin_use(file);

	if (ret)
		return ret;
	ret = seq_lseek(file, offset, whence);
	end_use(file);
	return ret;
}

/* A write is one request, is done when it returns, and puts the reader back */
static ssize_t lab_write(struct file *file, const char __user *buf, size_t len,
			 loff_t *pos)
{
	char line[REQUEST_LINE_MAX + 1];
	int ret;

	ret = ioctl_get_line(line, buf, len) ?: begin_use(file);
	if (ret)
		return ret;
	ret = lab_ask(file_lab(file), line, len);
	end_use(file);
	if (ret)
		return ret;
	*pos = 0;
	return len;
}

static long lab_unlocked_ioctl(struct file *file, unsigned int cmd,
			       unsigned long arg)
{
	long ret;

	if (ioctl_is_info(cmd))
		return ioctl_info((void __user *)arg);
	ret = begin_use(file);
	if (ret)
		return ret;
	ret = lab_ioctl(file_lab(file), cmd, (void __user *)arg);
	end_use(file);
	return ret;
}

/* The structs are the same for 32-bit programs, down to their padding */
#ifdef CONFIG_COMPAT
static long lab_compat_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	return lab_unlocked_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#endif

static const struct file_operations lab_ops = {
	.owner		= THIS_MODULE,
	.open		= lab_open,
	.read		= lab_read,
	.write		= lab_write,
	.llseek		= lab_llseek,
	.unlocked_ioctl	= lab_unlocked_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl	= lab_compat_ioctl,
#endif
	.release	= lab_release,
};

/**
 * debug_init - make /sys/kernel/debug/tlbscope
 *
 * A kernel without debugfs, or that allows none, is no reason to do without all
 * the rest. "Unsafe" means that the files could be removed while they are open;
 * but an open file holds the module, and they go only with that.
 */
void __init debug_init(void)
{
	debugfs_dir = debugfs_create_dir("tlbscope", NULL);
	debugfs_create_file_unsafe("invalidate", 0600, debugfs_dir, NULL,
				   &lab_ops);
	debugfs_create_file_unsafe("cost", 0600, debugfs_dir, LAB_COST,
				   &lab_ops);
}

/**
 * debug_exit - take it away
 */
void debug_exit(void)
{
	debugfs_remove(debugfs_dir);
}
