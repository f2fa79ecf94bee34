/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Enough of the kernel to compile the module's walk and its visitors here
 *
 * Physical memory is an array of the test's. Interrupts "off" is a flag, and
 * cond_resched() is where the rest of the world changes the tables: the test's
 * hook runs there, and must find the flag clear.
 */
#ifndef TLBSCOPE_SHIM_H
#define TLBSCOPE_SHIM_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

typedef unsigned long long u64;
typedef long long s64;
typedef __u32 u32;
typedef __u8 u8;

#define likely(x)	(x)
#define unlikely(x)	(x)
#undef __always_inline
#define __always_inline	inline __attribute__((always_inline))
#define READ_ONCE(x)	(*(const volatile typeof(x) *)&(x))
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define ENOTSUPP	524
#define U32_MAX		UINT32_MAX
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

extern unsigned char shim_memory[];
extern const u64 shim_memory_size;
extern bool shim_irqs_off, shim_signal, shim_five_levels;
void shim_resched(void);
bool shim_is_memory(u64 phys);

#define local_irq_save(flags)	do { (flags) = shim_irqs_off; shim_irqs_off = true; } while (0)
#define local_irq_restore(flags) (shim_irqs_off = (flags))
#define cond_resched()		shim_resched()
#define current			NULL
#define fatal_signal_pending(t)	((void)(t), shim_signal)

/* One CPU, which is in no mm's mask but while tables are read */
struct mm_struct { bool mask; };

#define smp_processor_id()	0
#define mm_cpumask(mm)		(mm)
static inline bool cpumask_test_and_set_cpu(int cpu, struct mm_struct *mm)
{
	bool before = mm->mask;

	mm->mask = cpu == 0;
	return before;
}

static inline void cpumask_clear_cpu(int cpu, struct mm_struct *mm)
{
	mm->mask = cpu != 0;
}

typedef u64 cycles_t;
static inline cycles_t get_cycles(void)
{
	static cycles_t now;

	return now += 10;
}

static inline u64 virt_to_phys(void *p)
{
	return (unsigned char *)p - shim_memory;
}

static inline void *phys_to_virt(u64 phys)
{
	return shim_memory + phys;
}

#define PHYS_PFN(phys)		((phys) >> 12)
#define pfn_valid(pfn)		shim_is_memory((u64)(pfn) << 12)
#define pgtable_l5_enabled()	shim_five_levels

static inline long copy_from_kernel_nofault(void *to, const void *from, size_t n)
{
	u64 phys = virt_to_phys((void *)from);

	if (!shim_is_memory(phys) || !shim_is_memory(phys + n - 1))
		return -EFAULT;
	memcpy(to, from, n);
	return 0;
}

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

#define sort(base, n, size, compare, swap)	qsort(base, n, size, compare)

/* Swap entries as compat.h asks for them on 6.1: the type in the top 5 bits */
#define LINUX_VERSION_CODE	KERNEL_VERSION(6, 1, 0)
#define KERNEL_VERSION(a, b, c)	(((a) << 16) + ((b) << 8) + (c))

enum { SHIM_SWAP_LAST = 23, SHIM_POISON, SHIM_HWPOISON, SHIM_MIGRATION,
       SHIM_DEVICE, SHIM_EXCLUSIVE, SHIM_MARKER, SHIM_OTHER };

typedef struct { u64 type; } swp_entry_t;

#define native_make_pte(entry)	(entry)
static inline swp_entry_t pte_to_swp_entry(u64 entry)
{
	return (swp_entry_t) { entry >> 59 };
}

#define non_swap_entry(s)		((s).type > SHIM_SWAP_LAST)
#define is_swapin_error_entry(s)	((s).type == SHIM_POISON)
#define is_hwpoison_entry(s)		((s).type == SHIM_HWPOISON)
#define is_migration_entry(s)		((s).type == SHIM_MIGRATION)
#define is_device_private_entry(s)	((s).type == SHIM_DEVICE)
#define is_device_exclusive_entry(s)	((s).type == SHIM_EXCLUSIVE)
#define is_pte_marker_entry(s)		((s).type == SHIM_MARKER)

/* The kernel's, which take the whole string and nothing else */
static inline int kstrtoull(const char *s, unsigned int base,
			    unsigned long long *result)
{
	char *end;

	if (*s == '-' || *s == '+' || *s == ' ' || *s == '\t' || !*s)
		return -EINVAL;
	errno = 0;
	*result = strtoull(s, &end, base);
	if (errno)
		return -ERANGE;
	return *end || end == s ? -EINVAL : 0;
}

static inline int kstrtoint(const char *s, unsigned int base, int *result)
{
	char *end;
	long value;

	if (*s == '+' || *s == ' ' || *s == '\t' || !*s)
		return -EINVAL;
	errno = 0;
	value = strtol(s, &end, base);
	if (*end || end == s)
		return -EINVAL;
	if (errno || value < INT_MIN || value > INT_MAX)
		return -ERANGE;
	*result = value;
	return 0;
}

static inline int kstrtouint(const char *s, unsigned int base,
			     unsigned int *result)
{
	unsigned long long value;
	int ret = kstrtoull(s, base, &value);

	if (ret)
		return ret;
	if (value > UINT_MAX)
		return -ERANGE;
	*result = value;
	return 0;
}

#endif /* TLBSCOPE_SHIM_H */
