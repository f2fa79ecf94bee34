// SPDX-License-Identifier: GPL-2.0
/*
 * What an invalidation does to a TLB: a translation that was made stale on
 * purpose is used before, and is gone after, where it was asked for and nowhere
 * else
 *
 * Which frame a byte comes from tells which translation was used. A TLB may
 * drop anything at any time, so there are trials: one counts only if the
 * translation was stale just before. What must go is gone in all that count;
 * what may stay is still there in one of them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "../stale/stale.h"
#include "check.h"
#include "child.h"
#include "experiment.h"
#include "memory.h"
#include "reader.h"

#define READERS		4
#define TRIALS		60
/* Where each tick drops all, and a busy host makes ticks of trials */
#define MANY_TRIALS	1500
/* That must count, before one is content */
#define ENOUGH		3

/* The places that are read; each has a page beside it to exchange frames with */
enum spot { TARGET, BYSTANDER };
#define SPOT_PAGES	(2 * READER_SPOTS)
#define PLACES		16

/**
 * struct bench - what trials are made with
 * @device: of tests/stale
 * @fd: of the module, with this process as its target
 * @memory: the places
 * @online: CPUs
 * @methods: that this machine has
 * @tags: entries survive that another address space is loaded
 * @entry_drops: each entry to the kernel, and each exit, drops all
 * @bochs: see learn()
 * @two_tags: user mode has a tag of its own
 * @reader: one on each CPU
 * @readers: how many
 */
struct bench {
	int device;
	int fd;
	char *memory;
	__u64 online;
	__u64 methods;
	bool tags;
	bool entry_drops;
	bool bochs;
	bool two_tags;
	struct reader reader[READERS];
	unsigned int readers;
};

/*
 * TCG's TLB is exact, without tags. That of Bochs has no tags either, though its
 * CPUs have PCIDs: each load of CR3, and INVPCID of whatever kind, drops all but
 * global entries.
 */
static void learn(struct bench *bench, const struct tlbscope_info *info)
{
	const char *emulator = getenv("TLBSCOPE_TEST_EMULATOR");
	bool pti = info->features & TLBSCOPE_FEAT_PTI;
	bool pcid = info->features & TLBSCOPE_FEAT_PCID;

	bench->bochs = emulator && !strcmp(emulator, "bochs");
	bench->tags = pcid && !bench->bochs;
	bench->two_tags = pcid && pti;
	bench->entry_drops = pti && !bench->tags;
}

static char *make_pages(void)
{
	size_t i, n = PLACES * SPOT_PAGES;
	char *p = mem_small(n * PAGE);

	if (!p)
		return NULL;
	for (i = 0; i < n; i++)
		memset(p + i * PAGE, i + 1, PAGE);
	return mlock(p, n * PAGE) ? NULL : p;
}

static void set_up(struct __test_metadata *_metadata, struct bench *bench,
		   bool sleeps)
{
	struct sched_param param = { .sched_priority = 1 };
	struct tlbscope_info info;
	int cpu;

	ASSERT_EQ(0, scope_info(&info));
	learn(bench, &info);
	bench->methods = experiment_methods();
	ASSERT_NE(0, bench->methods);
	bench->device = open(STALE_DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, bench->device)
		TH_LOG("no " STALE_DEVICE ": load the module of tests/stale");
	bench->fd = experiment_open_at("invalidate", SELF);
	ASSERT_LE(0, bench->fd);
	bench->memory = make_pages();
	ASSERT_NE(NULL, bench->memory);
	bench->online = cpus_online();
	for (cpu = 0; cpu < CPUS_MAX && bench->readers < READERS; cpu++)
		if (bench->online & cpu_bit(cpu))
			ASSERT_EQ(0, reader_start(&bench->reader[bench->readers++],
						  cpu, sleeps));
	/* Who asks comes before who spins, and sleeps while it waits */
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &param));
}

static void tear_down(struct __test_metadata *_metadata, struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < bench->readers; i++)
		EXPECT_EQ(0, reader_stop(&bench->reader[i]));
	close(bench->fd);
	close(bench->device);
}

/* A request, and who asks */
struct order {
	unsigned int method;
	unsigned int local;
	__u64 cpus;
	int initiator;
	int home;
};

