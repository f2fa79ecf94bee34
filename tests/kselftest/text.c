// SPDX-License-Identifier: GPL-2.0
/*
 * The text files: the same facts as by ioctl, however they are asked and read
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>

#include "check.h"
#include "child.h"
#include "memory.h"

FIXTURE(text) {
	struct child child;
	struct zoo *zoo;
	int fd;
	__u64 user_end;
};

FIXTURE_SETUP(text)
{
	struct tlbscope_info info;

	ASSERT_EQ(0, zoo_start(&self->child, &self->zoo));
	ASSERT_EQ(0, scope_info(&info));
	self->user_end = info.user_end;
	self->fd = scope_open("ranges");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, scope_target(self->fd, self->child.pid));
}

FIXTURE_TEARDOWN(text)
{
	child_end(&self->child);
	close(self->fd);
}

static const char * const levels4[] = { "PGD", "PUD", "PMD", "PTE" };
static const char * const levels5[] = { "PGD", "P4D", "PUD", "PMD", "PTE" };

static const char *level_name(unsigned int levels, unsigned int level)
{
	return levels == 4 ? levels4[4 - level] : levels5[5 - level];
}

static const char *state_name(unsigned int state)
{
	static const char * const names[] = {
		[TLBSCOPE_NONE] = "none",
		[TLBSCOPE_LEAF] = "present",
		[TLBSCOPE_PROTNONE] = "protnone",
		[TLBSCOPE_SWAP] = "swapped",
		[TLBSCOPE_MIGRATION] = "migrating",
		[TLBSCOPE_DEVICE] = "device",
		[TLBSCOPE_HWPOISON] = "hwpoison",
		[TLBSCOPE_MARKER] = "marker",
		[TLBSCOPE_SPLITTING] = "splitting",
		[TLBSCOPE_UNREADABLE] = "unreadable",
		[TLBSCOPE_UNKNOWN] = "unknown",
	};

	return state < ARRAY_SIZE(names) && names[state] ? names[state] : "?";
}

/* The line at @at that begins with @word, within @lines lines; NULL if none */
static const char *find_line(const char *at, unsigned int lines,
			     const char *word)
{
	size_t len = strlen(word);

	for (; lines && *at; lines--) {
		if (!strncmp(at, word, len) && isspace(at[len]))
			return at;
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	return NULL;
}

static bool has_word(const char *line, const char *word)
{
	size_t len = strlen(word), end = strcspn(line, "\n");
	const char *at = line;

	while ((at = strstr(at, word)) && at < line + end) {
		if ((at == line || at[-1] == ' ') && !isalnum(at[len]) &&
		    at[len] != '-' && at[len] != '_')
			return true;
		at += len;
	}
	return false;
}

/* One root's block of a walk's text, against the ioctl's answer */
static void check_block(struct __test_metadata *_metadata, const char *text,
			const struct tlbscope_walk *w)
{
	unsigned int steps = w->levels - w->level + 1, level, index;
	unsigned long long phys, entry;
	const char *line, *name;
	char number[32];

	for (level = w->levels; level >= w->level; level--) {
		const struct tlbscope_step *step = &w->step[w->levels - level];

		name = level_name(w->levels, level);
		line = find_line(text, steps + 1, name);
		ASSERT_NE(NULL, line)
			TH_LOG("no line %s in:\n%s", name, text);
		ASSERT_EQ(3, sscanf(line, "%*s %u %llx %llx", &index, &phys,
				    &entry));
		EXPECT_EQ(step->phys % PAGE / 8, index);
		EXPECT_HEX(step->phys, phys, "%s", name);
		EXPECT_HEX(step->entry, entry, "%s", name);
		if (!(entry & BIT_PRESENT))
			continue;
		EXPECT_TRUE(has_word(line, "present"));
		EXPECT_EQ(!!(entry & BIT_WRITE), has_word(line, "write"));
		EXPECT_EQ(!!(entry & BIT_USER), has_word(line, "user"));
		EXPECT_EQ(!!(entry & BIT_ACCESSED), has_word(line, "accessed"));
		EXPECT_EQ(!!(entry & BIT_NX), has_word(line, "nx"));
		EXPECT_EQ(level == w->level && w->level > 1,
			  has_word(line, "huge"));
		if (level == w->level)
			EXPECT_EQ(!!(entry & BIT_DIRTY),
				  has_word(line, "dirty"));
	}
	if (w->level > 1)
		EXPECT_EQ(NULL, find_line(text, steps + 2,
					  level_name(w->levels, w->level - 1)));
	line = find_line(text, steps + 2, state_name(w->state));
	ASSERT_NE(NULL, line)
		TH_LOG("no line %s in:\n%s", state_name(w->state), text);
	snprintf(number, sizeof(number), "%llu", w->page_size);
	EXPECT_TRUE(has_word(line, number))
		TH_LOG("no size %s in %s", number, line);
	snprintf(number, sizeof(number), "0x%016llx", w->phys);
	EXPECT_EQ(has_frame(w->state), has_word(line, number))
		TH_LOG("frame %s in %s", number, line);
	if (w->state == TLBSCOPE_LEAF) {
		EXPECT_EQ(!!(w->rights & TLBSCOPE_MAY_WRITE),
			  has_word(line, "write"));
		EXPECT_EQ(!!(w->rights & TLBSCOPE_MAY_EXEC),
			  has_word(line, "exec"));
		EXPECT_EQ(!!(w->rights & TLBSCOPE_MAY_USER),
			  has_word(line, "user"));
	}
}

static void check_walk(struct __test_metadata *_metadata, int fd, pid_t pid,
		       __u64 address)
{
	struct tlbscope_walk w;
	const char *user;
	char *text;

	ASSERT_EQ(0, scope_walk(fd, address, 0, &w));
	text = scope_text("walk", "%d %llx", pid, address);
	ASSERT_NE(NULL, text);
	check_block(_metadata, strstr(text, "root kernel"), &w);
	user = strstr(text, "root user");
	EXPECT_EQ(scope_pti(), !!user);
	if (user) {
		ASSERT_EQ(0, scope_walk(fd, address, TLBSCOPE_USER_ROOT, &w));
		check_block(_metadata, user, &w);
	}
	free(text);
	if (!scope_pti())
		return;
	text = scope_text("walk", "%d %llx user", pid, address);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(NULL, strstr(text, "root kernel"));
	check_block(_metadata, strstr(text, "root user"), &w);
	free(text);
}

TEST_F(text, walk)
{
	unsigned int i;

	for (i = 0; i < self->zoo->n; i++)
		check_walk(_metadata, self->fd, self->child.pid,
			   self->zoo->part[i].start + 0x123);
	check_walk(_metadata, self->fd, self->child.pid, 0);
	check_walk(_metadata, self->fd, self->child.pid, self->zoo->end);
	check_walk(_metadata, self->fd, self->child.pid,
		   (unsigned long)scope_open);
	check_walk(_metadata, self->fd, self->child.pid, self->user_end - 1);
	check_walk(_metadata, self->fd, self->child.pid, -self->user_end);
}

/* A line of ranges: START-END BYTES STATE PHYS ENTRY FLAGS */
static bool parse_range(const char *line, struct tlbscope_range *r)
{
	unsigned long long bytes;
	char state[32], phys[32];
	unsigned int i;

	memset(r, 0, sizeof(*r));
	if (sscanf(line, "%llx-%llx %llu %31s %31s %llx", &r->start, &r->end,
		   &bytes, state, phys, &r->entry) != 6)
		return false;
	for (i = 1; i <= 3; i++)
		if (span(i) == bytes)
			r->level = i;
	for (i = 0; i < TLBSCOPE_STATES; i++)
		if (!strcmp(state, state_name(i)))
			r->state = i;
	r->phys = strcmp(phys, "-") ? strtoull(phys, NULL, 16) : 0;
	return r->level;
}

static void check_ranges(struct __test_metadata *_metadata, const char *text,
			 struct ranges *want)
{
	struct ranges got = {};
	size_t i;

	got.v = calloc(want->n + 1, sizeof(*got.v));
	while (got.n <= want->n && *text) {
		ASSERT_TRUE(parse_range(text, &got.v[got.n]))
			TH_LOG("%.*s", (int)strcspn(text, "\n"), text);
		got.n++;
		text += strcspn(text, "\n") + 1;
	}
	/* The text has the flags in words, not what all levels allow */
	for (i = 0; i < want->n; i++)
		want->v[i].rights = 0;
	check_same_ranges(_metadata, want, &got, 0);
	free(got.v);
}

TEST_F(text, ranges)
{
	static const struct {
		const char *words;
		__u32 flags;
	} options[] = {
		{ "", 0 },
		{ "all", TLBSCOPE_RANGES_ALL },
		{ "unmerged", TLBSCOPE_RANGES_UNMERGED },
		{ "unmerged all",
		  TLBSCOPE_RANGES_ALL | TLBSCOPE_RANGES_UNMERGED },
		{ "all unmerged",
		  TLBSCOPE_RANGES_ALL | TLBSCOPE_RANGES_UNMERGED },
	};
	struct ranges want;
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		ASSERT_EQ(0, scope_all_ranges(self->fd, 0, self->user_end,
					      options[i].flags, &want));
		text = scope_text("ranges", "%d %s", self->child.pid,
				  options[i].words);
		ASSERT_NE(NULL, text);
		check_ranges(_metadata, text, &want);
		free(text);
		ranges_free(&want);
	}

	/* With bounds, in the middle of everything */
	ASSERT_EQ(0, scope_all_ranges(self->fd, self->zoo->start + 5 * PAGE,
				      self->zoo->end - HUGE, 0, &want));
	text = scope_text("ranges", "%d 0x%llx %llx", self->child.pid,
			  self->zoo->start + 5 * PAGE, self->zoo->end - HUGE);
	ASSERT_NE(NULL, text);
	check_ranges(_metadata, text, &want);
	free(text);
	ranges_free(&want);

	/* Only the first bound: to the end of the half */
	ASSERT_EQ(0, scope_all_ranges(self->fd, self->zoo->start,
				      self->user_end, 0, &want));
	text = scope_text("ranges", "%d %llx", self->child.pid,
			  self->zoo->start);
	ASSERT_NE(NULL, text);
	check_ranges(_metadata, text, &want);
	free(text);
}

