/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libtlbscope: how a process's addresses are translated
 *
 * The answers come from the tlbscope module where it is loaded, and else from
 * what the kernel itself tells (/proc/PID/pagemap, PAGEMAP_SCAN, smaps,
 * /proc/kpageflags), which is less: tlbscope_source() and tlbscope_knows() say
 * what to expect. The structs of an answer are those of the module's ABI,
 * <tlbscope.h>.
 *
 * What a source does not know is 0 in its answers. Without the module that is:
 *
 * - the address of a page without TLBSCOPE_KNOWS_PHYS; pages are then merged by
 *   size and state alone;
 * - the level of a page, and its size, where it cannot be told whether it is
 *   huge. With TLBSCOPE_KNOWS_SIZES that is rare: only on kernels before 6.7,
 *   and only where some transparent huge pages of a mapping are split;
 * - the rights, and of an entry all but the bits for present or PROT_NONE, huge,
 *   soft-dirty and uffd-wp, and the frame. What a mapping permits is no fact
 *   about its entries;
 * - of a page that is swapped, the entry; of a hole, how large it is.
 *
 * And it sees less: a NUMA-balancing hint looks like a leaf; a page that is
 * being moved, is in a device's memory, or is broken, is TLBSCOPE_UNKNOWN or,
 * without TLBSCOPE_KNOWS_PHYS, TLBSCOPE_SWAP; mappings of memory without a
 * struct page (VM_PFNMAP) have no leaves, and are TLBSCOPE_UNKNOWN to a walk.
 *
 * Functions return 0 (or a count) on success and a negative errno otherwise;
 * tlbscope_explain() makes a line for people of it. A handle may be used by
 * one thread at a time; different handles do not touch each other.
 */
#ifndef LIBTLBSCOPE_H
#define LIBTLBSCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <tlbscope.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct tlbscope;
struct tlbscope_iter;

/* Instead of a process ID */
#define TLBSCOPE_SELF		((pid_t)0)
#define TLBSCOPE_KERNEL		((pid_t)-1)

/* Where answers come from */
enum tlbscope_source {
	TLBSCOPE_SOURCE_MODULE,		/* /proc/tlbscope */
	TLBSCOPE_SOURCE_PAGEMAP,	/* /proc/PID/pagemap and smaps */
	TLBSCOPE_SOURCE_PAGEMAP_SCAN,	/* the same, holes skipped by PAGEMAP_SCAN */
};

/* tlbscope_open()'s flags; without any: the module if it can be had, else not */
#define TLBSCOPE_OPEN_MODULE	(1u << 0)	/* the module or nothing */
#define TLBSCOPE_OPEN_FALLBACK	(1u << 1)	/* as if there were no module */

/* What a source knows (tlbscope_knows()) */
#define TLBSCOPE_KNOWS_PHYS	(1u << 0)	/* physical addresses */
#define TLBSCOPE_KNOWS_ENTRIES	(1u << 1)	/* raw entries of every level */
#define TLBSCOPE_KNOWS_SIZES	(1u << 2)	/* page sizes */
#define TLBSCOPE_KNOWS_TABLES	(1u << 3)	/* every table, not only their sum */
#define TLBSCOPE_KNOWS_KERNEL	(1u << 4)	/* the kernel's own half */

/**
 * tlbscope_open - get at an address space
 * @t: receives the handle; close it with tlbscope_close()
 * @pid: a process ID, TLBSCOPE_SELF or TLBSCOPE_KERNEL
 * @flags: 0 or one of TLBSCOPE_OPEN_*
 *
 * The handle is for the address space that the process has now: when the
 * process ends or execs, calls fail with -ESRCH.
 *
 * Return: 0; -ESRCH no such process, or one without an address space (a
 * kernel thread, a zombie); -EPERM or -EACCES no right; -ENOENT
 * TLBSCOPE_OPEN_MODULE or TLBSCOPE_KERNEL and the module is not loaded;
 * -EINVAL flags; -EPROTO the module is of an older ABI; -EOPNOTSUPP Xen PV, or
 * TLBSCOPE_KERNEL with TLBSCOPE_OPEN_FALLBACK.
 */
