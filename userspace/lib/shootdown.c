// SPDX-License-Identifier: GPL-2.0
/*
 * What a call that flushes costs, and the threads that it interrupts
 *
 * It is measured in a child, for the kernel remembers on which CPUs an address
 * space has run, and flushes there: only a new one, made by a thread that is
 * pinned already, has certainly run on no other CPU than those asked for.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "ticks.h"
#include "watcher.h"

#define WARM_UP		10
#define LEAST_SAMPLES	10
#define PATIENCE	1.5
#define DISCARD_MAX	1000
#define EMPTY_SAMPLES	101
#define QUIET_NS	10e6
#define SETTLE_NS	3e3
#define POLL_MS		100
#define CPUS_MAX	8192

/* Pages that are there, pages that are not */
enum { TOUCHED, UNTOUCHED, KINDS };

/**
 * struct disturbance - what one call did to one thread
 * @ticks: how long it did not run
 * @gaps: in how many pieces
 */
struct disturbance {
	uint64_t ticks;
	uint64_t gaps;
};

/**
 * struct quiet - what happens to a thread when no call is made
 * @gaps: how often it did not run
 * @longest: in ticks
 */
struct quiet {
	uint64_t gaps;
	uint64_t longest;
};

/**
 * struct board - where the child writes what it found, shared with the parent
 * @err: 0 or a negative errno
 * @finished: all is written
 * @done: samples so far
 * @discarded: those during which a thread did not run
 * @empty: ticks between two readings with nothing between them
 * @quiet_ticks: how long no call was made
 * @len: bytes of all this
 * @time: of each kind, ticks of each sample
 * @disturbance: of each thread, of each kind, of each sample
 * @quiet: of each thread
 * @watchers: the threads
 */
struct board {
	int err;
	atomic_bool finished;
	atomic_uint done;
	unsigned int discarded;
	uint64_t empty;
	uint64_t quiet_ticks;
	size_t len;
	uint64_t *time[KINDS];
	struct disturbance *disturbance;
	struct quiet *quiet;
	struct watcher *watchers;
};

/* The time of one call */
struct window {
	uint64_t start;
	uint64_t end;
};

static struct disturbance *disturbance_at(const struct tlbscope_shootdown *req,
					  const struct board *board, size_t thread,
					  unsigned int kind, unsigned int sample)
{
	return &board->disturbance[(thread * KINDS + kind) * req->samples + sample];
}

static struct board *board_map(const struct tlbscope_shootdown *req)
{
	size_t threads = req->n_others, samples = req->samples;
	size_t watchers = threads * sizeof(struct watcher);
	size_t time = samples * sizeof(uint64_t);
	size_t disturbances = threads * KINDS * samples * sizeof(struct disturbance);
	size_t quiet = threads * sizeof(struct quiet);
	size_t head = (sizeof(struct board) + 127) & -128UL;
	size_t len = head + watchers + KINDS * time + disturbances + quiet;
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct board *board = (struct board *)p;

	if (p == MAP_FAILED)
		return NULL;
	board->len = len;
	board->watchers = (struct watcher *)(p += head);
	board->time[TOUCHED] = (uint64_t *)(p += watchers);
	board->time[UNTOUCHED] = (uint64_t *)(p += time);
	board->disturbance = (struct disturbance *)(p += time);
	board->quiet = (struct quiet *)(p + disturbances);
	return board;
}

/*
 * In the child
 */

static int empty_call(struct area *area)
{
	(void)area;
	return 0;
}

/* Return: 0 or a negative errno */
static int time_call(const struct tlbscope_clock *clock, int (*call)(struct area *area),
		     struct area *area, struct window *window)
{
	int err;

	window->start = ticks_fenced(clock);
	err = call(area);
	window->end = ticks_fenced(clock);
	return err ? -errno : 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t measure_empty(const struct tlbscope_clock *clock)
{
	/* Called by a pointer that the compiler cannot see through, as the others */
	int (*volatile call)(struct area *area) = empty_call;
	uint64_t ticks[EMPTY_SAMPLES];
	struct window window;
	int i;

	for (i = 0; i < EMPTY_SAMPLES; i++) {
		time_call(clock, call, NULL, &window);
		ticks[i] = window.end - window.start;
	}
	qsort(ticks, EMPTY_SAMPLES, sizeof(ticks[0]), compare);
	return ticks[EMPTY_SAMPLES / 2];
}

/**
 * look_back - what a call did to a thread
 * @sum: receives it: the gaps that began while the call was under way
 *
 * Return: false if the thread was not running when the call began: its CPU may
 * have had another process then, and no reason to be interrupted
 */
static bool look_back(struct watcher *w, const struct window *window,
		      struct disturbance *sum)
{
	bool running = true;
	struct gap gap;

