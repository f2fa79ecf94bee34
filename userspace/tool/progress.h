/* SPDX-License-Identifier: GPL-2.0 */
/* How far long work has come, for somebody who waits at a terminal */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/**
 * struct progress - a line on stderr
 * @label: what is going on
 * @enabled: somebody looks
 * @shown: there is something to wipe
 * @next: when to draw again
 */
struct progress {
	const char *label;
	bool enabled;
	bool shown;
	struct timespec next;
};

void progress_start(struct progress *p, const char *label, bool enabled);
void progress_update(struct progress *p, uint64_t done, uint64_t total);
void progress_end(struct progress *p);

#endif /* TOOL_PROGRESS_H */
