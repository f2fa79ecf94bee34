// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

#define PF_KTHREAD	0x00200000	/* the kernel's linux/sched.h */

/**
 * process_open - hold on to a process's directory
 * @pid: of the process
 *
 * The directory stays that of this process, even if the PID is given to
 * another one.
 *
 * Return: a file descriptor or a negative errno: -ESRCH.
 */
int process_open(pid_t pid)
{
	char path[32];
	int dir;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		return dir;
	return errno == ENOENT || errno == ENOTDIR ? -ESRCH : -errno;
}

ssize_t process_read_file(int dir, const char *name, char *buf, size_t len)
{
	size_t at = 0;
	ssize_t n;
	int fd, err;

	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf + at, len - 1 - at)) > 0)
		at += n;
	err = errno;
	close(fd);
	buf[at] = '\0';
	return n < 0 ? -err : (ssize_t)at;
}

/**
 * process_parse_stat - the text of /proc/PID/stat
 * @text: "PID (COMM) STATE PPID PGRP SESSION TTY TPGID FLAGS ..."
 * @process: receives what it says
 *
 * The name may hold anything, parentheses and newlines too.
 *
 * Return: whether it could be understood.
 */
bool process_parse_stat(const char *text, struct process *process)
{
	const char *behind = strrchr(text, ')');
	unsigned int flags;

	if (!behind ||
	    sscanf(behind + 1, " %c %*d %*d %*d %*d %*d %u", &process->state, &flags) != 2)
		return false;
	process->kthread = flags & PF_KTHREAD;
	return true;
}

/**
 * process_parse_kib - a field of /proc/PID/status, as "VmPTE:\t     52 kB"
 * @text: all of it
 * @field: name, without the colon
 * @bytes: receives its value
 *
 * Return: whether it is there.
 */
bool process_parse_kib(const char *text, const char *field, uint64_t *bytes)
{
	size_t len = strlen(field);
	const char *line = text;
	uint64_t kib;

	while (line) {
		if (!strncmp(line, field, len) && line[len] == ':')
			break;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	if (!line || sscanf(line + len + 1, "%" SCNu64 " kB", &kib) != 1)
		return false;
	*bytes = kib * 1024;
	return true;
}

/**
 * process_read - what kind of process this is
 * @dir: of process_open()
 * @process: receives it
 *
 * Return: 0, -ESRCH it is gone, or another negative errno.
 */
int process_read(int dir, struct process *process)
{
	char text[1024];
	ssize_t len;

	len = process_read_file(dir, "stat", text, sizeof(text));
	if (len < 0)
		return len == -ENOENT ? -ESRCH : len;
	return process_parse_stat(text, process) ? 0 : -EIO;
}

/**
 * process_table_bytes - what its page tables take
 * @dir: of process_open()
 *
 * Return: VmPTE in bytes, ~0 where it is not to be had.
 */
uint64_t process_table_bytes(int dir)
{
	uint64_t bytes;
	char text[4096];

	if (process_read_file(dir, "status", text, sizeof(text)) < 0 ||
	    !process_parse_kib(text, "VmPTE", &bytes))
		return ~0ULL;
	return bytes;
}
