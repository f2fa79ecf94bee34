/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc and /sys say in one line */
#ifndef TOOL_PROC_H
#define TOOL_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_NAME_LEN	80

/* Up to so many pages the kernel drops one by one; for root */
#define PROC_FLUSH_CEILING "/sys/kernel/debug/x86/tlb_single_page_flush_ceiling"

bool proc_line(char *buf, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool proc_field(char *buf, size_t len, const char *path, const char *key);
void proc_name(char *buf, pid_t pid);
uint64_t proc_rss(pid_t pid);
bool proc_has_memory(pid_t pid);
bool proc_flush_ceiling(uint64_t *pages);
size_t proc_pids(pid_t **pids);

#endif /* TOOL_PROC_H */
