// SPDX-License-Identifier: GPL-2.0
/*
 * Bad input: each kind gets its errno, by ioctl and by text, and does no harm
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "check.h"
#include "memory.h"

FIXTURE(refusal) {
	int fd;
	struct tlbscope_info info;
	char *page;	/* writable, and nothing behind it */
};

FIXTURE_SETUP(refusal)
{
	self->fd = scope_open("walk");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, scope_info(&self->info));
	ASSERT_EQ(0, scope_target(self->fd, SELF));
	self->page = mem_small(2 * PAGE);
	ASSERT_NE(NULL, self->page);
	ASSERT_EQ(0, mprotect(self->page + PAGE, PAGE, PROT_NONE));
}

/* Whatever was refused, good requests are answered as before */
FIXTURE_TEARDOWN(refusal)
{
	struct tlbscope_walk w;

	EXPECT_EQ(0, scope_walk(self->fd, (unsigned long)&w, 0, &w));
	EXPECT_EQ(TLBSCOPE_LEAF, w.state);
	close(self->fd);
}

static struct tlbscope_walk good_walk(void)
{
	return (struct tlbscope_walk) {
		.size = sizeof(struct tlbscope_walk),
		.address = (unsigned long)scope_open,
	};
}

static struct tlbscope_ranges good_ranges(void *vec)
{
	return (struct tlbscope_ranges) {
		.size = sizeof(struct tlbscope_ranges),
		.end = GIB, .vec = (unsigned long)vec, .vec_len = 1,
	};
}

static struct tlbscope_translate good_translate(void *vec)
{
	return (struct tlbscope_translate) {
		.size = sizeof(struct tlbscope_translate),
		.vec = (unsigned long)vec, .vec_len = 1,
	};
}

static struct tlbscope_tables good_tables(void)
{
	return (struct tlbscope_tables) {
		.size = sizeof(struct tlbscope_tables), .end = GIB,
	};
}

TEST_F(refusal, address)
{
	__u64 bad[] = {
		self->info.user_end, self->info.user_end + 12345,
		1ULL << 60, 1ULL << 63, self->info.kernel_start - 1,
		0x0123456789abcdefULL,
	};
	struct tlbscope_walk w;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		w = good_walk();
		w.address = bad[i];
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, TLBSCOPE_IOC_WALK, &w));
	}
}

TEST_F(refusal, bounds)
{
	__u64 end = self->info.user_end, start = self->info.kernel_start;
	const struct {
		__u64 start;
		__u64 end;
		int error;
	} bounds[] = {
		{ 0, GIB, 0 },
		{ 0, end, 0 },
		{ 0, ~0ULL, 0 },
		{ start, ~0ULL, 0 },
		{ GIB, GIB, EINVAL },
		{ GIB, PAGE, EINVAL },
		{ GIB, 0, EINVAL },
		{ 0, 0, EINVAL },
		{ 1, GIB, EINVAL },
		{ 0, GIB + 1, EINVAL },
		{ 0, GIB - 1, EINVAL },
		{ 512, GIB, EINVAL },
		{ 0, end + PAGE, EINVAL },
		{ end, end + PAGE, EINVAL },
		{ end, start, EINVAL },
		{ start - PAGE, ~0ULL, EINVAL },
		{ ~0ULL, ~0ULL, EINVAL },
		{ 0, ~0ULL - 1, EINVAL },
		{ 1ULL << 60, 1ULL << 61, EINVAL },
	};
	struct tlbscope_range record;
	struct tlbscope_ranges r;
	struct tlbscope_tables t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bounds); i++) {
		r = good_ranges(&record);
		r.start = bounds[i].start;
		r.end = bounds[i].end;
		EXPECT_ERRNO(bounds[i].error,
			     ioctl(self->fd, TLBSCOPE_IOC_RANGES, &r))
			TH_LOG("0x%llx-0x%llx", r.start, r.end);
		t = good_tables();
		t.start = bounds[i].start;
		t.end = bounds[i].end;
		EXPECT_ERRNO(bounds[i].error,
			     ioctl(self->fd, TLBSCOPE_IOC_TABLES, &t))
			TH_LOG("0x%llx-0x%llx", t.start, t.end);
	}
}

