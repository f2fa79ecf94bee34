/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Having something done on a CPU
 */
#ifndef TLBSCOPE_WORKER_H
#define TLBSCOPE_WORKER_H

int worker_init(void);
void worker_exit(void);
int worker_run(int cpu, int (*fn)(void *arg), void *arg);

#endif /* TLBSCOPE_WORKER_H */
