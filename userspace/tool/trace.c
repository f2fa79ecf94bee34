// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <libtlbscope.h>

#include "args.h"
#include "command.h"
#include "flushes.h"
#include "mem.h"
#include "out.h"
#include "progress.h"
#include "screen.h"
#include "verbs.h"

const char help_trace[] =
"usage: tlbscope trace [-p PID] [-d SECONDS] [-i SECONDS] [-n COUNT] [-j]\n"
"       tlbscope trace [-d SECONDS] [-n COUNT] [-j] -- COMMAND [ARGUMENT...]\n"
"\n"
"Who flushes the TLB, why, and how many pages: the records of the kernel's tracepoint\n"
"tlb:tlb_flush, counted. On a terminal it shows them as they come, as top does, until\n"
"q or Ctrl-C; else, and with --duration, it waits. At the end it prints a summary.\n"
"Takes root, and no module.\n"
"\n"
"  -p, --pid=PID           this process alone, with all of its threads, until it ends\n"
"  -d, --duration=SECONDS  end after this time\n"
"  -i, --interval=SECONDS  show what has come every so often (1)\n"
"  -n, --most=COUNT        only the programs that flush most\n"
"  -j, --json              JSON: one object an interval, or one at the end with -d\n"
"  -- COMMAND              start this, trace it and what it starts, until it ends;\n"
"                          what it prints goes to stderr\n";

#define LONGEST		1000000.0
#define SHORTEST	0.05

/**
 * struct session - a trace from begin to end
 * @verb: who asks
 * @f: what is counted
 * @command: what was started for it
 * @argv: the command and its arguments, or NULL
 * @duration: in seconds; 0 for no end
 * @interval: between two pictures, in seconds; 0 for none
 * @json: print JSON
 * @begin: when it began
 * @mark: when the last picture was shown
 * @signals: where those arrive that end it or change the terminal
 * @screen: the terminal
 * @progress: without pictures
 * @done: it is over
 */