TEST_F(refusal, flags)
{
	struct tlbscope_translation translation = {};
	struct tlbscope_translate translate;
	unsigned int bit;
	struct tlbscope_target target;
	struct tlbscope_range record;
	struct tlbscope_ranges r;
	struct tlbscope_tables t;
	struct tlbscope_walk w;

	for (bit = 0; bit < 32; bit++) {
		__u32 flag = 1U << bit;
		int known = scope_pti() ? 0 : EOPNOTSUPP;

		known = flag == TLBSCOPE_USER_ROOT ? known : EINVAL;
		w = good_walk();
		w.flags = flag;
		EXPECT_ERRNO(known, ioctl(self->fd, TLBSCOPE_IOC_WALK, &w));
		translate = good_translate(&translation);
		translate.flags = flag;
		EXPECT_ERRNO(known, ioctl(self->fd, TLBSCOPE_IOC_TRANSLATE,
					  &translate));
		t = good_tables();
		t.flags = flag;
		EXPECT_ERRNO(known, ioctl(self->fd, TLBSCOPE_IOC_TABLES, &t));
		r = good_ranges(&record);
		r.flags = flag;
		if (flag == TLBSCOPE_RANGES_ALL ||
		    flag == TLBSCOPE_RANGES_UNMERGED)
			known = 0;
		EXPECT_ERRNO(known, ioctl(self->fd, TLBSCOPE_IOC_RANGES, &r));
		if (flag == TLBSCOPE_TARGET_SELF ||
		    flag == TLBSCOPE_TARGET_KERNEL)
			continue;
		target = (struct tlbscope_target) {
			.size = sizeof(target), .flags = flag,
		};
		EXPECT_ERRNO(EINVAL,
			     ioctl(self->fd, TLBSCOPE_IOC_TARGET, &target));
	}
}

TEST_F(refusal, target)
{
	const struct {
		struct tlbscope_target target;
		int error;
	} targets[] = {
		{ { .pid = 0 }, EINVAL },
		{ { .pid = -1 }, EINVAL },
		{ { .pid = INT32_MIN }, EINVAL },
		{ { .pid = INT32_MAX }, ESRCH },
		{ { .pid = 1, .flags = TLBSCOPE_TARGET_SELF }, EINVAL },
		{ { .pid = 1, .flags = TLBSCOPE_TARGET_KERNEL }, EINVAL },
		{ { .flags = TLBSCOPE_TARGET_SELF | TLBSCOPE_TARGET_KERNEL },
		  EINVAL },
		{ { .pid = 1, .reserved = 1 }, EINVAL },
		{ { .flags = TLBSCOPE_TARGET_SELF, .reserved = 1U << 31 },
		  EINVAL },
	};
	struct tlbscope_target target;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		target = targets[i].target;
		target.size = sizeof(target);
		EXPECT_ERRNO(targets[i].error,
			     ioctl(self->fd, TLBSCOPE_IOC_TARGET, &target))
			TH_LOG("target %zu", i);
	}
}

TEST_F(refusal, other_fields)
{
	struct tlbscope_range record;
	struct tlbscope_ranges r;
	struct tlbscope_tables t;
	struct tlbscope_table table;
	unsigned int bit;

	struct tlbscope_translate translate = good_translate(&record);

	translate.vec_len = 0;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, TLBSCOPE_IOC_TRANSLATE,
				   &translate));
	r = good_ranges(&record);
	r.vec_len = 0;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, TLBSCOPE_IOC_RANGES, &r));
	for (bit = 0; bit < 64; bit++) {
		r = good_ranges(&record);
		r.ignore = 1ULL << bit;
		EXPECT_ERRNO(r.ignore & TLBSCOPE_RANGES_IGNORABLE ? 0 : EINVAL,
			     ioctl(self->fd, TLBSCOPE_IOC_RANGES, &r));
	}
	t = good_tables();
	t.vec_len = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, TLBSCOPE_IOC_TABLES, &t));
	t = good_tables();
	t.vec = (unsigned long)&table;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, TLBSCOPE_IOC_TABLES, &t));
	t = good_tables();
	t.start_level = self->info.levels + 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, TLBSCOPE_IOC_TABLES, &t));
	t.start_level = ~0U;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, TLBSCOPE_IOC_TABLES, &t));
	t.start_level = self->info.levels;
	EXPECT_ERRNO(0, ioctl(self->fd, TLBSCOPE_IOC_TABLES, &t));
}

