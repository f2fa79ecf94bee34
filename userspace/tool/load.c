// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <libtlbscope.h>

#include "args.h"
#include "module.h"
#include "out.h"
#include "proc.h"
#include "verbs.h"

const char help_load[] =
"usage: tlbscope load [FILE]\n"
"\n"
"Loads the kernel module: the one that is installed for the running kernel, or FILE,\n"
"a tlbscope.ko. It is no error if it is loaded already. Takes root.\n";

static int cannot_find(const char *verb)
{
	struct utsname uts;

	if (!module_kernel_has_any())
		return fail(verb, "this kernel has no loadable modules; try: a distribution's kernel");
	uname(&uts);
	return fail(verb, "no module is installed for %s; try: make dkms, or make and tlbscope load FILE, in the sources",
		    uts.release);
}

/* Why the kernel said EPERM, which it has several reasons for */
static int not_permitted(const char *verb)
{
	char text[16];

	proc_line(text, sizeof(text), "/proc/sys/kernel/modules_disabled");
	if (text[0] == '1')
		return fail(verb, "loading modules was switched off until the next boot (kernel.modules_disabled); try: reboot");
	if (geteuid())
		return fail(verb, "not permitted; try: sudo tlbscope load");
	if (module_lockdown() != LOCKDOWN_NONE)
		return fail(verb, "the kernel is locked down and takes only modules signed by a key it trusts; try: tlbscope doctor");
	return fail(verb, "not permitted: it takes CAP_SYS_MODULE, which a container's root lacks; try: outside of the container");
}

static int bad_signature(const char *verb, struct kmod_module *module)
{
	char signer[128];

	if (module_info(module, "signer", signer, sizeof(signer)))
		return fail(verb, "%s is signed by '%s', whose key this kernel does not trust; try: mokutil --import KEY.der, reboot",
			    kmod_module_get_path(module), signer);
	return fail(verb, "%s is not signed, and this kernel wants a signature by a key it trusts; try: make dkms, then mokutil --import /var/lib/dkms/mok.pub, reboot",
		    kmod_module_get_path(module));
}

static int other_kernel(const char *verb, struct kmod_module *module)
{
	struct utsname uts;
	char magic[128];

	uname(&uts);
	module_info(module, "vermagic", magic, sizeof(magic));
	magic[strcspn(magic, " ")] = '\0';
	if (magic[0] && strcmp(magic, uts.release))
		return fail(verb, "%s was built for %s, this is %s; try: make, in the sources",
			    kmod_module_get_path(module), magic, uts.release);
	return fail(verb, "%s is no module for this kernel; try: dmesg | tail",
		    kmod_module_get_path(module));
}

static int refused(const char *verb, struct kmod_module *module, int err)
{
	switch (-err) {
	case ENOENT:
		return fail(verb, "there is no %s; try: make, in the sources",
			    kmod_module_get_path(module));
	case ENOSYS:
		return fail(verb, "this kernel has no loadable modules; try: a distribution's kernel");
	case EPERM:
	case EACCES:
		return not_permitted(verb);
	case EKEYREJECTED:
	case ENOKEY:
		return bad_signature(verb, module);
	case ENOEXEC:
	case EINVAL:
		return other_kernel(verb, module);
	default:
		return fail(verb, "cannot load %s: %s; try: dmesg | tail",
			    kmod_module_get_path(module), strerror(-err));
	}
}

static void say_loaded(const char *how, const char *path)
{
	struct tlbscope_info info;

	tlbscope_machine(&info);
	if (info.abi)
		printf("tlbscope %s, ABI %u, %s%s%s\n", info.version, info.abi,
		       how, path ? " from " : "", path ? path : "");
	else
		printf("tlbscope %s\n", how);
}

static int load(const char *verb, struct kmod_module *module)
{
	int err = kmod_module_insert_module(module, 0, NULL);

	if (err == -EEXIST)
		say_loaded("was already loaded", NULL);
	else if (err)
		return refused(verb, module, err);
	else
		say_loaded("loaded", kmod_module_get_path(module));
	return EXIT_DONE;
}

int verb_load(int argc, char **argv)
{
	static const struct option options[] = { { 0 } };
	const char *verb = argv[0];
	struct kmod_module *module = NULL;
	struct kmod_ctx *ctx;
	int status;

	if (args_option(argc, argv, ":", options) != -1)
		return EXIT_USAGE;
	if (argc - optind > 1)
		return usage(verb, "one file at a time");
	if (module_loaded()) {
		say_loaded("was already loaded", NULL);
		return EXIT_DONE;
	}
	ctx = module_context();
	if (argc == optind)
		module = module_installed(ctx);
	else if (kmod_module_new_from_path(ctx, argv[optind], &module) < 0)
		module = NULL;
	if (module)
		status = load(verb, module);
	else if (argc == optind)
		status = cannot_find(verb);
	else
		status = fail(verb, "there is no %s; try: make, in the sources",
			      argv[optind]);
	kmod_module_unref(module);
	kmod_unref(ctx);
	return status;
}
