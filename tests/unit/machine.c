// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>
#include <sys/utsname.h>

#include "libtlbscope.h"
#include "machine.h"
#include "source.h"
#include "unit.h"

TEST(flags_are_whole_words)
{
	static const char flags[] = "flags\t\t: fpu invpcid pcid_not lm pti\n";

	CHECK(machine_has_flag(flags, "fpu"));
	CHECK(machine_has_flag(flags, "invpcid"));
	CHECK(!machine_has_flag(flags, "pcid"));
	CHECK(machine_has_flag(flags, "pti"));
	CHECK(!machine_has_flag(flags, "pt"));
	CHECK(!machine_has_flag("", "pti"));
	CHECK(machine_has_flag("pti", "pti"));
}

TEST(format_by_version)
{
	struct tlbscope_format f;

	machine_guess_format(&f, "6.1.0-56-amd64");
	CHECK_EQ(f.frame, 0x000ffffffffff000ULL);
	CHECK_EQ(f.devmap, 1ULL << 58);
	CHECK_EQ(f.saved_dirty, 0);
	machine_guess_format(&f, "6.12.117+deb13-amd64");
	CHECK_EQ(f.devmap, 1ULL << 57);
	CHECK_EQ(f.saved_dirty, 1ULL << 58);
	machine_guess_format(&f, "7.2.12+deb13-amd64");
	CHECK_EQ(f.devmap, 0);
	CHECK_EQ(f.saved_dirty, 1ULL << 58);
	CHECK_EQ(f.soft_dirty, 1ULL << 11);
	machine_guess_format(&f, "nonsense");
	CHECK_EQ(f.soft_dirty, 1ULL << 11);
}

static void check_info(const struct tlbscope_info *info)
{
	struct utsname uts;

	uname(&uts);
	CHECK_EQ(info->size, sizeof(*info));
	CHECK_STR(info->kernel, uts.release);
	CHECK(info->levels == 4 || info->levels == 5);
	CHECK_EQ(info->user_end, 1ULL << (info->levels == 4 ? 47 : 56));
	CHECK_EQ(info->kernel_start, -info->user_end);
	CHECK_EQ(info->leaf_sizes & 0x201000, 0x201000);
	CHECK(info->features & TLBSCOPE_FEAT_NX);
	CHECK(strnlen(info->hypervisor, sizeof(info->hypervisor)) < sizeof(info->hypervisor));
}

TEST(without_the_module)
{
	struct tlbscope_info info;

	machine_guess(&info);
	check_info(&info);
	CHECK_EQ(info.abi, 0);
	CHECK_STR(info.version, "");
}

TEST(as_the_library_tells_it)
{
	struct tlbscope_info info;

	CHECK_EQ(tlbscope_machine(&info), 0);
	check_info(&info);
}

/* Where both can be had they must say the same */
TEST(with_the_module)
{
	struct tlbscope_info guess, info;

	tlbscope_machine(&info);
	if (!info.abi)
		SKIP("the module is not loaded");
	machine_guess(&guess);
	CHECK_EQ(guess.levels, info.levels);
	CHECK_EQ(guess.features, info.features);
	CHECK_EQ(guess.leaf_sizes, info.leaf_sizes);
	CHECK_EQ(guess.user_end, info.user_end);
	CHECK_EQ(guess.kernel_start, info.kernel_start);
	CHECK_STR(guess.hypervisor, info.hypervisor);
	CHECK(!memcmp(&guess.format, &info.format, sizeof(info.format)));
}

UNIT_MAIN("machine")