struct session {
	const char *verb;
	struct flushes f;
	struct command command;
	char **argv;
	double duration;
	double interval;
	bool json;
	double begin;
	double mark;
	int signals;
	struct screen screen;
	struct progress progress;
	bool done;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool is_live(const struct session *s)
{
	return s->interval > 0 && !s->json && isatty(STDOUT_FILENO);
}

/*
 * Pictures
 */

/* Return: 0, or an exit status where nobody can see it */
static int show(struct session *s)
{
	s->f.seconds = now() - s->begin;
	s->f.recent = now() - s->mark;
	screen_clear(&s->screen);
	if (s->json)
		flushes_print_json(&s->f, true);
	else if (s->screen.on)
		flushes_draw(&s->f, screen_rows());
	else
		flushes_print(&s->f);
	return fflush(stdout) ? EXIT_FAILED : 0;
}

static int show_next(struct session *s)
{
	int err = show(s);

	tlbscope_trace_mark(s->f.trace);
	s->mark = now();
	if (!s->json && !s->screen.on)
		putchar('\n');
	return err;
}

/* Stopped by Ctrl-Z the terminal is the shell's */
static void stop(struct session *s)
{
	bool was_on = s->screen.on;

	screen_leave(&s->screen);
	raise(SIGSTOP);
	if (was_on)
		screen_enter(&s->screen);
}

static int take_signal(struct session *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	switch (info.ssi_signo) {
	case SIGWINCH:
		return s->screen.on ? show(s) : 0;
	case SIGTSTP:
		stop(s);
		return 0;
	default:
		s->done = true;
		return 0;
	}
}

static void take_key(struct session *s)
{
	char key;
	ssize_t n = read(STDIN_FILENO, &key, 1);

	if (n == 1 && (key == 'q' || key == 'Q'))
		s->done = true;
	/* The other end has hung up */
	if (n <= 0)
		s->screen.keys = false;
}

/*
 * The loop
 */

static double next_time(const struct session *s)
{
	double next = now() + 1, end = s->begin + s->duration;

	if (s->interval > 0)
		next = s->mark + s->interval;
	if (s->duration > 0 && end < next)
		next = end;
	return next;
}

static int wait_for(const struct session *s, struct pollfd *files)
{
	double left = next_time(s) - now();
	int ms = left > 0 ? (int)(left * 1000) + 1 : 0;

	files[0] = (struct pollfd){ tlbscope_trace_fd(s->f.trace), POLLIN, 0 };
	files[1] = (struct pollfd){ s->signals, POLLIN, 0 };
	files[2] = (struct pollfd){ s->screen.keys ? STDIN_FILENO : -1, POLLIN, 0 };
	return poll(files, 3, ms) < 0 && errno != EINTR ? -errno : 0;
}

static int read_trace(struct session *s)
{
	char line[256];
	int err = tlbscope_trace_read(s->f.trace);

	if (err < 0)
		return fail(s->verb, "%s", tlbscope_trace_explain(line, sizeof(line),
								  s->f.pid, err));
	if (!err)
		s->done = true;
	return 0;
}

static int step(struct session *s)
{
	struct pollfd files[3];
	int err = wait_for(s, files);

	if (err)
		return fail(s->verb, "cannot wait: %s; try: again", strerror(-err));
	err = read_trace(s);
	if (!err && files[1].revents)
		err = take_signal(s);
	if (files[2].revents)
		take_key(s);
	if (s->duration > 0) {
		double elapsed = now() - s->begin;

		progress_update(&s->progress, (uint64_t)(elapsed * 1000),
				(uint64_t)(s->duration * 1000));
		s->done |= elapsed >= s->duration;
	}
	if (!err && !s->done && s->interval > 0 && now() >= s->mark + s->interval)
		err = show_next(s);
	return err;
}

static int loop(struct session *s)
{
	int err = 0;

	if (is_live(s)) {
		setvbuf(stdout, NULL, _IOFBF, 1 << 16);
		screen_enter(&s->screen);
		err = show(s);
	}
	progress_start(&s->progress, "tracing", s->interval <= 0 && s->duration > 0);
	while (!err && !s->done)
		err = step(s);
	progress_end(&s->progress);
	screen_leave(&s->screen);
	return err;
}

/* The last picture of a stream, or the summary */
static int print_end(struct session *s)
{
	char line[256];
	int err = tlbscope_trace_stop(s->f.trace);

	if (err)
		return fail(s->verb, "%s", tlbscope_trace_explain(line, sizeof(line),
								  s->f.pid, err));
	if (s->interval > 0 && s->json)
		return show(s);
	tlbscope_trace_mark(s->f.trace);
	s->f.seconds = now() - s->begin;
	s->f.recent = 0;
	if (s->json)
		flushes_print_json(&s->f, false);
	else
		flushes_print(&s->f);
	return EXIT_DONE;
}

/*
 * Begin and end
 */

static void take_signals(struct session *s, sigset_t *before)
{
	static const int numbers[] = {
		SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP,
	};
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, before);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int run_command(struct session *s)
{
	int err = command_go(&s->command);

	if (err)
		return fail(s->verb, "cannot run %s: %s; try: its path", s->argv[0],
			    strerror(-err));
	return 0;
}

static int begin(struct session *s)
{
	unsigned int flags = s->f.children ? TLBSCOPE_TRACE_CHILDREN : 0;
	char line[256];
	int err = 0;

	if (s->argv) {
		err = command_start(&s->command, s->argv);
		if (err)
			return fail(s->verb, "cannot start a process: %s; try: ulimit -u",
				    strerror(-err));
		s->f.pid = s->command.pid;
		snprintf(s->f.command, sizeof(s->f.command), "%s", s->argv[0]);
		out_clean(s->f.command);
	} else if (s->f.pid != TLBSCOPE_EVERYBODY) {
		proc_name(s->f.command, s->f.pid);
	}
	machine_cpu(s->f.cpu);
	tlbscope_machine(&s->f.machine);
	err = tlbscope_trace_open(&s->f.trace, s->f.pid, flags);
	if (err)
		return fail(s->verb, "%s", tlbscope_trace_explain(line, sizeof(line),
								  s->f.pid, err));
	s->begin = now();
	s->mark = s->begin;
	return s->argv ? run_command(s) : 0;
}

static int run(struct session *s)
{
	sigset_t before;
	int err;

	take_signals(s, &before);
	err = begin(s);
	if (!err)
		err = loop(s);
	if (!err)
		err = print_end(s);
	tlbscope_trace_close(s->f.trace);
	close(s->signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	command_end(&s->command);
	return err;
}

/*
 * Arguments
 */

static int set_seconds(const char *verb, const char *word, double *seconds)
{
	char *end;

	*seconds = strtod(word, &end);
	if (end != word && !*end && *seconds >= SHORTEST && *seconds <= LONGEST)
		return 0;
	return usage(verb, "'%s' is no time from %g to 1,000,000 seconds", word,
		     SHORTEST);
}

static int set_most(const char *verb, const char *word, uint64_t *most)
{
	if (!args_number(word, most) && *most)
		return 0;
	return usage(verb, "'%s' is no number from 1 on", word);
}

static int set_pid(const char *verb, const char *word, pid_t *pid)
{
	int err = args_target(verb, word, pid);

	if (err)
		return err;
	if (*pid == TLBSCOPE_KERNEL || *pid == TLBSCOPE_SELF)
		return usage(verb, "'%s' is no process ID", word);
	return 0;
}

static int parse_options(struct session *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "pid",	required_argument,	NULL, 'p' },
		{ "duration",	required_argument,	NULL, 'd' },
		{ "interval",	required_argument,	NULL, 'i' },
		{ "most",	required_argument,	NULL, 'n' },
		{ "json",	no_argument,		NULL, 'j' },
		{ 0 }
	};
	int option, err = 0;

	while (!err &&
	       (option = args_option(argc, argv, "+:p:d:i:n:j", options)) != -1) {
		switch (option) {
		case 'p':
			err = set_pid(argv[0], optarg, &s->f.pid);
			break;
		case 'd':
			err = set_seconds(argv[0], optarg, &s->duration);
			break;
		case 'i':
			err = set_seconds(argv[0], optarg, &s->interval);
			break;
		case 'n':
			err = set_most(argv[0], optarg, &s->f.most);
			break;
		case 'j':
			s->json = true;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	return err;
}

/* What follows "--" is a command, a word alone is a mistake */
static int set_command(struct session *s, int argc, char **argv)
{
	if (optind == argc) {
		if (!strcmp(argv[argc - 1], "--"))
			return usage(argv[0], "no command behind '--'");
		return 0;
	}
	if (strcmp(argv[optind - 1], "--"))
		return usage(argv[0], "what is '%s'? -p PID, or -- COMMAND", argv[optind]);
	if (s->f.pid != TLBSCOPE_EVERYBODY)
		return usage(argv[0], "a process or a command, not both");
	s->argv = argv + optind;
	s->f.children = true;
	return 0;
}

int verb_trace(int argc, char **argv)
{
	struct session s = { .verb = argv[0], .f.pid = TLBSCOPE_EVERYBODY };
	bool live;
	int err;

	err = parse_options(&s, argc, argv);
	if (!err)
		err = set_command(&s, argc, argv);
	if (err)
		return err;
	live = s.json || isatty(STDOUT_FILENO);
	if (!s.interval && !s.duration && !s.argv && live)
		s.interval = 1;
	return run(&s);
}