int tlbscope_open(struct tlbscope **t, pid_t pid, unsigned int flags);

/* tlbscope_close - free a handle, NULL is fine */
void tlbscope_close(struct tlbscope *t);

/* tlbscope_source - which source answers this handle's calls */
enum tlbscope_source tlbscope_source(const struct tlbscope *t);

/* tlbscope_source_name - that in words: "the tlbscope module", ... */
const char *tlbscope_source_name(enum tlbscope_source source);

/* tlbscope_knows - what it knows: TLBSCOPE_KNOWS_* */
unsigned int tlbscope_knows(const struct tlbscope *t);

/* tlbscope_pid - the PID that the handle was opened with (own PID for SELF) */
pid_t tlbscope_pid(const struct tlbscope *t);

/**
 * tlbscope_machine - facts of CPU and kernel
 * @info: receives them; @info->abi is 0 where they are not the module's but
 *	made up from CPUID and /proc/cpuinfo
 *
 * Needs no rights and no module.
 *
 * Return: 0 or a negative errno.
 */
int tlbscope_machine(struct tlbscope_info *info);

/**
 * tlbscope_walk_address - one address through all levels
 * @t: handle
 * @address: any byte of a page, canonical
 * @flags: 0 or TLBSCOPE_USER_ROOT
 * @walk: receives the answer. Without TLBSCOPE_KNOWS_ENTRIES it has no steps
 *	(@walk->step is all zero) and @walk->levels is 0
 *
 * Return: 0 (also where nothing is mapped: look at @walk->state), -EINVAL not
 * canonical, -EOPNOTSUPP no user root here, or the kernel's half without
 * TLBSCOPE_KNOWS_KERNEL, -ESRCH, -EPERM.
 */
int tlbscope_walk_address(struct tlbscope *t, uint64_t address,
			  unsigned int flags, struct tlbscope_walk *walk);

/**
 * tlbscope_translate - the physical address of one virtual address
 * @t: handle
 * @address: any byte of a page
 * @phys: receives the physical address of that byte
 * @page_size: receives the size of the page in bytes; may be NULL
 *
 * Return: 0, -ENODATA nothing present there, -EPERM without
 * TLBSCOPE_KNOWS_PHYS, and as tlbscope_walk_address().
 */
int tlbscope_translate(struct tlbscope *t, uint64_t address, uint64_t *phys,
		       uint64_t *page_size);

/**
 * tlbscope_translate_many - many addresses in one go
 * @t: handle
 * @vec: the addresses, in vec[i].address; receives the answers
 * @n: how many, up to INT_MAX
 * @flags: 0 or TLBSCOPE_USER_ROOT
 *
 * Most of what a single translation costs is the way into the kernel and back;
 * here it is paid once.
 *
 * Return: how many were answered: @n, or those before the first that could not
 * be (not canonical, say); a negative errno, as of tlbscope_walk_address(), if
 * that is @vec[0], or if the target is gone.
 */
int tlbscope_translate_many(struct tlbscope *t, struct tlbscope_translation *vec,
			    size_t n, unsigned int flags);

/**
 * tlbscope_ranges_begin - iterate over the leaves between two addresses
 * @t: handle; not to be closed before the iterator
 * @start: first address, a multiple of 4096
 * @end: first address behind; 0 (or ~0) for the end of that half of the
 *	address space that @start lies in
 * @flags: TLBSCOPE_USER_ROOT, TLBSCOPE_RANGES_*
 * @ignore: bits of an entry that shall not keep leaves apart
 * @it: receives the iterator; end it with tlbscope_iter_end()
 *
 * Return: 0 or a negative errno.
 */
int tlbscope_ranges_begin(struct tlbscope *t, uint64_t start, uint64_t end,
			  unsigned int flags, uint64_t ignore,
			  struct tlbscope_iter **it);

/**
 * tlbscope_ranges_next - the next range
 * @it: iterator
 * @range: receives it
 *
 * Return: 1, 0 at the end, or a negative errno.
 */