/* From the very first byte to the very last */
TEST_F(text, ranges_of_everything)
{
	struct ranges want;
	struct tlbscope_range r;
	char *text;

	ASSERT_EQ(0, scope_all_ranges(self->fd, 0, self->user_end, 0, &want));
	text = scope_text("ranges", "%d 0 ffffffffffffffff", self->child.pid);
	ASSERT_NE(NULL, text);
	ASSERT_TRUE(parse_range(text, &r))
		TH_LOG("the answer begins with '%.60s'", text);
	EXPECT_HEX(want.v[0].start, r.start, "first range");
	text = strstr(text, "\n0xffff");
	EXPECT_NE(NULL, text);
}

/* "user" asks for the other root */
TEST_F(text, ranges_user_root)
{
	struct ranges want;
	char *text;

	text = scope_text("ranges", "%d user", self->child.pid);
	if (!scope_pti()) {
		EXPECT_EQ(NULL, text);
		EXPECT_EQ(EOPNOTSUPP, errno);
		skip("there is one root without page-table isolation");
	}
	ASSERT_NE(NULL, text);
	ASSERT_EQ(0, scope_all_ranges(self->fd, 0, self->user_end,
				      TLBSCOPE_USER_ROOT, &want));
	check_ranges(_metadata, text, &want);
}

