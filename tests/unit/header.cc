// SPDX-License-Identifier: GPL-2.0
// The header in C++: that it compiles, and that names link as C's
#include <libtlbscope.h>

#include <cstdio>
#include <cstring>

int main()
{
	struct tlbscope *t = nullptr;
	struct tlbscope_info info;

	if (tlbscope_machine(&info) || tlbscope_open(&t, -2, 0) == 0)
		return 1;
	tlbscope_close(t);
	return std::strcmp(tlbscope_level_name(1, info.levels), "PTE");
}
