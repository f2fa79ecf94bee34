/* SPDX-License-Identifier: GPL-2.0 */
/* Printing: numbers with their units, JSON members, the one line of an error */
#ifndef TOOL_OUT_H
#define TOOL_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/* A number as text, to be used in the expression that made it: COUNT(n) */
struct out_text {
	char s[48];
};

struct out_text out_size(uint64_t bytes);
struct out_text out_count(uint64_t n);
struct out_text out_percent(uint64_t part, uint64_t whole);
struct out_text out_hex(uint64_t n);
struct out_text out_end(uint64_t end);

#define SIZE(n)			(out_size(n).s)
#define COUNT(n)		(out_count(n).s)
#define PERCENT(part, whole)	(out_percent(part, whole).s)
#define HEX(n)			(out_hex(n).s)
#define END(n)			(out_end(n).s)

/* For a cell that has nothing to say */
#define OR_DASH(n, text)	((n) ? (text) : "-")

void out_clean(char *text);

void put_str(json_object *o, const char *key, const char *value);
void put_int(json_object *o, const char *key, uint64_t value);
void put_signed(json_object *o, const char *key, int64_t value);
void put_hex(json_object *o, const char *key, uint64_t value);
void put_end(json_object *o, const char *key, uint64_t end);
void put_bool(json_object *o, const char *key, bool value);
void put_null(json_object *o, const char *key);
void put_ratio(json_object *o, const char *key, uint64_t part, uint64_t whole);
void put_double(json_object *o, const char *key, double value);
void put_words(json_object *o, const char *key, const char *words);
void put_object(json_object *o, const char *key, json_object *value);
void put_element(json_object *array, json_object *value);
void put_number(json_object *array, uint64_t value);
void put_decimal(json_object *array, double value);
json_object *new_object(void);
json_object *new_array(void);

void out_json(json_object *o);
void out_json_line(json_object *o);

int fail(const char *verb, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int usage(const char *verb, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int out_finish(const char *verb, int status);

#endif /* TOOL_OUT_H */
