/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel module: loaded, installed, signed; and what the kernel demands */
#ifndef TOOL_MODULE_H
#define TOOL_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include <libkmod.h>

#define MODULE_NAME	"tlbscope"

enum lockdown {
	LOCKDOWN_NONE,
	LOCKDOWN_INTEGRITY,
	LOCKDOWN_CONFIDENTIALITY,
};

struct kmod_ctx *module_context(void);
struct kmod_module *module_installed(struct kmod_ctx *ctx);
bool module_info(struct kmod_module *module, const char *key, char *buf,
		 size_t len);
bool module_loaded(void);
bool module_kernel_has_any(void);
bool module_must_be_signed(void);
enum lockdown module_lockdown(void);
bool module_secure_boot(void);

#endif /* TOOL_MODULE_H */