int tlbscope_ranges_next(struct tlbscope_iter *it, struct tlbscope_range *range);

/**
 * tlbscope_tables_begin - iterate over the tables themselves
 * @t: handle; not to be closed before the iterator
 * @start: as for tlbscope_ranges_begin()
 * @end: as for tlbscope_ranges_begin()
 * @flags: 0 or TLBSCOPE_USER_ROOT
 * @it: receives the iterator; end it with tlbscope_iter_end()
 *
 * Return: 0, -EOPNOTSUPP without TLBSCOPE_KNOWS_TABLES, or a negative errno.
 */
int tlbscope_tables_begin(struct tlbscope *t, uint64_t start, uint64_t end,
			  unsigned int flags, struct tlbscope_iter **it);

/**
 * tlbscope_tables_next - the next table
 * @it: iterator
 * @table: receives it
 *
 * Return: 1, 0 at the end, or a negative errno.
 */
int tlbscope_tables_next(struct tlbscope_iter *it, struct tlbscope_table *table);

/* tlbscope_iter_end - free an iterator, NULL is fine */
void tlbscope_iter_end(struct tlbscope_iter *it);

/* tlbscope_iter_address - how far an iterator has come, for a progress bar */
uint64_t tlbscope_iter_address(const struct tlbscope_iter *it);

/**
 * struct tlbscope_census - the tree of an address space, counted
 * @levels: levels of the tree, 0 if not known
 * @root: physical address of the root table, 0 if not known
 * @level: that of level L at @level[L - 1]; all zero without
 *	TLBSCOPE_KNOWS_TABLES, but for the leaves where the sizes are known
 * @kernel_bytes: what the kernel says the tables take (VmPTE of
 *	/proc/PID/status), ~0 where it says nothing
 * @irqs_off: longest stretch with interrupts off, in TSC cycles
 *
 * @kernel_bytes counts PTE, PMD and PUD tables, those too that are set aside
 * for splitting a transparent huge page and are in no tree; it leaves out P4D
 * and PGD.
 */
struct tlbscope_census {
	unsigned int levels;
	uint64_t root;
	struct tlbscope_level level[TLBSCOPE_MAX_LEVELS];
	uint64_t kernel_bytes;
	uint64_t irqs_off;
};

/**
 * tlbscope_census - count the tables between two addresses
 * @t: handle
 * @start: as for tlbscope_ranges_begin()
 * @end: as for tlbscope_ranges_begin()
 * @flags: 0 or TLBSCOPE_USER_ROOT
 * @census: receives the counts
 *
 * Return: 0 or a negative errno.
 */
int tlbscope_census(struct tlbscope *t, uint64_t start, uint64_t end,
		    unsigned int flags, struct tlbscope_census *census);

/**
 * struct tlbscope_estimate - a figure that was measured, and how far to trust it
 * @value: the figure
 * @low: lower end of its 95 % confidence interval
 * @high: upper end
 */
struct tlbscope_estimate {
	double value;
	double low;
	double high;
};

/**
 * struct tlbscope_stats - what samples amount to, in their own unit
 * @count: how many
 * @min: the least
 * @p99: 99 % are not above it (nearest rank)
 * @max: the greatest
 * @mad: median absolute deviation: half of them are as near to the median
 * @median: with the interval between two of the samples that holds the true
 *	median with 95 % probability, however they are distributed. Fewer than 6
 *	samples have none, it is without end then
 */
struct tlbscope_stats {
	size_t count;
	double min;
	double p99;
	double max;
	double mad;
	struct tlbscope_estimate median;
};

/**
 * tlbscope_stats - sum up samples
 * @samples: no NaN among them; they are sorted
 * @n: how many, from 1
 * @stats: receives the result
 *
 * Return: 0, -EINVAL no samples, -ENOMEM.
 */
int tlbscope_stats(double *samples, size_t n, struct tlbscope_stats *stats);

/* tlbscope_estimate_sub - @a less @b, measured independently of each other */
struct tlbscope_estimate tlbscope_estimate_sub(struct tlbscope_estimate a,
					       struct tlbscope_estimate b);

