// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own half: its image, its modules, the direct map, vmalloc
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <time.h>

#include "check.h"
#include "memory.h"

FIXTURE(kernel) {
	int fd;
	struct tlbscope_info info;
};

FIXTURE_SETUP(kernel)
{
	ASSERT_EQ(0, scope_info(&self->info));
	self->fd = scope_open("walk");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, scope_target(self->fd, KERNEL));
}

FIXTURE_TEARDOWN(kernel)
{
	close(self->fd);
}

/* The bytes at an address, by that address and by the frame's */
static void check_contents(struct __test_metadata *_metadata,
			   const struct tlbscope_walk *w)
{
	char here[64], there[64];

	ASSERT_EQ(0, kernel_read(w->address, here, sizeof(here)));
	ASSERT_EQ(0, phys_read(w->phys, there, sizeof(there)));
	EXPECT_EQ(0, memcmp(here, there, sizeof(here)))
		TH_LOG("0x%llx is not at 0x%llx", w->address, w->phys);
}

static struct tlbscope_walk check_address(struct __test_metadata *_metadata,
					  int fd, __u64 address,
					  unsigned int rights, const char *what)
{
	struct tlbscope_walk w = walk_at(_metadata, fd, (void *)address, 0);

	EXPECT_EQ(TLBSCOPE_LEAF, w.state)
		TH_LOG("%s at 0x%llx", what, address);
	EXPECT_HEX(rights, w.rights, "rights of %s at 0x%llx", what, address);
	check_contents(_metadata, &w);
	return w;
}

TEST_F(kernel, image)
{
	struct symbol s[] = {
		{ .name = "_stext" },
		{ .name = "linux_banner" },
		{ .name = "init_task" },
	};
	char line[256], banner[256] = "";
	struct tlbscope_walk w;

	kernel_symbols(s, ARRAY_SIZE(s));
	ASSERT_NE(0, s[0].address);
	ASSERT_NE(0, s[1].address);
	ASSERT_NE(0, s[2].address);
	check_address(_metadata, self->fd, s[0].address & ~63ULL,
		      TLBSCOPE_MAY_READ | TLBSCOPE_MAY_EXEC, s[0].name);
	w = check_address(_metadata, self->fd, s[1].address, TLBSCOPE_MAY_READ,
			  s[1].name);
	check_address(_metadata, self->fd, s[2].address,
		      TLBSCOPE_MAY_READ | TLBSCOPE_MAY_WRITE, s[2].name);

	/* What is behind the frame is what /proc/version says */
	ASSERT_EQ(0, read_line(line, sizeof(line), "/proc/version"));
	ASSERT_EQ(0, phys_read(w.phys, banner, sizeof(banner) - 1));
	EXPECT_EQ(0, strncmp(line, banner, 40))
		TH_LOG("%.40s", banner);
}

TEST_F(kernel, module)
{
	struct symbol s[] = { { .module = "tlbscope" } };
	struct tlbscope_walk w;

	kernel_symbols(s, ARRAY_SIZE(s));
	ASSERT_NE(0, s[0].address);
	w = check_address(_metadata, self->fd, s[0].address & ~63ULL,
			  TLBSCOPE_MAY_READ | TLBSCOPE_MAY_EXEC,
			  "the module's first function");
	EXPECT_LE(KERNEL_TEXT, w.address);
}

#define KPTR_RESTRICT	"/proc/sys/kernel/kptr_restrict"

/* /proc/vmallocinfo, with addresses and not their hashes; a stream of it */
static FILE *vmallocinfo(void)
{
	FILE *f = fopen("/proc/vmallocinfo", "re"), *copy = tmpfile();
	char before[8], buf[4096];
	size_t n;

	/* Strangely enough this shows them to root, while 0 shows hashes */
	if (!f || !copy || read_line(before, sizeof(before), KPTR_RESTRICT) ||
	    write_file("1", KPTR_RESTRICT))
		return NULL;
	while ((n = fread(buf, 1, sizeof(buf), f)))
		fwrite(buf, 1, n, copy);
	fclose(f);
	write_file(before, KPTR_RESTRICT);
	rewind(copy);
	return copy;
}

