/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /sys/kernel/debug/tlbscope: experiments that disturb
 */
#ifndef TLBSCOPE_DEBUGFS_H
#define TLBSCOPE_DEBUGFS_H

void debug_init(void);
void debug_exit(void);

#endif /* TLBSCOPE_DEBUGFS_H */
