// SPDX-License-Identifier: GPL-2.0
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "census.h"
#include "ioctl.h"
#include "machine.h"
#include "ranges.h"

/*
 * A struct that this module knows as @known bytes says that it has @size. It is
 * checked as copy_struct_from_user() would: a larger one is from a newer
 * program, which is fine as long as it does not ask for anything new.
 */
static int check_size(u32 size, size_t known, const void __user *arg)
{
	int ret;

	if (likely(size == known))
		return 0;
	if (size < known)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	ret = check_zeroed_user(arg + known, size - known);
	if (ret < 0)
		return ret;
	return ret ? 0 : -E2BIG;
}

/**
 * ioctl_get_args - copy in a struct of which the first is its size
 * @args: where to
 * @in: bytes to copy
 * @known: bytes that this module knows the struct to have
 * @arg: the caller's
 *
 * Return: 0, -EFAULT, -EINVAL, -E2BIG.
 */
int ioctl_get_args(void *args, size_t in, size_t known,
		   const void __user *arg)
{
	if (copy_from_user(args, arg, in))
		return -EFAULT;
	return check_size(*(u32 *)args, known, arg);
}

/**
 * ioctl_get_line - copy in a request line
 * @line: where to, REQUEST_LINE_MAX + 1 bytes; a zero is put behind the line
 * @buf: the caller's
 * @len: its length
 *
 * Return: 0, -E2BIG, -EFAULT.
 */
int ioctl_get_line(char *line, const char __user *buf, size_t len)
{
	if (len > REQUEST_LINE_MAX)
		return -E2BIG;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = '\0';
	return 0;
}

/**
 * ioctl_is_info - whether it is TLBSCOPE_IOC_INFO, of whatever size
 * @cmd: of an ioctl
 *
 * Return: true if it is.
 */
bool ioctl_is_info(unsigned int cmd)
{
	return _IOC_TYPE(cmd) == TLBSCOPE_IOC_MAGIC &&
	       _IOC_NR(cmd) == _IOC_NR(TLBSCOPE_IOC_INFO);
}

/**
 * ioctl_info - TLBSCOPE_IOC_INFO, which everybody may ask
 * @arg: struct tlbscope_info of the caller's
 *
 * Return: 0, -EFAULT, -EINVAL, -E2BIG.
 */
