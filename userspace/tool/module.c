// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "mem.h"
#include "module.h"
#include "proc.h"

/* module_context - of libkmod, which shall be silent: errors are ours to tell */
struct kmod_ctx *module_context(void)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);

	if (!ctx)
		die_of_memory();
	kmod_set_log_priority(ctx, LOG_EMERG);
	return ctx;
}

/* module_installed - where modprobe would find it; NULL, or to be unref'ed */
struct kmod_module *module_installed(struct kmod_ctx *ctx)
{
	struct kmod_module *module;

	if (kmod_module_new_from_name(ctx, MODULE_NAME, &module) < 0)
		return NULL;
	if (kmod_module_get_path(module))
		return module;
	kmod_module_unref(module);
	return NULL;
}

/**
 * module_info - what modinfo would say
 * @module: with a file
 * @key: "version", "vermagic", "signer", ...
 * @buf: where to; "" if it says nothing
 * @len: its size
 *
 * Return: whether it says anything
 */
bool module_info(struct kmod_module *module, const char *key, char *buf,
		 size_t len)
{
	struct kmod_list *list = NULL, *item;

	buf[0] = '\0';
	if (kmod_module_get_info(module, &list) < 0)
		return false;
	kmod_list_foreach(item, list)
		if (!strcmp(kmod_module_info_get_key(item), key))
			snprintf(buf, len, "%s", kmod_module_info_get_value(item));
	kmod_module_info_free_list(list);
	return buf[0];
}

bool module_loaded(void)
{
	return !access("/sys/module/" MODULE_NAME "/initstate", F_OK) ||
	       !access("/proc/tlbscope", F_OK);
}

/* module_kernel_has_any - whether this kernel can load modules at all */
bool module_kernel_has_any(void)
{
	return !access("/proc/modules", F_OK);
}

/* module_lockdown - the chosen one stands in brackets */
enum lockdown module_lockdown(void)
{
	char text[128];

	proc_line(text, sizeof(text), "/sys/kernel/security/lockdown");
	if (strstr(text, "[confidentiality]"))
		return LOCKDOWN_CONFIDENTIALITY;
	return strstr(text, "[integrity]") ? LOCKDOWN_INTEGRITY : LOCKDOWN_NONE;
}

/* module_must_be_signed - by a key that the kernel trusts */
bool module_must_be_signed(void)
{
	char text[16];

	proc_line(text, sizeof(text), "/sys/module/module/parameters/sig_enforce");
	return text[0] == 'Y' || module_lockdown() != LOCKDOWN_NONE;
}

/* module_secure_boot - as the firmware says: four bytes of attributes, a flag */
bool module_secure_boot(void)
{
	int fd = open("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		      O_RDONLY | O_CLOEXEC);
	unsigned char value[5] = { 0 };
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, value, sizeof(value));
	close(fd);
	return n == sizeof(value) && value[4] == 1;
}
