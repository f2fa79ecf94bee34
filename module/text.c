// SPDX-License-Identifier: GPL-2.0
#include <linux/seq_file.h>
#include <asm/tsc.h>

#include "census.h"
#include "invalidate.h"
#include "lab.h"
#include "machine.h"
#include "method.h"
#include "text.h"

static const struct {
	u64 feature;
	const char *name;
} features[] = {
	{ TLBSCOPE_FEAT_PGE,		"pge" },
	{ TLBSCOPE_FEAT_PCID,		"pcid" },
	{ TLBSCOPE_FEAT_INVPCID,	"invpcid" },
	{ TLBSCOPE_FEAT_LA57,		"la57" },
	{ TLBSCOPE_FEAT_INVLPGB,	"invlpgb" },
	{ TLBSCOPE_FEAT_PTI,		"pti" },
	{ TLBSCOPE_FEAT_NX,		"nx" },
	{ TLBSCOPE_FEAT_PKU,		"pku" },
	{ TLBSCOPE_FEAT_XENPV,		"xenpv" },
};

/**
 * text_info - /proc/tlbscope/info: a name and a value a line
 * @m: where to
 */
void text_info(struct seq_file *m)
{
	struct tlbscope_info info;
	unsigned int i;

	machine_info(&info);
	seq_printf(m, "version %s\n", info.version);
	seq_printf(m, "abi %u\n", info.abi);
	seq_printf(m, "kernel %s\n", info.kernel);
	seq_printf(m, "levels %u\n", info.levels);
	seq_puts(m, "leaf_sizes");
	for (i = 1; i <= 3; i++)
		if (info.leaf_sizes & entry_span(i))
			seq_printf(m, " %llu", entry_span(i));
	seq_putc(m, '\n');
	for (i = 0; i < ARRAY_SIZE(features); i++)
		seq_printf(m, "%s %s\n", features[i].name,
			   info.features & features[i].feature ? "yes" : "no");
	seq_printf(m, "frame_mask 0x%016llx\n", info.format.frame);
	seq_printf(m, "encryption_mask 0x%016llx\n", info.format.encrypted);
	seq_printf(m, "user_end 0x%016llx\n", info.user_end);
	seq_printf(m, "kernel_start 0x%016llx\n", info.kernel_start);
	seq_printf(m, "hypervisor %s\n",
		   info.hypervisor[0] ? info.hypervisor : "none");
}

/**
 * text_usage - what somebody reads who did not ask
 * @m: where to
 * @kind: of the file
 */
void text_usage(struct seq_file *m, enum request_kind kind)
{
	static const char * const requests[] = {
		[REQUEST_WALK]	 = "PID ADDRESS [user]",
		[REQUEST_RANGES] = "PID [START [END]] [unmerged] [all] [user]",
		[REQUEST_TABLES] = "PID [START [END]] [user]",
	};

	seq_printf(m, "# Write a line, then read the answer here: %s\n",
		   requests[kind]);
	seq_puts(m, "# PID: a number, self or kernel; addresses: hexadecimal\n");
}

static void put_flags(struct seq_file *m, u64 entry, unsigned int level)
{
	char words[ENTRY_FLAGS_LEN];

	if (entry_flags(words, sizeof(words), entry, level, &machine_format))
		seq_printf(m, " %s", words);
}

static void put_rights(struct seq_file *m, unsigned int rights)
{
	seq_printf(m, " rights%s%s%s%s",
		   rights & TLBSCOPE_MAY_READ ? " read" : "",
		   rights & TLBSCOPE_MAY_WRITE ? " write" : "",
		   rights & TLBSCOPE_MAY_EXEC ? " exec" : "",
		   rights & TLBSCOPE_MAY_USER ? " user" : "");
}

static void put_step(struct seq_file *m, const struct tlbscope_walk *w,
		     unsigned int level)
{
	const struct tlbscope_step *step = &w->step[w->levels - level];

	seq_printf(m, "%s %u 0x%016llx 0x%016llx",
		   entry_level_name(level, w->levels),
		   entry_index(w->address, level), step->phys, step->entry);
	if (step->entry)
		put_flags(m, step->entry, level);
	else
		seq_puts(m, " none");
	seq_putc(m, '\n');
}