/**
 * tlbscope_inconclusive - too noisy to name a figure
 * @e: a figure that can only be above 0: a time, a cost
 *
 * Return: true if the interval reaches down to 0, or is wider than half of the
 * value.
 */
bool tlbscope_inconclusive(const struct tlbscope_estimate *e);

/**
 * struct tlbscope_crossing - two ways to do the same, at one size
 * @size: how much of it
 * @steps: what it costs in steps, which grows with @size
 * @whole: what it costs in one go
 */
struct tlbscope_crossing {
	double size;
	struct tlbscope_estimate steps;
	struct tlbscope_estimate whole;
};

/* Where the two costs cross */
enum tlbscope_crossover {
	TLBSCOPE_CROSSOVER_FOUND,
	TLBSCOPE_CROSSOVER_ABOVE,	/* not yet at the largest size */
	TLBSCOPE_CROSSOVER_BELOW,	/* already at the smallest */
	TLBSCOPE_CROSSOVER_NOISE,	/* it cannot be told */
};

/**
 * tlbscope_crossover - from which size on one go is the cheaper way
 * @sizes: measured, by rising size
 * @n: how many, from 1
 * @at: receives the size where the costs are equal. Between sizes that were
 *	measured costs are taken to grow evenly. Its interval goes from where they
 *	may be equal already, by the intervals of both, to where they must have
 *	been. What is not known is 0 below, and INFINITY above
 *
 * Return: what was found. TLBSCOPE_CROSSOVER_NOISE if no size tells the two
 * apart, if one that does contradicts another, or if the interval is too wide to
 * name a size (tlbscope_inconclusive()).
 */
enum tlbscope_crossover tlbscope_crossover(const struct tlbscope_crossing *sizes,
					   size_t n, struct tlbscope_estimate *at);

struct tlbscope_lab;

/**
 * tlbscope_lab_open - get at an address space to disturb it
 * @lab: receives the handle; close it with tlbscope_lab_close()
 * @pid: a process ID or TLBSCOPE_SELF
 *
 * Takes the module, and debugfs, wherever it is mounted. As with
 * tlbscope_open() the handle is for the address space that the process has now.
 * Nothing that is done to it changes what a program computes.
 *
 * Return: 0; -ENOENT the module is not loaded; -ENODEV debugfs is not mounted;
 * -EPROTO the module is of an older ABI; -EPERM or -EACCES no right, or the
 * kernel is locked down; -ESRCH as tlbscope_open(); -EINVAL TLBSCOPE_KERNEL.
 */
int tlbscope_lab_open(struct tlbscope_lab **lab, pid_t pid);

/* tlbscope_lab_close - free a handle, NULL is fine */
void tlbscope_lab_close(struct tlbscope_lab *lab);

/**
 * tlbscope_methods - what this machine can do
 * @lab: handle
 * @methods: receives it
 *
 * Return: 0 or a negative errno.
 */
int tlbscope_methods(struct tlbscope_lab *lab, struct tlbscope_methods *methods);

/**
 * tlbscope_invalidate - drop translations
 * @lab: handle
 * @req: what, how, where and how often; receives how often it was done, also on
 *	failure
 *
 * Return: 0 or a negative errno: see &struct tlbscope_invalidation.
 */
int tlbscope_invalidate(struct tlbscope_lab *lab, struct tlbscope_invalidate *req);

/**
 * tlbscope_cost - drop translations, and measure what it costs
 * @lab: handle
 * @req: what, how, where, how many samples, and where to put the answer: a
 *	record a CPU, and each sample if that is wanted. Times are TSC cycles;
 *	&struct tlbscope_methods has the rate.
 *
 * Return: 0 or a negative errno: see &struct tlbscope_invalidation. Then there
 * is no answer.
 */
int tlbscope_cost(struct tlbscope_lab *lab, struct tlbscope_cost *req);

/* tlbscope_method_name - "invlpg", "invpcid-context", ...; NULL for no method */
const char *tlbscope_method_name(unsigned int method);

