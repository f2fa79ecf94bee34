// SPDX-License-Identifier: GPL-2.0
/*
 * The source without the module: what the kernel itself tells in /proc
 *
 * Mappings come from maps, what is in them from pagemap. Which pages are huge
 * says PAGEMAP_SCAN, which also knows the holes, or else thp.h's reckoning. smaps
 * says how large the pages of a hugetlbfs mapping are; as the kernel looks at
 * every page to make it, it is read only where something may be huge. What is
 * not known stays unsaid: a level of 0, a physical address of 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "entry.h"
#include "mapping.h"
#include "merge.h"
#include "pages.h"
#include "range.h"
#include "scan.h"
#include "source.h"
#include "thp.h"

#define SCAN_REGIONS	64

/* What a function returns when the request is full: stop, all is well */
#define FULL		1

/**
 * struct pagemap - the fallback's part of a handle
 * @kpageflags: /proc/kpageflags, or -1
 * @scan: the kernel has PAGEMAP_SCAN
 * @frames: pagemap shows physical addresses
 * @next: where the last request ended: one that begins there goes on with
 *	@maps instead of reading it from the start
 * @maps: the mappings
 * @mapping: the one of @maps that is looked at
 * @smaps: the same with their sizes
 * @sized: the one of @smaps that was looked at last
 * @verdict: of @mapping, without PAGEMAP_SCAN
 * @judged: @verdict is made
 * @pages: window on the pagemap
 */
struct pagemap {
	int kpageflags;
	bool scan;
	bool frames;
	uint64_t next;
	struct mappings maps;
	struct mapping mapping;
	struct mappings smaps;
	struct mapping sized;
	enum thp_verdict verdict;
	bool judged;
	struct pages pages;
};

/* The level whose entries map pages of this size */
static unsigned int level_of(uint64_t page_size)
{
	switch (page_size) {
	case 1ULL << 30:
		return 3;
	case 1ULL << 21:
		return 2;
	default:
		return 1;
	}
}

static uint64_t leaf_span(unsigned int level)
{
	return level ? entry_span(level) : PAGE_SIZE;
}

/* The leaves between two addresses of a mapping, all of one level */
static int add_leaves(struct tlbscope *t, struct merge *m, unsigned int level,
		      uint64_t from, uint64_t to)
{
	struct pagemap *p = t->pagemap;
	uint64_t span = leaf_span(level);
	struct tlbscope_range leaf = { .level = level };

	for (; from < to; from = leaf.end) {
		const uint64_t *entry;
		int err;

		leaf.start = from;
		leaf.end = (from & ~(span - 1)) + span;
		if (leaf.end > to)
			leaf.end = to;
		/* Of a huge page the first entry says all */
		err = pages_get(&p->pages, from, 1,
				level > 1 ? from + PAGE_SIZE : to, &entry);
		if (err)
			return err;
		pages_decode(&leaf, *entry, p->mapping.no_access, &t->info.format);
		if (!merge_add(m, &leaf)) {
			m->req->next = leaf.start;
			return FULL;
		}
	}
	return 0;
}

/* What smaps says of the mapping at an address: @sized, all zero if nothing */
static int size_mapping(struct tlbscope *t, uint64_t address)
{
	struct pagemap *p = t->pagemap;
	int more;

	if (p->sized.start <= address && address < p->sized.end)
		return 0;
	if (p->smaps.fd < 0 || address < p->sized.end) {
		more = mappings_open(&p->smaps, t->dir, "smaps");
		if (more)
			return more;
	}
	more = mappings_find(&p->smaps, address, &p->sized);
	if (more > 0 && address < p->sized.start)
		more = 0;
	if (more <= 0)
		p->sized = (struct mapping) { 0 };
	return more < 0 ? more : 0;
}

/* The level of something huge: 2 unless the mapping is hugetlbfs's */
static int huge_level(struct tlbscope *t, uint64_t address, unsigned int *level)
{
	int err = size_mapping(t, address);

	*level = level_of(t->pagemap->sized.page_size);
	if (*level < 2)
		*level = 2;
	return err;
}

static int add_scanned(struct tlbscope *t, struct merge *m, uint64_t from,
		       uint64_t to)
{
	/* Zeroed for valgrind, to which the ioctl is unknown */
	struct scan_region region[SCAN_REGIONS] = { 0 };
	unsigned int level;
	int n, i, err;

	while (from < to) {
		n = scan_next(t->fd, &from, to, region, SCAN_REGIONS);
		if (n < 0)
			return n;
		for (i = 0; i < n; i++) {
			level = 1;
			if (scan_is_huge(&region[i])) {
				err = huge_level(t, region[i].start, &level);
				if (err)
					return err;
			}
			err = add_leaves(t, m, level, region[i].start, region[i].end);
			if (err)
				return err;
		}
	}
	return 0;
}