TEST_F(refusal, sizes)
{
	struct tlbscope_target target = {
		.size = sizeof(target), .flags = TLBSCOPE_TARGET_SELF,
	};
	struct tlbscope_info info = { .size = sizeof(info) };
	struct tlbscope_range record;
	struct tlbscope_ranges r = good_ranges(&record);
	struct tlbscope_tables t = good_tables();
	struct tlbscope_translation translation = {};
	struct tlbscope_translate translate = good_translate(&translation);
	struct tlbscope_walk w = good_walk();

	check_sizes(_metadata, self->fd, TLBSCOPE_IOC_TRANSLATE, &translate,
		    sizeof(translate));
	check_sizes(_metadata, self->fd, TLBSCOPE_IOC_INFO, &info,
		    sizeof(info));
	check_sizes(_metadata, self->fd, TLBSCOPE_IOC_TARGET, &target,
		    sizeof(target));
	check_sizes(_metadata, self->fd, TLBSCOPE_IOC_WALK, &w, sizeof(w));
	check_sizes(_metadata, self->fd, TLBSCOPE_IOC_RANGES, &r, sizeof(r));
	check_sizes(_metadata, self->fd, TLBSCOPE_IOC_TABLES, &t, sizeof(t));
}

/* A struct at @at, of which only a part may be there */
static void check_pointer(struct __test_metadata *_metadata, int fd, void *at,
			  int want)
{
	static const unsigned long requests[] = {
		TLBSCOPE_IOC_INFO, TLBSCOPE_IOC_TARGET, TLBSCOPE_IOC_WALK,
		TLBSCOPE_IOC_RANGES, TLBSCOPE_IOC_TABLES,
		TLBSCOPE_IOC_TRANSLATE,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		EXPECT_ERRNO(want, ioctl(fd, requests[i], at))
			TH_LOG("%p, request %zu", at, i);
}

TEST_F(refusal, pointers)
{
	char *end = self->page + PAGE;
	struct tlbscope_ranges r;
	struct tlbscope_tables t;
	struct tlbscope_walk w;

	check_pointer(_metadata, self->fd, NULL, EFAULT);
	check_pointer(_metadata, self->fd, (void *)1, EFAULT);
	check_pointer(_metadata, self->fd, end, EFAULT);
	check_pointer(_metadata, self->fd, end - 2, EFAULT);
	check_pointer(_metadata, self->fd, (void *)self->info.kernel_start,
		      EFAULT);
	check_pointer(_metadata, self->fd, (void *)~7UL, EFAULT);
	check_pointer(_metadata, self->fd, (void *)self->info.user_end,
		      EFAULT);

	/* The struct is there in part */
	w = good_walk();
	memcpy(end - sizeof(w) + 8, &w, sizeof(w) - 8);
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, TLBSCOPE_IOC_WALK,
				   end - sizeof(w) + 8));
	memcpy(end - sizeof(w), &w, sizeof(w));
	EXPECT_ERRNO(0, ioctl(self->fd, TLBSCOPE_IOC_WALK, end - sizeof(w)));

	/* The array is not there, or ends too early */
	r = good_ranges(end);
	r.end = self->info.user_end;
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, TLBSCOPE_IOC_RANGES, &r));
	r = good_ranges((void *)self->info.kernel_start);
	r.end = self->info.user_end;
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, TLBSCOPE_IOC_RANGES, &r));
	r = good_ranges(NULL);
	r.end = self->info.user_end;
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, TLBSCOPE_IOC_RANGES, &r));
	r = good_ranges(end - sizeof(struct tlbscope_range));
	r.end = self->info.user_end;
	EXPECT_ERRNO(0, ioctl(self->fd, TLBSCOPE_IOC_RANGES, &r));
	r.vec_len = 2;
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, TLBSCOPE_IOC_RANGES, &r));
	r = good_ranges((void *)(~0UL - 100));
	r.end = self->info.user_end;
	r.vec_len = ~0U;
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, TLBSCOPE_IOC_RANGES, &r));
	t = good_tables();
	t.vec = (unsigned long)end;
	t.vec_len = 1;
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, TLBSCOPE_IOC_TABLES, &t));
	t.vec = (unsigned long)self->info.kernel_start;
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, TLBSCOPE_IOC_TABLES, &t));

	/* Read-only memory takes no answer */
	w = good_walk();
	memcpy(self->page, &w, sizeof(w));
	ASSERT_EQ(0, mprotect(self->page, PAGE, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, TLBSCOPE_IOC_WALK, self->page));
	EXPECT_ERRNO(EFAULT, write(self->fd, (char *)self->info.kernel_start, 10));
	EXPECT_ERRNO(EFAULT, write(self->fd, self->page + PAGE, 10));
	EXPECT_ERRNO(EFAULT, write(self->fd, self->page + PAGE - 5, 10));
	EXPECT_ERRNO(EFAULT, read(self->fd, self->page + PAGE, 10));
}

