/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A child process that does something step by step, when its parent says so
 */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

struct zoo;

/**
 * struct child - seen by its parent
 * @pid: its process ID
 * @fd: one end of a socket pair
 */
struct child {
	pid_t pid;
	int fd;
};

int child_start(struct child *c, void (*body)(int fd, void *arg), void *arg);
int child_reached(struct child *c);
int child_continue(struct child *c);
int child_step(struct child *c);
int child_end(struct child *c);

void child_pause(int fd);

int zoo_start(struct child *c, struct zoo **zoo);

#endif /* CHILD_H */
