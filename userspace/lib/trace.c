// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoint tlb:tlb_flush through perf_event_open(): a buffer for each CPU
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flushers.h"
#include "ring.h"
#include "tracefs.h"

/* As much as the kernel lets any user lock for each CPU */
#define BUFFER_SIZE	(512u << 10)

/* In an epoll event, instead of the number of a CPU's buffer */
#define TARGET		(~0u)

/**
 * struct cpu_buffer - what one CPU records
 * @fd: the event
 * @page: its control page, and the buffer behind it
 * @seen: flushes read so far
 */
struct cpu_buffer {
	int fd;
	struct perf_event_mmap_page *page;
	uint64_t seen;
};

/**
 * struct tlbscope_trace - a handle
 * @format: of the tracepoint
 * @flushers: what was counted
 * @cpu: the buffers
 * @cpus: how many
 * @page_size: of this machine
 * @epoll: waits for all buffers and for the end of the target
 * @pidfd: the target; -1 without
 * @ended: the target has
 * @lost: records that were not seen
 * @record: for records that go round the end of a buffer
 */
struct tlbscope_trace {
	struct flush_format format;
	struct flushers flushers;
	struct cpu_buffer *cpu;
	unsigned int cpus;
	size_t page_size;
	int epoll;
	int pidfd;
	bool ended;
	uint64_t lost;
	unsigned char record[RING_RECORD_MAX];
};

/* As the kernel writes them behind the header, with the attributes below */
struct sample {
	uint32_t pid, tid;
	uint32_t size;
	char raw[];
};

struct task {
	uint32_t pid, ppid;
	uint32_t tid, ptid;
};

struct comm {
	uint32_t pid, tid;
	char name[];
};

/*
 * Starting
 */

static int open_event(const struct flush_format *format, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = format->id,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_RAW,
		.disabled = 1,
		.comm = 1,
		.task = 1,
		.watermark = 1,
		.wakeup_watermark = BUFFER_SIZE / 4,
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
			  PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int watch(struct tlbscope_trace *t, int fd, uint32_t number)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = number };

	return epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* One more CPU; -ENODEV if it is offline */
static int open_cpu(struct tlbscope_trace *t, int cpu)
{
	struct cpu_buffer *b = &t->cpu[t->cpus];
	void *page;

	b->fd = open_event(&t->format, cpu);
	if (b->fd < 0)
		return b->fd;
	page = mmap(NULL, t->page_size + BUFFER_SIZE, PROT_READ | PROT_WRITE,
		    MAP_SHARED, b->fd, 0);
	if (page == MAP_FAILED) {
		int err = -errno;

		close(b->fd);
		return err;
	}
	b->page = page;
	t->cpus++;
	return watch(t, b->fd, t->cpus - 1);
}

static int open_cpus(struct tlbscope_trace *t)
{
	long cpu, possible = sysconf(_SC_NPROCESSORS_CONF);
	int err;

	t->cpu = calloc((size_t)possible, sizeof(*t->cpu));
	if (!t->cpu)
		return -ENOMEM;
	for (cpu = 0; cpu < possible; cpu++) {
		err = open_cpu(t, (int)cpu);
		if (err && err != -ENODEV)
			return err;
	}
	return t->cpus ? 0 : -ENODEV;
}

static int open_target(struct tlbscope_trace *t, pid_t pid)
{
	if (pid == TLBSCOPE_EVERYBODY)
		return 0;
	t->pidfd = pidfd_open(pid, 0);
	if (t->pidfd < 0)
		/* A thread: newer kernels say ENOENT */
		return errno == ENOENT ? -EINVAL : -errno;
	return watch(t, t->pidfd, TARGET);
}

static int switch_events(struct tlbscope_trace *t, unsigned long request)
{
	unsigned int i;

	for (i = 0; i < t->cpus; i++)
		if (ioctl(t->cpu[i].fd, request, 0))
			return -errno;
	return 0;
}

static int start(struct tlbscope_trace *t, pid_t pid)
{
	int err;

	t->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (t->epoll < 0)
		return -errno;
	err = open_target(t, pid);
	if (!err)
		err = tracefs_read_format(&t->format);
	if (!err)
		err = open_cpus(t);
	if (!err)
		err = switch_events(t, PERF_EVENT_IOC_ENABLE);
	/* From here on the records tell who comes */
	return err ?: flushers_find_running(&t->flushers);
}

int tlbscope_trace_open(struct tlbscope_trace **trace, pid_t pid,
			unsigned int flags)
{
	struct tlbscope_trace *t;
	int err;

	if (flags & ~TLBSCOPE_TRACE_CHILDREN)
		return -EINVAL;
	if (pid == TLBSCOPE_SELF)
		pid = getpid();
	if (pid < 0 && pid != TLBSCOPE_EVERYBODY)
		return -ESRCH;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->epoll = -1;
	t->pidfd = -1;
	t->page_size = (size_t)sysconf(_SC_PAGESIZE);
	flushers_init(&t->flushers, pid, flags & TLBSCOPE_TRACE_CHILDREN);
	err = start(t, pid);
	if (err) {
		tlbscope_trace_close(t);
		return err;
	}
	*trace = t;
	return 0;
}

