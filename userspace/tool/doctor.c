// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <libtlbscope.h>

#include "args.h"
#include "machine.h"
#include "mem.h"
#include "module.h"
#include "out.h"
#include "proc.h"
#include "symbols.h"
#include "verbs.h"

const char help_doctor[] =
"usage: tlbscope doctor [-j]\n"
"\n"
"Looks for everything that keeps tlbscope from working on this machine, and names the\n"
"command that mends it. 'ok' is fine; a 'note' is good to know, but nothing fails for\n"
"it; a 'problem' is in the way. Exits with 1 if there is a problem.\n";

enum status {
	OK,
	NOTE,
	PROBLEM,
};

/**
 * struct finding - what one check found
 * @status: how bad it is
 * @what: a line, to be freed
 * @mend: what to do, to be freed, or NULL
 */
struct finding {
	enum status status;
	char *what;
	char *mend;
};

/**
 * struct patient - what several checks look at
 * @uts: of the running kernel
 * @info: of CPU and kernel
 * @loaded: the module is loaded and speaks our ABI
 * @installed: a module file is there for this kernel
 * @is_signed: and it is signed
 */
struct patient {
	struct utsname uts;
	struct tlbscope_info info;
	bool loaded;
	bool installed;
	bool is_signed;
};

static void found(struct finding *f, enum status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void found(struct finding *f, enum status status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	f->what = mem_vprintf(fmt, args);
	va_end(args);
	f->status = status;
}

static void mend(struct finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void mend(struct finding *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	f->mend = mem_vprintf(fmt, args);
	va_end(args);
}

/* What builds a module is not needed where there is one, or can be none */
static enum status build_status(const struct patient *p)
{
	return p->loaded || p->installed || !module_kernel_has_any() ? NOTE :
								       PROBLEM;
}

static bool have_command(const char *name)
{
	static const char usual[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const char *path = getenv("PATH");
	char *copy = mem_printf("%s:%s", path ? path : "", usual), *dir, *rest = copy;
	bool there = false;

	while (!there && (dir = strsep(&rest, ":"))) {
		char *file = mem_printf("%s/%s", dir, name);

		there = *dir && !access(file, X_OK);
		free(file);
	}
	free(copy);
	return there;
}

/* How this distribution installs something, by the names that it has there */
static void mend_install(struct finding *f, const char *apt, const char *dnf)
{
	if (have_command("apt-get"))
		mend(f, "apt-get install %s", apt);
	else if (have_command("dnf"))
		mend(f, "dnf install %s", dnf);
	else
		mend(f, "install it with your distribution's tool (Debian: %s, Fedora: %s)",
		     apt, dnf);
}

/*
 * The machine
 */

static void check_architecture(const struct patient *p, struct finding *f)
{
	if (!strcmp(p->uts.machine, "x86_64")) {
		found(f, OK, "x86-64");
		return;
	}
	found(f, PROBLEM, "%s: tlbscope reads the page tables of x86-64 only",
	      p->uts.machine);
	mend(f, "an x86-64 machine with a 64-bit kernel");
}

static void check_kernel(const struct patient *p, struct finding *f)
{
	unsigned int major = 0, minor = 0;

	sscanf(p->uts.release, "%u.%u", &major, &minor);
	if (major < 6 || (major == 6 && minor < 1))
		found(f, NOTE, "%s: older than any that tlbscope was tried on (6.1 to 7.x)",
		      p->uts.release);
	else if (major > 7)
		found(f, NOTE, "%s: newer than any that tlbscope was tried on (6.1 to 7.x)",
		      p->uts.release);
	else
		found(f, OK, "%s", p->uts.release);
}

static void check_hypervisor(const struct patient *p, struct finding *f)
{
	const char *name = machine_hypervisor(&p->info);

	if (p->info.features & TLBSCOPE_FEAT_XENPV) {
		found(f, PROBLEM, "Xen PV: page tables hold machine frames, which the module does not follow");
		mend(f, "boot the kernel without Xen, or as an HVM or PVH guest");
	} else if (machine_emulated(&p->info)) {
		found(f, NOTE, "%s emulates this CPU: tables are real, times say nothing of a real CPU",
		      name);
	} else if (*name) {
		found(f, NOTE, "guest of %s: physical addresses are the guest's, and a TLB miss also walks the host's tables",
		      name);
	} else {
		found(f, OK, "none: figures are the CPU's own");
	}
}

/*
 * The module
 */

static void check_modules(const struct patient *p, struct finding *f)
{
	char text[16];

	(void)p;
	if (!module_kernel_has_any()) {
		found(f, PROBLEM, "this kernel has no loadable modules: only pagemap and smaps can be read");
		mend(f, "boot a distribution's kernel; or see it in a virtual machine: make demo, in the sources");
		return;
	}
	proc_line(text, sizeof(text), "/proc/sys/kernel/modules_disabled");
	if (text[0] == '1' && !module_loaded()) {
		found(f, PROBLEM, "loading modules was switched off until the next boot (kernel.modules_disabled)");
		mend(f, "reboot");
		return;
	}
	found(f, OK, "can be loaded");
}

static void check_module(const struct patient *p, struct finding *f)
{
	if (p->loaded) {
		found(f, OK, "%s, ABI %u, loaded", p->info.version, p->info.abi);
	} else if (module_loaded()) {
		found(f, PROBLEM, "loaded, but of another ABI than this tool's, %u",
		      TLBSCOPE_ABI);
		mend(f, "tlbscope unload; then install the module of version " TLBSCOPE_VERSION ", and tlbscope load");
	} else if (!module_kernel_has_any()) {
		found(f, NOTE, "not loaded, as this kernel can load none");
	} else if (p->installed) {
		found(f, PROBLEM, "installed, but not loaded");
		mend(f, "tlbscope load");
	} else {
		found(f, PROBLEM, "neither loaded nor installed for %s",
		      p->uts.release);
		mend(f, "make dkms, in the sources; then tlbscope load");
	}
}

static void check_headers(const struct patient *p, struct finding *f)
{
	char *dir = mem_printf("/lib/modules/%s/build", p->uts.release);
	char *file = mem_printf("%s/Makefile", dir);
	char *apt = mem_printf("linux-headers-%s", p->uts.release);
	char *dnf = mem_printf("kernel-devel-%s", p->uts.release);

	if (!access(file, R_OK)) {
		found(f, OK, "%s", dir);
	} else {
		found(f, build_status(p), "missing, the module cannot be built: no %s",
		      dir);
		mend_install(f, apt, dnf);
	}
	free(dir);
	free(file);
	free(apt);
	free(dnf);
}

/* The kernel says which compiler made it, and modules want the same */
static void kernel_compiler(char *name, size_t len)
{
	char line[512], *at;

	proc_line(line, sizeof(line), "/proc/version");
	at = strstr(line, "gcc-");
	if (at)
		snprintf(name, len, "%.*s", (int)strspn(at, "gc-0123456789"), at);
	else
		snprintf(name, len, "%s", strstr(line, "clang") ? "clang" : "gcc");
}

static void check_compiler(const struct patient *p, struct finding *f)
{
	char compiler[32];

	kernel_compiler(compiler, sizeof(compiler));
	if (!have_command(compiler)) {
		found(f, build_status(p), "no %s, which built this kernel: the module cannot be built",
		      compiler);
		mend_install(f, compiler, "gcc");
	} else if (!have_command("make")) {
		found(f, build_status(p), "no make: the module cannot be built");
		mend_install(f, "make", "make");
	} else {
		found(f, OK, "%s, make", compiler);
	}
}

static void check_dkms(const struct patient *p, struct finding *f)
{
	(void)p;
	if (have_command("dkms")) {
		found(f, OK, "there");
		return;
	}
	found(f, NOTE, "missing: the module has to be built by hand for each new kernel");
	mend_install(f, "dkms", "dkms");
}

static void check_signature(const struct patient *p, struct finding *f)
{
	const char *why = module_secure_boot() ? "Secure Boot is on" :
			  "signatures are enforced";

	if (!module_must_be_signed()) {
		found(f, OK, "not demanded%s", module_secure_boot() ?
		      ", though Secure Boot is on" : "");
	} else if (p->loaded) {
		found(f, OK, "%s, and the module was accepted", why);
	} else if (p->installed && p->is_signed) {
		found(f, NOTE, "%s, and the module is signed: if loading fails, the kernel does not know the key",
		      why);
		mend(f, "mokutil --import /var/lib/dkms/mok.pub, reboot, confirm");
	} else {
		found(f, p->installed ? PROBLEM : NOTE,
		      "%s: the module must be signed by a key that this kernel trusts%s",
		      why, p->installed ? ", and it is not" : "");
		mend(f, "make dkms (DKMS signs), then mokutil --import /var/lib/dkms/mok.pub, reboot, confirm");
	}
}

static void check_lockdown(const struct patient *p, struct finding *f)
{
	(void)p;
	switch (module_lockdown()) {
	case LOCKDOWN_CONFIDENTIALITY:
		found(f, PROBLEM, "confidentiality: the kernel keeps physical addresses and page tables to itself");
		mend(f, "boot without lockdown=confidentiality");
		break;
	case LOCKDOWN_INTEGRITY:
		found(f, NOTE, "integrity: a module must be signed; reading tables is allowed, experiments (tlbscope flush) are not");
		break;
	default:
		found(f, OK, "none");
	}
}

/*
 * The user
 */

static bool has_capability(int capability)
{
	char text[32];

	proc_field(text, sizeof(text), "/proc/self/status", "CapEff");
	return strtoull(text, NULL, 16) >> capability & 1;
}

/* In the initial one every ID stands for itself */
static bool initial_user_namespace(void)
{
	unsigned long inside, outside, count;
	char text[128];

	return !proc_line(text, sizeof(text), "/proc/self/uid_map") ||
	       (sscanf(text, "%lu %lu %lu", &inside, &outside, &count) == 3 &&
		!inside && !outside && count == 4294967295UL);
}

static void check_rights(const struct patient *p, struct finding *f)
{
	(void)p;
	if (!initial_user_namespace()) {
		found(f, PROBLEM, "in a user namespace, whose root is not the machine's: physical addresses stay hidden");
		mend(f, "run it outside of the container");
	} else if (!has_capability(CAP_SYS_ADMIN)) {
		found(f, PROBLEM, "no CAP_SYS_ADMIN: physical addresses stay hidden, the module refuses");
		mend(f, "sudo tlbscope ...");
	} else {
		found(f, OK, "CAP_SYS_ADMIN in the initial user namespace");
	}
}

static void check_pagemap(const struct patient *p, struct finding *f)
{
	struct tlbscope *t;
	int err;

	(void)p;
	err = tlbscope_open(&t, TLBSCOPE_SELF, TLBSCOPE_OPEN_FALLBACK);
	if (err) {
		found(f, NOTE, "cannot be read (%s): without the module there is no other source",
		      strerror(-err));
		return;
	}
	found(f, OK, "%s%s%s", tlbscope_source_name(tlbscope_source(t)),
	      tlbscope_knows(t) & TLBSCOPE_KNOWS_PHYS ? "" : ", without physical addresses",
	      tlbscope_knows(t) & TLBSCOPE_KNOWS_SIZES ? "" : ", without page sizes");
	tlbscope_close(t);
}

/* What it takes to make experiments beside looking */
static void check_debugfs(const struct patient *p, struct finding *f)
{
	struct tlbscope_methods methods;
	struct tlbscope_lab *lab;
	char line[256];
	int err;

	(void)p;
	err = tlbscope_lab_open(&lab, TLBSCOPE_SELF);
	if (!err)
		err = tlbscope_methods(lab, &methods);
	if (!err && !methods.available)
		err = -EOPNOTSUPP;
	tlbscope_lab_close(lab);
	if (!err) {
		found(f, OK, "mounted, experiments can be made");
	} else if (err == -ENODEV) {
		found(f, NOTE, "not mounted: no experiments (tlbscope flush)");
		mend(f, "mount -t debugfs none /sys/kernel/debug");
	} else if (err == -ENOENT) {
		found(f, NOTE, "experiments (tlbscope flush) take the module");
	} else {
		found(f, NOTE, "no experiments (tlbscope flush): %s",
		      tlbscope_lab_explain(line, sizeof(line), TLBSCOPE_SELF, NULL, err));
	}
}

static void check_symbols(const struct patient *p, struct finding *f)
{
	char restrict_level[16];

	(void)p;
	if (!symbols_hidden()) {
		found(f, OK, "the kernel's can be read");
		return;
	}
	proc_line(restrict_level, sizeof(restrict_level),
		  "/proc/sys/kernel/kptr_restrict");
	found(f, NOTE, "the kernel hides the addresses of its own (kptr_restrict is %s)",
	      *restrict_level ? restrict_level : "not there");
	if (restrict_level[0] == '2')
		mend(f, "sysctl kernel.kptr_restrict=1");
	else
		mend(f, "sudo tlbscope ...");
}

static int open_cycles(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.exclude_kernel = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void check_pmu(const struct patient *p, struct finding *f)
{
	int err = open_cycles();
	char paranoid[16];

	(void)p;
	if (!err) {
		found(f, OK, "hardware counters work");
	} else if (err == -EACCES || err == -EPERM) {
		proc_line(paranoid, sizeof(paranoid),
			  "/proc/sys/kernel/perf_event_paranoid");
		found(f, NOTE, "hardware counters are not for this user (perf_event_paranoid is %s): what counts them goes on with time alone",
		      *paranoid ? paranoid : "not there");
		mend(f, "sysctl kernel.perf_event_paranoid=1");
	} else {
		found(f, NOTE, "no hardware counters%s%s: what counts them goes on with time alone",
		      err == -ENOENT ? "" : ", ",
		      err == -ENOENT ? "" : strerror(-err));
		if (p->info.hypervisor[0])
			mend(f, "let the hypervisor pass the PMU on (QEMU: -cpu host,pmu=on)");
	}
}

static const struct {
	const char *name;
	void (*check)(const struct patient *p, struct finding *f);
} checks[] = {
	{ "architecture", check_architecture },
	{ "kernel", check_kernel },
	{ "hypervisor", check_hypervisor },
	{ "modules", check_modules },
	{ "tlbscope.ko", check_module },
	{ "headers", check_headers },
	{ "compiler", check_compiler },
	{ "dkms", check_dkms },
	{ "signature", check_signature },
	{ "lockdown", check_lockdown },
	{ "rights", check_rights },
	{ "pagemap", check_pagemap },
	{ "debugfs", check_debugfs },
	{ "symbols", check_symbols },
	{ "counters", check_pmu },
};

#define CHECKS	ARRAY_SIZE(checks)

static const char *status_name(enum status status)
{
	return status == OK ? "ok" : status == NOTE ? "note" : "problem";
}

static void examine(struct patient *p)
{
	struct kmod_ctx *ctx = module_context();
	struct kmod_module *module = module_installed(ctx);
	char signer[128];

	*p = (struct patient){ .installed = module };
	uname(&p->uts);
	tlbscope_machine(&p->info);
	p->loaded = p->info.abi;
	p->is_signed = module && module_info(module, "signer", signer, sizeof(signer));
	kmod_module_unref(module);
	kmod_unref(ctx);
}

static void print_text(const struct finding *findings)
{
	unsigned int count[3] = { 0 };
	size_t i;

	for (i = 0; i < CHECKS; i++) {
		const struct finding *f = &findings[i];

		printf("%-7s  %-12s  %s\n", status_name(f->status), checks[i].name,
		       f->what);
		if (f->mend)
			printf("%-7s  %-12s  try: %s\n", "", "", f->mend);
		count[f->status]++;
	}
	printf("\n%u problem%s, %u note%s\n", count[PROBLEM],
	       count[PROBLEM] == 1 ? "" : "s", count[NOTE],
	       count[NOTE] == 1 ? "" : "s");
}

static void print_json(const struct finding *findings)
{
	json_object *array = new_array();
	size_t i;

	for (i = 0; i < CHECKS; i++) {
		json_object *o = new_object();

		put_str(o, "check", checks[i].name);
		put_str(o, "status", status_name(findings[i].status));
		put_str(o, "what", findings[i].what);
		if (findings[i].mend)
			put_str(o, "try", findings[i].mend);
		else
			put_null(o, "try");
		put_element(array, o);
	}
	out_json(array);
}

int verb_doctor(int argc, char **argv)
{
	struct finding findings[CHECKS] = { 0 };
	enum status worst = OK;
	struct patient p;
	bool json;
	size_t i;
	int err = args_only_json(argc, argv, &json);

	if (err)
		return err;
	if (argc > optind)
		return usage(argv[0], "it takes no argument");
	examine(&p);
	for (i = 0; i < CHECKS; i++) {
		checks[i].check(&p, &findings[i]);
		if (findings[i].status > worst)
			worst = findings[i].status;
	}
	if (json)
		print_json(findings);
	else
		print_text(findings);
	for (i = 0; i < CHECKS; i++) {
		free(findings[i].what);
		free(findings[i].mend);
	}
	return worst == PROBLEM ? EXIT_FAILED : EXIT_DONE;
}