/* What a reader found, in the trials that count */
struct tally {
	unsigned int stale[READER_SPOTS];
	unsigned int gone[READER_SPOTS];
	unsigned int wrong;
};

/* The method that each CPU of the order runs */
static unsigned int local_method(const struct order *order)
{
	return order->method == TLBSCOPE_IPI ? order->local : order->method;
}

static bool is_named(const struct order *order, const struct reader *r)
{
	return (order->cpus & cpu_bit(r->cpu)) ||
	       local_method(order) == TLBSCOPE_INVLPGB;
}

/*
 * Where each entry to the kernel drops all, no entry survives on a CPU that
 * enters it by our own doing
 */
static bool can_be_stale(const struct bench *bench,
			 const struct order *order, const struct reader *r)
{
	return !bench->entry_drops || r->cpu != order->home;
}

/* What becomes of a stale entry */
enum fate { GOES, STAYS, EITHER };

/* Whether dropping one page leaves the next one */
static bool is_exact(const struct bench *bench, unsigned int method)
{
	if (!bench->bochs)
		return true;
	return method == TLBSCOPE_INVLPG && !bench->two_tags;
}

static enum fate fate_of(const struct bench *bench,
			 const struct order *order, const struct reader *r,
			 enum spot spot)
{
	unsigned int method = local_method(order);
	bool named = is_named(order, r);

	if (named && (spot == TARGET || !method_is_by_page(method)))
		return GOES;
	if (bench->entry_drops &&
	    (named || r->cpu == order->home || r->cpu == order->initiator))
		return EITHER;
	return !named || is_exact(bench, method) ? STAYS : EITHER;
}

static char *spot_at(char *memory, unsigned int place, enum spot spot)
{
	return memory + (place % PLACES * SPOT_PAGES + 2 * spot) * PAGE;
}

static int exchange(int device, const char *p)
{
	struct stale_pair pair = {
		.page = { (unsigned long)p, (unsigned long)p + PAGE },
	};

	return ioctl(device, STALE_IOC_EXCHANGE, &pair) ? -errno : 0;
}

/* All spots of a place */
static int exchange_all(const struct bench *bench, unsigned int place)
{
	int ret = 0, spot;

	for (spot = TARGET; !ret && spot <= BYSTANDER; spot++)
		ret = exchange(bench->device, spot_at(bench->memory, place, spot));
	return ret;
}

static void read_all(struct bench *bench, const struct order *order,
		     unsigned int place)
{
	unsigned int i;
	int spot;

	for (i = 0; i < bench->readers; i++) {
		for (spot = TARGET; spot <= BYSTANDER; spot++)
			bench->reader[i].spot[spot] = (void *)
				spot_at(bench->memory, place, spot);
		if (can_be_stale(bench, order, &bench->reader[i]))
			reader_ask(&bench->reader[i]);
	}
	for (i = 0; i < bench->readers; i++)
		reader_wait(&bench->reader[i]);
}

/* The byte that was first written there, or the one beside it */
static bool is_old(struct reader *r, struct tally *tally, unsigned int place,
		   enum spot spot)
{
	unsigned int old = place % PLACES * SPOT_PAGES + 2 * spot + 1;

	if (r->value[spot] != old && r->value[spot] != old + 1)
		tally->wrong++;
	return r->value[spot] == old;
}

static int drop(const struct bench *bench, const struct order *order,
		unsigned int place)
{
	struct tlbscope_invalidation what;

	what = what_pages(order->method, spot_at(bench->memory, place, TARGET),
			  1, &order->cpus);
	what.local = order->local;
	what.initiator = order->initiator;
	return experiment_invalidate(bench->fd, &what, 1, NULL);
}

