// SPDX-License-Identifier: GPL-2.0
#include "entry.h"
#include "libtlbscope.h"

_Static_assert(TLBSCOPE_FLAGS_LEN >= ENTRY_FLAGS_LEN, "room for all flags");

size_t tlbscope_entry_flags(char *buf, size_t len, uint64_t entry,
			    unsigned int level,
			    const struct tlbscope_format *format)
{
	return entry_flags(buf, len, entry, level, format);
}

enum tlbscope_state tlbscope_entry_state(uint64_t entry, unsigned int level)
{
	return entry_state(entry, level);
}

uint64_t tlbscope_entry_phys(uint64_t entry, unsigned int level,
			     const struct tlbscope_format *format)
{
	return entry_phys(entry, level, format);
}

const char *tlbscope_state_name(enum tlbscope_state state)
{
	return entry_state_name(state);
}

const char *tlbscope_level_name(unsigned int level, unsigned int levels)
{
	return entry_level_name(level, levels);
}

uint64_t tlbscope_page_size(unsigned int level)
{
	return level && level <= TLBSCOPE_MAX_LEVELS ? entry_span(level) : 0;
}

unsigned int tlbscope_index(uint64_t address, unsigned int level)
{
	return level && level <= TLBSCOPE_MAX_LEVELS ? entry_index(address, level) : 0;
}

const char *tlbscope_source_name(enum tlbscope_source source)
{
	switch (source) {
	case TLBSCOPE_SOURCE_MODULE:
		return "the tlbscope module";
	case TLBSCOPE_SOURCE_PAGEMAP:
		return "/proc/PID/pagemap and smaps";
	case TLBSCOPE_SOURCE_PAGEMAP_SCAN:
		return "/proc/PID/pagemap, PAGEMAP_SCAN and smaps";
	}
	return "?";
}
