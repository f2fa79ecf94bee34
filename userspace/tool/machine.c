// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "machine.h"
#include "mem.h"
#include "out.h"
#include "proc.h"

static const char qemu_tcg[] = "TCGTCGTCGTCG";

/* machine_hypervisor - its name as people know it, "" without one */
const char *machine_hypervisor(const struct tlbscope_info *info)
{
	static const struct {
		const char *signature;
		const char *name;
	} known[] = {
		{ "KVMKVMKVM", "KVM" },
		{ "Linux KVM Hv", "KVM" },
		{ "Microsoft Hv", "Hyper-V" },
		{ "VMwareVMware", "VMware" },
		{ "XenVMMXenVMM", "Xen" },
		{ "VBoxVBoxVBox", "VirtualBox" },
		{ "ACRNACRNACRN", "ACRN" },
		{ "bhyve bhyve ", "bhyve" },
		{ qemu_tcg, "QEMU" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].signature, info->hypervisor))
			return known[i].name;
	return info->hypervisor;
}

/* machine_emulated - no CPU walks these tables, a program does */
bool machine_emulated(const struct tlbscope_info *info)
{
	return !strcmp(info->hypervisor, qemu_tcg);
}

/* machine_cpu - the model, in MACHINE_LEN bytes */
void machine_cpu(char *buf)
{
	if (!proc_field(buf, MACHINE_LEN, "/proc/cpuinfo", "model name"))
		strcpy(buf, "unknown");
	out_clean(buf);
}

/* machine_pages - the page sizes, "4 KiB, 2 MiB", in MACHINE_LEN bytes */
void machine_pages(char *buf, const struct tlbscope_info *info)
{
	unsigned int level;
	size_t at = 0;

	buf[0] = '\0';
	for (level = 1; level <= 3; level++)
		if (info->leaf_sizes & tlbscope_page_size(level))
			at += (size_t)snprintf(buf + at, MACHINE_LEN - at, "%s%s",
					       at ? ", " : "",
					       SIZE(tlbscope_page_size(level)));
}
