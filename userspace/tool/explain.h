/* SPDX-License-Identifier: GPL-2.0 */
/* What a walk teaches: the bits of the address, the flags, the price of a miss */
#ifndef TOOL_EXPLAIN_H
#define TOOL_EXPLAIN_H

#include <json-c/json.h>
#include <libtlbscope.h>

void explain_text(const struct tlbscope_info *machine,
		  const struct tlbscope_walk *walk);
json_object *explain_json(const struct tlbscope_info *machine,
			  const struct tlbscope_walk *walk);

#endif /* TOOL_EXPLAIN_H */
