// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/magic.h>

#include "explain.h"
#include "libtlbscope.h"
#include "process.h"
#include "trace-explain.h"

static int no_right(char *buf, size_t len, const struct trace_facts *f)
{
	if (f->root)
		return snprintf(buf, len,
				"not permitted: it takes CAP_PERFMON and CAP_SYS_ADMIN in the initial user namespace, which a container's root lacks; try: outside of it");
	return snprintf(buf, len,
			"not permitted (kernel.perf_event_paranoid is %d, tracefs is for root); try: sudo tlbscope trace",
			f->paranoid);
}

static int no_tracepoint(char *buf, size_t len, const struct trace_facts *f)
{
	if (!f->tracefs)
		return snprintf(buf, len,
				"this kernel has no tracefs (CONFIG_TRACING); try: a kernel of a distribution");
	if (f->lockdown)
		return snprintf(buf, len,
				"the kernel was locked down (confidentiality) while it booted, so that its tracefs is empty; see /sys/kernel/security/lockdown");
	if (!f->mounted && !f->root)
		return no_right(buf, len, f);
	if (!f->mounted)
		return snprintf(buf, len,
				"tracefs, which describes tlb:tlb_flush, is not mounted; try: mount -t tracefs none /sys/kernel/tracing");
	return snprintf(buf, len,
			"this kernel has no tracepoint tlb:tlb_flush; try: grep tlb_flush /sys/kernel/tracing/available_events");
}

/**
 * trace_explain_line - the line for an error
 * @buf: where to
 * @len: its size in bytes
 * @f: what it may come from
 * @err: negative errno
 *
 * Return: as snprintf().
 */
int trace_explain_line(char *buf, size_t len, const struct trace_facts *f, int err)
{
	if (err != -ESRCH && err != -EINVAL && !f->perf)
		return snprintf(buf, len,
				"this kernel has no perf events (CONFIG_PERF_EVENTS); try: a kernel of a distribution");
	switch (-err) {
	case ENOENT:
		return no_tracepoint(buf, len, f);
	case EPERM:
	case EACCES:
		return no_right(buf, len, f);
	case ENOSYS:
		return snprintf(buf, len,
				"perf_event_open() is not let through here; try: outside of this container");
	case ESRCH:
		return snprintf(buf, len, "there is no process %d; try: ps -e", f->pid);
	case EINVAL:
		return snprintf(buf, len,
				"%d is a thread, all threads of a process are traced together; try: grep Tgid /proc/%d/status",
				f->pid, f->pid);
	case EPROTO:
		return snprintf(buf, len,
				"this kernel's tlb:tlb_flush has a form that is not known; try: a newer tlbscope");
	case EMFILE:
		return snprintf(buf, len,
				"each CPU takes an open file, and no more are allowed; try: ulimit -n 4096");
	default:
		return snprintf(buf, len, "cannot trace: %s; try: dmesg | tail",
				strerror(-err));
	}
}

static bool has_tracefs(void)
{
	char text[4096];

	return process_read_file(AT_FDCWD, "/proc/filesystems", text, sizeof(text)) > 0 &&
	       strstr(text, "\ttracefs\n");
}

static bool is_tracefs(const char *dir)
{
	struct statfs fs;

	return !statfs(dir, &fs) && fs.f_type == TRACEFS_MAGIC;
}

const char *tlbscope_trace_explain(char *buf, size_t len, pid_t pid, int err)
{
	static const char paranoid[] = "/proc/sys/kernel/perf_event_paranoid";
	struct trace_facts facts = { .pid = pid };
	char text[128];

	facts.perf = process_read_file(AT_FDCWD, paranoid, text, sizeof(text)) > 0;
	facts.paranoid = facts.perf ? atoi(text) : 0;
	facts.tracefs = has_tracefs();
	facts.mounted = is_tracefs("/sys/kernel/tracing") ||
			is_tracefs("/sys/kernel/debug/tracing");
	facts.root = !geteuid();
	facts.lockdown = process_read_file(AT_FDCWD, "/sys/kernel/security/lockdown",
					   text, sizeof(text)) > 0 &&
			 explain_parse_lockdown(text);
	trace_explain_line(buf, len, &facts, err);
	return buf;
}
