/* SPDX-License-Identifier: GPL-2.0 */
/* The verbs of tlbscope: one function and one help text each, one file each */
#ifndef TOOL_VERBS_H
#define TOOL_VERBS_H

int verb_info(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_load(int argc, char **argv);
int verb_unload(int argc, char **argv);
int verb_walk(int argc, char **argv);
int verb_ranges(int argc, char **argv);
int verb_tables(int argc, char **argv);
int verb_flush(int argc, char **argv);
int verb_shootdown(int argc, char **argv);
int verb_trace(int argc, char **argv);
int verb_version(int argc, char **argv);

extern const char help_info[];
extern const char help_doctor[];
extern const char help_load[];
extern const char help_unload[];
extern const char help_walk[];
extern const char help_ranges[];
extern const char help_tables[];
extern const char help_flush[];
extern const char help_shootdown[];
extern const char help_trace[];
extern const char help_version[];

#endif /* TOOL_VERBS_H */
