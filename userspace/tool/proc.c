// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "mem.h"
#include "out.h"
#include "proc.h"

static bool read_line(FILE *file, char *buf, size_t len)
{
	if (!fgets(buf, (int)len, file))
		return false;
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

/**
 * proc_line - the first line of a file
 * @buf: where to; "" where there is none
 * @len: its size
 * @fmt: path
 *
 * Return: whether there is one
 */
bool proc_line(char *buf, size_t len, const char *fmt, ...)
{
	va_list args;
	char *path;
	FILE *file;
	bool done;

	va_start(args, fmt);
	path = mem_vprintf(fmt, args);
	va_end(args);
	buf[0] = '\0';
	file = fopen(path, "re");
	free(path);
	if (!file)
		return false;
	done = read_line(file, buf, len);
	fclose(file);
	return done;
}

/**
 * proc_field - what follows "KEY:" in a file such as /proc/PID/status
 * @buf: where to; "" where there is none
 * @len: its size
 *
 * Return: whether there is one
 */
bool proc_field(char *buf, size_t len, const char *path, const char *key)
{
	size_t n = strlen(key);
	char line[4096];
	FILE *file;

	buf[0] = '\0';
	file = fopen(path, "re");
	if (!file)
		return false;
	while (read_line(file, line, sizeof(line))) {
		char *at = line + n;

		if (strncmp(line, key, n))
			continue;
		while (*at == ' ' || *at == '\t')
			at++;
		if (*at++ != ':')
			continue;
		at += strspn(at, " \t");
		snprintf(buf, len, "%s", at);
		fclose(file);
		return true;
	}
	fclose(file);
	return false;
}

/* proc_name - what a process is called, in PROC_NAME_LEN bytes */
void proc_name(char *buf, pid_t pid)
{
	if (!proc_line(buf, PROC_NAME_LEN, "/proc/%d/comm", pid))
		snprintf(buf, PROC_NAME_LEN, "?");
	out_clean(buf);
}

/* proc_rss - bytes resident, 0 if not known */
uint64_t proc_rss(pid_t pid)
{
	uint64_t pages;
	char line[128];

	if (!proc_line(line, sizeof(line), "/proc/%d/statm", pid) ||
	    sscanf(line, "%*u %" SCNu64, &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* proc_has_memory - a kernel thread or a zombie has none, nor who is gone */
bool proc_has_memory(pid_t pid)
{
	uint64_t pages;
	char line[128];

	return proc_line(line, sizeof(line), "/proc/%d/statm", pid) &&
	       sscanf(line, "%" SCNu64, &pages) == 1 && pages;
}

/**
 * proc_pids - all processes
 * @pids: receives an array to be freed
 *
 * Return: how many
 */
size_t proc_pids(pid_t **pids)
{
	size_t count = 0, room = 0;
	struct dirent *entry;
	DIR *dir = opendir("/proc");

	*pids = NULL;
	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (count == room) {
			room = room ? 2 * room : 256;
			*pids = mem_array(*pids, room, sizeof(**pids));
		}
		(*pids)[count++] = atoi(entry->d_name);
	}
	if (dir)
		closedir(dir);
	return count;
}

/* proc_flush_ceiling - what PROC_FLUSH_CEILING says. Return: whether it is known */
bool proc_flush_ceiling(uint64_t *pages)
{
	char line[32];

	return proc_line(line, sizeof(line), PROC_FLUSH_CEILING) &&
	       !args_number(line, pages);
}
