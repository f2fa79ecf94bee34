/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests and answers as structs
 */
#ifndef TLBSCOPE_IOCTL_H
#define TLBSCOPE_IOCTL_H

#include "session.h"

long ioctl_info(void __user *arg);
long ioctl_session(struct session *s, unsigned int cmd, void __user *arg);

#endif /* TLBSCOPE_IOCTL_H */