/* Root, levels, and what came out: a page, or why there is none and where */
static void put_walk(struct seq_file *m, const struct tlbscope_walk *w)
{
	unsigned int level;

	seq_printf(m, "root %s 0x%016llx\n",
		   w->flags & TLBSCOPE_USER_ROOT ? "user" : "kernel",
		   w->step[0].phys & ~(u64)(TLBSCOPE_TABLE_SIZE - 1));
	for (level = w->levels; level >= w->level; level--)
		put_step(m, w, level);
	seq_printf(m, "%s at %s, %llu bytes", entry_state_name(w->state),
		   entry_level_name(w->level, w->levels), w->page_size);
	if (entry_has_frame(w->state))
		seq_printf(m, ", physical 0x%016llx", w->phys);
	if (w->state == TLBSCOPE_LEAF) {
		seq_putc(m, ',');
		put_rights(m, w->rights);
	}
	seq_putc(m, '\n');
}

static void put_whose(struct seq_file *m, const struct question *q)
{
	if (q->target.kind == TARGET_KERNEL)
		seq_puts(m, "kernel");
	else
		seq_printf(m, "pid %d", q->target.pid);
}

/* The roots to show: the one asked for, or all that there are */
static bool shows_user_root(const struct question *q)
{
	return !(q->request.flags & TLBSCOPE_USER_ROOT) &&
	       q->target.kind == TARGET_PROCESS && target_has_user_root();
}

/**
 * text_walk - the answer of /proc/tlbscope/walk
 * @m: where to
 * @s: locked, with a request
 *
 * Return: 0, or an errno of target_enter().
 */
int text_walk(struct seq_file *m, struct session *s)
{
	struct question *q = &s->question;
	struct tlbscope_walk kernel = {
		.flags	 = q->request.flags,
		.address = q->request.start,
	};
	struct tlbscope_walk user = {
		.flags	 = TLBSCOPE_USER_ROOT,
		.address = q->request.start,
	};
	int ret;

	ret = target_enter(&q->target);
	if (ret)
		return ret;
	walk_address(&q->target, &kernel);
	if (shows_user_root(q))
		walk_address(&q->target, &user);
	target_leave(&q->target);

	put_whose(m, q);
	seq_printf(m, " address 0x%016llx\n", q->request.start);
	put_walk(m, &kernel);
	if (shows_user_root(q))
		put_walk(m, &user);
	return 0;
}

/**
 * text_range - a line of /proc/tlbscope/ranges
 * @m: where to
 * @range: one
 */
void text_range(struct seq_file *m, const struct tlbscope_range *range)
{
	seq_printf(m, "0x%016llx-0x%016llx %llu %s", range->start, range->end,
		   entry_span(range->level), entry_state_name(range->state));
	if (entry_has_frame(range->state))
		seq_printf(m, " 0x%016llx", range->phys);
	else
		seq_puts(m, " -");
	seq_printf(m, " 0x%016llx", range->entry);
	put_flags(m, range->entry, range->level);
	seq_putc(m, '\n');
}

static void put_level(struct seq_file *m, const struct tlbscope_level *l,
		      const char *name)
{
	unsigned int i;

	seq_printf(m, "%s %llu %llu %llu %llu %llu %llu", name, l->tables,
		   l->tables * TLBSCOPE_TABLE_SIZE, l->used, l->leaves,
		   l->pointers, l->used - l->leaves - l->pointers);
	for (i = 0; i < TLBSCOPE_OCCUPANCY; i++)
		seq_printf(m, " %llu", l->occupancy[i]);
	seq_putc(m, '\n');
}

/* The first table that a walk meets is its root */
static int count_root(struct walk *walk, struct tlbscope_table *root)
{
	struct census census = { .vec = root, .vec_len = 1 };

	return census_walk(&census, walk);
}

/**
 * text_tables - the answer of /proc/tlbscope/tables
 * @m: where to
 * @s: locked, with a request
 *
 * Return: 0, or an errno of target_enter() or census_walk().
 */