/* tlbscope_method_by_name - enum tlbscope_method, or -1 */
int tlbscope_method_by_name(const char *name);

/* tlbscope_method_is_by_page - one instruction a page, not one for all of a tag */
bool tlbscope_method_is_by_page(unsigned int method);

/**
 * tlbscope_method_missing - why a method is not among those of this machine
 * @method: enum tlbscope_method that tlbscope_methods() did not tell
 * @info: of tlbscope_machine()
 *
 * Return: the reason, as part of a sentence.
 */
const char *tlbscope_method_missing(unsigned int method,
				    const struct tlbscope_info *info);

/**
 * tlbscope_lab_explain - an error of an experiment as one line
 * @buf: where to, 256 bytes are enough
 * @len: its size in bytes
 * @pid: the target, as given to tlbscope_lab_open()
 * @what: the request, which may be at fault; NULL for a call without one
 * @err: a negative errno
 *
 * Return: @buf.
 */
const char *tlbscope_lab_explain(char *buf, size_t len, pid_t pid,
				 const struct tlbscope_invalidation *what, int err);

/**
 * struct tlbscope_clock - what cycles are measured with
 * @tsc: the TSC, which runs at a constant rate here and alike on all CPUs; else
 *	CLOCK_MONOTONIC_RAW, whose ticks are nanoseconds
 * @ticks_per_ns: its rate
 */
struct tlbscope_clock {
	bool tsc;
	double ticks_per_ns;
};

/**
 * tlbscope_clock - choose a clock, and compare it with CLOCK_MONOTONIC_RAW
 * @clock: receives it
 *
 * Takes 50 ms. Where the kernel does not list constant_tsc in /proc/cpuinfo, or
 * does not use the TSC for its own clock for lack of trust, it is not the TSC.
 */
void tlbscope_clock(struct tlbscope_clock *clock);

/* Calls after which no CPU may use the translations that it had: they flush */
enum tlbscope_call {
	TLBSCOPE_CALL_MPROTECT,	/* mprotect() to PROT_READ */
	TLBSCOPE_CALL_MUNMAP,	/* munmap() */
	TLBSCOPE_CALL_DONTNEED,	/* madvise(MADV_DONTNEED) */
	TLBSCOPE_CALL_MREMAP,	/* mremap() to another address */
	/*
	 * UFFDIO_WRITEPROTECT: the kernel takes a right from entries and leaves the
	 * mapping as it is, by the function that NUMA balancing uses too
	 */
	TLBSCOPE_CALL_UFFD_WP,
};

#define TLBSCOPE_CALLS		5

/* tlbscope_call_name - in a word: "mprotect"; NULL for none of them */
const char *tlbscope_call_name(enum tlbscope_call call);

#define TLBSCOPE_SHOOTDOWN_PAGES	4096u
#define TLBSCOPE_SHOOTDOWN_SAMPLES	10000u

/**
 * struct tlbscope_shootdown - a call to be timed
 * @call: which
 * @pages: of 4 KiB, in one call, from 1 to TLBSCOPE_SHOOTDOWN_PAGES
 * @samples: how many times, from 1 to TLBSCOPE_SHOOTDOWN_SAMPLES
 * @limit_ns: stop earlier when so much time is gone; with less than 10 samples
 *	only when half as much again is gone. 0 for no limit
 * @clock: from tlbscope_clock()
 * @cpu: where it is called
 * @others: CPUs on which another thread of the process spins in user mode
 * @n_others: how many; 0 for a process with a single thread
 * @progress: called about ten times a second, with the samples that are taken
 *	and those wanted; to stop, it returns what tlbscope_shootdown() is then
 *	to return. May be NULL
 * @data: handed to it
 */
struct tlbscope_shootdown {
	enum tlbscope_call call;
	unsigned int pages;
	unsigned int samples;
	uint64_t limit_ns;
	const struct tlbscope_clock *clock;
	unsigned int cpu;
	const unsigned int *others;
	size_t n_others;
	int (*progress)(void *data, unsigned int done, unsigned int wanted);
	void *data;
};

