// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

/* What it prints must not mix with the answer on stdout */
static _Noreturn void run(char **argv, int go, int failed)
{
	sigset_t none;
	char byte;
	int err;

	if (read(go, &byte, 1) != 1)
		_exit(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(argv[0], argv);
	err = errno;
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

/**
 * command_start - start a process that does not run the command yet
 * @c: to be filled in; command_end() when done
 * @argv: the command and its arguments
 *
 * Return: 0 or a negative errno
 */
int command_start(struct command *c, char **argv)
{
	int go[2], failed[2], err;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(failed, O_CLOEXEC)) {
		err = -errno;
		close(go[0]);
		close(go[1]);
		return err;
	}
	c->pid = fork();
	if (!c->pid) {
		close(go[1]);
		close(failed[0]);
		run(argv, go[0], failed[1]);
	}
	err = c->pid < 0 ? -errno : 0;
	close(go[0]);
	close(failed[1]);
	c->go = go[1];
	c->failed = failed[0];
	return err;
}

/* command_go - run it. Return: 0, or the negative errno why it cannot be run */
int command_go(struct command *c)
{
	int err = 0;

	if (write(c->go, "", 1) != 1)
		return -errno;
	return read(c->failed, &err, sizeof(err)) == sizeof(err) ? -err : 0;
}

/* command_end - end it if it has not ended, and wait */
void command_end(struct command *c)
{
	if (c->pid <= 0)
		return;
	close(c->go);
	close(c->failed);
	kill(c->pid, SIGTERM);
	waitpid(c->pid, NULL, 0);
	c->pid = 0;
}