long ioctl_info(void __user *arg)
{
	struct tlbscope_info info;
	int ret;

	ret = ioctl_get_args(&info, sizeof(info.size), sizeof(info), arg);
	if (ret)
		return ret;
	machine_info(&info);
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/**
 * ioctl_target - TLBSCOPE_IOC_TARGET
 * @aim: of one open file
 * @arg: struct tlbscope_target of the caller's
 *
 * Return: 0, -ESRCH, and as ioctl_get_args().
 */
long ioctl_target(struct target *aim, void __user *arg)
{
	struct tlbscope_target target;
	int ret;

	ret = ioctl_get_args(&target, sizeof(target), sizeof(target), arg);
	if (ret)
		return ret;
	if (target.reserved)
		return -EINVAL;
	switch (target.flags) {
	case 0:
		if (target.pid <= 0)
			return -EINVAL;
		return target_set_pid(aim, target.pid);
	case TLBSCOPE_TARGET_SELF:
		return target.pid ? -EINVAL : target_set_self(aim);
	case TLBSCOPE_TARGET_KERNEL:
		if (target.pid)
			return -EINVAL;
		target_set_kernel(aim);
		return 0;
	default:
		return -EINVAL;
	}
}

static int check_flags(u32 flags, u32 known)
{
	if (flags & ~(known | TLBSCOPE_USER_ROOT))
		return -EINVAL;
	if ((flags & TLBSCOPE_USER_ROOT) && !target_has_user_root())
		return -EOPNOTSUPP;
	return 0;
}

/* The kernel has no user's half: what is there is its caller's */
static int check_half(const struct session *s, u64 start)
{
	return s->target.kind == TARGET_KERNEL && (s64)start >= 0 ? -EINVAL : 0;
}

/*
 * Translations are asked for over and over, and most of what they cost is the
 * way in and out: what follows copies field by field, so that what
 * copy_from_user() and copy_to_user() do in calls is done inline, and once.
 */
static int get_walk(struct tlbscope_walk *w,
		    struct tlbscope_walk __user *arg)
{
	if (!user_access_begin(arg, sizeof(*arg)))
		return -EFAULT;
	unsafe_get_user(w->size, &arg->size, fault);
	unsafe_get_user(w->flags, &arg->flags, fault);
	unsafe_get_user(w->address, &arg->address, fault);
	user_access_end();
	return check_size(w->size, sizeof(*w), arg);
fault:
	user_access_end();
	return -EFAULT;
}

static int put_walk(const struct tlbscope_walk *w,
		    struct tlbscope_walk __user *arg)
{
	const size_t in = offsetof(struct tlbscope_walk, phys);

	if (!user_access_begin(arg, sizeof(*arg)))
		return -EFAULT;
	unsafe_copy_to_user((char __user *)arg + in, (const char *)w + in,
			    sizeof(*w) - in, fault);
	user_access_end();
	return 0;
fault:
	user_access_end();
	return -EFAULT;
}

static long ioctl_walk(struct session *s, void __user *arg)
{
	struct tlbscope_walk w;
	int ret;

	ret = get_walk(&w, arg);
	if (ret)
		return ret;
	ret = check_flags(w.flags, 0) ?:
	      request_address(w.address, machine_levels()) ?:
	      check_half(s, w.address) ?: target_enter(&s->target);
	if (ret)
		return ret;
	walk_address(&s->target, &w);
	target_leave(&s->target);
	return put_walk(&w, arg);
}

static int translate_one(const struct session *s, bool user,
			 struct tlbscope_translation __user *arg)
{
	struct tlbscope_translation t;

	if (!user_access_begin(arg, sizeof(*arg)))
		return -EFAULT;
	unsafe_get_user(t.address, &arg->address, fault);
	user_access_end();
	if (request_address(t.address, machine_levels()) ||
	    check_half(s, t.address))
		return -EINVAL;
	walk_translate(&s->target, user, &t);
	if (!user_access_begin(arg, sizeof(*arg)))
		return -EFAULT;
	unsafe_put_user(t.phys, &arg->phys, fault);
	unsafe_put_user(t.state | t.level << 8 | t.rights << 16,
			(u64 __user *)&arg->state, fault);
	user_access_end();
	return 0;
fault:
	user_access_end();
	return -EFAULT;
}

static int translate_all(struct session *s, struct tlbscope_translate *args)
{
	struct tlbscope_translation __user *vec = u64_to_user_ptr(args->vec);
	bool user = args->flags & TLBSCOPE_USER_ROOT;
	int ret = 0;

	for (args->done = 0; !ret && args->done < args->vec_len; vec++) {
		if (args->done % TLBSCOPE_ENTRIES == TLBSCOPE_ENTRIES - 1) {
			cond_resched();
			if (fatal_signal_pending(current))
				return -EINTR;
		}
		ret = translate_one(s, user, vec);
		if (!ret)
			args->done++;
	}
	return ret;
}

static long ioctl_translate(struct session *s, void __user *arg)
{
	struct tlbscope_translate args;
	int ret;

	ret = ioctl_get_args(&args, offsetof(struct tlbscope_translate, done),
			     sizeof(args), arg);
	if (ret)
		return ret;
	if (!args.vec_len)
		return -EINVAL;
	ret = check_flags(args.flags, 0) ?: target_enter(&s->target);
	if (ret)
		return ret;
	ret = translate_all(s, &args);
	target_leave(&s->target);
	if (put_user(args.done,
		     &((struct tlbscope_translate __user *)arg)->done))
		return -EFAULT;
	return ret;
}

/* From here to target_leave() the target is held */
static int begin_walk(struct session *s, struct walk *walk, u32 flags,
		      u64 start, u64 end)
{
	session_init_walk(s, &s->target, walk);
	walk->start = start;
	walk->user = flags & TLBSCOPE_USER_ROOT;
	return request_bounds(start, end, machine_levels(), &walk->last) ?:
	       check_half(s, start) ?: target_enter(&s->target);
}

/* Rounds of what fits the session's records, until the caller's are full */
static int fill_ranges(struct session *s, struct walk *walk,
		       struct tlbscope_ranges *args)
{
	struct tlbscope_range __user *vec = u64_to_user_ptr(args->vec);
	struct ranges ranges = {
		.all		= args->flags & TLBSCOPE_RANGES_ALL,
		.unmerged	= args->flags & TLBSCOPE_RANGES_UNMERGED,
		.keep		= ~args->ignore,
		.vec		= s->range,
	};
	int ret;

	args->filled = 0;
	do {
		ranges.vec_len = min_t(u32, args->vec_len - args->filled,
				       SESSION_RANGES);
		ret = ranges_walk(&ranges, walk);
		if (ret)
			return ret;
		if (copy_to_user(vec + args->filled, s->range,
				 ranges.filled * sizeof(*vec)))
			return -EFAULT;
		args->filled += ranges.filled;
		args->next = ranges.next;
		walk->start = ranges.next;
	} while (args->next - 1 != walk->last && args->filled < args->vec_len);
	return 0;
}

static long ioctl_ranges(struct session *s, void __user *arg)
{
	struct tlbscope_ranges args;
	struct walk walk;
	int ret;

	ret = ioctl_get_args(&args, sizeof(args), sizeof(args), arg);
	if (ret)
		return ret;
	if (!args.vec_len || (args.ignore & ~TLBSCOPE_RANGES_IGNORABLE))
		return -EINVAL;
	ret = check_flags(args.flags, TLBSCOPE_RANGES_ALL |
				      TLBSCOPE_RANGES_UNMERGED) ?:
	      begin_walk(s, &walk, args.flags, args.start, args.end);
	if (ret)
		return ret;
	ret = fill_ranges(s, &walk, &args);
	target_leave(&s->target);
	if (ret)
		return ret;
	if (args.next - 1 == walk.last)
		args.next = args.end;
	args.irqs_off = walk.irqs_off;
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

static int fill_tables(struct session *s, struct walk *walk,
		       struct tlbscope_tables *args)
{
	struct tlbscope_table __user *vec = u64_to_user_ptr(args->vec);
	struct census census = { .start_level = args->start_level };
	int ret;

	args->filled = 0;
	do {
		if (args->vec_len) {
			census.vec = s->table;
			census.vec_len = min_t(u32, SESSION_TABLES,
					       args->vec_len - args->filled);
		}
		ret = census_walk(&census, walk);
		if (ret)
			return ret;
		if (copy_to_user(vec + args->filled, s->table,
				 census.filled * sizeof(*vec)))
			return -EFAULT;
		args->filled += census.filled;
		walk->start = census.next;
		census.start_level = census.next_level;
	} while (census.next_level && args->filled < args->vec_len);
	args->next = census.next;
	args->next_level = census.next_level;
	memcpy(args->level, census.level, sizeof(args->level));
	return 0;
}

static long ioctl_tables(struct session *s, void __user *arg)
{
	struct tlbscope_tables args;
	struct walk walk;
	int ret;

	ret = ioctl_get_args(&args, offsetof(struct tlbscope_tables, next_level),
			     sizeof(args), arg);
	if (ret)
		return ret;
	if (!args.vec != !args.vec_len || args.start_level > machine_levels())
		return -EINVAL;
	ret = check_flags(args.flags, 0) ?:
	      begin_walk(s, &walk, args.flags, args.start, args.end);
	if (ret)
		return ret;
	ret = fill_tables(s, &walk, &args);
	args.root = virt_to_phys((void *)target_root(&s->target, walk.user));
	target_leave(&s->target);
	if (ret)
		return ret;
	if (!args.next_level)
		args.next = args.end;
	args.irqs_off = walk.irqs_off;
	return copy_to_user(arg, &args, sizeof(args)) ? -EFAULT : 0;
}

/**
 * ioctl_session - the requests of a privileged caller
 * @s: locked
 * @cmd: TLBSCOPE_IOC_*, of this or a later version of the header
 * @arg: the struct that belongs to it
 *
 * A struct that has grown has another number: only type and index count here,
 * and the size that the struct itself names.
 *
 * Return: 0 or a negative errno; -ENOTTY for any other @cmd.
 */
long ioctl_session(struct session *s, unsigned int cmd, void __user *arg)
{
	if (_IOC_TYPE(cmd) != TLBSCOPE_IOC_MAGIC)
		return -ENOTTY;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(TLBSCOPE_IOC_TARGET):
		return ioctl_target(&s->target, arg);
	case _IOC_NR(TLBSCOPE_IOC_WALK):
		return ioctl_walk(s, arg);
	case _IOC_NR(TLBSCOPE_IOC_TRANSLATE):
		return ioctl_translate(s, arg);
	case _IOC_NR(TLBSCOPE_IOC_RANGES):
		return ioctl_ranges(s, arg);
	case _IOC_NR(TLBSCOPE_IOC_TABLES):
		return ioctl_tables(s, arg);
	default:
		return -ENOTTY;
	}
}
