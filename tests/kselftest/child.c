// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "memory.h"

/**
 * child_start - start a child, which runs to its first child_pause()
 * @c: receives it
 * @body: what it does; when it returns the child exits
 * @arg: for @body
 *
 * Return: 0 once it is there, else a negative errno.
 */
int child_start(struct child *c, void (*body)(int fd, void *arg), void *arg)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return -errno;
	c->pid = fork();
	if (c->pid < 0)
		return -errno;
	if (!c->pid) {
		/* Does not outlive a test that fails */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fd[0]);
		body(fd[1], arg);
		_exit(0);
	}
	close(fd[1]);
	c->fd = fd[0];
	return child_reached(c);
}

/* Wait for its next child_pause(); -EPIPE if it is gone */
int child_reached(struct child *c)
{
	char byte;

	return read(c->fd, &byte, 1) == 1 ? 0 : -EPIPE;
}

/* Let it go on */
int child_continue(struct child *c)
{
	return write(c->fd, "", 1) == 1 ? 0 : -EPIPE;
}

/* From one child_pause() to the next */
int child_step(struct child *c)
{
	int ret = child_continue(c);

	return ret ? ret : child_reached(c);
}

/* Kill and reap it; its wait status */
int child_end(struct child *c)
{
	int status = 0;

	kill(c->pid, SIGKILL);
	waitpid(c->pid, &status, 0);
	close(c->fd);
	return status;
}

/* In the child: say that this point is reached, and wait to go on */
void child_pause(int fd)
{
	char byte;

	if (write(fd, "", 1) != 1 || read(fd, &byte, 1) != 1)
		_exit(1);
}

static void keep_zoo(int fd, void *arg)
{
	struct zoo *zoo = arg;

	if (zoo_build(zoo))
		_exit(1);
	child_pause(fd);
}

/**
 * zoo_start - a child that builds a zoo and then stands still
 * @c: receives the child
 * @zoo: receives what is in it, which both can see
 *
 * Return: 0 once it stands, else a negative errno.
 */
int zoo_start(struct child *c, struct zoo **zoo)
{
	*zoo = mmap(NULL, sizeof(**zoo), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (*zoo == MAP_FAILED)
		return -errno;
	return child_start(c, keep_zoo, *zoo);
}
