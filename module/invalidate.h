/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The invalidation primitives
 */
#ifndef TLBSCOPE_INVALIDATE_H
#define TLBSCOPE_INVALIDATE_H

#include "method.h"

/**
 * struct invalidate_cpu - the translation state of this CPU
 * @cr3: CR3, with the root and the tag of the kernel's half
 * @cr4: CR4
 * @tag: PCID in use, 0 without
 * @two_tags: user mode has another tag than the kernel, and so a translation may
 *	be in the TLB twice
 */
struct invalidate_cpu {
	unsigned long cr3;
	unsigned long cr4;
	u64 tag;
	bool two_tags;
};

/**
 * typedef invalidate_fn - a primitive
 * @cpu: of invalidate_look(), on this CPU since interrupts are off
 * @address: the pages, for a method that goes by page
 * @n: how many
 *
 * Runs with interrupts off. It reaches what is tagged for the address space
 * that this CPU has loaded, for user mode too; or more.
 *
 * Return: 0, or -EOPNOTSUPP if the CPU faulted on an instruction, which a
 * hypervisor may refuse; some may have been carried out before it.
 */
typedef int (*invalidate_fn)(const struct invalidate_cpu *cpu,
			     const u64 *address, unsigned int n);

u64 invalidate_available(void);
invalidate_fn invalidate_method(unsigned int method);
void invalidate_look(struct invalidate_cpu *cpu);
invalidate_fn invalidate_nothing(void);

#endif /* TLBSCOPE_INVALIDATE_H */
