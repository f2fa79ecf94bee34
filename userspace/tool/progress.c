// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

#define WIDTH		40
#define FIRST_NS	500000000L
#define EVERY_NS	100000000L

static void set_next(struct progress *p, long ns)
{
	clock_gettime(CLOCK_MONOTONIC, &p->next);
	p->next.tv_nsec += ns;
	p->next.tv_sec += p->next.tv_nsec / 1000000000L;
	p->next.tv_nsec %= 1000000000L;
}

static bool is_time(const struct progress *p)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > p->next.tv_sec ||
	       (now.tv_sec == p->next.tv_sec && now.tv_nsec >= p->next.tv_nsec);
}

/**
 * progress_start - nothing is drawn yet, short work needs no bar
 * @label: what is going on
 * @enabled: false where a bar would mix with what stdout shows
 */
void progress_start(struct progress *p, const char *label, bool enabled)
{
	*p = (struct progress){ .label = label };
	p->enabled = enabled && isatty(STDERR_FILENO);
	set_next(p, FIRST_NS);
}

void progress_update(struct progress *p, uint64_t done, uint64_t total)
{
	char bar[WIDTH + 1];
	int filled;

	if (!p->enabled || !total || !is_time(p))
		return;
	if (done > total)
		done = total;
	filled = (int)((double)done / (double)total * WIDTH);
	memset(bar, '.', WIDTH);
	memset(bar, '#', (size_t)filled);
	bar[WIDTH] = '\0';
	fprintf(stderr, "\r%s [%s] %3d %%", p->label, bar,
		(int)(100 * ((double)done / (double)total)));
	p->shown = true;
	set_next(p, EVERY_NS);
}

/* progress_end - leave no trace on the terminal */
void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
