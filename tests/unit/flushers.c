// SPDX-License-Identifier: GPL-2.0
#include <unistd.h>

#include "flushers.h"
#include "unit.h"

/* Process IDs that nobody has: above what Linux gives out */
#define A	(1 << 23)
#define B	(A + 1)
#define C	(A + 2)

static void count(struct flushers *all, pid_t pid, unsigned int reason,
		  uint64_t pages)
{
	struct flush_record record = { .reason = reason, .pages = pages };

	CHECK_EQ(flushers_count(all, pid, &record), 0);
}

static const struct tlbscope_flusher *find(const struct flushers *all, pid_t pid)
{
	const struct tlbscope_flusher *f = NULL;

	while ((f = flushers_next(all, f)))
		if (f->pid == pid)
			return f;
	return NULL;
}

static unsigned int number(const struct flushers *all)
{
	const struct tlbscope_flusher *f = NULL;
	unsigned int n = 0;

	while ((f = flushers_next(all, f)))
		n++;
	return n;
}

TEST(nobody)
{
	struct flushers all;

	flushers_init(&all, TLBSCOPE_EVERYBODY, false);
	CHECK(!flushers_next(&all, NULL));
	flushers_end_round(&all);
	CHECK(!flushers_next(&all, NULL));
	flushers_free(&all);
}

TEST(classes_of_sizes)
{
	static const struct {
		uint64_t pages;
		unsigned int class;
	} sizes[] = {
		{ 0, 0 }, { 1, 1 }, { 2, 2 }, { 3, 2 }, { 4, 3 }, { 7, 3 }, { 8, 4 },
		{ 33, 6 }, { 262143, 18 }, { 262144, 19 }, { ~1ULL, 19 },
	};
	const struct tlbscope_flushes *r;
	struct flushers all;
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		flushers_init(&all, TLBSCOPE_EVERYBODY, false);
		count(&all, A, TLBSCOPE_FLUSH_LOCAL_MM, sizes[i].pages);
		r = &find(&all, A)->reason[TLBSCOPE_FLUSH_LOCAL_MM];
		CHECK_EQ(r->records, 1);
		CHECK_EQ(r->full, 0);
		CHECK_EQ(r->pages, sizes[i].pages);
		CHECK_EQ(r->size[sizes[i].class], 1);
		flushers_free(&all);
	}
}

TEST(what_is_a_flush)
{
	const struct tlbscope_flusher *f;
	struct flushers all;
	unsigned int reason;

	flushers_init(&all, TLBSCOPE_EVERYBODY, false);
	for (reason = 0; reason < TLBSCOPE_FLUSH_REASONS; reason++) {
		count(&all, A, reason, 5);
		count(&all, A, reason, TLBSCOPE_FLUSH_ALL);
		/* Nothing to flush */
		count(&all, A, reason, 0);
	}
	f = find(&all, A);
	REQUIRE(f);
	CHECK_EQ(f->records, 3 * TLBSCOPE_FLUSH_REASONS);
	CHECK_EQ(f->flushes, 2 * 4);
	CHECK_EQ(f->recent, 2 * 4);
	CHECK_EQ(f->reason[TLBSCOPE_FLUSH_REMOTE].full, 1);
	CHECK_EQ(f->reason[TLBSCOPE_FLUSH_REMOTE].pages, 5);
	flushers_mark(&all);
	CHECK_EQ(f->recent, 0);
	CHECK_EQ(f->flushes, 2 * 4);
	flushers_free(&all);
}

TEST(names)
{
	char own[32] = "";
	struct flushers all;
	FILE *file;

	flushers_init(&all, TLBSCOPE_EVERYBODY, false);
	count(&all, 0, 0, 1);
	count(&all, -1, 0, 1);
	count(&all, A, 0, 1);
	count(&all, getpid(), 0, 1);
	CHECK_STR(find(&all, 0)->command, "idle");
	CHECK_STR(find(&all, -1)->command, "exiting");
	CHECK_STR(find(&all, A)->command, "?");
	file = fopen("/proc/self/comm", "r");
	if (file && fscanf(file, "%31s", own) == 1)
		CHECK_STR(find(&all, getpid())->command, own);
	if (file)
		fclose(file);
	flushers_name(&all, A, "a name that is longer than any");
	CHECK_STR(find(&all, A)->command, "a name that is ");
	flushers_fork(&all, B, A);
	count(&all, B, 0, 1);
	CHECK_STR(find(&all, B)->command, "a name that is ");
	flushers_name(&all, B, "b");
	CHECK_STR(find(&all, B)->command, "b");
	CHECK_STR(find(&all, A)->command, "a name that is ");
	flushers_free(&all);
}

/* The buffer of one CPU is read before that of another */
TEST(a_name_before_the_fork)
{
	struct flushers all;

	flushers_init(&all, TLBSCOPE_EVERYBODY, false);
	flushers_name(&all, A, "parent");
	count(&all, B, 0, 1);
	flushers_name(&all, B, "child");
	flushers_fork(&all, B, A);
	CHECK_STR(find(&all, B)->command, "child");
	CHECK_EQ(find(&all, B)->records, 1);
	flushers_free(&all);
}

