/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests check again and again, in the harness's terms
 */
#ifndef CHECK_H
#define CHECK_H

#include <kselftest_harness.h>
#include <sys/ioctl.h>

#include "oracle.h"
#include "proc.h"
#include "scope.h"

#define RIGHT_R		(TLBSCOPE_MAY_USER | TLBSCOPE_MAY_READ)
#define RIGHT_RW	(RIGHT_R | TLBSCOPE_MAY_WRITE)
#define RIGHT_RX	(RIGHT_R | TLBSCOPE_MAY_EXEC)

/*
 * Leave a test that this machine cannot run. The harness's own would not name
 * it, and would forget what failed before.
 */
#define skip(fmt, ...) do { \
	if (!_metadata->passed) \
		return; \
	SKIP(return, "%s: " fmt, _metadata->name, ##__VA_ARGS__); \
} while (0)

/* As EXPECT_EQ(), in hexadecimal and with words of one's own */
#define EXPECT_HEX(expected, seen, fmt, ...) do { \
	unsigned long long __want = (expected), __got = (seen); \
	EXPECT_EQ(__want, __got) \
		TH_LOG("0x%llx, not 0x%llx: " fmt, __got, __want, \
		       ##__VA_ARGS__); \
} while (0)

/* EXPECT_ERRNO(0, ...) is for what must work */
#define EXPECT_ERRNO(want, call) \
	EXPECT_EQ(want, (call) < 0 ? errno : 0)

/*
 * What a walk of the root that the kernel uses may say: with page-table
 * isolation that root forbids to execute anything of the user's.
 */
static inline unsigned int kernel_rights(unsigned int rights)
{
	return scope_pti() ? rights & ~TLBSCOPE_MAY_EXEC : rights;
}

/* Walk one address; the answer agrees with the memory that holds the tables */
static inline struct tlbscope_walk
walk_at(struct __test_metadata *_metadata, int fd, const void *p, __u32 flags)
{
	struct tlbscope_walk w;

	ASSERT_EQ(0, scope_walk(fd, (unsigned long)p, flags, &w));
	EXPECT_EQ(0, oracle_confirms(&w))
		TH_LOG("walk of %p", p);
	return w;
}

/*
 * A page of @pid's that is there: what the module says of it, what pagemap says
 * of it, and what is in the frame
 */
static inline struct tlbscope_walk
check_page(struct __test_metadata *_metadata, int fd, pid_t pid, const void *p,
	   unsigned long size, unsigned int rights)
{
	struct tlbscope_walk w = walk_at(_metadata, fd, p, 0);
	__u64 entry = pagemap_at(pid, p);
	char here[64], there[64];

	EXPECT_EQ(TLBSCOPE_LEAF, w.state)
		TH_LOG("%p", p);
	EXPECT_EQ(size, w.page_size)
		TH_LOG("%p", p);
	EXPECT_HEX(kernel_rights(rights), w.rights, "rights of %p", p);
	EXPECT_TRUE(entry & PM_PRESENT);
	EXPECT_HEX((entry & PM_PFN) * PAGE + (unsigned long)p % PAGE, w.phys,
		   "pagemap of %p", p);
	if (pid == SELF && !((unsigned long)p % 64)) {
		memcpy(here, p, sizeof(here));
		ASSERT_EQ(0, phys_read(w.phys, there, sizeof(there)));
		EXPECT_EQ(0, memcmp(here, there, sizeof(here)))
			TH_LOG("%p is not at 0x%llx", p, w.phys);
	}
	return w;
}

/* Nothing at @p, and the entry that says so stands for @size bytes */
static inline void check_hole(struct __test_metadata *_metadata, int fd,
			      const void *p, unsigned int level)
{
	struct tlbscope_walk w = walk_at(_metadata, fd, p, 0);

	EXPECT_EQ(TLBSCOPE_NONE, w.state)
		TH_LOG("%p", p);
	EXPECT_EQ(level, w.level)
		TH_LOG("%p", p);
	EXPECT_EQ(span(level), w.page_size);
	EXPECT_HEX(0, w.step[w.levels - level].entry, "entry of %p", p);
	EXPECT_HEX(0, w.phys, "frame of %p", p);
}

/* The last entry of a walk */
static inline __u64 last_entry(const struct tlbscope_walk *w)
{
	return w->step[w->levels - w->level].entry;
}

static inline bool same_range(const struct tlbscope_range *a,
			      const struct tlbscope_range *b, __u64 ignore)
{
	return a->start == b->start && a->end == b->end &&
	       a->phys == b->phys && !((a->entry ^ b->entry) & ~ignore) &&
	       a->level == b->level && a->state == b->state &&
	       a->rights == b->rights;
}

static inline void log_range(struct __test_metadata *_metadata,
			     const char *whose, const struct ranges *r, size_t i)
{
	const struct tlbscope_range *v = &r->v[i];

	if (i < r->n)
		TH_LOG("%s: 0x%llx-0x%llx phys 0x%llx entry 0x%llx level %u state %u rights %x",
		       whose, v->start, v->end, v->phys, v->entry, v->level,
		       v->state, v->rights);
	else
		TH_LOG("%s: no record %zu", whose, i);
}

/* Two lists agree, but for the bits @ignore of entries */
static inline void check_same_ranges(struct __test_metadata *_metadata,
				     const struct ranges *want,
				     const struct ranges *got, __u64 ignore)
{
	size_t i = 0;

	while (i < want->n && i < got->n &&
	       same_range(&want->v[i], &got->v[i], ignore))
		i++;
	EXPECT_TRUE(i == want->n && i == got->n) {
		TH_LOG("record %zu of %zu, of %zu wanted", i, got->n, want->n);
		log_range(_metadata, "wanted", want, i);
		log_range(_metadata, "got", got, i);
	}
}

/* One request's struct in various sizes; the first bytes are @good */
static inline void
check_sizes(struct __test_metadata *_metadata, int fd, unsigned long cmd,
	    const void *good, __u32 size)
{
	static char big[4 * PAGE];
	__u32 *s = (__u32 *)big;
	const struct {
		__u32 size;
		int error;
	} sizes[] = {
		{ 0, EINVAL },
		{ 1, EINVAL },
		{ 4, EINVAL },
		{ size - 8, EINVAL },
		{ size - 1, EINVAL },
		{ size, 0 },
		{ size + 1, 0 },
		{ size + 8, 0 },
		{ PAGE, 0 },
		{ PAGE + 1, E2BIG },
		{ 1U << 31, E2BIG },
		{ ~0U, E2BIG },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(big, 0, sizeof(big));
		memcpy(big, good, size);
		*s = sizes[i].size;
		EXPECT_ERRNO(sizes[i].error, ioctl(fd, cmd, big))
			TH_LOG("command 0x%lx, size %u", cmd, sizes[i].size);
	}

	/* What a newer program may say is understood only if it says nothing */
	for (i = size; i < size + 16; i++) {
		memset(big, 0, sizeof(big));
		memcpy(big, good, size);
		*s = size + 16;
		big[i] = 1;
		EXPECT_ERRNO(E2BIG, ioctl(fd, cmd, big))
			TH_LOG("command 0x%lx, byte %zu", cmd, i);
	}

	/* And nothing is written behind what this one knows */
	memset(big, 0x77, sizeof(big));
	memcpy(big, good, size);
	ASSERT_EQ(0, ioctl(fd, cmd, big));
	EXPECT_EQ(0x77, big[size]);
	EXPECT_EQ(0x77, big[size + 15]);
}

#endif /* CHECK_H */