static int classify(struct tlbscope *t, uint64_t chunk, enum thp_chunk *kind)
{
	struct pagemap *p = t->pagemap;
	const uint64_t *entry;
	int err;

	err = pages_get(&p->pages, chunk, THP_PAGES, p->mapping.end, &entry);
	if (!err)
		*kind = thp_classify(entry, p->frames, p->kpageflags);
	return err;
}

static int count_present(struct pagemap *p, uint64_t *present)
{
	const uint64_t *entry;
	uint64_t at;
	int err;

	*present = 0;
	for (at = p->mapping.start; at < p->mapping.end; at += PAGE_SIZE) {
		err = pages_get(&p->pages, at, 1, p->mapping.end, &entry);
		if (err)
			return err;
		if (*entry & PM_PRESENT)
			*present += PAGE_SIZE;
	}
	return 0;
}

static int count_maybe(struct tlbscope *t, uint64_t *maybe)
{
	const struct mapping *m = &t->pagemap->mapping;
	enum thp_chunk kind;
	uint64_t at;
	int err;

	*maybe = 0;
	at = (m->start + THP_SIZE - 1) & ~(THP_SIZE - 1);
	for (; at + THP_SIZE <= m->end; at += THP_SIZE) {
		err = classify(t, at, &kind);
		if (err)
			return err;
		*maybe += kind == THP_CHUNK_MAYBE;
	}
	return 0;
}

/*
 * On @mapping, for which @sized is there. It reads the whole of it, but only
 * where that can tell something.
 */
static int judge(struct tlbscope *t)
{
	struct pagemap *p = t->pagemap;
	struct thp_evidence e = {
		.mapped = p->sized.pmd_mapped,
		.rss = p->sized.rss,
		.zero_known = p->frames && p->kpageflags >= 0,
	};
	int err = 0;

	if (p->judged)
		return 0;
	if (e.mapped || !e.zero_known) {
		err = count_maybe(t, &e.maybe);
		if (!err && !e.mapped)
			err = count_present(p, &e.present);
	}
	p->verdict = thp_decide(&e);
	/* maps and smaps were not read at the same time */
	if (p->sized.start != p->mapping.start || p->sized.end != p->mapping.end)
		p->verdict = THP_UNKNOWN;
	p->judged = !err;
	return err;
}

/* The level of what can be huge */
static int maybe_level(struct tlbscope *t, uint64_t address, unsigned int *level)
{
	struct pagemap *p = t->pagemap;
	int err = size_mapping(t, address);

	if (err)
		return err;
	*level = level_of(p->sized.page_size);
	if (*level > 1)
		return 0;
	err = judge(t);
	if (p->verdict == THP_ALL)
		*level = 2;
	else if (p->verdict == THP_UNKNOWN)
		*level = 0;
	return err;
}

/*
 * The level of the leaves in a chunk, or in the part of one that is mapped. A
 * page of hugetlbfs is one or many whole chunks, all present.
 */
static int chunk_level(struct tlbscope *t, uint64_t address, unsigned int *level)
{
	struct pagemap *p = t->pagemap;
	uint64_t chunk = address & ~(THP_SIZE - 1);
	enum thp_chunk kind;
	int err;

	*level = 1;
	if (chunk < p->mapping.start || p->mapping.end - chunk < THP_SIZE)
		return 0;
	err = classify(t, chunk, &kind);
	if (err || kind == THP_CHUNK_SMALL)
		return err;
	if (kind == THP_CHUNK_MAYBE)
		return maybe_level(t, address, level);
	*level = 2;
	return 0;
}

static int add_reckoned(struct tlbscope *t, struct merge *m, uint64_t from,
			uint64_t to)
{
	int err = 0;

	while (!err && from < to) {
		uint64_t span = THP_SIZE, end;
		unsigned int level;

		err = chunk_level(t, from, &level);
		if (err)
			break;
		if (leaf_span(level) > span)
			span = leaf_span(level);
		end = (from & ~(span - 1)) + span;
		if (end > to)
			end = to;
		err = add_leaves(t, m, level, from, end);
		from = end;
	}
	return err;
}

static int open_maps(struct tlbscope *t)
{
	struct pagemap *p = t->pagemap;

	p->mapping = (struct mapping) { 0 };
	p->sized = (struct mapping) { 0 };
	mappings_close(&p->smaps);
	return mappings_open(&p->maps, t->dir, "maps");
}

/* Moves on to the mapping at an address or the next above: 1, 0 none, errno */
static int seek_mapping(struct tlbscope *t, uint64_t address)
{
	struct pagemap *p = t->pagemap;

	if (address < p->mapping.end)
		return 1;
	p->judged = false;
	return mappings_find(&p->maps, address, &p->mapping);
}

