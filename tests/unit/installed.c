// SPDX-License-Identifier: GPL-2.0
/*
 * A program of somebody else, which knows the library by pkg-config alone; its
 * names are some that the library uses inside
 */
#include <libtlbscope.h>

#include <stdio.h>

int entry_state(int x);
int merge_add(int x);

int entry_state(int x)
{
	return x + 1;
}

int merge_add(int x)
{
	return x + 2;
}

int main(void)
{
	struct tlbscope *t;
	int here = 1;
	uint64_t at = (uint64_t)(uintptr_t)&here & ~4095ULL;
	struct tlbscope_iter *it;
	struct tlbscope_range r;

	if (entry_state(1) != 2 || merge_add(1) != 3 ||
	    tlbscope_entry_state(0x1001, 1) != TLBSCOPE_LEAF)
		return 1;
	if (tlbscope_open(&t, TLBSCOPE_SELF, TLBSCOPE_OPEN_FALLBACK) ||
	    tlbscope_ranges_begin(t, at, at + 4096, 0, 0, &it) ||
	    tlbscope_ranges_next(it, &r) != 1)
		return 1;
	tlbscope_iter_end(it);
	tlbscope_close(t);
	puts(tlbscope_state_name((enum tlbscope_state)r.state));
	return 0;
}