TEST(one_target)
{
	struct flushers all;

	flushers_init(&all, A, false);
	count(&all, A, 0, 1);
	count(&all, B, 0, 1);
	flushers_fork(&all, C, A);
	count(&all, C, 0, 1);
	flushers_end_round(&all);
	CHECK_EQ(number(&all), 1);
	CHECK(find(&all, A));
	flushers_free(&all);
}

TEST(a_target_and_its_children)
{
	struct flushers all;

	flushers_init(&all, A, true);
	count(&all, A, 0, 1);
	/* The grandchild first */
	count(&all, C, 0, 1);
	flushers_fork(&all, C, B);
	flushers_fork(&all, B, A);
	count(&all, B, 0, 1);
	count(&all, C + 1, 0, 1);
	flushers_fork(&all, C + 2, C + 1);
	count(&all, C + 2, 0, 1);
	flushers_exit(&all, B);
	flushers_end_round(&all);
	CHECK_EQ(number(&all), 3);
	CHECK(find(&all, B));
	CHECK(find(&all, C));
	CHECK(!find(&all, C + 1));
	CHECK(!find(&all, C + 2));
	flushers_end_round(&all);
	flushers_end_round(&all);
	CHECK_EQ(number(&all), 3);
	flushers_free(&all);
}

TEST(an_end_before_the_fork)
{
	struct flushers all;

	flushers_init(&all, A, true);
	count(&all, A, 0, 1);
	count(&all, B, 0, 1);
	flushers_name(&all, B, "child");
	flushers_exit(&all, B);
	flushers_end_round(&all);
	flushers_fork(&all, B, A);
	flushers_end_round(&all);
	REQUIRE(number(&all) == 2);
	CHECK_STR(find(&all, B)->command, "child");
	flushers_free(&all);
}

TEST(those_that_ended_are_put_together)
{
	const struct tlbscope_flusher *f;
	struct flushers all;
	pid_t pid;

	flushers_init(&all, TLBSCOPE_EVERYBODY, false);
	for (pid = A; pid < A + 10; pid++) {
		flushers_fork(&all, pid, 1);
		flushers_name(&all, pid, pid % 2 ? "odd" : "even");
		count(&all, pid, TLBSCOPE_FLUSH_LOCAL_MM, 3);
		flushers_exit(&all, pid);
		flushers_exit(&all, pid);
	}
	/* Without a record: nothing to tell */
	flushers_fork(&all, pid, 1);
	flushers_exit(&all, pid);
	flushers_end_round(&all);
	CHECK_EQ(number(&all), 10);
	/* What its other CPU recorded before it ended */
	count(&all, A, TLBSCOPE_FLUSH_REMOTE, TLBSCOPE_FLUSH_ALL);
	flushers_end_round(&all);
	REQUIRE(number(&all) == 2);
	f = flushers_next(&all, NULL);
	if (strcmp(f->command, "even"))
		f = flushers_next(&all, f);
	CHECK_STR(f->command, "even");
	CHECK(f->ended);
	CHECK_EQ(f->processes, 5);
	CHECK_EQ(f->records, 6);
	CHECK_EQ(f->flushes, 6);
	CHECK_EQ(f->recent, 6);
	CHECK_EQ(f->reason[TLBSCOPE_FLUSH_LOCAL_MM].pages, 15);
	CHECK_EQ(f->reason[TLBSCOPE_FLUSH_LOCAL_MM].size[2], 5);
	CHECK_EQ(f->reason[TLBSCOPE_FLUSH_REMOTE].full, 1);
	flushers_mark(&all);
	CHECK_EQ(f->recent, 0);
	flushers_free(&all);
}

TEST(an_id_that_is_given_again)
{
	struct flushers all;

	flushers_init(&all, TLBSCOPE_EVERYBODY, false);
	flushers_fork(&all, A, 1);
	flushers_name(&all, A, "first");
	count(&all, A, 0, 1);
	flushers_exit(&all, A);
	flushers_fork(&all, A, 1);
	flushers_name(&all, A, "second");
	count(&all, A, 0, 1);
	CHECK_EQ(number(&all), 2);
	flushers_end_round(&all);
	flushers_end_round(&all);
	CHECK_EQ(number(&all), 2);
	count(&all, A, 0, 1);
	CHECK_EQ(number(&all), 2);
	flushers_free(&all);
}

TEST(those_that_run)
{
	struct flushers all;

	flushers_init(&all, TLBSCOPE_EVERYBODY, false);
	CHECK_EQ(flushers_find_running(&all), 0);
	/* They have not flushed yet */
	CHECK_EQ(number(&all), 0);
	count(&all, getpid(), 0, 1);
	CHECK_EQ(number(&all), 1);
	flushers_free(&all);
}

UNIT_MAIN("flushers")
