// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "screen.h"

/*
 * The terminal's other page, no cursor, and lines that are too long cut off
 * rather than wrapped
 */
#define ENTER	"\033[?1049h\033[?25l\033[?7l"
#define LEAVE	"\033[?7h\033[?25h\033[?1049l"
#define CLEAR	"\033[H\033[J"

#define USUAL_ROWS	24

/* Only who is in the foreground may change how keys are read */
static bool owns_keys(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void read_keys(struct screen *s)
{
	struct termios now;

	if (!owns_keys() || tcgetattr(STDIN_FILENO, &s->saved))
		return;
	now = s->saved;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	s->keys = !tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

/* screen_enter - take the terminal over; what is printed shows at fflush() */
void screen_enter(struct screen *s)
{
	read_keys(s);
	fputs(ENTER, stdout);
	fflush(stdout);
	s->on = true;
}

/* screen_leave - give it back as it was */
void screen_leave(struct screen *s)
{
	if (!s->on)
		return;
	fputs(LEAVE, stdout);
	fflush(stdout);
	if (s->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &s->saved);
	s->on = false;
	s->keys = false;
}

void screen_clear(const struct screen *s)
{
	if (s->on)
		fputs(CLEAR, stdout);
}

unsigned int screen_rows(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
		return USUAL_ROWS;
	return size.ws_row;
}