	*sum = (struct disturbance){ 0 };
	watcher_catch_up(w, window->end);
	while (watcher_next(w, &gap)) {
		if (gap.end <= window->start || gap.start >= window->end)
			continue;
		if (gap.start < window->start)
			running = false;
		sum->ticks += gap.end - gap.start - w->turn;
		sum->gaps++;
	}
	return running;
}

/* Return: false if the sample cannot be used */
static bool note(const struct tlbscope_shootdown *req, struct board *board,
		 unsigned int kind, unsigned int sample, const struct window *window)
{
	uint64_t ticks = window->end - window->start;
	bool usable = true;
	size_t i;

	board->time[kind][sample] = ticks > board->empty ? ticks - board->empty : 0;
	for (i = 0; i < req->n_others; i++)
		if (!look_back(&board->watchers[i], window,
			       disturbance_at(req, board, i, kind, sample)))
			usable = false;
	return usable;
}

/* The threads run, and nothing that was done before is still under way */
static void settle(const struct tlbscope_shootdown *req, struct board *board)
{
	uint64_t now = ticks_read(req->clock);
	size_t i;

	for (i = 0; i < req->n_others; i++)
		watcher_catch_up(&board->watchers[i], now);
	ticks_wait(req->clock, ticks_of_ns(req->clock, SETTLE_NS));
}

/* One call of each kind. Return: 1, 0 if they cannot be used, or a negative errno */
static int sample(const struct tlbscope_shootdown *req, struct board *board,
		  struct area *area, unsigned int number)
{
	const struct call_ops *ops = call_ops(req->call);
	struct window window;
	unsigned int kind;
	int err, usable = 1;

	for (kind = 0; kind < KINDS; kind++) {
		if (kind == TOUCHED)
			area_touch(area);
		settle(req, board);
		err = time_call(req->clock, ops->call, area, &window);
		if (err)
			return err;
		if (!note(req, board, kind, number, &window))
			usable = 0;
		if (ops->undo(area))
			return -errno;
	}
	return usable;
}

/* Part of the time there is since @start, 0 if there is no limit */
static double gone(const struct tlbscope_shootdown *req, uint64_t start)
{
	uint64_t ticks = ticks_read(req->clock) - start;

	return req->limit_ns ? ticks_to_ns(req->clock, ticks) / (double)req->limit_ns : 0;
}

static bool is_over(const struct tlbscope_shootdown *req, const struct board *board,
		    uint64_t start)
{
	if (board->done == req->samples || board->discarded >= DISCARD_MAX + board->done)
		return true;
	return gone(req, start) > (board->done < LEAST_SAMPLES ? PATIENCE : 1);
}

static int take_samples(const struct tlbscope_shootdown *req, struct board *board,
			struct area *area)
{
	uint64_t start = ticks_read(req->clock);
	int i, used = 0;

	for (i = 0; i < WARM_UP && used >= 0 && gone(req, start) < 0.25; i++)
		used = sample(req, board, area, 0);
	while (used >= 0 && !is_over(req, board, start)) {
		used = sample(req, board, area, board->done);
		if (used > 0)
			atomic_fetch_add(&board->done, 1);
		else
			board->discarded++;
	}
	return used < 0 ? used : 0;
}

/* The threads while nothing happens: what they see now is the machine's own doing */
static void stay_quiet(const struct tlbscope_shootdown *req, struct board *board)
{
	struct window window = { .start = ticks_read(req->clock) };
	struct gap gap;
	size_t i;

	ticks_wait(req->clock, ticks_of_ns(req->clock, QUIET_NS));
	window.end = ticks_read(req->clock);
	board->quiet_ticks = window.end - window.start;
	for (i = 0; i < req->n_others; i++) {
		struct watcher *w = &board->watchers[i];
		struct quiet *quiet = &board->quiet[i];

		watcher_catch_up(w, window.end);
		while (watcher_next(w, &gap)) {
			if (gap.start < window.start)
				continue;
			quiet->gaps++;
			if (gap.end - gap.start - w->turn > quiet->longest)
				quiet->longest = gap.end - gap.start - w->turn;
		}
	}
}

/* With the threads running. Return: 0 or a negative errno */
static int measure_beside(const struct tlbscope_shootdown *req, struct board *board,
			  struct area *area)
{
	const struct call_ops *ops = call_ops(req->call);
	size_t i;

