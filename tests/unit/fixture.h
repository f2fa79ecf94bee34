/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A directory with one file in it, as if it were /proc/PID
 */
#ifndef TLBSCOPE_FIXTURE_H
#define TLBSCOPE_FIXTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The directory, open; its file is gone with fixture_remove() */
static inline int fixture_make(const char *name, const void *data, size_t len)
{
	char path[] = "/tmp/tlbscope-unit.XXXXXX";
	int dir = -1, fd;

	if (mkdtemp(path))
		dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len) {
		perror("fixture");
		exit(2);
	}
	close(fd);
	return dir;
}

static inline void fixture_remove(int dir, const char *name)
{
	char link[32], path[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, path, sizeof(path) - 1);
	unlinkat(dir, name, 0);
	close(dir);
	if (n > 0) {
		path[n] = '\0';
		rmdir(path);
	}
}

#endif /* TLBSCOPE_FIXTURE_H */