/* Fresh, made stale, dropped, and put back */
static int take_trial(struct bench *bench, const struct order *order,
		      unsigned int place, struct tally *tally)
{
	bool stale[READERS][READER_SPOTS];
	unsigned int i;
	int spot, ret;

	mem_flush_tlb();
	read_all(bench, order, place);
	for (i = 0; i < bench->readers; i++)
		for (spot = TARGET; spot <= BYSTANDER; spot++)
			if (can_be_stale(bench, order, &bench->reader[i]) &&
			    !is_old(&bench->reader[i], &tally[i], place, spot))
				tally[i].wrong++;
	ret = exchange_all(bench, place);
	if (ret)
		return ret;
	read_all(bench, order, place);
	for (i = 0; i < bench->readers; i++)
		for (spot = TARGET; spot <= BYSTANDER; spot++)
			stale[i][spot] =
				can_be_stale(bench, order, &bench->reader[i]) &&
				is_old(&bench->reader[i], &tally[i], place, spot);
	ret = drop(bench, order, place);
	read_all(bench, order, place);
	for (i = 0; i < bench->readers; i++)
		for (spot = TARGET; spot <= BYSTANDER; spot++) {
			if (!stale[i][spot])
				continue;
			tally[i].stale[spot]++;
			if (!is_old(&bench->reader[i], &tally[i], place, spot))
				tally[i].gone[spot]++;
		}
	return exchange_all(bench, place) ?: ret;
}

static bool is_enough(const struct bench *bench, const struct order *order,
		      const struct tally *tally)
{
	const struct reader *r = bench->reader;
	unsigned int i;
	int spot;

	for (i = 0; i < bench->readers; i++, r++, tally++)
		for (spot = TARGET; spot <= BYSTANDER; spot++) {
			if (!can_be_stale(bench, order, r))
				continue;
			if (tally->stale[spot] < ENOUGH)
				return false;
			if (fate_of(bench, order, r, spot) == STAYS &&
			    tally->stale[spot] == tally->gone[spot])
				return false;
		}
	return true;
}

static void log_order(struct __test_metadata *_metadata,
		      const struct order *order, const struct reader *r,
		      const struct tally *t, enum spot spot)
{
	bool ipi = order->method == TLBSCOPE_IPI;

	TH_LOG("%s%s on 0x%llx from %d, asked on %d: %s on CPU %d: %u stale, %u gone",
	       method_name(local_method(order)), ipi ? " by ipi" : "",
	       order->cpus, order->initiator, order->home,
	       spot == TARGET ? "target" : "bystander", r->cpu, t->stale[spot],
	       t->gone[spot]);
}

/* One reader's trials */
static void check_tally(struct __test_metadata *_metadata,
			const struct bench *bench,
			const struct order *order, const struct reader *r,
			const struct tally *t)
{
	enum fate fate;
	int spot;

	EXPECT_EQ(0, t->wrong);
	for (spot = TARGET; spot <= BYSTANDER; spot++) {
		if (!can_be_stale(bench, order, r))
			continue;
		fate = fate_of(bench, order, r, spot);
		EXPECT_LE(ENOUGH, t->stale[spot])
			log_order(_metadata, order, r, t, spot);
		if (fate == GOES)
			EXPECT_EQ(t->stale[spot], t->gone[spot])
				log_order(_metadata, order, r, t, spot);
		if (fate == STAYS)
			EXPECT_LT(t->gone[spot], t->stale[spot])
				log_order(_metadata, order, r, t, spot);
	}
}

/* Who asks does so from a CPU that has no part in it, if there is one */
static int choose_home(const struct bench *bench,
		       const struct order *order)
{
	__u64 aside = bench->online & ~order->cpus;

	if (order->initiator >= 0 && aside & ~cpu_bit(order->initiator))
		aside &= ~cpu_bit(order->initiator);
	return cpu_first(aside ? aside : bench->online);
}

static void check_order(struct __test_metadata *_metadata,
			struct bench *bench, unsigned int method,
			unsigned int local, __u64 cpus, int initiator)
{
	struct order order = {
		.method = method, .local = local, .cpus = cpus,
		.initiator = initiator,
	};
	struct tally tally[READERS] = {};
	unsigned int i, most = bench->entry_drops ? MANY_TRIALS : TRIALS;

	order.home = choose_home(bench, &order);
	ASSERT_EQ(0, cpu_pin(order.home));
	for (i = 0; i < most && !is_enough(bench, &order, tally); i++)
		ASSERT_EQ(0, take_trial(bench, &order, i, tally));
	for (i = 0; i < bench->readers; i++)
		check_tally(_metadata, bench, &order, &bench->reader[i],
			    &tally[i]);
}

static bool has_method(const struct bench *bench, unsigned int method)
{
	return bench->methods & (1ULL << method);
}

/* The target runs where its translations are dropped, or has run there */
FIXTURE(stale) {
	struct bench bench;
};