void tlbscope_trace_close(struct tlbscope_trace *t)
{
	unsigned int i;

	if (!t)
		return;
	for (i = 0; i < t->cpus; i++) {
		munmap(t->cpu[i].page, t->page_size + BUFFER_SIZE);
		close(t->cpu[i].fd);
	}
	if (t->pidfd >= 0)
		close(t->pidfd);
	if (t->epoll >= 0)
		close(t->epoll);
	flushers_free(&t->flushers);
	free(t->cpu);
	free(t);
}

int tlbscope_trace_fd(const struct tlbscope_trace *t)
{
	return t->epoll;
}

/*
 * Reading
 */

static int count_sample(struct tlbscope_trace *t, struct cpu_buffer *b,
			const struct sample *sample, size_t size)
{
	struct flush_record record;

	if (size < sizeof(*sample) || sample->size > size - sizeof(*sample) ||
	    !flush_format_decode(&t->format, sample->raw, sample->size, &record))
		return -EPROTO;
	b->seen++;
	return flushers_count(&t->flushers, (pid_t)sample->pid, &record);
}

static int take(struct tlbscope_trace *t, struct cpu_buffer *b,
		const struct perf_event_header *header)
{
	const void *body = header + 1;
	const struct task *task = body;
	const struct comm *comm = body;

	switch (header->type) {
	case PERF_RECORD_SAMPLE:
		return count_sample(t, b, body, header->size - sizeof(*header));
	case PERF_RECORD_COMM:
		if (comm->pid == comm->tid)
			return flushers_name(&t->flushers, (pid_t)comm->pid, comm->name);
		return 0;
	case PERF_RECORD_FORK:
		if (task->pid == task->tid)
			return flushers_fork(&t->flushers, (pid_t)task->pid,
					     (pid_t)task->ppid);
		return 0;
	case PERF_RECORD_EXIT:
		if (task->pid == task->tid)
			flushers_exit(&t->flushers, (pid_t)task->pid);
		return 0;
	default:
		return 0;
	}
}

static int drain(struct tlbscope_trace *t, struct cpu_buffer *b)
{
	struct ring ring = {
		.data = (unsigned char *)b->page + t->page_size,
		.size = BUFFER_SIZE,
		.tail = b->page->data_tail,
		.head = __atomic_load_n(&b->page->data_head, __ATOMIC_ACQUIRE),
		.record = t->record,
	};
	const struct perf_event_header *header;
	int err = 0;

	while (!err && (header = ring_next(&ring)))
		err = take(t, b, header);
	__atomic_store_n(&b->page->data_tail, ring.tail, __ATOMIC_RELEASE);
	return err;
}

/*
 * The kernel counts what it records also where it finds no room for it. What
 * was counted before the buffer is read is in there, or is lost.
 */
static int read_cpu(struct tlbscope_trace *t, struct cpu_buffer *b)
{
	uint64_t count;
	int err;

	if (read(b->fd, &count, sizeof(count)) != sizeof(count))
		count = 0;
	err = drain(t, b);
	if (count > b->seen)
		t->lost += count - b->seen;
	return err;
}

static int read_all(struct tlbscope_trace *t)
{
	unsigned int i;
	int err = 0;

	t->lost = 0;
	for (i = 0; i < t->cpus && !err; i++)
		err = read_cpu(t, &t->cpu[i]);
	flushers_end_round(&t->flushers);
	return err;
}

/* The target may have ended, and a CPU gone offline, which would wake for ever */
static void look_at_files(struct tlbscope_trace *t)
{
	struct epoll_event event[16];
	int i, n = epoll_wait(t->epoll, event, 16, 0);

	for (i = 0; i < n; i++) {
		uint32_t number = event[i].data.u32;

		if (number == TARGET)
			t->ended = true;
		else if (event[i].events & (EPOLLHUP | EPOLLERR))
			epoll_ctl(t->epoll, EPOLL_CTL_DEL, t->cpu[number].fd, NULL);
	}
}

int tlbscope_trace_read(struct tlbscope_trace *t)
{
	int err;

	/* First, so that the buffers have all of a target that has ended */
	look_at_files(t);
	err = read_all(t);
	return err ?: !t->ended;
}

int tlbscope_trace_stop(struct tlbscope_trace *t)
{
	int err = switch_events(t, PERF_EVENT_IOC_DISABLE);

	return err ?: read_all(t);
}

/*
 * Telling
 */

uint64_t tlbscope_trace_lost(const struct tlbscope_trace *t)
{
	return t->lost;
}

void tlbscope_trace_mark(struct tlbscope_trace *t)
{
	flushers_mark(&t->flushers);
}

const struct tlbscope_flusher *
tlbscope_trace_next(const struct tlbscope_trace *t,
		    const struct tlbscope_flusher *last)
{
	return flushers_next(&t->flushers, last);
}

const char *tlbscope_trace_reason(const struct tlbscope_trace *t,
				  unsigned int reason)
{
	if (reason >= TLBSCOPE_FLUSH_REASONS || !t->format.name[reason][0])
		return NULL;
	return t->format.name[reason];
}
