/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An experiment as a line of text
 */
#ifndef TLBSCOPE_ORDER_H
#define TLBSCOPE_ORDER_H

#include "request.h"

/**
 * struct order - what somebody wants to be done
 * @whose: whose translations
 * @pid: REQUEST_PID: from 1
 * @method: enum tlbscope_method; and so is the next
 * @local: TLBSCOPE_INVLPG unless named
 * @start: first address
 * @end: first address behind
 * @bystanders_start: first address of the bystanders
 * @bystanders_end: first address behind; the same without
 * @flags: TLBSCOPE_CPUS_*; 0 with @cpus
 * @cpus: a list of CPUs, as in 0,2-5; part of the line
 * @initiator: a CPU, or -1
 * @times: how often, or how many samples
 */
struct order {
	enum request_whose whose;
	int pid;
	__u32 method;
	__u32 local;
	__u64 start;
	__u64 end;
	__u64 bystanders_start;
	__u64 bystanders_end;
	__u32 flags;
	const char *cpus;
	int initiator;
	__u32 times;
};

int order_parse(struct order *order, bool measured, char *line, size_t len);

#endif /* TLBSCOPE_ORDER_H */
