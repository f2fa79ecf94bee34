// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "area.h"
#include "mem.h"

#define PAGE	4096UL

/**
 * area_own - of the tool itself: 4 KiB pages, each of them touched
 * @area: filled in; area_free() when done
 * @pages: how many
 * @bystanders: how many
 *
 * Return: 0 or a negative errno
 */
int area_own(struct area *area, uint64_t pages, uint64_t bystanders)
{
	size_t len = (pages + bystanders) * PAGE, i;
	char *map = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	/* A kernel without huge pages knows no such advice, and needs none */
	madvise(map, len, MADV_NOHUGEPAGE);
	for (i = 0; i < len; i += PAGE)
		map[i] = 1;
	*area = (struct area) {
		.page_size = PAGE,
		.start = (uintptr_t)map,
		.pages = pages,
		.bystanders_start = (uintptr_t)map + pages * PAGE,
		.bystanders = bystanders,
		.map = map,
		.map_len = len,
	};
	return 0;
}

void area_free(struct area *area)
{
	if (area->map)
		munmap(area->map, area->map_len);
}

/**
 * struct stretch - pages of one size that follow each other and can be read
 * @start: first address
 * @pages: how many
 * @level: 1 for 4 KiB
 */
struct stretch {
	uint64_t start;
	uint64_t pages;
	unsigned int level;
};

struct stretches {
	struct stretch *at;
	size_t count;
	size_t room;
};

static uint64_t stretch_end(const struct stretch *s)
{
	return s->start + s->pages * tlbscope_page_size(s->level);
}

/* Memory that the user may read; what is special has no struct page behind it */
static bool is_memory(const struct tlbscope_range *r, const struct tlbscope_format *f)
{
	return r->state == TLBSCOPE_LEAF && (r->rights & TLBSCOPE_MAY_USER) &&
	       !(r->entry & f->special);
}

static void add(struct stretches *all, const struct tlbscope_range *r)
{
	uint64_t size = tlbscope_page_size(r->level);
	struct stretch *last = all->count ? &all->at[all->count - 1] : NULL;

	/* A huge page that lies across the bounds */
	if ((r->start | r->end) & (size - 1))
		return;
	if (last && last->level == r->level && stretch_end(last) == r->start) {
		last->pages += (r->end - r->start) / size;
		return;
	}
	if (all->count == all->room) {
		all->room = all->room ? 2 * all->room : 64;
		all->at = mem_array(all->at, all->room, sizeof(*all->at));
	}
	all->at[all->count++] = (struct stretch) {
		.start = r->start,
		.pages = (r->end - r->start) / size,
		.level = r->level,
	};
}

static int read_stretches(struct stretches *all, struct tlbscope *t,
			  uint64_t start, uint64_t end)
{
	struct tlbscope_info info;
	struct tlbscope_range r;
	struct tlbscope_iter *it;
	int more;

	tlbscope_machine(&info);
	more = tlbscope_ranges_begin(t, start, end, 0,
				     TLBSCOPE_RANGES_IGNORABLE & ~info.format.special, &it);
	if (more)
		return more;
	while ((more = tlbscope_ranges_next(it, &r)) > 0)
		if (is_memory(&r, &info.format))
			add(all, &r);
	tlbscope_iter_end(it);
	return more;
}

/* The longest of a level */
static struct stretch *longest(struct stretches *all, unsigned int level)
{
	struct stretch *best = NULL;
	size_t i;

	for (i = 0; i < all->count; i++)
		if (all->at[i].level == level && all->at[i].pages &&
		    (!best || all->at[i].pages > best->pages))
			best = &all->at[i];
	return best;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Up to @n pages from the head of a stretch; the address, 0 for none */
static uint64_t take(struct stretch *s, uint64_t *n)
{
	uint64_t start = s ? s->start : 0;

	*n = s ? least(*n, s->pages) : 0;
	if (!*n)
		return 0;
	s->start += *n * tlbscope_page_size(s->level);
	s->pages -= *n;
	return start;
}

/**
 * area_find - of another process, as far as it has them
 * @area: filled in
 * @t: handle
 * @pages: how many at most
 * @bystanders: how many at most
 *
 * Ordinary pages of 4 KiB if it has any, else larger ones. Its longest stretch
 * of them serves for both if it can.
 *
 * Return: 0, -ENODATA it has no memory that could be read, or a negative errno
 */
int area_find(struct area *area, struct tlbscope *t, uint64_t pages,
	      uint64_t bystanders)
{
	struct stretches all = { 0 };
	struct stretch *best = NULL;
	unsigned int level;
	int err;

	*area = (struct area){ .pages = pages, .bystanders = bystanders };
	err = read_stretches(&all, t, 0, 0);
	for (level = 1; !err && !best && level <= 3; level++)
		best = longest(&all, level);
	if (!err && !best)
		err = -ENODATA;
	if (!err) {
		level = best->level;
		area->page_size = tlbscope_page_size(level);
		area->start = take(best, &area->pages);
		area->bystanders_start = take(longest(&all, level), &area->bystanders);
	}
	free(all.at);
	return err;
}

/**
 * area_at - pages that the user chose
 * @area: filled in
 * @t: handle
 * @start: of them
 * @end: first address behind
 * @bystanders: how many at most, from elsewhere
 *
 * Return: 0, -EFAULT nothing is present there, -EXDEV not all of it is, or not
 * in pages of one size, or a negative errno
 */
int area_at(struct area *area, struct tlbscope *t, uint64_t start, uint64_t end,
	    uint64_t bystanders)
{
	struct stretches in = { 0 }, out = { 0 };
	int err;

	*area = (struct area){ .start = start, .bystanders = bystanders };
	err = read_stretches(&in, t, start, end);
	if (!err && start)
		err = read_stretches(&out, t, 0, start);
	if (!err)
		err = read_stretches(&out, t, end, 0);
	if (!err && !in.count)
		err = -EFAULT;
	if (!err && (in.count > 1 || in.at->start != start || stretch_end(in.at) != end))
		err = -EXDEV;
	if (!err) {
		area->page_size = tlbscope_page_size(in.at->level);
		area->pages = in.at->pages;
		area->bystanders_start = take(longest(&out, in.at->level),
					      &area->bystanders);
	}
	free(in.at);
	free(out.at);
	return err;
}