TEST_F(text, tables)
{
	struct tlbscope_tables query = { .end = self->user_end };
	unsigned int level, levels = scope_levels();
	unsigned long long n[6], root;
	const char *line;
	struct tables t;
	char *text;

	ASSERT_EQ(0, scope_tables(self->fd, &query, &t));
	text = scope_text("tables", "%d", self->child.pid);
	ASSERT_NE(NULL, text);
	line = strstr(text, "root ");
	ASSERT_NE(NULL, line);
	ASSERT_EQ(1, sscanf(line, "root %llx", &root));
	EXPECT_HEX(t.root, root, "root");
	EXPECT_EQ(scope_pti(), !!strstr(text, "user root"));
	for (level = 1; level <= levels; level++) {
		const struct tlbscope_level *l = &t.level[level - 1];

		line = find_line(text, 100, level_name(levels, level));
		ASSERT_NE(NULL, line);
		ASSERT_EQ(6, sscanf(line, "%*s %llu %llu %llu %llu %llu %llu",
				    &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]));
		EXPECT_EQ(l->tables, n[0]);
		EXPECT_EQ(l->tables * PAGE, n[1]);
		EXPECT_EQ(l->used, n[2]);
		EXPECT_EQ(l->leaves, n[3]);
		EXPECT_EQ(l->pointers, n[4]);
		EXPECT_EQ(l->used - l->leaves - l->pointers, n[5]);
	}
}

/* The whole answer again, from its beginning */
static size_t retake(int fd, char **want)
{
	free(*want);
	*want = lseek(fd, 0, SEEK_SET) ? NULL : scope_answer(fd, 65536);
	return *want ? strlen(*want) : 0;
}

