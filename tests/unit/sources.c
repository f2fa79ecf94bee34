// SPDX-License-Identifier: GPL-2.0
/*
 * The module and the fallback on one process: what both know must be the same
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libtlbscope.h"
#include "sample.h"
#include "unit.h"

#define PAGE	4096UL

static struct sample sample;
static struct tlbscope *module, *fallback;

static bool begin(void)
{
	if (access("/proc/tlbscope/walk", R_OK | W_OK)) {
		unit_skipped = "the module is not loaded";
		return false;
	}
	if (sample_start(&sample)) {
		UNIT_FAIL("no sample");
		return false;
	}
	CHECK_EQ(tlbscope_open(&module, sample.pid, 0), 0);
	CHECK_EQ(tlbscope_source(module), TLBSCOPE_SOURCE_MODULE);
	CHECK_EQ(tlbscope_open(&fallback, sample.pid, TLBSCOPE_OPEN_FALLBACK), 0);
	return !unit_failed;
}

static void end(void)
{
	if (!sample.pid)
		return;
	tlbscope_close(module);
	tlbscope_close(fallback);
	sample_stop(&sample);
	sample.pid = 0;
	module = NULL;
	fallback = NULL;
}

/* What pagemap cannot tell apart */
static bool same_state(unsigned int module_state, unsigned int state)
{
	if (module_state == state)
		return true;
	switch (module_state) {
	case TLBSCOPE_MIGRATION:
	case TLBSCOPE_DEVICE:
	case TLBSCOPE_HWPOISON:
		return state == TLBSCOPE_UNKNOWN;
	case TLBSCOPE_MARKER:
		return state == TLBSCOPE_UNKNOWN || state == TLBSCOPE_NONE;
	default:
		return false;
	}
}

static void compare_range(const char *name, const struct tlbscope_range *m,
			  const struct tlbscope_range *f)
{
	if (m->start == f->start && m->end == f->end && m->phys == f->phys &&
	    same_state(m->state, f->state) && (m->level == f->level || !f->level))
		return;
	UNIT_FAIL("%s: %#" PRIx64 "-%#" PRIx64 " %#" PRIx64 " level %u %s, but %#" PRIx64
		  "-%#" PRIx64 " %#" PRIx64 " level %u %s", name,
		  (uint64_t)m->start, (uint64_t)m->end, (uint64_t)m->phys, m->level,
		  tlbscope_state_name(m->state), (uint64_t)f->start, (uint64_t)f->end,
		  (uint64_t)f->phys, f->level, tlbscope_state_name(f->state));
}

static void compare_ranges(const struct sample_area *a, unsigned int flags)
{
	struct tlbscope_iter *im, *if_;
	struct tlbscope_range m, f;
	int more_m = 1, more_f = 1;

	CHECK_EQ(tlbscope_ranges_begin(module, a->start, a->end, flags,
				       TLBSCOPE_RANGES_IGNORABLE, &im), 0);
	CHECK_EQ(tlbscope_ranges_begin(fallback, a->start, a->end, flags,
				       TLBSCOPE_RANGES_IGNORABLE, &if_), 0);
	while (!unit_failed) {
		more_m = tlbscope_ranges_next(im, &m);
		more_f = tlbscope_ranges_next(if_, &f);
		if (more_m <= 0 || more_f <= 0)
			break;
		compare_range(a->name, &m, &f);
	}
	if (!unit_failed && (more_m || more_f))
		UNIT_FAIL("%s: the one has more ranges than the other (%d, %d)", a->name,
			  more_m, more_f);
	tlbscope_iter_end(im);
	tlbscope_iter_end(if_);
}

/* Whether the fallback knows the size of every page of an area */
static bool sizes_known(const struct sample_area *a)
{
	struct tlbscope_iter *it;
	struct tlbscope_range r;
	bool known = true;

	if (tlbscope_ranges_begin(fallback, a->start, a->end, 0, 0, &it))
		return false;
	while (tlbscope_ranges_next(it, &r) > 0)
		known = known && r.level;
	tlbscope_iter_end(it);
	return known;
}

TEST(every_leaf)
{
	unsigned int i;

	if (!begin())
		goto out;
	for (i = 0; i < sample.count; i++)
		if (sizes_known(&sample.area[i]))
			compare_ranges(&sample.area[i], TLBSCOPE_RANGES_UNMERGED);
out:
	end();
}

