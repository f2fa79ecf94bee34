/* SPDX-License-Identifier: GPL-2.0 */
/* A terminal that is drawn over and over, and left as it was */
#ifndef TOOL_SCREEN_H
#define TOOL_SCREEN_H

#include <stdbool.h>
#include <termios.h>

/**
 * struct screen - the terminal of stdout
 * @on: it is in use
 * @keys: it is the one of stdin too: keys are read one by one
 * @saved: how its keys were read before
 */
struct screen {
	bool on;
	bool keys;
	struct termios saved;
};

void screen_enter(struct screen *s);
void screen_leave(struct screen *s);
void screen_clear(const struct screen *s);
unsigned int screen_rows(void);

#endif /* TOOL_SCREEN_H */
