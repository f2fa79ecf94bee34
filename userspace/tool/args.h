/* SPDX-License-Identifier: GPL-2.0 */
/* What stands on the command line */
#ifndef TOOL_ARGS_H
#define TOOL_ARGS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Values of long options without a letter */
enum {
	ARGS_LONG = 256,
};

/* Most pages of a sweep, and what args_sweep() may need for any range */
#define ARGS_PAGES_MAX	4096
#define ARGS_CPU_MAX	8191
#define ARGS_SWEEP_MAX	66

/**
 * struct args_sweep - values to try, one after the other
 * @count: how many
 * @value: rising
 */
struct args_sweep {
	unsigned int count;
	uint64_t value[ARGS_SWEEP_MAX];
};

int args_option(int argc, char **argv, const char *letters,
		const struct option *options);
int args_only_json(int argc, char **argv, bool *json);
int args_target(const char *verb, const char *word, pid_t *pid);
int args_number(const char *word, uint64_t *number);
int args_sweep(const char *word, uint64_t min, uint64_t max,
	       struct args_sweep *sweep);
int args_pages(const char *verb, const char *word, struct args_sweep *sweep);
int args_cpus(const char *verb, const char *word, unsigned int **cpus, size_t *n);
int args_hex(const char *word, uint64_t *number);
bool args_looks_hex(const char *word);
bool args_canonical(uint64_t address, unsigned int levels);

#endif /* TOOL_ARGS_H */