/* Huge pages that stick out on both sides are cut there */
TEST(in_the_middle_of_pages)
{
	unsigned int i;

	if (!begin())
		goto out;
	for (i = 0; i < sample.count; i++) {
		struct sample_area a = sample.area[i];

		a.start += 5 * PAGE;
		a.end -= 3 * PAGE;
		if (!sizes_known(&a))
			continue;
		compare_ranges(&a, TLBSCOPE_RANGES_UNMERGED);
		compare_ranges(&a, 0);
	}
out:
	end();
}

TEST(merged)
{
	unsigned int i;

	if (!begin())
		goto out;
	for (i = 0; i < sample.count; i++)
		if (sizes_known(&sample.area[i]))
			compare_ranges(&sample.area[i], 0);
out:
	end();
}

TEST(all_states)
{
	unsigned int i;

	if (!begin())
		goto out;
	for (i = 0; i < sample.count; i++)
		if (sizes_known(&sample.area[i]))
			compare_ranges(&sample.area[i], TLBSCOPE_RANGES_ALL |
				       TLBSCOPE_RANGES_UNMERGED);
out:
	end();
}

TEST(address_by_address)
{
	unsigned int i;
	uint64_t at;

	if (!begin())
		goto out;
	for (i = 0; i < sample.count; i++) {
		const struct sample_area *a = &sample.area[i];

		for (at = a->start; at < a->end && !unit_failed; at += (a->end - a->start) / 8) {
			struct tlbscope_walk m, f;
			uint64_t phys_m = 0, phys_f = 0;

			CHECK_EQ(tlbscope_walk_address(module, at + 123, 0, &m), 0);
			CHECK_EQ(tlbscope_walk_address(fallback, at + 123, 0, &f), 0);
			CHECK(same_state(m.state, f.state));
			CHECK_EQ(m.phys, f.phys);
			if (f.page_size)
				CHECK_EQ(m.page_size, f.page_size);
			CHECK_EQ(tlbscope_translate(module, at + 123, &phys_m, NULL),
				 tlbscope_translate(fallback, at + 123, &phys_f, NULL));
			CHECK_EQ(phys_m, phys_f);
		}
	}
out:
	end();
}

TEST(many_addresses_at_once)
{
	struct tlbscope_translation m[64], f[64];
	unsigned int i, k;

	if (!begin())
		goto out;
	for (i = 0; i < sample.count && !unit_failed; i++) {
		const struct sample_area *a = &sample.area[i];

		for (k = 0; k < 64; k++)
			m[k].address = f[k].address =
				a->start + (a->end - a->start) / 64 * k + 5;
		CHECK_EQ(tlbscope_translate_many(module, m, 64, 0), 64);
		CHECK_EQ(tlbscope_translate_many(fallback, f, 64, 0), 64);
		for (k = 0; k < 64; k++) {
			struct tlbscope_walk w;

			CHECK(same_state(m[k].state, f[k].state));
			CHECK_EQ(m[k].phys, f[k].phys);
			CHECK_EQ(tlbscope_walk_address(module, m[k].address, 0, &w), 0);
			CHECK_EQ(m[k].phys, w.phys);
			CHECK_EQ(m[k].level, w.level);
			CHECK_EQ(m[k].rights, w.rights);
		}
	}
	m[3].address = 1ULL << 62;
	CHECK_EQ(tlbscope_translate_many(module, m, 64, 0), 3);
out:
	end();
}

TEST(census)
{
	const struct sample_area *a;
	struct tlbscope_census m, f;
	unsigned int i;

	if (!begin())
		goto out;
	for (i = 0; i < sample.count; i++) {
		a = &sample.area[i];
		if (!sizes_known(a))
			continue;
		CHECK_EQ(tlbscope_census(module, a->start, a->end, 0, &m), 0);
		CHECK_EQ(tlbscope_census(fallback, a->start, a->end, 0, &f), 0);
		CHECK_EQ(m.level[0].leaves, f.level[0].leaves);
		CHECK_EQ(m.level[1].leaves, f.level[1].leaves);
		CHECK_EQ(m.level[2].leaves, f.level[2].leaves);
		CHECK_EQ(m.kernel_bytes, f.kernel_bytes);
	}
	CHECK_EQ(tlbscope_census(module, 0, 0, 0, &m), 0);
	CHECK_EQ(m.level[m.levels - 1].tables, 1);
	CHECK(m.level[0].tables * PAGE < m.kernel_bytes);
out:
	end();
}