/**
 * struct tlbscope_interruption - how the calls kept one of the threads from running
 * @calls: during how many of them it stopped running for a while
 * @gaps: how many times that was; one call may interrupt more than once
 * @time: ns that it did not run, in a call of those that stopped it
 * @raw: ns in each call, 0 if it ran
 */
struct tlbscope_interruption {
	unsigned int calls;
	uint64_t gaps;
	struct tlbscope_stats time;
	double *raw;
};

/**
 * struct tlbscope_timed - calls of one kind
 * @time: ns a call
 * @raw: of each in the order in which they were made
 * @threads: what they did to the other threads, in the order of the request
 */
struct tlbscope_timed {
	struct tlbscope_stats time;
	double *raw;
	struct tlbscope_interruption *threads;
};

/**
 * struct tlbscope_quiet - what interrupts a thread when no call is made
 * @gaps: how many times
 * @longest_ns: the longest
 */
struct tlbscope_quiet {
	uint64_t gaps;
	double longest_ns;
};

/**
 * struct tlbscope_shootdown_result - what a call costs
 * @samples: how many there are of each kind; 0 where the machine is so busy that
 *	the threads never ran all at once: the medians are NAN then
 * @discarded: how many more were taken, and not used as a thread was not running
 * @n_threads: other threads
 * @empty_ns: what reading the clock costs; subtracted already
 * @touched: on pages that had been written to
 * @untouched: on pages that had not, so that there was nothing to flush
 * @quiet_ns: how long no call was made at the beginning
 * @quiet: of each other thread, in that time
 */
struct tlbscope_shootdown_result {
	unsigned int samples;
	unsigned int discarded;
	size_t n_threads;
	double empty_ns;
	struct tlbscope_timed touched;
	struct tlbscope_timed untouched;
	double quiet_ns;
	struct tlbscope_quiet *quiet;
};

/**
 * tlbscope_shootdown - time a call that flushes
 * @req: which, and how often
 * @result: receives the times; free it with tlbscope_shootdown_free()
 *
 * The call alone is timed; its pages are touched again before each, and all is
 * done in turn on touched and on untouched ones. It forks: the child has an
 * address space that has run on no other CPU, its threads are pinned, and it
 * ends with the calling thread at the latest. That thread is pinned while it
 * forks, and may run where it could before when it returns.
 *
 * Return: 0; -EINVAL a value out of range, or a CPU that is not there or not
 * allowed; -ENOMEM; -EAGAIN no more processes or threads; -EPERM, -ENOSYS or
 * -EINVAL the kernel does not grant userfaultfd(2) (TLBSCOPE_CALL_UFFD_WP);
 * -ECHILD the child was killed; or what @req->progress returned.
 */
int tlbscope_shootdown(const struct tlbscope_shootdown *req,
		       struct tlbscope_shootdown_result *result);

/* tlbscope_shootdown_free - free what is in a result; it may be all zero */
void tlbscope_shootdown_free(struct tlbscope_shootdown_result *result);

/* Long enough for the words of any entry */
#define TLBSCOPE_FLAGS_LEN	192

/**
 * tlbscope_entry_flags - the flags of an entry in words
 * @buf: where to, TLBSCOPE_FLAGS_LEN bytes hold any
 * @len: its size in bytes, from 1
 * @entry: raw
 * @level: its level, 1 (PTE) to 5
 * @format: which bits mean what (tlbscope_machine())
 *
 * Return: length of the string.
 */
size_t tlbscope_entry_flags(char *buf, size_t len, uint64_t entry,
			    unsigned int level,
			    const struct tlbscope_format *format);

/* tlbscope_entry_state - what an entry is, as far as its bits alone tell */
enum tlbscope_state tlbscope_entry_state(uint64_t entry, unsigned int level);

/* tlbscope_entry_phys - the physical address that an entry holds */
uint64_t tlbscope_entry_phys(uint64_t entry, unsigned int level,
			     const struct tlbscope_format *format);

/* tlbscope_state_name - a state in a word: "none", "present", "swapped", ... */
const char *tlbscope_state_name(enum tlbscope_state state);