	for (i = 0; i < req->n_others; i++)
		watcher_catch_up(&board->watchers[i], 0);
	board->empty = measure_empty(req->clock);
	/*
	 * From here on there may be holes in the area, which nobody but the calls
	 * may fill: threads have got their stacks, and memory they may want
	 */
	if (ops->prepare && ops->prepare(area))
		return -errno;
	if (req->n_others)
		stay_quiet(req, board);
	return take_samples(req, board, area);
}

static int measure(const struct tlbscope_shootdown *req, struct board *board)
{
	size_t i, started = 0;
	struct area area;
	int err = 0;

	if (area_map(&area, req->pages))
		return -errno;
	while (started < req->n_others && !err) {
		err = watcher_start(&board->watchers[started], req->clock,
				    req->others[started]);
		started += !err;
	}
	if (!err)
		err = measure_beside(req, board, &area);
	for (i = 0; i < started; i++)
		watcher_stop(&board->watchers[i]);
	area_unmap(&area);
	return err;
}

/*
 * In the parent
 */

/* More CPUs than a cpu_set_t has */
struct cpus {
	cpu_set_t part[CPUS_MAX / CPU_SETSIZE];
};

/* pin - this thread to one CPU; @old receives where it may run */
static int pin(unsigned int cpu, struct cpus *old)
{
	struct cpus one = { 0 };

	CPU_SET(cpu % CPU_SETSIZE, &one.part[cpu / CPU_SETSIZE]);
	if (sched_getaffinity(0, sizeof(*old), old->part) ||
	    sched_setaffinity(0, sizeof(one), one.part))
		return -errno;
	return 0;
}

static void unpin(const struct cpus *old)
{
	sched_setaffinity(0, sizeof(*old), old->part);
}

static _Noreturn void child(const struct tlbscope_shootdown *req, struct board *board,
			    pid_t parent)
{
	/* Who is interrupted shall not leave somebody spinning */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	board->err = measure(req, board);
	atomic_store(&board->finished, true);
	_exit(0);
}

static bool has_ended(pid_t pid)
{
	pid_t ended;

	do {
		ended = waitpid(pid, NULL, WNOHANG);
	} while (ended < 0 && errno == EINTR);
	return ended;
}

/* Return: 0 when the child has ended, or what @req->progress said */
static int watch_over(const struct tlbscope_shootdown *req, struct board *board, pid_t pid)
{
	/* Tells at once that it has ended; without, it is seen a little later */
	struct pollfd fd = {
		.fd = (int)syscall(SYS_pidfd_open, pid, 0),
		.events = POLLIN,
	};
	int stop = 0;

	while (!has_ended(pid)) {
		if (poll(&fd, fd.fd >= 0, POLL_MS) || !req->progress || stop)
			continue;
		stop = req->progress(req->data, atomic_load(&board->done), req->samples);
		if (stop)
			kill(pid, SIGKILL);
	}
	if (fd.fd >= 0)
		close(fd.fd);
	return stop;
}

static int run_child(const struct tlbscope_shootdown *req, struct board *board)
{
	pid_t parent = getpid(), pid;
	struct cpus old;
	int err = pin(req->cpu, &old);

	if (err)
		return err;
	pid = fork();
	if (!pid)
		child(req, board, parent);
	err = pid < 0 ? -errno : 0;
	unpin(&old);
	if (err)
		return err;
	err = watch_over(req, board, pid);
	if (err)
		return err;
	return atomic_load(&board->finished) ? board->err : -ECHILD;
}

/*
 * The result
 */

static int sum_up(double *samples, size_t n, struct tlbscope_stats *stats)
{
	double *copy = calloc(n + 1, sizeof(*copy));
	int err;

	if (!n)
		*stats = (struct tlbscope_stats) {
			.min = NAN, .p99 = NAN, .max = NAN, .mad = NAN,
			.median = { NAN, NAN, NAN },
		};
	if (!copy || !n) {
		free(copy);
		return n ? -ENOMEM : 0;
	}
	memcpy(copy, samples, n * sizeof(*copy));
	err = tlbscope_stats(copy, n, stats);
	free(copy);
	return err;
}

static int interruption_of(const struct tlbscope_shootdown *req, const struct board *board,
			   size_t thread, unsigned int kind, unsigned int n,
			   struct tlbscope_interruption *result)
{
	double *hit = calloc(n + 1, sizeof(*hit));
	unsigned int i;
	int err = 0;

