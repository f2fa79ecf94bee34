/* SPDX-License-Identifier: GPL-2.0 */
/* A command that is started to be looked at */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

#include <sys/types.h>

/**
 * struct command - a process that waits, then runs a command
 * @pid: it
 * @go: closed to let it end, or written to let it run
 * @failed: where it tells why the command cannot be run
 */
struct command {
	pid_t pid;
	int go;
	int failed;
};

int command_start(struct command *c, char **argv);
int command_go(struct command *c);
void command_end(struct command *c);

#endif /* TOOL_COMMAND_H */
