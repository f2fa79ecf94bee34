/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests on their way in, and answers as structs
 */
#ifndef TLBSCOPE_IOCTL_H
#define TLBSCOPE_IOCTL_H

#include "session.h"

int ioctl_get_args(void *args, size_t in, size_t known,
		   const void __user *arg);
int ioctl_get_line(char *line, const char __user *buf, size_t len);
bool ioctl_is_info(unsigned int cmd);
long ioctl_info(void __user *arg);
long ioctl_target(struct target *aim, void __user *arg);
long ioctl_session(struct session *s, unsigned int cmd, void __user *arg);

#endif /* TLBSCOPE_IOCTL_H */
