// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that change their memory all the time while others look at it
 *
 * What the lookers see of the memory that changes is true of some moment only,
 * but it obeys the rules of the ABI, its frames are memory, and what does not
 * change is always seen as it is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

#include "check.h"
#include "child.h"
#include "memory.h"

/* How long each kind of change goes on */
#define MILLISECONDS	1200

/* The part that stays, small and huge pages, and the part that changes */
#define STABLE		ZOO_START
#define STABLE_END	(STABLE + 2 * HUGE)
#define STABLE_PAGES	64
#define CHANGING	(STABLE + GIB - 4 * HUGE)
#define CHANGING_LEN	(8 * HUGE)

static void *at(__u64 address)
{
	return (void *)(unsigned long)address;
}

static void make_stable(void)
{
	void *huge;

	if (!mem_small_at(STABLE, STABLE_PAGES * PAGE))
		_exit(1);
	mem_stamp(at(STABLE), STABLE_PAGES * PAGE, 51);
	huge = mem_has_thp() ? mem_huge(1) : NULL;
	if (huge && mremap(huge, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   at(STABLE + HUGE)) == MAP_FAILED)
		_exit(1);
}

static char *map_changing(void)
{
	char *p = mmap(at(CHANGING), CHANGING_LEN, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	return p;
}

static void touch(char *p, size_t len, size_t step)
{
	size_t i;

	for (i = 0; i < len; i += step)
		*(volatile char *)(p + i) = i;
}

/* The changes; each is done over and over */

static void map_and_unmap(unsigned int round)
{
	char *p = map_changing();

	madvise(p, CHANGING_LEN, MADV_NOHUGEPAGE);
	touch(p, CHANGING_LEN, (1 + round % 7) * PAGE);
	munmap(p + round % 8 * HUGE, HUGE);
	munmap(p, CHANGING_LEN);
}

static void protect(unsigned int round)
{
	char *p = at(CHANGING);

	if (!round) {
		p = map_changing();
		madvise(p, CHANGING_LEN, MADV_NOHUGEPAGE);
		touch(p, CHANGING_LEN, PAGE);
	}
	mprotect(p + round % 5 * PAGE, CHANGING_LEN / 2, PROT_NONE);
	mprotect(p + round % 3 * PAGE, CHANGING_LEN / 2, PROT_READ);
	mprotect(p, CHANGING_LEN, PROT_READ | PROT_WRITE);
}

/* Huge pages that are split, in several ways, and put together again */
static void split_and_collapse(unsigned int round)
{
	char *p = at(CHANGING);
	unsigned int i;

	if (!round) {
		p = map_changing();
		madvise(p, CHANGING_LEN, MADV_HUGEPAGE);
	}
	touch(p, CHANGING_LEN, PAGE);
	for (i = 0; i < 8; i++) {
		switch ((round + i) % 4) {
		case 0:
			madvise(p + i * HUGE + 5 * PAGE, PAGE, MADV_DONTNEED);
			break;
		case 1:
			mprotect(p + i * HUGE, PAGE, PROT_READ);
			mprotect(p + i * HUGE, PAGE, PROT_READ | PROT_WRITE);
			break;
		case 2:
			madvise(p + i * HUGE, HUGE, MADV_DONTNEED);
			break;
		default:
			break;
		}
		touch(p + i * HUGE, HUGE, PAGE);
		madvise(p + i * HUGE, HUGE, MADV_COLLAPSE);
	}
}

static void discard(unsigned int round)
{
	char *p = at(CHANGING);

	if (!round)
		p = map_changing();
	touch(p, CHANGING_LEN, PAGE);
	madvise(p + round % 4 * HUGE, 3 * HUGE, MADV_DONTNEED);
	madvise(p + round % 9 * PAGE, CHANGING_LEN / 2, MADV_DONTNEED);
}

static void swap_out(unsigned int round)
{
	char *p = at(CHANGING);

	if (!round) {
		p = map_changing();
		madvise(p, CHANGING_LEN, MADV_NOHUGEPAGE);
	}
	touch(p, HUGE, PAGE);
	madvise(p, HUGE, MADV_PAGEOUT);
}

static void move_about(unsigned int round)
{
	char *to = at(CHANGING + GIB), *p = map_changing();

	if (round % 2)
		madvise(p, CHANGING_LEN, MADV_NOHUGEPAGE);
	touch(p, 4 * HUGE, PAGE);
	mremap(p, 4 * HUGE, 4 * HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	mremap(to + PAGE, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, p);
	munmap(to, 4 * HUGE);
}

static void forks(unsigned int round)
{
	char *p = at(CHANGING);
	pid_t pid;

	if (!round)
		map_changing();
	touch(p, CHANGING_LEN, PAGE);
	pid = fork();
	if (!pid) {
		touch(p, CHANGING_LEN, 17 * PAGE);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

FIXTURE(race) {
	struct child child;
	unsigned int levels;
	__u64 user_end;
	__u64 ram_end;
	struct ranges stable;
};

FIXTURE_VARIANT(race) {
	void (*change)(unsigned int round);
};

FIXTURE_VARIANT_ADD(race, map_and_unmap) {
	.change = map_and_unmap,
};

FIXTURE_VARIANT_ADD(race, protect) {
	.change = protect,
};

FIXTURE_VARIANT_ADD(race, split_and_collapse) {
	.change = split_and_collapse,
};

FIXTURE_VARIANT_ADD(race, discard) {
	.change = discard,
};

FIXTURE_VARIANT_ADD(race, swap_out) {
	.change = swap_out,
};

FIXTURE_VARIANT_ADD(race, move_about) {
	.change = move_about,
};

FIXTURE_VARIANT_ADD(race, forks) {
	.change = forks,
};

static void change_all_the_time(int fd, void *arg)
{
	void (*change)(unsigned int round) = arg;
	unsigned int round;

	make_stable();
	child_pause(fd);
	for (round = 0;; round++)
		change(round);
}

static __u64 end_of_ram(void)
{
	__u64 virt, phys, len, end = 0;
	unsigned int i;

	for (i = 0; !phys_segment(i, &virt, &phys, &len); i++)
		if (phys + len > end)
			end = phys + len;
	return end;
}

FIXTURE_SETUP(race)
{
	struct tlbscope_info info;
	int fd = scope_open("ranges");

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scope_info(&info));
	self->levels = info.levels;
	self->user_end = info.user_end;
	self->ram_end = end_of_ram();
	ASSERT_LT(0, self->ram_end);
	ASSERT_EQ(0, child_start(&self->child, change_all_the_time,
				 (void *)variant->change));
	ASSERT_EQ(0, scope_target(fd, self->child.pid));
	ASSERT_EQ(0, scope_all_ranges(fd, STABLE, STABLE_END,
				      TLBSCOPE_RANGES_UNMERGED,
				      &self->stable));
	ASSERT_EQ(STABLE_PAGES + mem_has_thp(), self->stable.n);
	close(fd);
}

FIXTURE_TEARDOWN(race)
{
	child_end(&self->child);
}

/* Somebody who looks, and what was wrong */
struct looker {
	const FIXTURE_DATA(race) *race;
	bool (*look)(struct looker *l);
	pthread_t thread;
	int fd;
	volatile bool *stop;
	volatile pid_t *target;	/* NULL if it is always the same */
	unsigned int random;
	unsigned long looks;
	unsigned long gone;
	unsigned long wrong;
	unsigned long seen[TLBSCOPE_STATES];
	int error;
};

/* Gone is nothing wrong where processes come and go */
static bool may_be(struct looker *l, int ret)
{
	if (ret == -ESRCH && l->target) {
		l->gone++;
		return true;
	}
	l->error = ret;
	return false;
}

static bool frame_is_memory(struct looker *l, unsigned int state, __u64 phys)
{
	l->seen[state]++;
	return !has_frame(state) || phys < l->race->ram_end;
}

static bool is_user_page(const struct tlbscope_walk *w)
{
	unsigned int steps = w->levels - w->level + 1, i;

	if (w->levels != scope_levels() || !w->level || w->level > w->levels ||
	    w->state == TLBSCOPE_TABLE || w->state >= TLBSCOPE_STATES ||
	    w->state == TLBSCOPE_UNREADABLE || w->page_size != span(w->level))
		return false;
	/* Each table was one when its entry was read */
	for (i = 0; i + 1 < steps; i++)
		if (!(w->step[i].entry & BIT_PRESENT) ||
		    (w->step[i + 1].phys ^ w->step[i].entry) & 0xffffffffff000)
			return false;
	return true;
}

static bool look_at_a_page(struct looker *l)
{
	__u64 address = CHANGING;
	struct tlbscope_walk w;
	int ret;

	l->random = l->random * 1664525 + 1013904223;
	address += (l->random >> 8) % CHANGING_LEN;
	ret = scope_walk(l->fd, address, 0, &w);
	if (ret)
		return may_be(l, ret);
	return is_user_page(&w) && frame_is_memory(l, w.state, w.phys);
}

static bool look_at_ranges(struct looker *l)
{
	struct tlbscope_ranges query = {
		.end = l->race->user_end, .flags = TLBSCOPE_RANGES_ALL,
		.vec_len = 64,
	};
	bool right = true;
	struct ranges r;
	size_t i;
	int ret;

	ret = scope_ranges(l->fd, &query, &r);
	for (i = 0; !ret && i < r.n; i++)
		if (!frame_is_memory(l, r.v[i].state, r.v[i].phys) ||
		    r.v[i].state == TLBSCOPE_UNREADABLE)
			right = false;
	ranges_free(&r);
	return ret ? may_be(l, ret) : right;
}

/* Fork takes the right to write away, but the frames stay */
static bool look_at_what_stays(struct looker *l)
{
	const struct ranges *stable = &l->race->stable;
	bool right = true;
	struct ranges r;
	size_t i;
	int ret;

	ret = scope_all_ranges(l->fd, STABLE, STABLE_END,
			       TLBSCOPE_RANGES_UNMERGED, &r);
	if (!ret && r.n != stable->n)
		right = false;
	for (i = 0; !ret && right && i < r.n; i++)
		right = r.v[i].start == stable->v[i].start &&
			r.v[i].end == stable->v[i].end &&
			r.v[i].phys == stable->v[i].phys &&
			r.v[i].level == stable->v[i].level;
	ranges_free(&r);
	return ret ? may_be(l, ret) : right;
}

static bool look_at_tables(struct looker *l)
{
	struct tlbscope_tables query = {
		.end = l->race->user_end, .vec_len = 1 + l->looks % 9,
	};
	struct tables t;
	bool right;
	size_t i;
	int ret;

	ret = scope_tables(l->fd, &query, &t);
	if (ret) {
		tables_free(&t);
		return may_be(l, ret);
	}
	/* In the order of the walk, each within its bounds, in memory */
	right = t.n && t.v[0].level == l->race->levels;
	for (i = 0; right && i < t.n; i++) {
		const struct tlbscope_table *v = &t.v[i];

		right = v->phys < l->race->ram_end && !(v->phys % PAGE) &&
			v->used <= 512 && v->leaves + v->pointers <= v->used &&
			v->level && v->level <= l->race->levels &&
			!(v->address % span(v->level + 1));
		if (i && v->address < t.v[i - 1].address)
			right = false;
		if (i && v->address == t.v[i - 1].address &&
		    v->level >= t.v[i - 1].level)
			right = false;
	}
	tables_free(&t);
	return right;
}

static bool look_at_text(struct looker *l)
{
	static const char * const files[] = { "walk", "ranges", "tables" };
	pid_t pid = l->target ? *l->target : l->race->child.pid;
	char *text;

	text = scope_text(files[l->looks % 3], "%d %llx", pid,
			  l->looks % 2 ? CHANGING : STABLE);
	if (!text)
		return may_be(l, -errno);
	free(text);
	return true;
}

static void *keep_looking(void *arg)
{
	struct looker *l = arg;
	int ret;

	while (!*l->stop) {
		if (l->target) {
			ret = scope_target(l->fd, *l->target);
			if (ret && !may_be(l, ret))
				l->wrong++;
		}
		if (!l->look(l))
			l->wrong++;
		l->looks++;
	}
	return NULL;
}

static bool (*const looks[])(struct looker *l) = {
	look_at_a_page, look_at_ranges, look_at_tables, look_at_text,
	look_at_what_stays,
};

/* Look in every way at once, for a while; the last way only if it may be */
static void look(struct __test_metadata *_metadata,
		 const FIXTURE_DATA(race) *race, volatile pid_t *target,
		 size_t n)
{
	struct looker looker[ARRAY_SIZE(looks)] = {};
	unsigned long seen[TLBSCOPE_STATES] = {};
	volatile bool stop = false;
	size_t i, state;

	for (i = 0; i < n; i++) {
		looker[i].race = race;
		looker[i].look = looks[i];
		looker[i].stop = &stop;
		looker[i].target = target;
		looker[i].fd = scope_open("walk");
		ASSERT_LE(0, looker[i].fd);
		if (!target)
			ASSERT_EQ(0, scope_target(looker[i].fd,
						  race->child.pid));
		ASSERT_EQ(0, pthread_create(&looker[i].thread, NULL,
					    keep_looking, &looker[i]));
	}
	usleep(MILLISECONDS * 1000);
	stop = true;
	for (i = 0; i < n; i++) {
		pthread_join(looker[i].thread, NULL);
		close(looker[i].fd);
		EXPECT_EQ(0, looker[i].wrong)
			TH_LOG("looker %zu: %lu of %lu wrong, last error %s",
			       i, looker[i].wrong, looker[i].looks,
			       strerror(-looker[i].error));
		/* Not all of them found nobody */
		EXPECT_LT(looker[i].gone, 2 * looker[i].looks);
		for (state = 0; state < TLBSCOPE_STATES; state++)
			seen[state] += looker[i].seen[state];
	}
	TH_LOG("%lu pages, %lu ranges, %lu tables, %lu texts", looker[0].looks,
	       looker[1].looks, looker[2].looks, looker[3].looks);
	TH_LOG("%lu none, %lu leaves, %lu no access, %lu swapped, %lu migrating, %lu splitting",
	       seen[TLBSCOPE_NONE], seen[TLBSCOPE_LEAF],
	       seen[TLBSCOPE_PROTNONE], seen[TLBSCOPE_SWAP],
	       seen[TLBSCOPE_MIGRATION], seen[TLBSCOPE_SPLITTING]);
	EXPECT_LT(0, seen[TLBSCOPE_LEAF]);
}

/* A counter of /proc/vmstat, -1 if there is none */
static long counter(const char *name)
{
	FILE *f = fopen("/proc/vmstat", "re");
	char line[128], field[64];
	long value, found = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld", field, &value) == 2 &&
		    !strcmp(field, name))
			found = value;
	if (f)
		fclose(f);
	return found;
}

TEST_F(race, changes)
{
	long split = counter("thp_split_pmd");
	long collapsed = counter("thp_collapse_alloc");

	ASSERT_EQ(0, child_continue(&self->child));
	look(_metadata, self, NULL, ARRAY_SIZE(looks));
	/* It did not stop for us, nor did it die */
	EXPECT_EQ(0, waitpid(self->child.pid, NULL, WNOHANG));
	if (variant->change == split_and_collapse && mem_has_thp()) {
		split = counter("thp_split_pmd") - split;
		collapsed = counter("thp_collapse_alloc") - collapsed;
		TH_LOG("%ld splits, %ld collapses", split, collapsed);
		EXPECT_LT(0, split);
		EXPECT_LT(0, collapsed);
	}
}

/* A process that is replaced by itself for ever */
static void exec_for_ever(int fd, void *arg)
{
	/* The script gets itself as its first word */
	static const char script[] = "exec /bin/sh -c \"$0\" \"$0\"";

	(void)arg;
	child_pause(fd);
	execl("/bin/sh", "sh", "-c", script, script, NULL);
}

FIXTURE(lives) {
	FIXTURE_DATA(race) race;
	volatile pid_t *pid;
};

FIXTURE_SETUP(lives)
{
	struct tlbscope_info info;

	ASSERT_EQ(0, scope_info(&info));
	self->race.levels = info.levels;
	self->race.user_end = info.user_end;
	self->race.ram_end = end_of_ram();
	self->pid = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->pid);
}

FIXTURE_TEARDOWN(lives)
{
	child_end(&self->race.child);
}

TEST_F(lives, exec)
{
	ASSERT_EQ(0, child_start(&self->race.child, exec_for_ever, NULL));
	*self->pid = self->race.child.pid;
	ASSERT_EQ(0, child_continue(&self->race.child));
	look(_metadata, &self->race, self->pid, ARRAY_SIZE(looks) - 1);
	EXPECT_EQ(0, waitpid(self->race.child.pid, NULL, WNOHANG));
}

/* Processes that live for a moment; the parent says who does now */
static void spawn_for_ever(int fd, void *arg)
{
	volatile pid_t *slot = arg;
	pid_t pid;
	char *p;

	*slot = getpid();
	child_pause(fd);
	for (;;) {
		pid = fork();
		if (!pid) {
			p = map_changing();
			touch(p, CHANGING_LEN, 3 * PAGE);
			_exit(0);
		}
		*slot = pid;
		waitpid(pid, NULL, 0);
	}
}

TEST_F(lives, exit)
{
	ASSERT_EQ(0, child_start(&self->race.child, spawn_for_ever,
				 (void *)self->pid));
	ASSERT_EQ(0, child_continue(&self->race.child));
	look(_metadata, &self->race, self->pid, ARRAY_SIZE(looks) - 1);
	EXPECT_EQ(0, waitpid(self->race.child.pid, NULL, WNOHANG));
}

/* Processes that are killed while they themselves look at another */
static void look_and_die(int fd, void *arg)
{
	struct tlbscope_ranges query = { .end = ZOO_START + GIB, .vec_len = 3 };
	pid_t pid, parent = getpid();
	struct ranges r;

	(void)arg;
	child_pause(fd);
	for (;;) {
		pid = fork();
		if (!pid) {
			fd = scope_open("ranges");
			while (!scope_target(fd, parent) &&
			       !scope_ranges(fd, &query, &r))
				ranges_free(&r);
			_exit(0);
		}
		usleep(3000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

TEST_F(lives, killed_lookers)
{
	ASSERT_EQ(0, child_start(&self->race.child, look_and_die, NULL));
	*self->pid = self->race.child.pid;
	ASSERT_EQ(0, child_continue(&self->race.child));
	look(_metadata, &self->race, self->pid, ARRAY_SIZE(looks) - 1);
	EXPECT_EQ(0, waitpid(self->race.child.pid, NULL, WNOHANG));
}

TEST_HARNESS_MAIN