/* What ioremap() mapped, and to where */
TEST_F(kernel, vmalloc)
{
	FILE *f = vmallocinfo();
	unsigned int mappings = 0, pages = 0;
	unsigned long long start, end, phys;
	struct tlbscope_walk w;
	char line[512], *at;

	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "0x%llx-0x%llx", &start, &end) != 2)
			continue;
		if (start < self->info.kernel_start)
			skip("this kernel shows no addresses of vmalloc's");
		w = walk_at(_metadata, self->fd, (void *)(end - 1), 0);
		/* Behind each there is a page that is not mapped */
		if (strstr(line, "vmalloc") && !strstr(line, "vmap"))
			EXPECT_EQ(TLBSCOPE_NONE, w.state)
				TH_LOG("guard of %s", line);
		at = strstr(line, "phys=0x");
		if (!at || !strstr(line, "ioremap"))
			continue;
		mappings++;
		phys = strtoull(at + 5, NULL, 16);
		for (; start < end - PAGE; start += PAGE, phys += PAGE) {
			w = walk_at(_metadata, self->fd, (void *)start, 0);
			EXPECT_EQ(TLBSCOPE_LEAF, w.state)
				TH_LOG("0x%llx of %s", start, line);
			EXPECT_HEX(phys, w.phys, "%s", line);
			EXPECT_HEX(TLBSCOPE_MAY_READ | TLBSCOPE_MAY_WRITE,
				   w.rights, "%s", line);
			if (++pages > 2000)
				break;
		}
	}
	fclose(f);
	TH_LOG("%u mappings", mappings);
	EXPECT_LT(0, mappings);
}

TEST_F(kernel, direct_map)
{
	unsigned int i, huge = 0;
	__u64 virt, phys, len, at;
	struct tlbscope_walk w;

	for (i = 0; !phys_segment(i, &virt, &phys, &len); i++) {
		for (at = 0; at < len; at += len / 32 / PAGE * PAGE + PAGE) {
			w = walk_at(_metadata, self->fd, (void *)(virt + at),
				    0);
			EXPECT_EQ(TLBSCOPE_LEAF, w.state);
			EXPECT_HEX(phys + at, w.phys, "0x%llx", virt + at);
			EXPECT_FALSE(w.rights & TLBSCOPE_MAY_USER);
			EXPECT_FALSE(w.rights & TLBSCOPE_MAY_EXEC);
			huge += w.level > 1;
		}
	}
	EXPECT_LT(0, i);
	EXPECT_LT(0, huge);
}

