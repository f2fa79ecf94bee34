/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One open file of those that disturb: its target, and what its last request
 * brought
 */
#ifndef TLBSCOPE_LAB_H
#define TLBSCOPE_LAB_H

#include <linux/cpumask.h>
#include <linux/mutex.h>

#include "experiment.h"
#include "target.h"

/**
 * struct lab - one open file
 * @lock: held for each use of the rest
 * @measured: what its request lines ask for is measured
 * @target: of the ioctls, which have nothing to do with request lines
 * @cpus: memory for the set of CPUs of a request
 * @asked: there was a request line
 * @last: what it brought
 */
struct lab {
	struct mutex lock; /* see above */
	bool measured;
	struct target target;
	cpumask_var_t cpus;
	bool asked;
	struct experiment last;
};

struct cred;

struct lab *lab_create(bool measured);
void lab_destroy(struct lab *lab);

int lab_may_disturb(const struct cred *trusted);

int lab_ask(struct lab *lab, char *line, size_t len);
long lab_ioctl(struct lab *lab, unsigned int cmd, void __user *arg);

#endif /* TLBSCOPE_LAB_H */
