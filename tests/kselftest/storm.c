// SPDX-License-Identifier: GPL-2.0
/*
 * Invalidations by every method on every CPU, for a while, of targets that fork,
 * unmap, protect, exec and exit, while a CPU comes and goes
 *
 * It takes TLBSCOPE_TEST_SECONDS, or 10. Whether all was well is also for the
 * kernel's log to say, and for the module, which can be unloaded afterwards.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>

#include "check.h"
#include "child.h"
#include "experiment.h"
#include "memory.h"

#define SECONDS		10
#define SECONDS_MAX	3600
#define STORMERS	3
#define REPEAT		50
#define SAMPLES		10

/* What targets have: this stays, and that changes */
#define STAYS		ZOO_START
#define STAYS_LEN	(16 * PAGE)
#define CHANGES		(STAYS + HUGE)
#define CHANGES_LEN	(4 * HUGE)

enum target { CHANGER, SPAWNER, EXECER, TARGETS };

/* What all processes see */
struct shared {
	volatile pid_t pid[TARGETS];
	volatile bool stop;
	volatile unsigned long rounds[TARGETS];
	volatile unsigned long damaged;
};

static struct shared *shared;

static char *at(__u64 address)
{
	return (char *)(unsigned long)address;
}

/*
 * Targets
 */

static void make_memory(void)
{
	if (!mem_small_at(STAYS, STAYS_LEN))
		_exit(1);
	mem_stamp(at(STAYS), STAYS_LEN, getpid());
}

/* To drop translations changes nothing of what a program computes */
static void look_after_memory(pid_t pid)
{
	if (!mem_stamped(at(STAYS), STAYS_LEN, pid))
		shared->damaged++;
}