TEST_F(refusal, commands)
{
	struct tlbscope_walk w = good_walk();
	int info = scope_open("info");
	unsigned int nr;

	ASSERT_LE(0, info);
	for (nr = 6; nr < 256; nr += 25)
		EXPECT_ERRNO(ENOTTY, ioctl(self->fd, _IO(TLBSCOPE_IOC_MAGIC, nr),
					   &w));
	EXPECT_ERRNO(ENOTTY, ioctl(self->fd, 0, &w));
	EXPECT_ERRNO(ENOTTY, ioctl(self->fd, ~0UL, &w));
	EXPECT_ERRNO(ENOTTY, ioctl(self->fd, _IOWR(0xba, 2,
						   struct tlbscope_walk), &w));
	EXPECT_ERRNO(ENOTTY, ioctl(info, TLBSCOPE_IOC_WALK, &w));
	EXPECT_ERRNO(ENOTTY, ioctl(info, TLBSCOPE_IOC_TARGET, &w));
	EXPECT_ERRNO(EBADF, write(info, "self 0", 6));
	close(info);
}

/* A line, what becomes of it in each of the files */
struct line {
	const char *text;
	int walk;
	int ranges;
	int tables;
};

static void check_line(struct __test_metadata *_metadata, const char *file,
		       const char *text, size_t len, int want)
{
	int fd = scope_open(file);

	ASSERT_LE(0, fd);
	EXPECT_ERRNO(want, write(fd, text, len))
		TH_LOG("%s: '%.40s'", file, text);
	close(fd);
}

