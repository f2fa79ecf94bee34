// SPDX-License-Identifier: GPL-2.0
/*
 * Many addresses in one call: what a walk of each would say
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>

#include "check.h"
#include "child.h"
#include "memory.h"

#define MANY	3000

/* How a page is printed */
#define PAGE_FORMAT	"phys 0x%llx state %u level %u rights %x"

FIXTURE(translate) {
	struct child child;
	struct zoo *zoo;
	int fd;
	struct tlbscope_info info;
	struct tlbscope_translation *v;
};

static void keep_zoo(int fd, void *arg)
{
	struct zoo *zoo = arg;

	if (zoo_build(zoo))
		_exit(1);
	child_pause(fd);
}

FIXTURE_SETUP(translate)
{
	self->zoo = mmap(NULL, sizeof(*self->zoo), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->zoo);
	ASSERT_EQ(0, child_start(&self->child, keep_zoo, self->zoo));
	ASSERT_EQ(0, scope_info(&self->info));
	self->fd = scope_open("walk");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, scope_target(self->fd, self->child.pid));
	self->v = calloc(MANY, sizeof(*self->v));
	ASSERT_NE(NULL, self->v);
}

FIXTURE_TEARDOWN(translate)
{
	free(self->v);
	child_end(&self->child);
	close(self->fd);
}

/* Addresses all over the zoo, then some that are elsewhere */
static unsigned int scatter(struct tlbscope_translation *v,
			    const struct zoo *zoo,
			    const struct tlbscope_info *info)
{
	unsigned int i;

	memset(v, 0xa5, MANY * sizeof(*v));
	for (i = 0; i < MANY - 5; i++)
		v[i].address = zoo->start +
			       i * 8191 * 509UL % (zoo->end - zoo->start);
	v[i++].address = 0;
	v[i++].address = (unsigned long)scope_open;
	v[i++].address = info->user_end - 1;
	v[i++].address = info->kernel_start;
	v[i++].address = ~0ULL;
	return i;
}

static void check_against_walk(struct __test_metadata *_metadata, int fd,
			       const struct tlbscope_translation *v,
			       unsigned int n, __u32 flags)
{
	struct tlbscope_walk w;
	unsigned int i;

	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, scope_walk(fd, v[i].address, flags, &w));
		ASSERT_TRUE(v[i].phys == w.phys && v[i].state == w.state &&
			    v[i].level == w.level && v[i].rights == w.rights)
			TH_LOG("0x%llx: " PAGE_FORMAT ", not " PAGE_FORMAT,
			       v[i].address, v[i].phys, v[i].state, v[i].level,
			       v[i].rights, w.phys, w.state, w.level, w.rights);
	}
}

TEST_F(translate, agrees_with_walk)
{
	static const unsigned int lengths[] = { 1, 2, 511, 512, 513, MANY };
	unsigned int done;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		scatter(self->v, self->zoo, &self->info);
		ASSERT_EQ(0, scope_translate(self->fd, self->v, lengths[i], 0,
					     &done));
		EXPECT_EQ(lengths[i], done);
		check_against_walk(_metadata, self->fd, self->v, done, 0);
		/* And no further than it was told */
		if (done < MANY)
			EXPECT_HEX(0xa5a5a5a5a5a5a5a5ULL, self->v[done].phys,
				   "the record behind");
	}
}

TEST_F(translate, agrees_with_pagemap)
{
	unsigned int done, i, present = 0;
	__u64 entry;

	scatter(self->v, self->zoo, &self->info);
	ASSERT_EQ(0, scope_translate(self->fd, self->v, MANY - 5, 0, &done));
	for (i = 0; i < done; i++) {
		entry = pagemap_at(self->child.pid,
				   (void *)self->v[i].address);
		EXPECT_EQ(!!(entry & PM_PRESENT), has_frame(self->v[i].state));
		if (!(entry & PM_PRESENT))
			continue;
		present++;
		EXPECT_HEX((entry & PM_PFN) * PAGE + self->v[i].address % PAGE,
			   self->v[i].phys, "0x%llx", self->v[i].address);
	}
	EXPECT_LT(100, present);
}

TEST_F(translate, user_root)
{
	unsigned int done;

	scatter(self->v, self->zoo, &self->info);
	if (!scope_pti()) {
		EXPECT_EQ(-EOPNOTSUPP,
			  scope_translate(self->fd, self->v, 1,
					  TLBSCOPE_USER_ROOT, &done));
		skip("there is one root without page-table isolation");
	}
	ASSERT_EQ(0, scope_translate(self->fd, self->v, MANY,
				     TLBSCOPE_USER_ROOT, &done));
	check_against_walk(_metadata, self->fd, self->v, done,
			   TLBSCOPE_USER_ROOT);
}

/* It stops at what is wrong, and says where that is */
TEST_F(translate, stops_at_what_is_wrong)
{
	unsigned int done;
	char *page;

	scatter(self->v, self->zoo, &self->info);
	self->v[700].address = self->info.user_end;
	EXPECT_EQ(-EINVAL, scope_translate(self->fd, self->v, MANY, 0, &done));
	EXPECT_EQ(700, done);
	check_against_walk(_metadata, self->fd, self->v, 700, 0);
	EXPECT_HEX(0xa5a5a5a5a5a5a5a5ULL, self->v[700].phys,
		   "the record that is wrong");
	EXPECT_EQ(-EINVAL, scope_translate(self->fd, &self->v[700], 1, 0,
					   &done));
	EXPECT_EQ(0, done);

	/* Ten records, and then there is no memory any more */
	page = mem_small(2 * PAGE);
	ASSERT_NE(NULL, page);
	ASSERT_EQ(0, mprotect(page + PAGE, PAGE, PROT_NONE));
	memcpy(page + PAGE - 10 * sizeof(*self->v), self->v,
	       10 * sizeof(*self->v));
	EXPECT_EQ(-EFAULT,
		  scope_translate(self->fd,
				  (void *)(page + PAGE - 10 * sizeof(*self->v)),
				  20, 0, &done));
	EXPECT_EQ(10, done);
	EXPECT_EQ(-EFAULT, scope_translate(self->fd, NULL, 1, 0, &done));
	EXPECT_EQ(0, done);
	EXPECT_EQ(-EFAULT, scope_translate(self->fd,
					   (void *)self->info.kernel_start, 1,
					   0, &done));
	EXPECT_EQ(-EFAULT, scope_translate(self->fd, (void *)(~0UL - 15), 5,
					   0, &done));
}

TEST_F(translate, kernel)
{
	struct symbol s[] = { { .name = "linux_banner" }, { .name = "_stext" } };
	unsigned int done;

	kernel_symbols(s, 2);
	ASSERT_EQ(0, scope_target(self->fd, KERNEL));
	self->v[0].address = s[0].address;
	self->v[1].address = s[1].address;
	self->v[2].address = self->info.kernel_start;
	self->v[3].address = 0x1000;
	EXPECT_EQ(-EINVAL, scope_translate(self->fd, self->v, 4, 0, &done));
	EXPECT_EQ(3, done);
	check_against_walk(_metadata, self->fd, self->v, 3, 0);
	EXPECT_EQ(TLBSCOPE_LEAF, self->v[0].state);
}

TEST_HARNESS_MAIN
