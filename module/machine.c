// SPDX-License-Identifier: GPL-2.0
#include <linux/cache.h>
#include <linux/cc_platform.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <asm/cpufeature.h>
#include <asm/mem_encrypt.h>

#include "compat.h"
#include "machine.h"

/* Which bit of an entry means what; written once, before anyone can ask */
struct tlbscope_format machine_format __ro_after_init;

/* How many pages one INVLPGB takes; 0 without */
unsigned int machine_invlpgb_pages __ro_after_init;

/* AMD APM vol. 3, CPUID 8000_0008 EBX */
#define CPUID_AMD_EXTENDED	0x80000008

/* Bit 3 of its EBX, as the kernel keeps it; a name it has only from 6.15 on */
#define CPU_INVLPGB		(13 * 32 + 3)

/* Where hypervisors name themselves */
#define CPUID_HYPERVISOR	0x40000000

/*
 * CPUID says so on some that cannot: those of family 17h (Zen 2) have the bit by
 * mistake, and kernels of old do not know. In a guest whose registers are
 * encrypted an instruction that is intercepted does not fault as others do.
 */
static bool has_invlpgb(void)
{
	return boot_cpu_has(CPU_INVLPGB) && boot_cpu_data.x86 >= 0x19 &&
	       !cc_platform_has(CC_ATTR_GUEST_STATE_ENCRYPT);
}

/**
 * machine_init - learn what never changes
 */
void __init machine_init(void)
{
	machine_format = (struct tlbscope_format) {
		.frame		= PTE_PFN_MASK & ~sme_me_mask,
		.encrypted	= sme_me_mask,
		.special	= _PAGE_SPECIAL,
		.uffd_wp	= COMPAT_UFFD_WP,
		.soft_dirty	= _PAGE_SOFT_DIRTY,
		.devmap		= COMPAT_DEVMAP,
		.saved_dirty	= COMPAT_SAVED_DIRTY,
	};
	if (has_invlpgb())
		machine_invlpgb_pages = (cpuid_edx(CPUID_AMD_EXTENDED) & 0xffff) + 1;
}

/*
 * Tags are in use only where the kernel set CR4.PCIDE, which it does not do
 * with the "nopcid" parameter: it clears the feature then.
 */
static u64 features(void)
{
	u64 f = 0;

	if (boot_cpu_has(X86_FEATURE_PGE))
		f |= TLBSCOPE_FEAT_PGE;
	if (boot_cpu_has(X86_FEATURE_PCID))
		f |= TLBSCOPE_FEAT_PCID;
	if (boot_cpu_has(X86_FEATURE_INVPCID))
		f |= TLBSCOPE_FEAT_INVPCID;
	/* The kernel clears its own flag when told no5lvl: ask the CPU */
	if (boot_cpu_data.cpuid_level >= 7 && (cpuid_ecx(7) & BIT(16)))
		f |= TLBSCOPE_FEAT_LA57;
	if (machine_invlpgb_pages)
		f |= TLBSCOPE_FEAT_INVLPGB;
	if (boot_cpu_has(X86_FEATURE_PTI))
		f |= TLBSCOPE_FEAT_PTI;
	if (boot_cpu_has(X86_FEATURE_NX))
		f |= TLBSCOPE_FEAT_NX;
	if (boot_cpu_has(X86_FEATURE_OSPKE))
		f |= TLBSCOPE_FEAT_PKU;
	if (boot_cpu_has(X86_FEATURE_XENPV))
		f |= TLBSCOPE_FEAT_XENPV;
	return f;
}

/* 12 letters in EBX, ECX, EDX, which need not end with a zero */
static void hypervisor_name(char *name, size_t len)
{
	u32 eax, ebx, ecx, edx;

	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR) || len < 13)
		return;
	cpuid(CPUID_HYPERVISOR, &eax, &ebx, &ecx, &edx);
	memcpy(name, &ebx, 4);
	memcpy(name + 4, &ecx, 4);
	memcpy(name + 8, &edx, 4);
	name[12] = '\0';
}

/**
 * machine_info - what TLBSCOPE_IOC_INFO answers
 * @info: filled whole
 */
void machine_info(struct tlbscope_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	info->abi = TLBSCOPE_ABI;
	info->levels = machine_levels();
	info->features = features();
	info->leaf_sizes = PAGE_SIZE;
	if (boot_cpu_has(X86_FEATURE_PSE))
		info->leaf_sizes |= PMD_SIZE;
	if (boot_cpu_has(X86_FEATURE_GBPAGES))
		info->leaf_sizes |= PUD_SIZE;
	info->format = machine_format;
	info->user_end = machine_user_end();
	info->kernel_start = machine_kernel_start();
	strscpy(info->version, THIS_MODULE->version, sizeof(info->version));
	strscpy(info->kernel, init_utsname()->release, sizeof(info->kernel));
	hypervisor_name(info->hypervisor, sizeof(info->hypervisor));
}
