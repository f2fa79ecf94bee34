/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Answers as text
 */
#ifndef TLBSCOPE_TEXT_H
#define TLBSCOPE_TEXT_H

#include "session.h"

struct lab;
struct seq_file;

void text_info(struct seq_file *m);
void text_usage(struct seq_file *m, enum request_kind kind);
int text_walk(struct seq_file *m, struct session *s);
void text_range(struct seq_file *m, const struct tlbscope_range *range);
int text_tables(struct seq_file *m, struct session *s);
void text_lab(struct seq_file *m, const struct lab *lab);

#endif /* TLBSCOPE_TEXT_H */