TEST_F(kernel, holes)
{
	struct tlbscope_walk w;

	/* The first byte of the half is kept free for hypervisors */
	check_hole(_metadata, self->fd, (void *)self->info.kernel_start,
		   self->info.levels);
	/* Between the modules' space and the fixed mappings */
	w = walk_at(_metadata, self->fd, (void *)~0ULL, 0);
	EXPECT_NE(TLBSCOPE_LEAF, w.state);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* The tables of a part of the kernel's that does not change while we look */
static void check_area(struct __test_metadata *_metadata, int fd,
		       unsigned int levels, __u64 start, __u64 end)
{
	__u64 changes = BIT_ACCESSED | BIT_DIRTY;
	struct oracle before, after;
	struct tlbscope_walk w;
	unsigned int tries;
	struct ranges r;
	bool still;
	size_t i;

	ASSERT_EQ(0, scope_walk(fd, start, 0, &w));
	for (tries = 0, still = false; tries < 10 && !still; tries++) {
		ASSERT_EQ(0, oracle_read(w.step[0].phys & ~(PAGE - 1), levels,
					 start, end - 1, &before));
		ASSERT_EQ(0, scope_all_ranges(fd, start, end ? end : ~0ULL,
					      TLBSCOPE_RANGES_ALL |
					      TLBSCOPE_RANGES_UNMERGED, &r));
		ASSERT_EQ(0, oracle_read(w.step[0].phys & ~(PAGE - 1), levels,
					 start, end - 1, &after));
		still = before.ranges.n == after.ranges.n;
		for (i = 0; still && i < after.ranges.n; i++)
			still = same_range(&before.ranges.v[i],
					   &after.ranges.v[i], changes);
		if (still) {
			for (i = 0; i < r.n; i++)
				if (r.v[i].state > TLBSCOPE_PROTNONE)
					r.v[i].state = TLBSCOPE_UNKNOWN;
			check_same_ranges(_metadata, &after.ranges, &r,
					  changes);
			EXPECT_LT(0, r.n);
		}
		oracle_free(&before);
		oracle_free(&after);
		ranges_free(&r);
	}
	EXPECT_TRUE(still)
		TH_LOG("0x%llx-0x%llx never stood still", start, end);
}

TEST_F(kernel, image_agrees_with_memory)
{
	check_area(_metadata, self->fd, self->info.levels, KERNEL_TEXT, 0);
}

TEST_F(kernel, direct_map_agrees_with_memory)
{
	__u64 virt, phys, len;

	ASSERT_EQ(0, phys_segment(0, &virt, &phys, &len));
	virt -= phys;
	check_area(_metadata, self->fd, self->info.levels, virt,
		   virt + 8 * GIB);
}

/* All of it, in a time that does not depend on how large the holes are */
TEST_F(kernel, whole_half)
{
	struct tlbscope_tables query = {
		.start = self->info.kernel_start, .end = ~0ULL,
	};
	double begin = seconds();
	struct ranges r;
	struct tables t;
	size_t i;

	ASSERT_EQ(0, scope_all_ranges(self->fd, self->info.kernel_start, ~0ULL,
				      0, &r));
	TH_LOG("%zu ranges in %.3f s", r.n, seconds() - begin);
	EXPECT_LT(100, r.n);
	EXPECT_GT(10, seconds() - begin);
	for (i = 0; i < r.n; i++)
		EXPECT_LE(self->info.kernel_start, r.v[i].start);

	begin = seconds();
	ASSERT_EQ(0, scope_tables(self->fd, &query, &t));
	TH_LOG("%llu tables in %.3f s", t.level[0].tables, seconds() - begin);
	EXPECT_GT(10, seconds() - begin);
	/* A table of PTEs maps 2 MiB; the direct map is only a part of it all */
	ASSERT_LT(0, mem_info("DirectMap4k"));
	EXPECT_LE(mem_info("DirectMap4k") / 2048, t.level[0].tables);
	EXPECT_LE(mem_info("DirectMap2M") / 2048, t.level[1].leaves);
}

/* What the kernel maps is the same, whose root it is looked up in */
TEST_F(kernel, seen_from_a_process)
{
	struct symbol s[] = { { .name = "linux_banner" } };
	struct tlbscope_walk kernel, process;
	unsigned int i;

	kernel_symbols(s, ARRAY_SIZE(s));
	ASSERT_NE(0, s[0].address);
	kernel = walk_at(_metadata, self->fd, (void *)s[0].address, 0);
	ASSERT_EQ(0, scope_target(self->fd, SELF));
	process = walk_at(_metadata, self->fd, (void *)s[0].address, 0);
	EXPECT_HEX(kernel.phys, process.phys, "frame");
	for (i = 1; i < kernel.levels - kernel.level + 1U; i++)
		EXPECT_HEX(kernel.step[i].phys, process.step[i].phys, "step %u",
			   i);
}

/* Hardly anything of the kernel is left in the user's root */
TEST_F(kernel, user_root)
{
	struct symbol s[] = {
		{ .name = "linux_banner" },
		{ .name = "entry_SYSCALL_64" },
	};
	struct tlbscope_walk w;

	if (!scope_pti())
		skip("there is one root without page-table isolation");
	kernel_symbols(s, ARRAY_SIZE(s));
	ASSERT_NE(0, s[0].address);
	ASSERT_NE(0, s[1].address);
	/* What is the same on every machine of this kernel hides nothing */
	w = walk_at(_metadata, self->fd, (void *)s[1].address,
		    TLBSCOPE_USER_ROOT);
	EXPECT_EQ(TLBSCOPE_LEAF, w.state);
	EXPECT_TRUE(w.rights & TLBSCOPE_MAY_EXEC);
	EXPECT_FALSE(w.rights & TLBSCOPE_MAY_USER);
	w = walk_at(_metadata, self->fd, (void *)self->info.kernel_start,
		    TLBSCOPE_USER_ROOT);
	EXPECT_EQ(TLBSCOPE_NONE, w.state);
}

TEST_HARNESS_MAIN