static int add_mappings(struct tlbscope *t, struct merge *m, uint64_t from,
			uint64_t to)
{
	struct pagemap *p = t->pagemap;
	int more = 1, err = 0;

	while (!err && from < to) {
		uint64_t end;

		more = seek_mapping(t, from);
		if (more <= 0 || p->mapping.start >= to)
			break;
		if (from < p->mapping.start)
			from = p->mapping.start;
		end = to < p->mapping.end ? to : p->mapping.end;
		err = p->scan ? add_scanned(t, m, from, end) :
				add_reckoned(t, m, from, end);
		from = end;
	}
	return more < 0 ? more : err;
}

/*
 * maps and smaps are those of the address space that the process has by now,
 * pagemap is that of the one it had: if that is gone, neither means anything.
 */
static int still_there(struct tlbscope *t)
{
	return pages_alive(t->fd) ? 0 : -ESRCH;
}

static int pagemap_ranges(struct tlbscope *t, struct tlbscope_ranges *req)
{
	struct pagemap *p = t->pagemap;
	struct merge merge = {
		.req = req,
		.format = &t->info.format,
		.phys = p->frames,
	};
	int err = 0;

	if ((req->flags & TLBSCOPE_USER_ROOT) || req->end > t->info.user_end)
		return -EOPNOTSUPP;
	req->filled = 0;
	req->irqs_off = 0;
	req->next = req->end;
	pages_forget(&p->pages, PAGES_BATCH);
	if (p->maps.fd < 0 || req->start != p->next)
		err = open_maps(t);
	if (!err)
		err = add_mappings(t, &merge, req->start, req->end);
	if (err >= 0)
		err = still_there(t);
	p->next = req->next;
	if (err || req->next == req->end)
		mappings_close(&p->maps);
	return err;
}

/* The one leaf at an address; without any, the state stays TLBSCOPE_NONE */
static int find_leaf(struct tlbscope *t, uint64_t address,
		     struct tlbscope_range *leaf)
{
	struct tlbscope_ranges req = {
		.flags = TLBSCOPE_RANGES_ALL,
		.vec = (uintptr_t)leaf,
		.vec_len = 1,
	};
	struct merge merge = { .req = &req, .format = &t->info.format };
	struct pagemap *p = t->pagemap;
	int err;

	pages_forget(&p->pages, THP_PAGES);
	err = open_maps(t);
	if (!err)
		err = add_mappings(t, &merge, address, address + PAGE_SIZE);
	if (err || req.filled || address < p->mapping.start ||
	    address >= p->mapping.end)
		return err;
	/* There may be something that pagemap does not show */
	err = size_mapping(t, address);
	if (!err && p->sized.no_pages)
		leaf->state = TLBSCOPE_UNKNOWN;
	return err;
}

static int pagemap_walk(struct tlbscope *t, struct tlbscope_walk *walk)
{
	uint64_t page = walk->address & ~(PAGE_SIZE - 1);
	struct tlbscope_range leaf = { .state = TLBSCOPE_NONE };
	int err;

	if (!entry_canonical(walk->address, t->info.levels))
		return -EINVAL;
	if ((walk->flags & TLBSCOPE_USER_ROOT) || page >= t->info.user_end)
		return -EOPNOTSUPP;
	err = find_leaf(t, page, &leaf);
	mappings_close(&t->pagemap->maps);
	if (!err)
		err = still_there(t);
	if (err)
		return err;
	walk->state = leaf.state;
	walk->level = leaf.level;
	walk->page_size = leaf.level ? entry_span(leaf.level) : 0;
	walk->phys = leaf.phys ? leaf.phys + walk->address - page : 0;
	return 0;
}

static void pagemap_close(struct tlbscope *t)
{
	struct pagemap *p = t->pagemap;

	mappings_close(&p->maps);
	mappings_close(&p->smaps);
	if (p->kpageflags >= 0)
		close(p->kpageflags);
	free(p);
}

static const struct source_ops pagemap_ops = {
	.walk = pagemap_walk,
	.ranges = pagemap_ranges,
	.close = pagemap_close,
};

static struct pagemap *pagemap_new(int fd)
{
	struct pagemap *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->maps.fd = -1;
	p->smaps.fd = -1;
	p->pages.fd = fd;
	p->scan = scan_supported(fd);
	p->frames = pages_show_frames();
	p->kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	return p;
}

int pagemap_open(struct tlbscope *t)
{
	struct pagemap *p;

	t->fd = openat(t->dir, "pagemap", O_RDONLY | O_CLOEXEC);
	if (t->fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (!pages_alive(t->fd))
		return -ESRCH;
	p = pagemap_new(t->fd);
	if (!p)
		return -ENOMEM;
	t->pagemap = p;
	t->ops = &pagemap_ops;
	t->source = p->scan ? TLBSCOPE_SOURCE_PAGEMAP_SCAN : TLBSCOPE_SOURCE_PAGEMAP;
	if (p->frames)
		t->knows |= TLBSCOPE_KNOWS_PHYS;
	if (p->scan || (p->frames && p->kpageflags >= 0))
		t->knows |= TLBSCOPE_KNOWS_SIZES;
	machine_guess(&t->info);
	return 0;
}
