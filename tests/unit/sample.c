// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"

/*
 * The program lies beside the test that starts it. It is opened before the test
 * gives up rights, which may be those to come near it.
 */
static int program = -1;

__attribute__((constructor)) static void find_program(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 16);
	char *name;

	if (n < 0)
		return;
	path[n] = '\0';
	name = strrchr(path, '/') + 1;
	strcpy(name, "sample-program");
	program = open(path, O_PATH | O_CLOEXEC);
}

static void start_program(int in, int out)
{
	char *argv[] = { "sample-program", NULL };

	dup2(in, 0);
	dup2(out, 1);
	dup2(program, 3);
	close_range(4, ~0U, 0);
	execveat(3, "", argv, environ, AT_EMPTY_PATH);
	_exit(127);
}

static int read_areas(struct sample *s, FILE *f)
{
	struct sample_area *a = s->area;
	char line[100];

	s->count = 0;
	while (fgets(line, sizeof(line), f)) {
		if (!strcmp(line, "ready\n"))
			return 0;
		if (s->count == SAMPLE_AREAS ||
		    sscanf(line, "%15s %" SCNx64 " %" SCNx64, a->name, &a->start,
			   &a->end) != 3)
			break;
		s->count++;
		a++;
	}
	return -1;
}

int sample_start(struct sample *s)
{
	int in[2], out[2], ret;
	FILE *f;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return -1;
	s->pid = fork();
	if (!s->pid)
		start_program(in[0], out[1]);
	close(in[0]);
	close(out[1]);
	s->control = in[1];
	f = fdopen(out[0], "r");
	ret = s->pid > 0 && f ? read_areas(s, f) : -1;
	if (f)
		fclose(f);
	if (ret)
		sample_stop(s);
	return ret;
}

const struct sample_area *sample_area(const struct sample *s, const char *name)
{
	unsigned int i;

	for (i = 0; i < s->count; i++)
		if (!strcmp(s->area[i].name, name))
			return &s->area[i];
	return NULL;
}

/* Another program in the same process, and with it another address space */
void sample_exec(struct sample *s)
{
	char path[32], exe[16];
	ssize_t n;

	if (write(s->control, "x", 1) != 1)
		return;
	snprintf(path, sizeof(path), "/proc/%d/comm", s->pid);
	do {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		n = read(fd, exe, sizeof(exe));
		close(fd);
		usleep(1000);
	} while (n > 0 && strncmp(exe, "sleep", 5));
}

void sample_stop(struct sample *s)
{
	close(s->control);
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}