FIXTURE_VARIANT(stale) {
	bool sleeps;
};

FIXTURE_VARIANT_ADD(stale, running) {
	.sleeps = false,
};

FIXTURE_VARIANT_ADD(stale, sleeping) {
	.sleeps = true,
};

FIXTURE_SETUP(stale)
{
	set_up(_metadata, &self->bench, variant->sleeps);
}

FIXTURE_TEARDOWN(stale)
{
	tear_down(_metadata, &self->bench);
}

#define NOTHING_SURVIVES \
	"page-table isolation without tags: each entry to the kernel drops all"

TEST_F_TIMEOUT(stale, each_method_on_each_cpu, 120)
{
	struct bench *bench = &self->bench;
	unsigned int method, i;

	if (variant->sleeps && bench->entry_drops)
		skip(NOTHING_SURVIVES);
	for (method = 0; method < TLBSCOPE_IPI; method++) {
		if (!has_method(bench, method))
			continue;
		for (i = 0; i < bench->readers; i++)
			check_order(_metadata, bench, method, 0,
				    cpu_bit(bench->reader[i].cpu), -1);
		check_order(_metadata, bench, method, 0, bench->online, -1);
	}
}

TEST_F_TIMEOUT(stale, ipi, 120)
{
	struct bench *bench = &self->bench;
	unsigned int local;
	__u64 a, b;

	if (variant->sleeps && bench->entry_drops)
		skip(NOTHING_SURVIVES);
	if (bench->readers < 2)
		skip("one CPU alone interrupts nobody");
	a = cpu_bit(bench->reader[0].cpu);
	b = cpu_bit(bench->reader[1].cpu);
	for (local = 0; local < TLBSCOPE_INVLPGB; local++) {
		if (!has_method(bench, local))
			continue;
		/* Another, both, all of them */
		check_order(_metadata, bench, TLBSCOPE_IPI, local, a,
			    cpu_first(b));
		check_order(_metadata, bench, TLBSCOPE_IPI, local, b,
			    cpu_first(a));
		check_order(_metadata, bench, TLBSCOPE_IPI, local, a | b, -1);
		check_order(_metadata, bench, TLBSCOPE_IPI, local, a | b,
			    cpu_first(b));
		check_order(_metadata, bench, TLBSCOPE_IPI, local,
			    bench->online, cpu_first(a));
	}
}

/* The target has run on a CPU, and runs elsewhere when it is asked for there */
FIXTURE(elsewhere) {
	struct bench bench;
};

FIXTURE_SETUP(elsewhere)
{
	set_up(_metadata, &self->bench, true);
}

FIXTURE_TEARDOWN(elsewhere)
{
	tear_down(_metadata, &self->bench);
}

static bool reads_old(struct bench *bench, struct reader *r, unsigned int place,
		      struct tally *tally)
{
	r->spot[TARGET] = (void *)spot_at(bench->memory, place, TARGET);
	r->spot[BYSTANDER] = (void *)spot_at(bench->memory, place, BYSTANDER);
	reader_ask(r);
	reader_wait(r);
	return is_old(r, tally, place, TARGET);
}

/* From @r's CPU to another and back; without an order, nothing is dropped */
static void take_away(struct __test_metadata *_metadata, struct bench *bench,
		      const struct order *order, unsigned int place,
		      struct tally *tally)
{
	struct reader *r = &bench->reader[0];
	int here = r->cpu, there = bench->reader[1].cpu;
	bool stale;

	mem_flush_tlb();
	EXPECT_TRUE(reads_old(bench, r, place, tally));
	ASSERT_EQ(0, exchange_all(bench, place));
	stale = reads_old(bench, r, place, tally);
	ASSERT_EQ(0, reader_move(r, there));
	reads_old(bench, r, place, tally);
	if (order)
		ASSERT_EQ(0, drop(bench, order, place));
	ASSERT_EQ(0, reader_move(r, here));
	if (stale) {
		tally->stale[TARGET]++;
		tally->gone[TARGET] += !reads_old(bench, r, place, tally);
	}
	ASSERT_EQ(0, exchange_all(bench, place));
}