TEST_F(refusal, lines)
{
	static const struct line lines[] = {
		{ "self 1000", 0, 0, 0 },
		{ "self", EINVAL, 0, 0 },
		{ "", EINVAL, EINVAL, EINVAL },
		{ "\n", EINVAL, EINVAL, EINVAL },
		{ " \t \n", EINVAL, EINVAL, EINVAL },
		{ "nobody 1000", EINVAL, EINVAL, EINVAL },
		{ "self1000", EINVAL, EINVAL, EINVAL },
		{ "SELF 1000", EINVAL, EINVAL, EINVAL },
		{ "0 1000", EINVAL, EINVAL, EINVAL },
		{ "-1 1000", EINVAL, EINVAL, EINVAL },
		{ "0x1 1000", EINVAL, EINVAL, EINVAL },
		{ "1a 1000", EINVAL, EINVAL, EINVAL },
		{ "1.5 1000", EINVAL, EINVAL, EINVAL },
		{ "2147483648 1000", EINVAL, EINVAL, EINVAL },
		{ "4294967297 1000", EINVAL, EINVAL, EINVAL },
		{ "99999999999999999999999 1000", EINVAL, EINVAL, EINVAL },
		{ "2147483647 1000", ESRCH, ESRCH, ESRCH },
		{ "2 1000", ESRCH, ESRCH, ESRCH },
		{ "self xyz", EINVAL, EINVAL, EINVAL },
		{ "self 0x", EINVAL, EINVAL, EINVAL },
		{ "self 1000z", EINVAL, EINVAL, EINVAL },
		{ "self -1000", EINVAL, EINVAL, EINVAL },
		{ "self 1ffffffffffffffff", EINVAL, EINVAL, EINVAL },
		{ "self 10000000000000000", EINVAL, EINVAL, EINVAL },
		{ "self 1000 2000", EINVAL, 0, 0 },
		{ "self 1000 2000 3000", EINVAL, EINVAL, EINVAL },
		{ "self 1000,2000", EINVAL, EINVAL, EINVAL },
		{ "self 1000-2000", EINVAL, EINVAL, EINVAL },
		{ "self 2000 1000", EINVAL, EINVAL, EINVAL },
		{ "self 1000 1000", EINVAL, EINVAL, EINVAL },
		{ "self 1001", 0, EINVAL, EINVAL },
		{ "self 1000 1001", EINVAL, EINVAL, EINVAL },
		{ "self 1000 unmerged", EINVAL, 0, EINVAL },
		{ "self 1000 all", EINVAL, 0, EINVAL },
		{ "self 1000 nonsense", EINVAL, EINVAL, EINVAL },
		{ "self 1000 All", EINVAL, EINVAL, EINVAL },
		{ "self all 1000", EINVAL, EINVAL, EINVAL },
		{ "self 0800000000000000", EINVAL, EINVAL, EINVAL },
		{ "self 8000000000000000", EINVAL, EINVAL, EINVAL },
		{ "kernel 1000", EINVAL, EINVAL, EINVAL },
		{ "kernel ffffffff80000000", 0, 0, 0 },
		{ "self 1000 2000 unmerged all user nonsense more", EINVAL,
		  EINVAL, EINVAL },
		{ "self 1000\nself 1000", EINVAL, EINVAL, EINVAL },
		{ "self 1000;", EINVAL, EINVAL, EINVAL },
		{ "self 1000 \xff", EINVAL, EINVAL, EINVAL },
	};
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		len = strlen(lines[i].text);
		check_line(_metadata, "walk", lines[i].text, len,
			   lines[i].walk);
		check_line(_metadata, "ranges", lines[i].text, len,
			   lines[i].ranges);
		check_line(_metadata, "tables", lines[i].text, len,
			   lines[i].tables);
	}
}

TEST_F(refusal, user_root_of_a_line)
{
	int want = scope_pti() ? 0 : EOPNOTSUPP;

	check_line(_metadata, "walk", "self 1000 user", 14, want);
	check_line(_metadata, "ranges", "self 1000 user", 14, want);
	check_line(_metadata, "tables", "self 1000 user", 14, want);
}

TEST_F(refusal, embedded_zero)
{
	static const char * const files[] = { "walk", "ranges", "tables" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		check_line(_metadata, files[i], "self 1000\0", 10, EINVAL);
		check_line(_metadata, files[i], "self\0 1000", 10, EINVAL);
		check_line(_metadata, files[i], "\0self 1000", 10, EINVAL);
		check_line(_metadata, files[i], "\0", 1, EINVAL);
		check_line(_metadata, files[i], "self 1000\0x", 11, EINVAL);
	}
}

TEST_F(refusal, long_lines)
{
	char line[8192];

	memset(line, ' ', sizeof(line));
	memcpy(line, "self 1000", 9);
	check_line(_metadata, "walk", line, 255, 0);
	check_line(_metadata, "walk", line, 256, E2BIG);
	check_line(_metadata, "ranges", line, 257, E2BIG);
	check_line(_metadata, "tables", line, 4096, E2BIG);
	check_line(_metadata, "walk", line, sizeof(line), E2BIG);
	memset(line, 'a', sizeof(line));
	check_line(_metadata, "walk", line, 255, EINVAL);
	check_line(_metadata, "walk", line, sizeof(line), E2BIG);
	memset(line, '0', sizeof(line));
	memcpy(line, "self ", 5);
	/* Zeroes in front are no overflow */
	check_line(_metadata, "walk", line, 200, 0);
}

/* Seeks that no file offers */
TEST_F(refusal, seeks)
{
	ASSERT_EQ(0, scope_ask(self->fd, "self 1000"));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, -1, SEEK_SET));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, 0, SEEK_END));
	EXPECT_ERRNO(EINVAL, lseek(self->fd, 0, 12345));
	EXPECT_ERRNO(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_ERRNO(0, lseek(self->fd, 1ULL << 40, SEEK_SET));
}

