// SPDX-License-Identifier: GPL-2.0
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <asm/asm.h>
#include <asm/cpufeature.h>
#include <asm/processor-flags.h>

#include "invalidate.h"
#include "machine.h"

/*
 * Why this is safe for whoever else runs here. A TLB may drop anything at any
 * time, so nothing can depend on what is in it: an invalidation costs time and
 * no more. No register is left changed: CR3 is loaded with what it holds, and
 * CR4 gets its value back before interrupts are on again, as the kernel's own
 * flush does it; what the kernel notes about both stays true. An NMI in between
 * runs with CR4.PGE off, which only means that it adds no global entries.
 *
 * The instructions are written out here: what the kernel has for them is not
 * for modules, or keeps books of its own that only it may keep.
 */

/* INVPCID types (Intel SDM vol. 2A) */
enum {
	INVPCID_TYPE_ADDRESS,
	INVPCID_TYPE_CONTEXT,
	INVPCID_TYPE_ALL,
	INVPCID_TYPE_NONGLOBAL,
};

/* With page-table isolation the user's tag is the kernel's with this bit */
#define USER_TAG	BIT(X86_CR3_PTI_PCID_USER_BIT)

/* RAX of INVLPGB (AMD APM vol. 3) */
#define INVLPGB_ADDRESS_VALID	BIT(0)
#define INVLPGB_ASID_VALID	BIT(2)
#define INVLPGB_GLOBAL_TOO	BIT(3)

/*
 * Instructions that a hypervisor may refuse: one that faults leaves the error
 * that was there before.
 */
static int run_invpcid(unsigned long type, u64 tag, u64 address)
{
	const u64 descriptor[2] = { tag, address };
	int ret = -EOPNOTSUPP;

	asm volatile("1: invpcid %1, %2\n\t"
		     "xor %0, %0\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+r" (ret) : "m" (descriptor), "r" (type) : "memory");
	return ret;
}

/* INVLPGB; the assemblers of old do not know it, nor TLBSYNC */
static int run_invlpgb(u64 rax, u32 ecx, u32 edx)
{
	int ret = -EOPNOTSUPP;

	asm volatile("1: .byte 0x0f, 0x01, 0xfe\n\t"
		     "xor %0, %0\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+r" (ret) : "a" (rax), "c" (ecx), "d" (edx) : "memory");
	return ret;
}

static int run_tlbsync(void)
{
	int ret = -EOPNOTSUPP;

	asm volatile("1: .byte 0x0f, 0x01, 0xff\n\t"
		     "xor %0, %0\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+r" (ret) : : "memory");
	return ret;
}

/* The other tag of a process, where it has two */
static int invpcid_user(const struct invalidate_cpu *cpu, unsigned long type,
			u64 address)
{
	return cpu->two_tags ? run_invpcid(type, cpu->tag | USER_TAG, address) : 0;
}

static int by_invlpg(const struct invalidate_cpu *cpu, const u64 *address,
		     unsigned int n)
{
	int ret = 0;

	for (; n && !ret; n--, address++) {
		asm volatile("invlpg (%0)" : : "r" (*address) : "memory");
		ret = invpcid_user(cpu, INVPCID_TYPE_ADDRESS, *address);
	}
	return ret;
}

static int by_invpcid_address(const struct invalidate_cpu *cpu,
			      const u64 *address, unsigned int n)
{
	int ret = 0;

	for (; n && !ret; n--, address++)
		ret = run_invpcid(INVPCID_TYPE_ADDRESS, cpu->tag, *address) ?:
		      invpcid_user(cpu, INVPCID_TYPE_ADDRESS, *address);
	return ret;
}

static int by_invpcid_context(const struct invalidate_cpu *cpu,
			      const u64 *address, unsigned int n)
{
	return run_invpcid(INVPCID_TYPE_CONTEXT, cpu->tag, 0) ?:
	       invpcid_user(cpu, INVPCID_TYPE_CONTEXT, 0);
}

static int by_invpcid_all(const struct invalidate_cpu *cpu, const u64 *address,
			  unsigned int n)
{
	return run_invpcid(INVPCID_TYPE_ALL, 0, 0);
}

static int by_invpcid_nonglobal(const struct invalidate_cpu *cpu,
				const u64 *address, unsigned int n)
{
	return run_invpcid(INVPCID_TYPE_NONGLOBAL, 0, 0);
}

/* What is read from CR3 never has the bit set that would keep the entries */
static int by_cr3(const struct invalidate_cpu *cpu, const u64 *address,
		  unsigned int n)
{
	asm volatile("mov %0, %%cr3" : : "r" (cpu->cr3) : "memory");
	return invpcid_user(cpu, INVPCID_TYPE_CONTEXT, 0);
}