static void check_away(struct __test_metadata *_metadata, struct bench *bench,
		       const struct order *order)
{
	struct tally tally = {};
	unsigned int i;

	for (i = 0; i < TRIALS && tally.stale[TARGET] < ENOUGH; i++)
		take_away(_metadata, bench, order, i, &tally);
	EXPECT_EQ(0, tally.wrong);
	EXPECT_LE(ENOUGH, tally.stale[TARGET])
		log_order(_metadata, order, &bench->reader[0], &tally, TARGET);
	EXPECT_EQ(tally.stale[TARGET], tally.gone[TARGET])
		log_order(_metadata, order, &bench->reader[0], &tally, TARGET);
}

TEST_F_TIMEOUT(elsewhere, each_method, 120)
{
	struct bench *bench = &self->bench;
	int here = bench->reader[0].cpu, there = bench->reader[1].cpu;
	struct order order = { .cpus = cpu_bit(here), .home = there };
	struct tally kept = {};
	unsigned int i;

	if (bench->entry_drops)
		skip(NOTHING_SURVIVES);
	if (bench->readers < 2)
		skip("there is but one CPU");
	ASSERT_EQ(0, cpu_pin(there));
	/* If nothing is asked for, it is there when the target comes back */
	for (i = 0; i < TRIALS && kept.gone[TARGET] == kept.stale[TARGET]; i++)
		take_away(_metadata, bench, NULL, i, &kept);
	EXPECT_LT(kept.gone[TARGET], kept.stale[TARGET]);
	for (i = 0; i < TLBSCOPE_IPI; i++) {
		if (!has_method(bench, i))
			continue;
		order.method = i;
		order.local = 0;
		order.initiator = -1;
		check_away(_metadata, bench, &order);
		if (i == TLBSCOPE_INVLPGB)
			continue;
		order.method = TLBSCOPE_IPI;
		order.local = i;
		order.initiator = there;
		check_away(_metadata, bench, &order);
	}
}

/* Who responds to an IPI runs the target or does not, and says so */
FIXTURE(responders) {
	struct bench bench;
};

FIXTURE_SETUP(responders)
{
	set_up(_metadata, &self->bench, false);
}

FIXTURE_TEARDOWN(responders)
{
	tear_down(_metadata, &self->bench);
}

#define SAMPLES		50

/* In how many samples each responder had @pid loaded, the readers spinning */
static void check_loaded(struct __test_metadata *_metadata,
			 struct bench *bench, pid_t pid, unsigned int least,
			 unsigned int most)
{
	struct tlbscope_cost_cpu *vec = calloc(READERS, sizeof(*vec));
	int first = bench->reader[0].cpu, fd;
	__u64 cpus = 0;
	struct tlbscope_cost args = {
		.size = sizeof(args), .samples = SAMPLES,
		.what = what_pages(TLBSCOPE_IPI, bench->memory, 1, &cpus),
		.vec = (unsigned long)vec, .vec_len = READERS,
	};
	unsigned int i;

	ASSERT_NE(NULL, vec);
	for (i = 0; i < bench->readers; i++)
		cpus |= cpu_bit(bench->reader[i].cpu);
	args.what.local = TLBSCOPE_CR4_PGE;
	args.what.initiator = first;
	fd = experiment_open_at("cost", pid);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, cpu_pin(first));
	EXPECT_EQ(0, ioctl(fd, TLBSCOPE_IOC_COST, &args));
	EXPECT_EQ(bench->readers, args.filled);
	for (i = 1; i < args.filled; i++) {
		EXPECT_LE(least, vec[i].loaded)
			TH_LOG("CPU %u", vec[i].cpu);
		EXPECT_GE(most, vec[i].loaded)
			TH_LOG("CPU %u", vec[i].cpu);
	}
	close(fd);
	free(vec);
}

static void just_wait(int fd, void *arg)
{
	(void)arg;
	child_pause(fd);
}

TEST_F(responders, loaded)
{
	struct bench *bench = &self->bench;
	struct child child;

	if (bench->readers < 2)
		skip("there is but one CPU");
	/* Now and then another process has the CPU for a moment */
	check_loaded(_metadata, bench, SELF, SAMPLES / 2, SAMPLES);
	ASSERT_EQ(0, cpu_pin(bench->reader[0].cpu));
	ASSERT_EQ(0, child_start(&child, just_wait, NULL));
	check_loaded(_metadata, bench, child.pid, 0, 0);
	child_end(&child);
}

TEST_HARNESS_MAIN