	result->raw = calloc(n + 1, sizeof(*result->raw));
	if (!hit || !result->raw) {
		free(hit);
		return -ENOMEM;
	}
	for (i = 0; i < n; i++) {
		struct disturbance *d = disturbance_at(req, board, thread, kind, i);

		result->raw[i] = ticks_to_ns(req->clock, d->ticks);
		result->gaps += d->gaps;
		if (d->gaps)
			hit[result->calls++] = result->raw[i];
	}
	if (result->calls)
		err = tlbscope_stats(hit, result->calls, &result->time);
	free(hit);
	return err;
}

static int timed_of(const struct tlbscope_shootdown *req, const struct board *board,
		    unsigned int kind, unsigned int n, struct tlbscope_timed *timed)
{
	unsigned int i;
	size_t thread;
	int err;

	timed->raw = calloc(n + 1, sizeof(*timed->raw));
	timed->threads = calloc(req->n_others + 1, sizeof(*timed->threads));
	if (!timed->raw || !timed->threads)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		timed->raw[i] = ticks_to_ns(req->clock, board->time[kind][i]);
	err = sum_up(timed->raw, n, &timed->time);
	for (thread = 0; thread < req->n_others && !err; thread++)
		err = interruption_of(req, board, thread, kind, n, &timed->threads[thread]);
	return err;
}

static int result_of(const struct tlbscope_shootdown *req, const struct board *board,
		     struct tlbscope_shootdown_result *result)
{
	unsigned int n = board->done;
	size_t i;
	int err;

	result->samples = n;
	result->discarded = board->discarded;
	result->n_threads = req->n_others;
	result->empty_ns = ticks_to_ns(req->clock, board->empty);
	result->quiet_ns = ticks_to_ns(req->clock, board->quiet_ticks);
	result->quiet = calloc(req->n_others + 1, sizeof(*result->quiet));
	if (!result->quiet)
		return -ENOMEM;
	for (i = 0; i < req->n_others; i++) {
		result->quiet[i].gaps = board->quiet[i].gaps;
		result->quiet[i].longest_ns = ticks_to_ns(req->clock, board->quiet[i].longest);
	}
	err = timed_of(req, board, TOUCHED, n, &result->touched);
	return err ? err : timed_of(req, board, UNTOUCHED, n, &result->untouched);
}

static bool valid(const struct tlbscope_shootdown *req)
{
	size_t i;

	if (!call_ops(req->call) || !req->clock || req->cpu >= CPUS_MAX ||
	    req->pages < 1 || req->pages > TLBSCOPE_SHOOTDOWN_PAGES ||
	    req->samples < 1 || req->samples > TLBSCOPE_SHOOTDOWN_SAMPLES ||
	    req->n_others >= CPUS_MAX)
		return false;
	for (i = 0; i < req->n_others; i++)
		if (req->others[i] >= CPUS_MAX || req->others[i] == req->cpu)
			return false;
	return true;
}

int tlbscope_shootdown(const struct tlbscope_shootdown *req,
		       struct tlbscope_shootdown_result *result)
{
	struct board *board;
	int err;

	memset(result, 0, sizeof(*result));
	if (!valid(req))
		return -EINVAL;
	board = board_map(req);
	if (!board)
		return -errno;
	err = run_child(req, board);
	if (!err)
		err = result_of(req, board, result);
	munmap(board, board->len);
	if (err)
		tlbscope_shootdown_free(result);
	return err;
}

static void timed_free(struct tlbscope_timed *timed, size_t threads)
{
	size_t i;

	for (i = 0; timed->threads && i < threads; i++)
		free(timed->threads[i].raw);
	free(timed->threads);
	free(timed->raw);
}

void tlbscope_shootdown_free(struct tlbscope_shootdown_result *result)
{
	timed_free(&result->touched, result->n_threads);
	timed_free(&result->untouched, result->n_threads);
	free(result->quiet);
	memset(result, 0, sizeof(*result));
}
