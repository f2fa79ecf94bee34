// SPDX-License-Identifier: GPL-2.0
/*
 * Facts of CPU and kernel: the module's, or what can be told without it
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "entry.h"
#include "machine.h"
#include "process.h"
#include "source.h"

/**
 * machine_has_flag - a word among the flags of /proc/cpuinfo
 * @flags: them, parted by blanks
 * @flag: the word
 *
 * The kernel takes a flag out that it does not use.
 *
 * Return: whether it is there.
 */
bool machine_has_flag(const char *flags, const char *flag)
{
	size_t len = strlen(flag);
	const char *at = flags;

	while ((at = strstr(at, flag))) {
		if ((at == flags || at[-1] == ' ') &&
		    (!at[len] || at[len] == ' ' || at[len] == '\n'))
			return true;
		at += len;
	}
	return false;
}

/* machine_flags - of the first CPU, "" if not to be had, to be freed; NULL no memory */
char *machine_flags(void)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char *line = NULL;
	size_t len = 0;

	while (f && getline(&line, &len, f) > 0) {
		if (strncmp(line, "flags", 5))
			continue;
		fclose(f);
		return line;
	}
	if (f)
		fclose(f);
	free(line);
	return strdup("");
}

static bool is_xen_pv(void)
{
	char type[16];

	return process_read_file(AT_FDCWD, "/sys/hypervisor/guest_type", type,
				 sizeof(type)) > 0 && !strcmp(type, "PV\n");
}

static uint64_t cpuid_features(void)
{
	unsigned int eax, ebx, ecx, edx;
	uint64_t features = 0;

	if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ecx & 1 << 16))
		features |= TLBSCOPE_FEAT_LA57;
	if (__get_cpuid(0x80000008, &eax, &ebx, &ecx, &edx) && (ebx & 1 << 3))
		features |= TLBSCOPE_FEAT_INVLPGB;
	return features;
}

static uint64_t flag_features(const char *flags)
{
	static const struct {
		const char *flag;
		uint64_t feature;
	} map[] = {
		{ "pge",	TLBSCOPE_FEAT_PGE },
		{ "pcid",	TLBSCOPE_FEAT_PCID },
		{ "invpcid",	TLBSCOPE_FEAT_INVPCID },
		{ "pti",	TLBSCOPE_FEAT_PTI },
		{ "nx",		TLBSCOPE_FEAT_NX },
		{ "ospke",	TLBSCOPE_FEAT_PKU },
	};
	uint64_t features = 0;
	size_t i;

	for (i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (machine_has_flag(flags, map[i].flag))
			features |= map[i].feature;
	return features;
}

static void cpuid_hypervisor(char name[16])
{
	unsigned int eax, ebx, ecx, edx;

	memset(name, 0, 16);
	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & 1U << 31))
		return;
	__cpuid(0x40000000, eax, ebx, ecx, edx);
	memcpy(name, &ebx, 4);
	memcpy(name + 4, &ecx, 4);
	memcpy(name + 8, &edx, 4);
}

/**
 * machine_guess_format - which bits of an entry a kernel uses for what
 * @format: receives it
 * @release: as uname -r says; the kernel is taken to have all of its version
 *	switched on, and no memory encryption
 */
void machine_guess_format(struct tlbscope_format *format, const char *release)
{
	unsigned int major, minor, version = 0;

	if (sscanf(release, "%u.%u", &major, &minor) == 2)
		version = major * 1000 + minor;
	*format = (struct tlbscope_format) {
		.frame = 0x000ffffffffff000ULL,
		.special = 1ULL << 9,
		.uffd_wp = 1ULL << 10,
		.soft_dirty = 1ULL << 11,
		.devmap = 1ULL << 58,
	};
	if (version >= 6006) {
		format->devmap = 1ULL << 57;
		format->saved_dirty = 1ULL << 58;
	}
	if (version >= 6017)
		format->devmap = 0;
}

void machine_guess(struct tlbscope_info *info)
{
	struct utsname uts = { .release = "" };
	char *flags = machine_flags();

	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	uname(&uts);
	snprintf(info->kernel, sizeof(info->kernel), "%s", uts.release);
	machine_guess_format(&info->format, uts.release);
	cpuid_hypervisor(info->hypervisor);
	info->features = cpuid_features();
	if (is_xen_pv())
		info->features |= TLBSCOPE_FEAT_XENPV;
	info->levels = 4;
	info->leaf_sizes = entry_span(1) | entry_span(2);
	if (flags) {
		info->features |= flag_features(flags);
		if (machine_has_flag(flags, "la57"))
			info->levels = 5;
		if (machine_has_flag(flags, "pdpe1gb"))
			info->leaf_sizes |= entry_span(3);
	}
	info->user_end = 1ULL << (entry_shift(info->levels + 1) - 1);
	info->kernel_start = -info->user_end;
	free(flags);
}

int tlbscope_machine(struct tlbscope_info *info)
{
	int fd = open("/proc/tlbscope/info", O_RDONLY | O_CLOEXEC);
	int err = -ENOENT;

	if (fd >= 0) {
		err = module_info(fd, info);
		close(fd);
	}
	if (err)
		machine_guess(info);
	return 0;
}