/* tlbscope_level_name - "PGD", "P4D", "PUD", "PMD", "PTE" */
const char *tlbscope_level_name(unsigned int level, unsigned int levels);

/* tlbscope_page_size - bytes that one entry of a level stands for, 0 for level 0 */
uint64_t tlbscope_page_size(unsigned int level);

/* tlbscope_index - which of the 512 entries of its level translates @address */
unsigned int tlbscope_index(uint64_t address, unsigned int level);

/**
 * tlbscope_explain - an error as one line: what went wrong, what to do next
 * @buf: where to, 256 bytes are enough
 * @len: its size in bytes
 * @pid: the target, as given to tlbscope_open()
 * @err: a negative errno of one of the calls above
 *
 * Looks at /proc to tell a kernel thread, a zombie, missing rights, lockdown
 * and a module that is not loaded apart.
 *
 * Return: @buf.
 */
const char *tlbscope_explain(char *buf, size_t len, pid_t pid, int err);

/*
 * Who flushes: the records of the kernel's tracepoint tlb:tlb_flush, counted
 *
 * A record is about the CPU that writes it, and is attributed to the program
 * that runs there at that moment. Of a shootdown, who asks for it is told by
 * TLBSCOPE_FLUSH_SEND_IPI alone; TLBSCOPE_FLUSH_REMOTE counts with who was
 * interrupted by it. A record of no pages is of a CPU that needed no flush: it
 * switched to an address space whose entries it had kept (PCID), or had flushed
 * before. Needs no module.
 */

struct tlbscope_trace;

/* Instead of a process ID: all that runs */
#define TLBSCOPE_EVERYBODY	((pid_t)-2)

/* tlbscope_trace_open()'s flags */
#define TLBSCOPE_TRACE_CHILDREN	(1u << 0)	/* those that it starts too */

/* The pages of a full flush */
#define TLBSCOPE_FLUSH_ALL	(~(uint64_t)0)

/* The reason of a record: the kernel's enum tlb_flush_reason */
enum tlbscope_flush_reason {
	TLBSCOPE_FLUSH_SWITCH,		/* another address space is loaded */
	TLBSCOPE_FLUSH_REMOTE,		/* another CPU asked for it */
	TLBSCOPE_FLUSH_LOCAL,		/* pages of many address spaces, by reclaim */
	TLBSCOPE_FLUSH_LOCAL_MM,	/* own address space, on the asking CPU */
	TLBSCOPE_FLUSH_SEND_IPI,	/* other CPUs are asked: no flush itself */
	TLBSCOPE_FLUSH_WRONG_CPU,	/* asked in vain: no flush either */
	TLBSCOPE_FLUSH_OTHER,		/* newer than this library */
};

#define TLBSCOPE_FLUSH_REASONS	(TLBSCOPE_FLUSH_OTHER + 1)

/* Classes of pages a record: 0, 1, 2 to 3, 4 to 7, ...; the last has no end */
#define TLBSCOPE_FLUSH_SIZES	20

/**
 * struct tlbscope_flushes - records of one reason
 * @records: all of them
 * @full: those that were for all pages
 * @pages: the pages of the others
 * @size: the others by their pages: @size[0] none, @size[n] 2^(n-1) to 2^n - 1
 */
struct tlbscope_flushes {
	uint64_t records;
	uint64_t full;
	uint64_t pages;
	uint64_t size[TLBSCOPE_FLUSH_SIZES];
};

/**
 * struct tlbscope_flusher - a program
 * @pid: process ID; 0 for an idle CPU, -1 for tasks that were exiting
 * @processes: how many; those of one name that have ended are put together,
 *	and then @pid is that of the first
 * @ended: it has
 * @command: its name
 * @records: all of its records
 * @flushes: those in which its CPU flushed: SWITCH, REMOTE, LOCAL and LOCAL_MM,
 *	of any pages
 * @recent: flushes since tlbscope_trace_mark()
 * @reason: by enum tlbscope_flush_reason
 */