TEST(tables_one_by_one_are_the_census)
{
	uint64_t tables[TLBSCOPE_MAX_LEVELS] = { 0 };
	struct tlbscope_census census;
	struct tlbscope_iter *it;
	struct tlbscope_table t;
	unsigned int i;
	int more;

	if (!begin())
		goto out;
	CHECK_EQ(tlbscope_census(module, 0, 0, 0, &census), 0);
	CHECK_EQ(tlbscope_tables_begin(module, 0, 0, 0, &it), 0);
	while ((more = tlbscope_tables_next(it, &t)) > 0)
		tables[t.level - 1]++;
	CHECK_EQ(more, 0);
	tlbscope_iter_end(it);
	for (i = 0; i < TLBSCOPE_MAX_LEVELS; i++)
		CHECK_EQ(tables[i], census.level[i].tables);
out:
	end();
}

TEST(the_kernel)
{
	struct tlbscope *t = NULL;
	struct tlbscope_info info;
	struct tlbscope_iter *it;
	struct tlbscope_range r;
	struct tlbscope_census census;
	uint64_t bytes = 0;
	int more;

	if (access("/proc/tlbscope/walk", R_OK | W_OK))
		SKIP("the module is not loaded");
	CHECK_EQ(tlbscope_open(&t, TLBSCOPE_KERNEL, 0), 0);
	CHECK_EQ(tlbscope_pid(t), TLBSCOPE_KERNEL);
	tlbscope_machine(&info);
	CHECK_EQ(tlbscope_ranges_begin(t, info.kernel_start, 0, 0, TLBSCOPE_RANGES_IGNORABLE,
				       &it), 0);
	while ((more = tlbscope_ranges_next(it, &r)) > 0)
		bytes += r.end - r.start;
	CHECK_EQ(more, 0);
	/* The direct map at least */
	CHECK(bytes > (uint64_t)sysconf(_SC_PHYS_PAGES) * PAGE);
	tlbscope_iter_end(it);
	CHECK_EQ(tlbscope_census(t, info.kernel_start, 0, 0, &census), 0);
	CHECK_EQ(census.kernel_bytes, ~0ULL);
	tlbscope_close(t);
}

TEST(errors)
{
	struct tlbscope *t = NULL;
	struct tlbscope_walk walk;
	pid_t pid = getpid();
	uint64_t phys;

	if (access("/proc/tlbscope/walk", R_OK | W_OK))
		SKIP("the module is not loaded");
	CHECK_EQ(tlbscope_open(&t, 0x7ffffffe, TLBSCOPE_OPEN_MODULE), -ESRCH);
	CHECK_EQ(tlbscope_open(&t, 2, TLBSCOPE_OPEN_MODULE), -ESRCH);
	CHECK_EQ(tlbscope_open(&t, pid, TLBSCOPE_OPEN_MODULE), 0);
	CHECK_EQ(tlbscope_walk_address(t, 1ULL << 62, 0, &walk), -EINVAL);
	CHECK_EQ(tlbscope_translate(t, 1ULL << 62, &phys, NULL), -EINVAL);
	CHECK_EQ(tlbscope_translate(t, 0, &phys, NULL), -ENODATA);
	CHECK_EQ(tlbscope_translate(t, (uintptr_t)&phys, &phys, NULL), 0);
	tlbscope_close(t);
}

/* Who may not use the module still gets answers about own processes */
TEST(without_rights_the_fallback_answers)
{
	struct tlbscope *t = NULL;

	if (access("/proc/tlbscope/walk", R_OK | W_OK) || geteuid())
		SKIP("the module is not loaded");
	CHECK(!setegid(65534) && !seteuid(65534));
	prctl(PR_SET_DUMPABLE, 1);
	CHECK_EQ(tlbscope_open(&t, TLBSCOPE_SELF, 0), 0);
	if (t)
		CHECK(tlbscope_source(t) != TLBSCOPE_SOURCE_MODULE);
	tlbscope_close(t);
	CHECK_EQ(tlbscope_open(&t, TLBSCOPE_SELF, TLBSCOPE_OPEN_MODULE), -EACCES);
	CHECK(!seteuid(0) && !setegid(0));
}

UNIT_MAIN("sources")
