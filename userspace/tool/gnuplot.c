// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gnuplot.h"
#include "mem.h"
#include "out.h"

extern char **environ;

/* gnuplot_installed - somewhere on the path */
bool gnuplot_installed(void)
{
	char *path = mem_string(getenv("PATH") ?: "/usr/bin:/bin");
	char *rest = path, *dir;
	bool found = false;

	while (!found && (dir = strsep(&rest, ":"))) {
		char *file = mem_printf("%s/gnuplot", dir[0] ? dir : ".");

		found = !access(file, X_OK);
		free(file);
	}
	free(path);
	return found;
}

/* A file without a name */
static int scratch(const char *text)
{
	int fd = memfd_create("tlbscope", MFD_CLOEXEC);
	size_t len = strlen(text), done = 0;

	while (fd >= 0 && done < len) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0)
			die_of_memory();
		done += (size_t)n;
	}
	if (fd < 0)
		die_of_memory();
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Return: its status as of waitpid(), or a negative errno */
static int start(int in, int out, int complaints)
{
	static char *const argv[] = { "gnuplot", "-d", NULL };
	posix_spawn_file_actions_t files;
	int err, status;
	pid_t pid;

	err = posix_spawn_file_actions_init(&files);
	if (err)
		return -err;
	if (posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO) ||
	    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO) ||
	    posix_spawn_file_actions_adddup2(&files, complaints, STDERR_FILENO))
		err = ENOMEM;
	else
		err = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

/* It shows where it stumbled, and says why in the last line */
static char *last_line(int fd)
{
	char text[1024], *last = text, *line, *rest = text;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	while ((line = strsep(&rest, "\n")))
		if (line[strspn(line, " ")])
			last = line;
	out_clean(last);
	return mem_string(last[0] ? last : "it does not say why");
}

/**
 * gnuplot_run - have a picture drawn
 * @script: what it is told on its stdin
 * @out: file that is its stdout
 * @why: receives what it complained about, to be freed; NULL if all is well
 *
 * The script is in a file, not in a pipe: gnuplot may end before it has read it.
 *
 * Return: 0, -EIO it complained, or the errno of starting it
 */
int gnuplot_run(const char *script, int out, char **why)
{
	int in = scratch(script), complaints = scratch("");
	int status = start(in, out, complaints);

	*why = NULL;
	/* The two ways of posix_spawn() to say that there is no such program */
	if (status > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		status = -ENOENT;
	if (status > 0) {
		*why = last_line(complaints);
		status = -EIO;
	}
	close(in);
	close(complaints);
	return status;
}