struct tlbscope_flusher {
	pid_t pid;
	unsigned int processes;
	int ended;
	char command[16];
	uint64_t records;
	uint64_t flushes;
	uint64_t recent;
	struct tlbscope_flushes reason[TLBSCOPE_FLUSH_REASONS];
};

/**
 * tlbscope_trace_open - count from now on
 * @trace: receives the handle; close it with tlbscope_trace_close()
 * @pid: a process ID (all of its threads, also later ones), TLBSCOPE_SELF, or
 *	TLBSCOPE_EVERYBODY
 * @flags: 0 or TLBSCOPE_TRACE_CHILDREN
 *
 * Every CPU that is online now is listened to, whosever records are wanted: a
 * task's own counter is off while the kernel leaves that task, which is when
 * it flushes for TLBSCOPE_FLUSH_SWITCH.
 *
 * Return: 0; -ENOENT no tracefs, or no such tracepoint; -EACCES or -EPERM no
 * right (it takes root, or CAP_PERFMON and tracefs that may be read); -ENOSYS
 * no perf_event_open(); -ESRCH no such process; -EINVAL @pid is a thread of
 * another process, or @flags; -EPROTO a tracepoint of another form; -EMFILE
 * fewer files than CPUs; -ENOMEM.
 */
int tlbscope_trace_open(struct tlbscope_trace **trace, pid_t pid,
			unsigned int flags);

/* tlbscope_trace_close - free a handle, NULL is fine */
void tlbscope_trace_close(struct tlbscope_trace *trace);

/*
 * tlbscope_trace_fd - for poll(): is readable when tlbscope_trace_read() should
 * be called lest records get lost, or when the process has ended. Few records
 * alone do not wake.
 */
int tlbscope_trace_fd(const struct tlbscope_trace *trace);

/**
 * tlbscope_trace_read - count what has been recorded
 * @trace: handle
 *
 * Return: 1, 0 when the process has ended and nothing more will come, or a
 * negative errno.
 */
int tlbscope_trace_read(struct tlbscope_trace *trace);

/**
 * tlbscope_trace_stop - no more
 * @trace: handle
 *
 * Counts what has been recorded until now. From here on tlbscope_trace_lost()
 * is exact.
 *
 * Return: 0 or a negative errno.
 */
int tlbscope_trace_stop(struct tlbscope_trace *trace);

/* tlbscope_trace_lost - records, of anybody, that found no room in the buffers */
uint64_t tlbscope_trace_lost(const struct tlbscope_trace *trace);

/*
 * tlbscope_flush_is_own - whether records of this reason are about the TLB of
 * the CPU that writes them: it flushes then, if they have pages
 */
int tlbscope_flush_is_own(unsigned int reason);

/* tlbscope_trace_mark - what comes from now on is @recent */
void tlbscope_trace_mark(struct tlbscope_trace *trace);

/**
 * tlbscope_trace_next - those that have flushed, one after the other
 * @trace: handle
 * @last: what it returned before; NULL for the first
 *
 * What it returns is good until the next tlbscope_trace_read().
 *
 * Return: the next, in no order, or NULL.
 */
const struct tlbscope_flusher *tlbscope_trace_next(
		const struct tlbscope_trace *trace, const struct tlbscope_flusher *last);

/**
 * tlbscope_trace_reason - what the running kernel calls a reason
 * @trace: handle
 * @reason: enum tlbscope_flush_reason
 *
 * Return: its words, NULL where this kernel does not know it.
 */
const char *tlbscope_trace_reason(const struct tlbscope_trace *trace,
				  unsigned int reason);

/**
 * tlbscope_trace_explain - an error as one line: what went wrong, what to do next
 * @buf: where to, 256 bytes are enough
 * @len: its size in bytes
 * @pid: as given to tlbscope_trace_open()
 * @err: a negative errno of one of the calls above
 *
 * Looks at /proc and /sys to tell a kernel without the tracepoint, tracefs that
 * is not mounted, missing rights and lockdown apart.
 *
 * Return: @buf.
 */
const char *tlbscope_trace_explain(char *buf, size_t len, pid_t pid, int err);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* LIBTLBSCOPE_H */