TEST_F(refusal, kinds_of_use)
{
	struct iovec piece[2] = {
		{ (char *)"self ", 5 }, { (char *)"1000", 4 },
	};
	int fd = open("/proc/tlbscope/walk", O_RDONLY | O_CLOEXEC);
	struct tlbscope_walk w;
	char byte;

	/* A file that is open for reading only is for ioctls */
	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EBADF, write(fd, "self 0", 6));
	EXPECT_ERRNO(0, scope_target(fd, SELF));
	EXPECT_EQ(0, scope_walk(fd, 0, 0, &w));
	close(fd);
	fd = open("/proc/tlbscope/walk", O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EBADF, read(fd, &byte, 1));
	EXPECT_ERRNO(0, write(fd, "self 0", 6));
	close(fd);
	/* A line is what one write brings, thus half of one is nonsense */
	EXPECT_ERRNO(EINVAL, writev(self->fd, piece, 2));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd,
				   0));
}

/* One of several that use one file at once */
struct user {
	int fd;
	const char *p;
	__u64 phys;
	unsigned long wrong;
	unsigned long right;
	volatile bool *stop;
};

static void *use_file(void *arg)
{
	struct user *user = arg;
	struct tlbscope_range r[16];
	struct tlbscope_walk w;
	char part[64];

	while (!*user->stop) {
		struct tlbscope_ranges args = {
			.size = sizeof(args), .start = (unsigned long)user->p,
			.end = (unsigned long)user->p + PAGE,
			.vec = (unsigned long)r, .vec_len = 16,
		};

		if (scope_walk(user->fd, (unsigned long)user->p, 0, &w) ||
		    w.phys != user->phys ||
		    ioctl(user->fd, TLBSCOPE_IOC_RANGES, &args) ||
		    args.filled != 1 || r[0].phys != user->phys ||
		    r[0].start != args.start ||
		    pread(user->fd, part, sizeof(part), 0) != sizeof(part))
			user->wrong++;
		else
			user->right++;
	}
	return NULL;
}

TEST_F(refusal, threads_on_one_file)
{
	struct user user[3] = {};
	pthread_t thread[3];
	bool stop = false;
	unsigned int i;
	char *p;

	p = mem_small(3 * PAGE);
	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, scope_ask(self->fd, "self 1000"));
	for (i = 0; i < 3; i++) {
		user[i].fd = self->fd;
		user[i].p = p + i * PAGE;
		user[i].stop = &stop;
		mem_stamp(p + i * PAGE, PAGE, i);
		user[i].phys = (pagemap_at(SELF, user[i].p) & PM_PFN) * PAGE;
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, use_file,
					    &user[i]));
	}
	usleep(500000);
	stop = true;
	for (i = 0; i < 3; i++) {
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, user[i].wrong);
		EXPECT_LT(10, user[i].right);
	}
}

/* A 32-bit program's request: int 0x80, with everything below 4 GiB */
static long ioctl32(int fd, __u32 cmd, void *arg)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a" (ret)
		     : "a" (54L), "b" ((long)fd), "c" ((long)cmd), "d" (arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static void ignore_signal(int sig)
{
	_exit(sig);
}

TEST_F(refusal, compat)
{
	struct tlbscope_walk *w, native;
	int status;
	pid_t pid;

	w = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, w);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		signal(SIGSEGV, ignore_signal);
		_exit(ioctl32(-1, 0, NULL) == -EBADF ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	if (status)
		skip("this kernel runs no 32-bit programs");
	*w = good_walk();
	EXPECT_EQ(0, ioctl32(self->fd, TLBSCOPE_IOC_WALK, w));
	ASSERT_EQ(0, scope_walk(self->fd, (unsigned long)scope_open, 0,
				&native));
	EXPECT_EQ(0, memcmp(w, &native, sizeof(native)));
	w->size = 0;
	EXPECT_EQ(-EINVAL, ioctl32(self->fd, TLBSCOPE_IOC_WALK, w));
	EXPECT_EQ(-ENOTTY, ioctl32(self->fd, 12345, w));
}

TEST_HARNESS_MAIN
