/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Experiments: what can be tested of them without the module
 */
#ifndef TLBSCOPE_LAB_H
#define TLBSCOPE_LAB_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "explain.h"
#include "libtlbscope.h"

/**
 * struct lab_facts - what the error of an experiment may come from
 * @target: what any error may come from; lockdown is that for integrity here
 * @info: CPU and kernel
 * @what: the request, NULL if it did not come to one
 * @absent: a CPU of the request that is not on line, -1 for none
 */
struct lab_facts {
	struct explain_facts target;
	struct tlbscope_info info;
	const struct tlbscope_invalidation *what;
	int absent;
};

int lab_debugfs(const char *mounts, char path[PATH_MAX]);
int lab_absent_cpu(const char *online, const uint64_t *mask, size_t words);
int lab_explain_line(char *buf, size_t len, const struct lab_facts *f, int err);

#endif /* TLBSCOPE_LAB_H */
