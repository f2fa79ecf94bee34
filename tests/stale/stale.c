// SPDX-License-Identifier: GPL-2.0
/*
 * Translations made stale on purpose, for tests in a virtual machine
 *
 * Two pages of the caller's exchange their frames in the tables, and nobody is
 * told: which bytes are read at either address then says whether a TLB still
 * holds what was there before. Never do that to memory that matters.
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "stale.h"

/* What both entries must have. The CPU has nothing left to write to them then. */
#define WANTED	(_PAGE_PRESENT | _PAGE_USER | _PAGE_RW | _PAGE_ACCESSED | \
		 _PAGE_DIRTY)

/*
 * The entry of a page of 4 KiB, NULL without. Whoever could take a table away
 * wants the mmap lock, or is the caller's other thread that unmaps memory of a
 * test that runs. With page-table isolation both roots lead here.
 */
static u64 *find_entry(struct mm_struct *mm, u64 address)
{
	unsigned int shift = pgtable_l5_enabled() ? 48 : 39;
	u64 *table = (u64 *)mm->pgd, entry;

	for (; shift > PAGE_SHIFT; shift -= 9) {
		entry = READ_ONCE(table[(address >> shift) % PTRS_PER_PTE]);
		if (!(entry & _PAGE_PRESENT) || (entry & _PAGE_PSE))
			return NULL;
		table = __va(entry & PTE_PFN_MASK);
	}
	return &table[(address >> shift) % PTRS_PER_PTE];
}

/* One mapping, and the kernel has no reason to touch its entries meanwhile */
static int check_mapping(struct mm_struct *mm, const struct stale_pair *pair)
{
	struct vm_area_struct *vma = find_vma(mm, pair->page[0]);
	int i;

	if (!vma)
		return -EFAULT;
	for (i = 0; i < 2; i++) {
		if (pair->page[i] < vma->vm_start ||
		    pair->page[i] >= vma->vm_end)
			return -EFAULT;
		if (!PAGE_ALIGNED(pair->page[i]))
			return -EINVAL;
	}
	if (pair->page[0] == pair->page[1] || !vma_is_anonymous(vma) ||
	    (vma->vm_flags & (VM_SHARED | VM_LOCKED)) != VM_LOCKED)
		return -EINVAL;
	return 0;
}

/* No flush, and no paravirt hook that could do one */
static int exchange(u64 *a, u64 *b)
{
	u64 x = READ_ONCE(*a), y = READ_ONCE(*b);

	if (((x ^ y) & ~PTE_PFN_MASK) || (x & WANTED) != WANTED)
		return -EINVAL;
	if (cmpxchg64(a, x, y) != x)
		return -EAGAIN;
	if (cmpxchg64(b, y, x) == y)
		return 0;
	WRITE_ONCE(*a, x);
	return -EAGAIN;
}

static long stale_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct mm_struct *mm = current->mm;
	struct stale_pair pair;
	u64 *a, *b;
	long ret;

	if (cmd != STALE_IOC_EXCHANGE)
		return -ENOTTY;
	if (copy_from_user(&pair, (void __user *)arg, sizeof(pair)))
		return -EFAULT;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	ret = check_mapping(mm, &pair);
	if (!ret) {
		a = find_entry(mm, pair.page[0]);
		b = find_entry(mm, pair.page[1]);
		ret = a && b ? exchange(a, b) : -EINVAL;
	}
	mmap_write_unlock(mm);
	return ret;
}

static const struct file_operations stale_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= stale_ioctl,
};

static struct miscdevice stale_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "tlbscope-stale",
	.fops	= &stale_fops,
	.mode	= 0600,
};

module_misc_device(stale_device);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Make translations stale, for tests in a virtual machine only");
