// SPDX-License-Identifier: GPL-2.0
/*
 * Experiments: invalidations and what they cost, by the module's file in debugfs
 */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lab.h"
#include "method.h"
#include "source.h"

/**
 * struct tlbscope_lab - a handle for experiments
 * @fd: tlbscope/cost in debugfs
 */
struct tlbscope_lab {
	int fd;
};

/**
 * lab_debugfs - where debugfs is mounted
 * @mounts: /proc/self/mounts
 * @path: receives the directory
 *
 * Return: 0, -ENODEV nowhere.
 */
int lab_debugfs(const char *mounts, char path[PATH_MAX])
{
	FILE *f = setmntent(mounts, "re");
	char line[2 * PATH_MAX];
	struct mntent entry;
	int err = -ENODEV;

	if (!f)
		return err;
	while (err && getmntent_r(f, &entry, line, sizeof(line))) {
		if (strcmp(entry.mnt_type, "debugfs"))
			continue;
		if (snprintf(path, PATH_MAX, "%s", entry.mnt_dir) < PATH_MAX)
			err = 0;
	}
	endmntent(f);
	return err;
}

static int open_file(void)
{
	char debugfs[PATH_MAX], *path;
	int fd, err;

	if (access("/proc/tlbscope", F_OK))
		return -ENOENT;
	err = lab_debugfs("/proc/self/mounts", debugfs);
	if (err)
		return err;
	if (asprintf(&path, "%s/tlbscope/cost", debugfs) < 0)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CLOEXEC);
	err = -errno;
	free(path);
	if (fd >= 0)
		return fd;
	/* A module of before there were experiments */
	return err == -ENOENT ? -EPROTO : err;
}

int tlbscope_lab_open(struct tlbscope_lab **lab, pid_t pid)
{
	struct tlbscope_info info;
	int fd, err;

	*lab = NULL;
	if (pid == TLBSCOPE_KERNEL)
		return -EINVAL;
	fd = open_file();
	if (fd < 0)
		return fd;
	err = module_info(fd, &info);
	if (!err)
		err = module_target(fd, pid);
	if (!err) {
		*lab = malloc(sizeof(**lab));
		err = *lab ? 0 : -ENOMEM;
	}
	if (err) {
		close(fd);
		return err;
	}
	(*lab)->fd = fd;
	return 0;
}

void tlbscope_lab_close(struct tlbscope_lab *lab)
{
	if (!lab)
		return;
	close(lab->fd);
	free(lab);
}

int tlbscope_methods(struct tlbscope_lab *lab, struct tlbscope_methods *methods)
{
	*methods = (struct tlbscope_methods){ .size = sizeof(*methods) };
	return ioctl(lab->fd, TLBSCOPE_IOC_METHODS, methods) ? -errno : 0;
}

int tlbscope_invalidate(struct tlbscope_lab *lab, struct tlbscope_invalidate *req)
{
	req->size = sizeof(*req);
	return ioctl(lab->fd, TLBSCOPE_IOC_INVALIDATE, req) ? -errno : 0;
}

int tlbscope_cost(struct tlbscope_lab *lab, struct tlbscope_cost *req)
{
	req->size = sizeof(*req);
	return ioctl(lab->fd, TLBSCOPE_IOC_COST, req) ? -errno : 0;
}

const char *tlbscope_method_name(unsigned int method)
{
	return method_name(method);
}

int tlbscope_method_by_name(const char *name)
{
	return method_by_name(name);
}

bool tlbscope_method_is_by_page(unsigned int method)
{
	return method_is_by_page(method);
}

const char *tlbscope_method_missing(unsigned int method,
				    const struct tlbscope_info *info)
{
	const uint64_t two_tags = TLBSCOPE_FEAT_PTI | TLBSCOPE_FEAT_PCID;

	if (info->features & TLBSCOPE_FEAT_XENPV)
		return "a Xen PV guest may not run it";
	if (method == TLBSCOPE_INVLPGB && !(info->features & TLBSCOPE_FEAT_INVLPGB))
		return "the CPU has no INVLPGB";
	if (method >= TLBSCOPE_INVPCID_ADDRESS && method <= TLBSCOPE_INVPCID_NONGLOBAL &&
	    !(info->features & TLBSCOPE_FEAT_INVPCID))
		return "the CPU has no INVPCID";
	if (method == TLBSCOPE_CR4_PGE && !(info->features & TLBSCOPE_FEAT_PGE))
		return "the CPU has no global pages";
	if ((info->features & two_tags) == two_tags &&
	    !(info->features & TLBSCOPE_FEAT_INVPCID))
		return "a process has two tags here (PTI), and it takes INVPCID to reach both";
	return "the CPU or the hypervisor refuses it";
}
