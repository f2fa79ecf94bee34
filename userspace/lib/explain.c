// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "libtlbscope.h"
#include "process.h"
#include "source.h"

static int no_process(char *buf, size_t len, const struct explain_facts *f)
{
	if (!f->exists)
		return snprintf(buf, len, "there is no process %d", f->pid);
	if (f->kthread)
		return snprintf(buf, len,
				"process %d is a thread of the kernel: it has no address space of its own (try: kernel)",
				f->pid);
	if (f->zombie)
		return snprintf(buf, len,
				"process %d has ended (a zombie): its address space is gone",
				f->pid);
	return snprintf(buf, len,
			"process %d no longer has the address space that was opened: it ended or started another program (try again)",
			f->pid);
}

static int no_right(char *buf, size_t len, const struct explain_facts *f)
{
	if (f->kthread)
		return no_process(buf, len, f);
	if (f->lockdown)
		return snprintf(buf, len,
				"the kernel is locked down (confidentiality), physical addresses stay hidden; see /sys/kernel/security/lockdown");
	if (!f->root)
		return snprintf(buf, len,
				"not permitted: run it as root (it takes CAP_SYS_ADMIN in the initial user namespace)");
	return snprintf(buf, len,
			"not permitted: it takes CAP_SYS_ADMIN in the initial user namespace, which a container's root lacks");
}

static int not_supported(char *buf, size_t len, const struct explain_facts *f)
{
	if (f->xen_pv)
		return snprintf(buf, len,
				"this kernel runs under Xen PV: its page tables hold machine frames, which cannot be followed");
	if (!f->module)
		return snprintf(buf, len,
				"only the tlbscope module can tell, and it is not loaded (try: tlbscope load)");
	if (!f->may_ask)
		return snprintf(buf, len,
				"only the tlbscope module can tell, and only root may ask it");
	if (f->pti)
		return snprintf(buf, len,
				"only the tlbscope module can tell, and it was not asked");
	return snprintf(buf, len,
			"not on this machine: page-table isolation is off, so there is one root and no user root beside it");
}

static int not_valid(char *buf, size_t len, const struct explain_facts *f)
{
	return snprintf(buf, len,
			"not a valid request: an address must be canonical (bits 63 to %u all equal, with %u levels), a range must start and end at multiples of 4096",
			12 + 9 * f->levels - 1, f->levels);
}

/**
 * explain_line - the line for an error
 * @buf: where to
 * @len: its size in bytes
 * @f: what it may come from
 * @err: negative errno
 *
 * Return: as snprintf().
 */
int explain_line(char *buf, size_t len, const struct explain_facts *f, int err)
{
	switch (-err) {
	case ESRCH:
		return no_process(buf, len, f);
	case EPERM:
	case EACCES:
		return no_right(buf, len, f);
	case EOPNOTSUPP:
		return not_supported(buf, len, f);
	case EINVAL:
		return not_valid(buf, len, f);
	case ENOENT:
		return snprintf(buf, len,
				"the tlbscope module is not loaded (try: tlbscope load)");
	case EPROTO:
		return snprintf(buf, len,
				"the tlbscope module that is loaded is of another version (try: tlbscope unload, then tlbscope load)");
	case ENODATA:
		return snprintf(buf, len, "no page is present at this address");
	default:
		return snprintf(buf, len, "%s", strerror(-err));
	}
}

/**
 * explain_parse_lockdown - the text of /sys/kernel/security/lockdown
 * @text: as "none integrity [confidentiality]": all, the chosen one in brackets
 *
 * Return: whether confidentiality is chosen.
 */
bool explain_parse_lockdown(const char *text)
{
	return strstr(text, "[confidentiality]");
}

static bool is_locked_down(void)
{
	char text[128];

	return process_read_file(AT_FDCWD, "/sys/kernel/security/lockdown",
				 text, sizeof(text)) > 0 &&
	       explain_parse_lockdown(text);
}

static void look_at_process(struct explain_facts *f)
{
	struct process process;
	int dir;

	dir = process_open(f->pid == TLBSCOPE_SELF ? getpid() : f->pid);
	if (dir < 0)
		return;
	if (!process_read(dir, &process)) {
		f->exists = true;
		f->kthread = process.kthread;
		f->zombie = process.state == 'Z' || process.state == 'X';
	}
	close(dir);
}

/* explain_gather - what an error that concerns @pid may come from */
void explain_gather(struct explain_facts *facts, pid_t pid)
{
	struct tlbscope_info info;

	machine_guess(&info);
	*facts = (struct explain_facts){ .pid = pid };
	facts->levels = info.levels;
	facts->xen_pv = info.features & TLBSCOPE_FEAT_XENPV;
	facts->root = !geteuid();
	facts->lockdown = is_locked_down();
	facts->pti = info.features & TLBSCOPE_FEAT_PTI;
	facts->module = !access("/proc/tlbscope", F_OK);
	facts->may_ask = !access("/proc/tlbscope/walk", R_OK | W_OK);
	look_at_process(facts);
}

const char *tlbscope_explain(char *buf, size_t len, pid_t pid, int err)
{
	struct explain_facts facts;

	explain_gather(&facts, pid);
	explain_line(buf, len, &facts, err);
	return buf;
}
