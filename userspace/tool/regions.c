// SPDX-License-Identifier: GPL-2.0
/*
 * Two sources: the layout that the kernel documents
 * (Documentation/arch/x86/x86_64/mm.rst), for what has fixed addresses; and the
 * program headers of /proc/kcore for what has not, as the direct map, vmalloc
 * and vmemmap move with KASLR. What neither tells is called "kernel".
 */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "regions.h"

#define GIB		(1ULL << 30)
#define TIB		(1ULL << 40)

/* Above it the layout is the same for all kernels, and fixed */
#define CPU_ENTRY_AREA	0xfffffe0000000000ULL
#define IMAGE_START	0xffffffff80000000ULL
#define IMAGE_LAST	0xffffffff9fffffffULL
#define MODULES_LAST	0xfffffffffeffffffULL

/* As many segments as a machine with much hotplugged memory may have */
#define MAX_SEGMENTS	4096

static void add(struct maps *maps, uint64_t start, uint64_t last, char *name)
{
	struct map map = { .start = start, .last = last, .name = name };

	maps_add(maps, &map);
}

static void add_fixed(struct maps *maps, unsigned int levels)
{
	if (levels == 5) {
		add(maps, 0xff00000000000000, 0xff0fffffffffffff, "guard hole");
		add(maps, 0xff10000000000000, 0xff10ffffffffffff, "LDT remap");
	} else {
		add(maps, 0xffff800000000000, 0xffff87ffffffffff, "guard hole");
		add(maps, 0xffff880000000000, 0xffff887fffffffff, "LDT remap");
	}
	add(maps, CPU_ENTRY_AREA, 0xfffffe7fffffffff, "cpu_entry_area");
	add(maps, 0xffffff0000000000, 0xffffff7fffffffff, "espfix stacks");
	add(maps, 0xffffffef00000000, 0xfffffffeffffffff, "EFI");
	add(maps, 0xffffffffff000000, 0xffffffffff5fffff, "fixmap");
	add(maps, 0xffffffffff600000, 0xffffffffff600fff, "vsyscall");
}

/**
 * struct layout - what /proc/kcore tells
 * @direct: where physical address 0 is, or would be; 0 if not known
 * @direct_last: the last address of memory there
 * @vmalloc: start and last address, 0 if not known
 * @vmemmap: start and last address, 0 if not known
 * @modules: first address, 0 if not known
 */
struct layout {
	uint64_t direct, direct_last;
	uint64_t vmalloc, vmalloc_last;
	uint64_t vmemmap, vmemmap_last;
	uint64_t modules;
};

static void add_segment(struct layout *layout, const Elf64_Phdr *segment)
{
	uint64_t start = segment->p_vaddr;
	uint64_t last = start + segment->p_memsz - 1;

	if (segment->p_type != PT_LOAD || !segment->p_memsz)
		return;
	if (start >= IMAGE_START) {
		if (segment->p_paddr == ~0ULL && last == MODULES_LAST)
			layout->modules = start;
	} else if (segment->p_paddr != ~0ULL) {
		layout->direct = start - segment->p_paddr;
		if (last > layout->direct_last)
			layout->direct_last = last;
	} else if (segment->p_memsz >= TIB) {
		layout->vmalloc = start;
		layout->vmalloc_last = last;
	} else {
		if (!layout->vmemmap || start < layout->vmemmap)
			layout->vmemmap = start;
		if (last > layout->vmemmap_last)
			layout->vmemmap_last = last;
	}
}

static void read_layout(struct layout *layout)
{
	int fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	Elf64_Phdr segment;
	Elf64_Ehdr header;
	unsigned int i;

	*layout = (struct layout){ 0 };
	if (fd < 0)
		return;
	if (pread(fd, &header, sizeof(header), 0) == sizeof(header) &&
	    header.e_phentsize == sizeof(segment))
		for (i = 0; i < header.e_phnum && i < MAX_SEGMENTS; i++)
			if (pread(fd, &segment, sizeof(segment),
				  (off_t)(header.e_phoff + i * sizeof(segment))) ==
			    sizeof(segment))
				add_segment(layout, &segment);
	close(fd);
}

/*
 * Memory may end within a page of 1 GiB that maps it. And vmalloc's end is one
 * byte short in /proc/kcore.
 */
static uint64_t whole(uint64_t last)
{
	return last | (GIB - 1);
}

static void add_layout(struct maps *maps, const struct layout *layout)
{
	if (layout->direct)
		add(maps, layout->direct, whole(layout->direct_last), "direct map");
	if (layout->vmalloc)
		add(maps, layout->vmalloc, whole(layout->vmalloc_last), "vmalloc");
	if (layout->vmemmap)
		add(maps, layout->vmemmap, whole(layout->vmemmap_last), "vmemmap");
	if (layout->modules) {
		add(maps, IMAGE_START, layout->modules - 1, "kernel image");
		add(maps, layout->modules, MODULES_LAST, "modules");
	} else {
		add(maps, IMAGE_START, IMAGE_LAST, "kernel image");
	}
}

/* The gaps: first address of a gap, its last one */
static void add_rest(struct maps *maps, unsigned int levels)
{
	uint64_t next = -(1ULL << (11 + 9 * levels));
	size_t i, count = maps->count;

	for (i = 0; i < count; i++) {
		if (maps->map[i].start > next)
			add(maps, next, maps->map[i].start - 1, "kernel");
		next = maps->map[i].last + 1;
	}
	add(maps, next, ~0ULL, "kernel");
	maps_sort(maps);
}

/**
 * regions_read - the kernel's half, without a gap
 * @maps: receives it; maps_free() when done
 * @levels: of paging
 */
void regions_read(struct maps *maps, unsigned int levels)
{
	struct layout layout;

	*maps = (struct maps){ 0 };
	read_layout(&layout);
	add_fixed(maps, levels);
	add_layout(maps, &layout);
	maps_sort(maps);
	add_rest(maps, levels);
}
