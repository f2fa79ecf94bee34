// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "mem.h"
#include "module.h"
#include "out.h"
#include "proc.h"
#include "verbs.h"

const char help_unload[] =
"usage: tlbscope unload\n"
"\n"
"Removes the kernel module. It is no error if it is not loaded. While a process has\n"
"a file of /proc/tlbscope open it cannot be removed; which one it is, is told.\n"
"Takes root.\n";

/* Whether one of a process's files is the module's */
static bool holds(pid_t pid)
{
	static const char dir_of_module[] = "/proc/tlbscope/";
	char path[64], link[64];
	struct dirent *entry;
	bool found = false;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		found = !strncmp(link, dir_of_module, sizeof(dir_of_module) - 1);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* "bash (123), python3 (456)", "" if nobody is found; to be freed */
static char *holders(void)
{
	char *list = mem_string(""), *longer, name[PROC_NAME_LEN];
	pid_t *pids;
	size_t i, n = proc_pids(&pids);

	for (i = 0; i < n; i++) {
		if (!holds(pids[i]))
			continue;
		proc_name(name, pids[i]);
		longer = mem_printf("%s%s%s (%d)", list, *list ? ", " : "", name,
				    pids[i]);
		free(list);
		list = longer;
	}
	free(pids);
	return list;
}

static int in_use(const char *verb)
{
	char *list = holders();
	int status;

	if (*list)
		status = fail(verb, "the module is in use by %s; try: end it first",
			      list);
	else
		status = fail(verb, "the module is in use, by nobody to be seen in /proc; try: lsmod");
	free(list);
	return status;
}

static int refused(const char *verb, int err)
{
	switch (-err) {
	case EBUSY:
	case EAGAIN:
		return in_use(verb);
	case EPERM:
	case EACCES:
		return fail(verb, "not permitted; try: sudo tlbscope unload");
	default:
		return fail(verb, "cannot remove the module: %s; try: dmesg | tail",
			    strerror(-err));
	}
}

int verb_unload(int argc, char **argv)
{
	static const struct option options[] = { { 0 } };
	struct kmod_module *module;
	struct kmod_ctx *ctx;
	int err;

	if (args_option(argc, argv, ":", options) != -1)
		return EXIT_USAGE;
	if (argc > optind)
		return usage(argv[0], "it takes no argument");
	if (!module_loaded()) {
		puts("tlbscope is not loaded");
		return EXIT_DONE;
	}
	ctx = module_context();
	err = kmod_module_new_from_name(ctx, MODULE_NAME, &module);
	if (!err) {
		err = kmod_module_remove_module(module, 0);
		kmod_module_unref(module);
	}
	kmod_unref(ctx);
	if (err && err != -ENOENT)
		return refused(argv[0], err);
	puts("tlbscope removed");
	return EXIT_DONE;
}