/* Any change of CR4.PGE drops everything (Intel SDM vol. 3A, 4.10.4.1) */
static int by_cr4_pge(const struct invalidate_cpu *cpu, const u64 *address,
		      unsigned int n)
{
	asm volatile("mov %0, %%cr4\n\t"
		     "mov %1, %%cr4"
		     : : "r" (cpu->cr4 ^ X86_CR4_PGE), "r" (cpu->cr4)
		     : "memory");
	return 0;
}

/*
 * The tag is left open: each CPU numbers them for itself. So an address is
 * dropped whosever it is; but not that of a guest, since ASID 0 is the host's
 * (and, in a guest, taken for its own).
 */
static int invlpgb_pages(u64 address, unsigned int n)
{
	return run_invlpgb(address | INVLPGB_ADDRESS_VALID |
			   INVLPGB_ASID_VALID | INVLPGB_GLOBAL_TOO, n - 1, 0);
}

/* Small pages that run on are one instruction's */
static int by_invlpgb(const struct invalidate_cpu *cpu, const u64 *address,
		      unsigned int n)
{
	unsigned int i, run;
	int ret = 0;

	for (i = 0; i < n && !ret; i += run) {
		run = 1;
		while (run < min(n - i, machine_invlpgb_pages) &&
		       address[i + run] == address[i] + run * PAGE_SIZE)
			run++;
		ret = invlpgb_pages(address[i], run);
	}
	/* What was begun is waited for, whatever came after it */
	return run_tlbsync() ?: ret;
}

static const invalidate_fn methods[] = {
	[TLBSCOPE_INVLPG]		= by_invlpg,
	[TLBSCOPE_INVPCID_ADDRESS]	= by_invpcid_address,
	[TLBSCOPE_INVPCID_CONTEXT]	= by_invpcid_context,
	[TLBSCOPE_INVPCID_ALL]		= by_invpcid_all,
	[TLBSCOPE_INVPCID_NONGLOBAL]	= by_invpcid_nonglobal,
	[TLBSCOPE_CR3]			= by_cr3,
	[TLBSCOPE_CR4_PGE]		= by_cr4_pge,
	[TLBSCOPE_INVLPGB]		= by_invlpgb,
};

/**
 * invalidate_available - the methods that this machine has
 *
 * Under Xen PV these instructions fault, or the hypervisor emulates them at
 * its own discretion. With two tags a process, the one of user mode can only be
 * reached by INVPCID, or by what drops all tags.
 *
 * Return: 1 << enum tlbscope_method, or'ed.
 */
u64 invalidate_available(void)
{
	bool has_invpcid = boot_cpu_has(X86_FEATURE_INVPCID);
	u64 set;

	static_assert(ARRAY_SIZE(methods) == TLBSCOPE_IPI);
	if (boot_cpu_has(X86_FEATURE_XENPV))
		return 0;
	set = BIT(TLBSCOPE_IPI);
	if (boot_cpu_has(X86_FEATURE_PGE))
		set |= BIT(TLBSCOPE_CR4_PGE);
	if (has_invpcid)
		set |= BIT(TLBSCOPE_INVPCID_ADDRESS) |
		       BIT(TLBSCOPE_INVPCID_CONTEXT) |
		       BIT(TLBSCOPE_INVPCID_ALL) |
		       BIT(TLBSCOPE_INVPCID_NONGLOBAL);
	if (has_invpcid || !boot_cpu_has(X86_FEATURE_PTI) ||
	    !boot_cpu_has(X86_FEATURE_PCID))
		set |= BIT(TLBSCOPE_INVLPG) | BIT(TLBSCOPE_CR3);
	if (machine_invlpgb_pages)
		set |= BIT(TLBSCOPE_INVLPGB);
	return set;
}

/**
 * invalidate_method - the primitive for a method
 * @method: one that invalidate_available() has, but TLBSCOPE_IPI
 *
 * Return: the function.
 */
invalidate_fn invalidate_method(unsigned int method)
{
	return methods[array_index_nospec(method, ARRAY_SIZE(methods))];
}

/**
 * invalidate_look - see which tags this CPU uses
 * @cpu: filled; holds until interrupts are on again
 */
void invalidate_look(struct invalidate_cpu *cpu)
{
	asm volatile("mov %%cr3, %0\n\t"
		     "mov %%cr4, %1"
		     : "=r" (cpu->cr3), "=r" (cpu->cr4));
	cpu->tag = 0;
	if (cpu->cr4 & X86_CR4_PCIDE)
		cpu->tag = cpu->cr3 & X86_CR3_PCID_MASK;
	cpu->two_tags = (cpu->cr4 & X86_CR4_PCIDE) &&
			boot_cpu_has(X86_FEATURE_PTI);
}

static int by_nothing(const struct invalidate_cpu *cpu, const u64 *address,
		      unsigned int n)
{
	return 0;
}

/**
 * invalidate_nothing - the primitive that does nothing, to be subtracted
 *
 * Return: the function, which the compiler must call as it does the others.
 */
invalidate_fn invalidate_nothing(void)
{
	invalidate_fn fn = by_nothing;

	OPTIMIZER_HIDE_VAR(fn);
	return fn;
}
