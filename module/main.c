// SPDX-License-Identifier: GPL-2.0
/*
 * tlbscope: how this machine translates addresses
 */
#include <linux/init.h>
#include <linux/module.h>

#include "debugfs.h"
#include "machine.h"
#include "procfs.h"
#include "worker.h"

static int __init tlbscope_init(void)
{
	int ret;

	machine_init();
	ret = worker_init();
	if (ret)
		return ret;
	ret = procfs_init();
	if (ret)
		goto exit_worker;
	debug_init();
	return 0;

exit_worker:
	worker_exit();
	return ret;
}

static void __exit tlbscope_exit(void)
{
	debug_exit();
	procfs_exit();
	worker_exit();
}

module_init(tlbscope_init);
module_exit(tlbscope_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Inspect live page tables and their cost");
MODULE_VERSION("0.1.0");
