/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What /proc/PID says about a process as a whole
 */
#ifndef TLBSCOPE_PROCESS_H
#define TLBSCOPE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct process - what kind of process
 * @state: as in ps(1): 'R', 'S', 'Z', ...
 * @kthread: a thread of the kernel
 */
struct process {
	char state;
	bool kthread;
};

int process_open(pid_t pid);
int process_read(int dir, struct process *process);
uint64_t process_table_bytes(int dir);

/* The parsing alone, of the text of /proc/PID/stat and /proc/PID/status */
bool process_parse_stat(const char *text, struct process *process);
bool process_parse_kib(const char *text, const char *field, uint64_t *bytes);

/* Reads a small file whole into @buf as a string: its length or negative errno */
ssize_t process_read_file(int dir, const char *name, char *buf, size_t len);

#endif /* TLBSCOPE_PROCESS_H */