static void map_changes(void)
{
	if (mmap(at(CHANGES), CHANGES_LEN, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		_exit(1);
}

static void touch(size_t step)
{
	size_t i;

	for (i = 0; i < CHANGES_LEN; i += step)
		at(CHANGES)[i] = 1;
}

static void change(int fd, void *arg)
{
	pid_t pid = getpid(), other;

	(void)arg;
	make_memory();
	child_pause(fd);
	for (;; shared->rounds[CHANGER]++) {
		map_changes();
		touch(5 * PAGE);
		mprotect(at(CHANGES), CHANGES_LEN / 2, PROT_READ);
		other = fork();
		if (!other) {
			look_after_memory(pid);
			_exit(0);
		}
		munmap(at(CHANGES) + HUGE, HUGE);
		mprotect(at(CHANGES), HUGE, PROT_READ | PROT_WRITE);
		madvise(at(CHANGES), HUGE, MADV_DONTNEED);
		waitpid(other, NULL, 0);
		look_after_memory(pid);
	}
}

/* Processes that live for a moment */
static void spawn(int fd, void *arg)
{
	pid_t pid = getpid(), other;

	(void)arg;
	make_memory();
	child_pause(fd);
	for (;; shared->rounds[SPAWNER]++) {
		other = fork();
		if (!other) {
			map_changes();
			touch(3 * PAGE);
			look_after_memory(pid);
			_exit(0);
		}
		shared->pid[SPAWNER] = other;
		waitpid(other, NULL, 0);
	}
}

/* A process that is replaced by itself for ever */
static void replace(int fd, void *arg)
{
	static const char script[] = "exec /bin/sh -c \"$0\" \"$0\"";

	(void)arg;
	child_pause(fd);
	execl("/bin/sh", "sh", "-c", script, script, NULL);
	_exit(1);
}

/*
 * Those who ask
 */

struct stormer {
	pthread_t thread;
	int fd;
	__u64 online;	/* when all are */
	__u64 methods;
	unsigned int random;
	unsigned long done[TLBSCOPE_METHODS];
	unsigned long refused[128];
	int wrong;	/* an errno that should not be */
};

static unsigned int choose(struct stormer *s, unsigned int n)
{
	s->random = s->random * 1664525 + 1013904223;
	return (s->random >> 8) % n;
}

/* One that the machine has, but IPI */
static unsigned int choose_method(struct stormer *s)
{
	unsigned int method;

	do {
		method = choose(s, TLBSCOPE_IPI);
	} while (!(s->methods & (1ULL << method)));
	return method;
}

/* Of the first four that there are, or would be */
static __u64 choose_cpus(struct stormer *s)
{
	__u64 cpus = s->online & (1 + choose(s, 15));

	return cpus ? cpus : 1;
}

static struct tlbscope_invalidation choose_what(struct stormer *s,
						const __u64 *cpus)
{
	static const __u64 start[] = {
		STAYS, CHANGES, CHANGES + HUGE - 10 * PAGE, CHANGES + HUGE,
	};
	static const unsigned int pages[] = { 1, 16, 33, 512, 1500 };
	struct tlbscope_invalidation what;

	what = what_pages(choose_method(s), at(start[choose(s, 4)]),
			  pages[choose(s, 5)], cpus);
	if (choose(s, 2) && what.method != TLBSCOPE_INVLPGB) {
		what.local = what.method;
		what.method = TLBSCOPE_IPI;
		what.initiator = (int)choose(s, 3) - 1;
		if (what.end - what.start > TLBSCOPE_STRETCH * PAGE &&
		    method_is_by_page(what.local))
			what.end = what.start + TLBSCOPE_STRETCH * PAGE;
	}
	return what;
}

/* On some CPUs, on all, or where it has run */
static __u32 choose_flags(struct stormer *s, struct tlbscope_invalidation *what)
{
	__u32 flags = choose(s, 3);

	if (flags) {
		what->cpus = 0;
		what->cpus_len = 0;
	}
	return flags;
}

static int invalidate(struct stormer *s, unsigned int *method)
{
	struct tlbscope_invalidate args = { .size = sizeof(args) };
	__u64 cpus = choose_cpus(s);

	args.what = choose_what(s, &cpus);
	args.flags = choose_flags(s, &args.what);
	args.repeat = 1 + choose(s, REPEAT);
	*method = args.what.method;
	return ioctl(s->fd, TLBSCOPE_IOC_INVALIDATE, &args) ? errno : 0;
}

static int measure(struct stormer *s, unsigned int *method)
{
	struct tlbscope_cost_cpu vec[CPUS_MAX];
	struct tlbscope_cost args = {
		.size = sizeof(args), .vec = (unsigned long)vec,
		.vec_len = CPUS_MAX,
	};
	__u64 cpus = choose_cpus(s);

	args.what = choose_what(s, &cpus);
	args.flags = choose_flags(s, &args.what);
	args.samples = 1 + choose(s, SAMPLES);
	args.bystanders_start = CHANGES + 3 * HUGE;
	args.bystanders_end = args.bystanders_start + 8 * PAGE;
	*method = args.what.method;
	return ioctl(s->fd, TLBSCOPE_IOC_COST, &args) ? errno : 0;
}

static int ask_in_text(struct stormer *s, pid_t pid, unsigned int *method)
{
	*method = choose_method(s);
	return -experiment_ask(choose(s, 2) ? "cost" : "invalidate",
			       "%d %s %llx %llx cpus=%s", pid,
			       method_name(*method), CHANGES,
			       CHANGES + HUGE, choose(s, 2) ? "all" : "run");
}

/* A target that is gone, a CPU that is off line or alone, and no memory there */
static bool may_be(int error)
{
	return error == ESRCH || error == ENXIO || error == EINVAL ||
	       error == EFAULT;
}

static void *storm(void *arg)
{
	struct stormer *s = arg;
	unsigned int method = 0;
	pid_t pid;
	int error;

	while (!shared->stop) {
		pid = shared->pid[choose(s, TARGETS)];
		error = -scope_target(s->fd, pid);
		if (!error && !choose(s, 8))
			error = ask_in_text(s, pid, &method);
		else if (!error && choose(s, 2))
			error = invalidate(s, &method);
		else if (!error)
			error = measure(s, &method);
		if (!error)
			s->done[method]++;
		else if (may_be(error))
			s->refused[error]++;
		else
			s->wrong = error;
	}
	return NULL;
}

/* Who asks is killed while it waits */
static void storm_and_die(int fd, void *arg)
{
	struct stormer s = { .random = 99 };
	unsigned int i;
	pid_t pid;

	child_pause(fd);
	for (i = 0;; i++) {
		pid = fork();
		if (!pid) {
			s.random += i;
			s.online = *(__u64 *)arg;
			s.methods = experiment_methods();
			s.fd = experiment_open("invalidate");
			storm(&s);
			_exit(0);
		}
		usleep(5000 + i % 20 * 1000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

/* The last CPU comes and goes */
static void *come_and_go(void *arg)
{
	unsigned long *rounds = arg;
	int cpu = 63 - __builtin_clzll(cpus_online());

	while (!shared->stop && cpu > 0) {
		usleep(80000);
		if (cpu_set_online(cpu, false))
			break;
		usleep(20000);
		if (cpu_set_online(cpu, true))
			break;
		++*rounds;
	}
	return NULL;
}

/* Objects of a slab cache that are in use, more or less; -1 if nobody counts */
static long slab_objects(const char *name)
{
	FILE *f = fopen("/proc/slabinfo", "re");
	char line[256], cache[64];
	long n, objects = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld", cache, &n) == 2 &&
		    !strcmp(cache, name))
			objects = n;
	if (f)
		fclose(f);
	return objects;
}

static unsigned int seconds_to_take(void)
{
	const char *value = getenv("TLBSCOPE_TEST_SECONDS");
	unsigned int n = value ? atoi(value) : 0;

	return n && n <= SECONDS_MAX ? n : SECONDS;
}

FIXTURE(storm) {
	struct child target[TARGETS];
	struct child dying;
	struct stormer stormer[STORMERS];
	__u64 online;
	__u64 methods;
};

FIXTURE_SETUP(storm)
{
	static void (*const body[TARGETS])(int fd, void *arg) = {
		change, spawn, replace,
	};
	int i;

	self->online = cpus_online();
	self->methods = experiment_methods();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	for (i = 0; i < TARGETS; i++) {
		ASSERT_EQ(0, child_start(&self->target[i], body[i], NULL));
		shared->pid[i] = self->target[i].pid;
	}
	ASSERT_EQ(0, child_start(&self->dying, storm_and_die,
				 &self->online));
}

FIXTURE_TEARDOWN(storm)
{
	int i;

	for (i = 0; i < TARGETS; i++)
		child_end(&self->target[i]);
	child_end(&self->dying);
}

static void check_end(struct __test_metadata *_metadata,
		      FIXTURE_DATA(storm) *self, unsigned long rounds)
{
	unsigned long done[TLBSCOPE_METHODS] = {}, gone = 0, away = 0;
	unsigned int method;
	int i;

	for (i = 0; i < STORMERS; i++) {
		EXPECT_EQ(0, self->stormer[i].wrong)
			TH_LOG("%s", strerror(self->stormer[i].wrong));
		for (method = 0; method < TLBSCOPE_METHODS; method++)
			done[method] += self->stormer[i].done[method];
		gone += self->stormer[i].refused[ESRCH];
		away += self->stormer[i].refused[ENXIO];
	}
	for (method = 0; method < TLBSCOPE_METHODS; method++) {
		if (!(self->methods & (1ULL << method)))
			continue;
		TH_LOG("%s: %lu", method_name(method), done[method]);
		if (method != TLBSCOPE_IPI || cpu_count(self->online) > 1)
			EXPECT_LT(0, done[method]);
	}
	TH_LOG("%lu targets gone, %lu times a CPU off line, which came and went %lu times; %lu, %lu rounds",
	       gone, away, rounds, shared->rounds[CHANGER],
	       shared->rounds[SPAWNER]);
	EXPECT_EQ(0, shared->damaged);
	EXPECT_LT(0, shared->rounds[CHANGER]);
	EXPECT_LT(0, shared->rounds[SPAWNER]);
	EXPECT_LT(0, gone);
	if (cpu_count(self->online) > 1) {
		EXPECT_LT(0, rounds);
		EXPECT_LT(0, away);
	}
}

TEST_F_TIMEOUT(storm, every_method, SECONDS_MAX + 60)
{
	long before = slab_objects("mm_struct");
	unsigned long rounds = 0;
	pthread_t hotplug;
	int i;

	ASSERT_EQ(0, pthread_create(&hotplug, NULL, come_and_go, &rounds));
	for (i = 0; i < STORMERS; i++) {
		self->stormer[i].random = i + 1;
		self->stormer[i].online = self->online;
		self->stormer[i].methods = self->methods;
		self->stormer[i].fd = experiment_open("invalidate");
		ASSERT_LE(0, self->stormer[i].fd);
		ASSERT_EQ(0, pthread_create(&self->stormer[i].thread, NULL,
					    storm, &self->stormer[i]));
	}
	for (i = 0; i < TARGETS; i++)
		ASSERT_EQ(0, child_continue(&self->target[i]));
	ASSERT_EQ(0, child_continue(&self->dying));
	sleep(seconds_to_take());
	shared->stop = true;
	pthread_join(hotplug, NULL);
	for (i = 0; i < STORMERS; i++) {
		pthread_join(self->stormer[i].thread, NULL);
		close(self->stormer[i].fd);
	}
	/* They did not stop for us, nor did they die */
	for (i = 0; i < TARGETS; i++)
		EXPECT_EQ(0, waitpid(self->target[i].pid, NULL, WNOHANG));
	EXPECT_EQ(0, waitpid(self->dying.pid, NULL, WNOHANG));
	EXPECT_EQ(self->online, cpus_online());
	check_end(_metadata, self, rounds);
	/* The count is exact to some dozens */
	TH_LOG("address spaces: %ld, then %ld", before,
	       slab_objects("mm_struct"));
	EXPECT_LT(slab_objects("mm_struct"), before + 100);
}

static void have_memory(int fd, void *arg)
{
	(void)arg;
	make_memory();
	child_pause(fd);
}

#define LIVES	150

/* Each address space goes with its process, whoever looked into it */
TEST(none_is_kept)
{
	__u64 cpus = cpu_bit(cpu_first(cpus_online()));
	struct tlbscope_invalidation what;
	int fd = experiment_open("invalidate");
	struct tlbscope_cost_cpu vec;
	struct tlbscope_cost cost = {
		.size = sizeof(cost), .vec = (unsigned long)&vec,
		.vec_len = 1, .samples = 1,
	};
	struct child child;
	long before;
	int i;

	ASSERT_LE(0, fd);
	what = what_pages(TLBSCOPE_CR4_PGE, at(STAYS), 1, &cpus);
	cost.what = what;
	before = slab_objects("mm_struct");
	for (i = 0; i < LIVES; i++) {
		ASSERT_EQ(0, child_start(&child, have_memory, NULL));
		ASSERT_EQ(0, scope_target(fd, child.pid));
		EXPECT_EQ(0, experiment_invalidate(fd, &what, 2, NULL));
		EXPECT_ERRNO(0, ioctl(fd, TLBSCOPE_IOC_COST, &cost));
		EXPECT_EQ(-EFAULT, experiment_ask("cost", "%d cr4-pge 0 1000",
						  child.pid));
		child_end(&child);
	}
	close(fd);
	TH_LOG("address spaces: %ld, then %ld", before,
	       slab_objects("mm_struct"));
	EXPECT_LT(slab_objects("mm_struct"), before + LIVES / 2);
}

TEST_HARNESS_MAIN