/*
 * However it is read, the answer is the same. The kernel ages pages and clears
 * their accessed bits when it likes (7.x does, without any need for memory): an
 * answer that differs must agree with one taken after it.
 */
TEST_F(text, reading)
{
	static const size_t steps[] = { 1, 7, 80, 4095, 4096, 4097, 1 << 20 };
	char line[32], *want, *got = NULL, part[501];
	unsigned int i, tries;
	size_t len, at;
	ssize_t n;

	snprintf(line, sizeof(line), "%d all unmerged", self->child.pid);
	ASSERT_EQ(0, scope_ask(self->fd, line));
	want = scope_answer(self->fd, 65536);
	ASSERT_NE(NULL, want);
	len = strlen(want);
	EXPECT_LT(50000, len);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		for (tries = 0; tries < 5; tries++) {
			/* A write starts over, and so does a seek */
			ASSERT_EQ(0, i % 2 ? scope_ask(self->fd, line) :
					     lseek(self->fd, 0, SEEK_SET));
			got = scope_answer(self->fd, steps[i]);
			ASSERT_NE(NULL, got);
			if (!strcmp(want, got))
				break;
			free(got);
			got = NULL;
			len = retake(self->fd, &want);
			ASSERT_LT(0, len);
		}
		EXPECT_NE(NULL, got)
			TH_LOG("%zu bytes a read", steps[i]);
		free(got);
		got = NULL;
	}

	/* Anywhere, in any order */
	for (i = 0; i < 60; i++) {
		for (tries = 0; tries < 5; tries++) {
			at = i * 7919UL * 31 % len;
			n = pread(self->fd, part, 500, at);
			ASSERT_LT(0, n);
			part[n] = '\0';
			if (!strncmp(want + at, part, n))
				break;
			len = retake(self->fd, &want);
			ASSERT_LT(0, len);
		}
		EXPECT_GT(5, tries)
			TH_LOG("at %zu", at);
	}
	len = retake(self->fd, &want);
	ASSERT_LT(600, len);
	EXPECT_EQ(0, pread(self->fd, part, 500, len));
	EXPECT_EQ(0, pread(self->fd, part, 500, len + 12345));
	EXPECT_EQ(100, lseek(self->fd, 100, SEEK_SET));
	ASSERT_EQ(500, read(self->fd, part, 500));
	EXPECT_EQ(0, strncmp(want + 100, part, 500));
	EXPECT_EQ(90, lseek(self->fd, -510, SEEK_CUR));
	free(want);
}

/* Another request on the same file: its answer, from the beginning */
TEST_F(text, next_request)
{
	char line[64], part[10], *first, *second, *got;

	first = scope_text("ranges", "%d %llx", self->child.pid,
			   self->zoo->start);
	second = scope_text("ranges", "%d 0 %llx", self->child.pid,
			    self->zoo->start);
	ASSERT_NE(NULL, first);
	ASSERT_NE(NULL, second);
	EXPECT_NE(0, strcmp(first, second));
	snprintf(line, sizeof(line), "%d %llx\n", self->child.pid,
		 self->zoo->start);
	ASSERT_EQ(0, scope_ask(self->fd, line));
	ASSERT_EQ(10, read(self->fd, part, 10));
	snprintf(line, sizeof(line), "%d 0 %llx\n", self->child.pid,
		 self->zoo->start);
	ASSERT_EQ(0, scope_ask(self->fd, line));
	got = scope_answer(self->fd, 1000);
	ASSERT_NE(NULL, got);
	EXPECT_STREQ(second, got);

	/* What is refused is no request: the answer before can be read on */
	EXPECT_EQ(-EINVAL, scope_ask(self->fd, "nonsense"));
	ASSERT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	got = scope_answer(self->fd, 1000);
	ASSERT_NE(NULL, got);
	EXPECT_STREQ(second, got);
}

