/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /proc/tlbscope: inspection, which changes nothing
 */
#ifndef TLBSCOPE_PROCFS_H
#define TLBSCOPE_PROCFS_H

int procfs_init(void);
void procfs_exit(void);

#endif /* TLBSCOPE_PROCFS_H */
