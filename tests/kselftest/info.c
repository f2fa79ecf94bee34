// SPDX-License-Identifier: GPL-2.0
/*
 * What the module says of the machine, against the CPU and the kernel
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>

#include "check.h"
#include "memory.h"

FIXTURE(info) {
	struct tlbscope_info info;
	char flags[4096];
};

/* The flags line of the first CPU */
static void read_flags(char *flags, size_t len)
{
	FILE *f = fopen("/proc/cpuinfo", "re");

	while (f && fgets(flags, len, f))
		if (!strncmp(flags, "flags", 5))
			break;
	if (f)
		fclose(f);
	/* So that each is found between two spaces */
	flags[strcspn(flags, "\n")] = ' ';
}

FIXTURE_SETUP(info)
{
	ASSERT_EQ(0, scope_info(&self->info));
	read_flags(self->flags, sizeof(self->flags));
}

FIXTURE_TEARDOWN(info)
{
}

TEST_F(info, versions)
{
	struct utsname uts;
	char version[32];

	ASSERT_EQ(0, uname(&uts));
	EXPECT_STREQ(uts.release, self->info.kernel);
	EXPECT_EQ(TLBSCOPE_ABI, self->info.abi);
	EXPECT_EQ(sizeof(self->info), self->info.size);
	EXPECT_EQ(0, self->info.reserved);
	ASSERT_EQ(0, read_line(version, sizeof(version),
			       "/sys/module/tlbscope/version"));
	EXPECT_STREQ(version, self->info.version);
}

/* As far as a mapping can lie, so many levels there are */
TEST_F(info, levels)
{
	bool five = mem_small_at(1ULL << 50, PAGE);

	EXPECT_EQ(five ? 5 : 4, self->info.levels);
	EXPECT_HEX(1ULL << (five ? 56 : 47), self->info.user_end, "user_end");
	EXPECT_HEX(-self->info.user_end, self->info.kernel_start,
		   "kernel_start");
}

TEST_F(info, features)
{
	static const struct {
		__u64 feature;
		char flag[12];
	} features[] = {
		{ TLBSCOPE_FEAT_PGE, " pge " },
		{ TLBSCOPE_FEAT_PCID, " pcid " },
		{ TLBSCOPE_FEAT_INVPCID, " invpcid " },
		{ TLBSCOPE_FEAT_PTI, " pti " },
		{ TLBSCOPE_FEAT_NX, " nx " },
		{ TLBSCOPE_FEAT_PKU, " ospke " },
	};
	unsigned int a, b, c, d;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		EXPECT_EQ(!!strstr(self->flags, features[i].flag),
			  !!(self->info.features & features[i].feature))
			TH_LOG("%s", features[i].flag);
	/* What the CPU could do, whether the kernel does it or not */
	ASSERT_EQ(1, __get_cpuid_count(7, 0, &a, &b, &c, &d));
	EXPECT_EQ(c >> 16 & 1, !!(self->info.features & TLBSCOPE_FEAT_LA57));
	b = 0;
	__get_cpuid(0x80000008, &a, &b, &c, &d);
	EXPECT_EQ(b >> 3 & 1, !!(self->info.features & TLBSCOPE_FEAT_INVLPGB));
	EXPECT_FALSE(self->info.features & TLBSCOPE_FEAT_XENPV);
	EXPECT_HEX(PAGE | HUGE | (strstr(self->flags, " pdpe1gb ") ? GIB : 0),
		   self->info.leaf_sizes, "leaf_sizes");
}

TEST_F(info, hypervisor)
{
	unsigned int a, b = 0, c = 0, d = 0;
	char name[13] = "";

	if (strstr(self->flags, " hypervisor ")) {
		__cpuid(0x40000000, a, b, c, d);
		memcpy(name, &b, 4);
		memcpy(name + 4, &c, 4);
		memcpy(name + 8, &d, 4);
	}
	EXPECT_STREQ(name, self->info.hypervisor);
}

/* No bit has two meanings, and the frame's are those that the CPU may have */
TEST_F(info, format)
{
	const struct tlbscope_format *f = &self->info.format;
	__u64 bits[] = {
		f->frame, f->encrypted, f->special, f->uffd_wp, f->soft_dirty,
		f->saved_dirty,
	};
	__u64 seen = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		EXPECT_HEX(0, seen & bits[i], "bit %zu", i);
		seen |= bits[i];
	}
	EXPECT_HEX(0x000ffffffffff000ULL, f->frame | f->encrypted, "frame");
	for (i = 2; i < ARRAY_SIZE(bits); i++)
		EXPECT_HEX(bits[i], bits[i] & TLBSCOPE_RANGES_IGNORABLE,
			   "a software bit");
	EXPECT_HEX(f->devmap, f->devmap & TLBSCOPE_RANGES_IGNORABLE, "devmap");
}

/* Whoever may open a file may ask this on it */
TEST_F(info, on_each_file)
{
	static const char * const files[] = {
		"info", "walk", "ranges", "tables",
	};
	struct tlbscope_info info;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		fd = scope_open(files[i]);
		ASSERT_LE(0, fd);
		memset(&info, 0, sizeof(info));
		info.size = sizeof(info);
		ASSERT_EQ(0, ioctl(fd, TLBSCOPE_IOC_INFO, &info));
		EXPECT_EQ(0, memcmp(&info, &self->info, sizeof(info)));
		close(fd);
	}
}

/* "name value" a line, of the same facts */
TEST_F(info, text)
{
	char line[256], name[64], value[128], *text, *at;
	unsigned int lines = 0;
	int fd = scope_open("info");
	struct {
		const char *name;
		bool yes;
	} flags[] = {
		{ "pge", self->info.features & TLBSCOPE_FEAT_PGE },
		{ "pcid", self->info.features & TLBSCOPE_FEAT_PCID },
		{ "invpcid", self->info.features & TLBSCOPE_FEAT_INVPCID },
		{ "la57", self->info.features & TLBSCOPE_FEAT_LA57 },
		{ "invlpgb", self->info.features & TLBSCOPE_FEAT_INVLPGB },
		{ "pti", self->info.features & TLBSCOPE_FEAT_PTI },
	};
	size_t i;

	ASSERT_LE(0, fd);
	text = scope_answer(fd, 100);
	ASSERT_NE(NULL, text);
	for (at = text; *at; at += strcspn(at, "\n") + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"),
			 at);
		ASSERT_EQ(2, sscanf(line, "%63s %127[^\n]", name, value))
			TH_LOG("%s", line);
		if (!strcmp(name, "version"))
			EXPECT_STREQ(self->info.version, value);
		if (!strcmp(name, "kernel"))
			EXPECT_STREQ(self->info.kernel, value);
		if (!strcmp(name, "levels"))
			EXPECT_EQ(self->info.levels, strtoul(value, NULL, 10));
		if (!strcmp(name, "user_end"))
			EXPECT_EQ(self->info.user_end,
				  strtoull(value, NULL, 16));
		if (!strcmp(name, "hypervisor"))
			EXPECT_STREQ(self->info.hypervisor[0] ?
				     self->info.hypervisor : "none", value);
		for (i = 0; i < ARRAY_SIZE(flags); i++)
			if (!strcmp(name, flags[i].name))
				EXPECT_STREQ(flags[i].yes ? "yes" : "no",
					     value);
		lines++;
	}
	EXPECT_LE(10, lines);
}

TEST_HARNESS_MAIN