/* Binary requests come between, and do not disturb */
TEST_F(text, with_ioctls_between)
{
	struct tlbscope_tables query = {
		.end = self->user_end, .vec_len = 100,
	};
	char *want, *rest, part[1001], line[32];
	struct ranges r;
	struct tables t;

	want = scope_text("ranges", "%d all unmerged", self->child.pid);
	ASSERT_NE(NULL, want);
	snprintf(line, sizeof(line), "%d all unmerged", self->child.pid);
	ASSERT_EQ(0, scope_ask(self->fd, line));
	ASSERT_EQ(1000, read(self->fd, part, 1000));
	EXPECT_EQ(0, strncmp(want, part, 1000));
	ASSERT_EQ(0, scope_all_ranges(self->fd, self->zoo->end - GIB,
				      self->zoo->end, 0, &r));
	ASSERT_EQ(20000, lseek(self->fd, 20000, SEEK_SET));
	ASSERT_EQ(1000, read(self->fd, part, 1000));
	EXPECT_EQ(0, strncmp(want + 20000, part, 1000));
	ASSERT_EQ(0, scope_tables(self->fd, &query, &t));
	rest = scope_answer(self->fd, 1000);
	ASSERT_NE(NULL, rest);
	EXPECT_EQ(strlen(want + 21000), strlen(rest));
	EXPECT_EQ(0, strcmp(want + 21000, rest));
}

TEST_F(text, two_files)
{
	int other = scope_open("ranges");
	char line[32], *want, *got;

	ASSERT_LE(0, other);
	want = scope_text("ranges", "%d", self->child.pid);
	ASSERT_NE(NULL, want);
	snprintf(line, sizeof(line), "%d", self->child.pid);
	ASSERT_EQ(0, scope_ask(self->fd, line));
	ASSERT_EQ(0, scope_ask(other, "self 0 1000"));
	got = scope_answer(other, 4096);
	ASSERT_NE(NULL, got);
	EXPECT_STREQ("", got);
	got = scope_answer(self->fd, 4096);
	ASSERT_NE(NULL, got);
	EXPECT_STREQ(want, got);
}

/* Each word in every way that it may be written */
TEST_F(text, spellings)
{
	static const char * const same[] = {
		"%d %llx", "%d 0x%llx", "%d 0X%llx", " %d  %llx ", "%d\t%llx\n",
		"%d %llx\n", "\n%d %016llx\n\n", "%d %llX",
	};
	__u64 address = self->zoo->start + HUGE + 0xabc;
	char *want, *got, line[128];
	size_t i;
	int fd;

	want = scope_text("walk", "%d %llx", self->child.pid, address);
	ASSERT_NE(NULL, want);
	for (i = 0; i < ARRAY_SIZE(same); i++) {
		fd = scope_open("walk");
		ASSERT_LE(0, fd);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(line, sizeof(line), same[i], self->child.pid, address);
#pragma GCC diagnostic pop
		EXPECT_EQ(0, scope_ask(fd, line))
			TH_LOG("'%s'", line);
		got = scope_answer(fd, 4096);
		ASSERT_NE(NULL, got);
		EXPECT_STREQ(want, got);
		free(got);
		close(fd);
	}
}

TEST_F(text, self_and_kernel)
{
	struct symbol s[] = { { .name = "linux_banner" } };
	struct tlbscope_walk w;
	char *text;

	ASSERT_EQ(0, scope_target(self->fd, SELF));
	ASSERT_EQ(0, scope_walk(self->fd, (unsigned long)scope_open, 0, &w));
	text = scope_text("walk", "self %lx", (unsigned long)scope_open);
	ASSERT_NE(NULL, text);
	check_block(_metadata, strstr(text, "root kernel"), &w);

	kernel_symbols(s, 1);
	ASSERT_NE(0, s[0].address);
	ASSERT_EQ(0, scope_target(self->fd, KERNEL));
	ASSERT_EQ(0, scope_walk(self->fd, s[0].address, 0, &w));
	text = scope_text("walk", "kernel %llx", s[0].address);
	ASSERT_NE(NULL, text);
	check_block(_metadata, strstr(text, "root kernel"), &w);

	text = scope_text("ranges", "kernel %llx", KERNEL_TEXT);
	ASSERT_NE(NULL, text);
	EXPECT_LT(10, strlen(text));
	text = scope_text("tables", "kernel %llx", KERNEL_TEXT);
	ASSERT_NE(NULL, text);
	EXPECT_NE(NULL, strstr(text, "PTE"));
}

/* Who does not ask is told how */
TEST_F(text, usage)
{
	static const char * const files[] = { "walk", "ranges", "tables" };
	char *text;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		fd = scope_open(files[i]);
		ASSERT_LE(0, fd);
		text = scope_answer(fd, 4096);
		ASSERT_NE(NULL, text);
		EXPECT_NE(NULL, strstr(text, "PID"));
		free(text);
		close(fd);
	}
}

TEST_HARNESS_MAIN