int text_tables(struct seq_file *m, struct session *s)
{
	struct question *q = &s->question;
	struct tlbscope_table root = {}, user = {};
	struct census census = {};
	unsigned int level;
	struct walk walk;
	int ret;

	ret = target_enter(&q->target);
	if (ret)
		return ret;
	session_init_walk(s, &q->target, &walk);
	walk.start = q->request.start;
	walk.last = q->request.last;
	walk.user = q->request.flags & TLBSCOPE_USER_ROOT;
	ret = census_walk(&census, &walk) ?: count_root(&walk, &root);
	if (!ret && shows_user_root(q)) {
		walk.user = true;
		ret = count_root(&walk, &user);
	}
	target_leave(&q->target);
	if (ret)
		return ret;

	put_whose(m, q);
	seq_printf(m, " root 0x%016llx\n", root.phys);
	if (user.phys)
		seq_printf(m, "user root 0x%016llx used %u\n", user.phys,
			   user.used);
	seq_puts(m, "level tables bytes used leaves pointers absent");
	seq_puts(m, " 0 1 2 4 8 16 32 64 128 256 512\n");
	for (level = walk.levels; level; level--)
		put_level(m, &census.level[level - 1],
			  entry_level_name(level, walk.levels));
	return 0;
}

static void put_lab_usage(struct seq_file *m, bool measured)
{
	u64 available = invalidate_available();
	unsigned int i;

	seq_puts(m, "# Write a line, which is done at once, then read here what came of it:\n");
	seq_printf(m, "# PID METHOD START END [cpus=LIST|all|run] [local=METHOD] [initiator=CPU] %s\n",
		   measured ? "[samples=N] [bystanders=START-END]" : "[repeat=N]");
	seq_puts(m, "# PID: a number or self; addresses: hexadecimal; local, initiator: for ipi\n");
	seq_puts(m, "methods:");
	for (i = 0; i < TLBSCOPE_METHODS; i++)
		if (available & BIT_ULL(i))
			seq_printf(m, " %s", method_name(i));
	seq_putc(m, '\n');
}

static void put_summary(struct seq_file *m, const char *name,
			const struct tlbscope_summary *s)
{
	unsigned int i;

	if (!s->samples)
		return;
	seq_printf(m, "  %s %llu %lld %lld %lld %lld |", name, s->samples, s->min,
		   s->median, s->p99, s->max);
	for (i = 0; i < TLBSCOPE_BUCKETS; i++)
		if (s->histogram[i])
			seq_printf(m, " %u:%u", i, s->histogram[i]);
	seq_putc(m, '\n');
}

static void put_cost(struct seq_file *m, const struct tlbscope_cost_cpu *cost)
{
	static const char * const roles[] = {
		[TLBSCOPE_ROLE_LOCAL]	  = "local",
		[TLBSCOPE_ROLE_INITIATOR] = "initiator",
		[TLBSCOPE_ROLE_RESPONDER] = "responder",
	};

	seq_printf(m, "cpu %u %s loaded %u\n", cost->cpu, roles[cost->role],
		   cost->loaded);
	put_summary(m, "empty", &cost->empty);
	put_summary(m, "invalidation", &cost->invalidation);
	put_summary(m, "delivery", &cost->delivery);
	put_summary(m, "warm", &cost->warm);
	put_summary(m, "refill", &cost->refill);
	put_summary(m, "bystanders_warm", &cost->bystanders_warm);
	put_summary(m, "collateral", &cost->collateral);
}

/**
 * text_lab - the answer of a file that disturbs
 * @m: where to
 * @lab: locked
 */
void text_lab(struct seq_file *m, const struct lab *lab)
{
	const struct experiment *e = &lab->last;
	unsigned int i;

	if (!lab->asked) {
		put_lab_usage(m, lab->measured);
		return;
	}
	if (!lab->measured) {
		seq_printf(m, "done %llu pages %u\n", e->done, e->pages);
		return;
	}
	seq_printf(m, "method %s local %s pages %u read %u bystanders %u samples %u tsc_khz %u\n",
		   method_name(e->method),
		   e->method == TLBSCOPE_IPI ? method_name(e->local) : "-",
		   e->pages, e->pages_read, e->bystanders_read, e->times,
		   tsc_khz);
	for (i = 0; i < e->costs; i++)
		put_cost(m, &e->cost[i]);
}
