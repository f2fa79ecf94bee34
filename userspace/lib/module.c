// SPDX-License-Identifier: GPL-2.0
/*
 * The source that is the module
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "source.h"

static int module_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

int module_info(int fd, struct tlbscope_info *info)
{
	int err;

	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	err = module_ioctl(fd, TLBSCOPE_IOC_INFO, info);
	/* The ABI only grows: a newer module is fine, an older one is not */
	if (err == -ENOTTY || (!err && info->abi < TLBSCOPE_ABI))
		return -EPROTO;
	return err;
}

int module_target(int fd, pid_t pid)
{
	struct tlbscope_target target = { .size = sizeof(target) };

	if (pid == TLBSCOPE_SELF)
		target.flags = TLBSCOPE_TARGET_SELF;
	else if (pid == TLBSCOPE_KERNEL)
		target.flags = TLBSCOPE_TARGET_KERNEL;
	else
		target.pid = pid;
	return module_ioctl(fd, TLBSCOPE_IOC_TARGET, &target);
}

static int module_walk(struct tlbscope *t, struct tlbscope_walk *walk)
{
	return module_ioctl(t->fd, TLBSCOPE_IOC_WALK, walk);
}

static int module_translate(struct tlbscope *t, struct tlbscope_translate *req)
{
	return module_ioctl(t->fd, TLBSCOPE_IOC_TRANSLATE, req);
}

static int module_ranges(struct tlbscope *t, struct tlbscope_ranges *req)
{
	return module_ioctl(t->fd, TLBSCOPE_IOC_RANGES, req);
}

static int module_tables(struct tlbscope *t, struct tlbscope_tables *req)
{
	return module_ioctl(t->fd, TLBSCOPE_IOC_TABLES, req);
}

static const struct source_ops module_ops = {
	.walk = module_walk,
	.translate = module_translate,
	.ranges = module_ranges,
	.tables = module_tables,
};

static int module_setup(struct tlbscope *t, int fd, pid_t pid)
{
	int err = module_info(fd, &t->info);

	if (err)
		return err;
	if (t->info.features & TLBSCOPE_FEAT_XENPV)
		return -EOPNOTSUPP;
	return module_target(fd, pid);
}

int module_open(struct tlbscope *t, pid_t pid)
{
	int fd, err;

	fd = open("/proc/tlbscope/walk", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = module_setup(t, fd, pid);
	if (err) {
		close(fd);
		return err;
	}
	t->fd = fd;
	t->ops = &module_ops;
	t->source = TLBSCOPE_SOURCE_MODULE;
	t->knows = TLBSCOPE_KNOWS_PHYS | TLBSCOPE_KNOWS_ENTRIES |
		   TLBSCOPE_KNOWS_SIZES | TLBSCOPE_KNOWS_TABLES |
		   TLBSCOPE_KNOWS_KERNEL;
	return 0;
}
