// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "out.h"

/**
 * out_size - bytes with an IEC unit
 * @bytes: any
 *
 * What is exact stays whole, the rest gets one decimal: "4 KiB", "2.0 MiB".
 */
struct out_text out_size(uint64_t bytes)
{
	static const char * const units[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"
	};
	struct out_text text;
	unsigned int unit = 0, shift;
	uint64_t tenths;
	bool whole;

	while (unit < 6 && bytes >> (10 * (unit + 1)))
		unit++;
	shift = 10 * unit;
	whole = !(bytes & ((1ULL << shift) - 1));
	/* The first bits of what is cut off are enough to round by */
	tenths = (bytes >> shift) * 10;
	if (shift)
		tenths += (((bytes >> (shift - 10)) & 1023) * 10 + 512) >> 10;
	if (tenths >= 10240 && unit < 6) {
		tenths = 10;
		unit++;
	}
	if (!whole)
		snprintf(text.s, sizeof(text.s), "%" PRIu64 ".%u %s", tenths / 10,
			 (unsigned int)(tenths % 10), units[unit]);
	else
		snprintf(text.s, sizeof(text.s), "%" PRIu64 " %s", tenths / 10,
			 units[unit]);
	return text;
}

/* out_count - with a comma between thousands */
struct out_text out_count(uint64_t n)
{
	struct out_text text;
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	int i, at = 0;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text.s[at++] = ',';
		text.s[at++] = digits[i];
	}
	text.s[at] = '\0';
	return text;
}

struct out_text out_percent(uint64_t part, uint64_t whole)
{
	struct out_text text;

	if (!whole)
		snprintf(text.s, sizeof(text.s), "-");
	else
		snprintf(text.s, sizeof(text.s), "%.1f %%",
			 100.0 * (double)part / (double)whole);
	return text;
}

struct out_text out_hex(uint64_t n)
{
	struct out_text text;

	snprintf(text.s, sizeof(text.s), "0x%" PRIx64, n);
	return text;
}

/* out_end - the first address behind; that of the very top does not fit 64 bits */
struct out_text out_end(uint64_t end)
{
	if (!end)
		return (struct out_text){ "0x10000000000000000" };
	return out_hex(end);
}

/* Length of the UTF-8 sequence at @s, 0 where there is none */
static size_t utf8_length(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 :
		     s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	uint32_t c = s[0] & (0xff >> (len + 1));
	size_t i;

	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (len > 1 && (c < least[len] || c < 0xa0 || c > 0x10ffff ||
			(c >= 0xd800 && c < 0xe000)))
		return 0;
	return len;
}

/**
 * out_clean - make a name safe to print
 * @text: changed in place
 *
 * Names of files and processes are chosen by others: a terminal shall not see
 * their control characters, and JSON must be UTF-8. Such bytes become '?'.
 */
void out_clean(char *text)
{
	unsigned char *s = (unsigned char *)text;

	while (*s) {
		size_t len = utf8_length(s);

		if (!len || *s < ' ' || *s == 0x7f) {
			*s++ = '?';
			continue;
		}
		s += len;
	}
}

/* json-c has NULL for null, so it can stand for no memory only where it is not */
static json_object *must(json_object *o)
{
	if (!o)
		die_of_memory();
	return o;
}

json_object *new_object(void)
{
	return must(json_object_new_object());
}

json_object *new_array(void)
{
	return must(json_object_new_array());
}

/* put_object - @value may be NULL, for null */
void put_object(json_object *o, const char *key, json_object *value)
{
	if (json_object_object_add(o, key, value))
		die_of_memory();
}

void put_element(json_object *array, json_object *value)
{
	if (json_object_array_add(array, value))
		die_of_memory();
}

void put_number(json_object *array, uint64_t value)
{
	put_element(array, must(json_object_new_uint64(value)));
}

void put_str(json_object *o, const char *key, const char *value)
{
	put_object(o, key, must(json_object_new_string(value)));
}

void put_int(json_object *o, const char *key, uint64_t value)
{
	put_object(o, key, must(json_object_new_uint64(value)));
}

void put_signed(json_object *o, const char *key, int64_t value)
{
	put_object(o, key, must(json_object_new_int64(value)));
}

/* put_hex - as a string: a JSON number may lose what is above 53 bits */
void put_hex(json_object *o, const char *key, uint64_t value)
{
	put_str(o, key, HEX(value));
}

void put_end(json_object *o, const char *key, uint64_t end)
{
	put_str(o, key, END(end));
}

void put_bool(json_object *o, const char *key, bool value)
{
	put_object(o, key, must(json_object_new_boolean(value)));
}

void put_null(json_object *o, const char *key)
{
	put_object(o, key, NULL);
}

/* put_ratio - from 0 to 1 with four decimals, null where there is no whole */
void put_ratio(json_object *o, const char *key, uint64_t part, uint64_t whole)
{
	double ratio = whole ? (double)part / (double)whole : 0;
	char text[32];

	if (!whole) {
		put_null(o, key);
		return;
	}
	snprintf(text, sizeof(text), "%.4f", ratio);
	put_object(o, key, must(json_object_new_double_s(ratio, text)));
}

/* With three decimals; NULL for NAN, which is not known */
static json_object *decimal(double value)
{
	char text[400];

	if (!isfinite(value))
		return NULL;
	snprintf(text, sizeof(text), "%.3f", value);
	return must(json_object_new_double_s(value, text));
}

void put_double(json_object *o, const char *key, double value)
{
	put_object(o, key, decimal(value));
}

/* put_decimal - put_double() for the elements of an array */
void put_decimal(json_object *array, double value)
{
	put_element(array, decimal(value));
}

/* put_words - an array of the words of a string */
void put_words(json_object *o, const char *key, const char *words)
{
	json_object *array = new_array();

	while (*words) {
		int len = (int)strcspn(words, " ");
		json_object *word = must(json_object_new_string_len(words, len));

		put_element(array, word);
		words += len + (words[len] == ' ');
	}
	put_object(o, key, array);
}

static void print_json(json_object *o, int flags)
{
	const char *text;

	flags |= JSON_C_TO_STRING_NOSLASHESCAPE;
	text = json_object_to_json_string_ext(o, flags);

	if (!text)
		die_of_memory();
	puts(text);
	json_object_put(o);
}

/* out_json - print a whole document, and free it */
void out_json(json_object *o)
{
	print_json(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

/* out_json_line - print one record of a stream (JSON Lines), and free it */
void out_json_line(json_object *o)
{
	print_json(o, JSON_C_TO_STRING_PLAIN);
}

static void vcomplain(const char *verb, const char *fmt, va_list args)
{
	if (!ferror(stdout))
		fflush(stdout);
	fprintf(stderr, "tlbscope %s: ", verb);
	vfprintf(stderr, fmt, args);
}

/**
 * fail - say in one line what went wrong
 * @verb: who says so
 * @fmt: what went wrong, then "; try: " and what to do next
 *
 * Return: EXIT_FAILED
 */
int fail(const char *verb, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vcomplain(verb, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

/* usage - the same for arguments that make no sense. Return: EXIT_USAGE */
int usage(const char *verb, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vcomplain(verb, fmt, args);
	va_end(args);
	fprintf(stderr, "; try: tlbscope help %s\n", verb);
	return EXIT_USAGE;
}

/* The errno of a write that failed earlier, by failing once more */
static int write_error(void)
{
	clearerr(stdout);
	errno = 0;
	putchar('\n');
	fflush(stdout);
	return errno ? errno : EIO;
}

/**
 * out_finish - what is printed shall have arrived
 * @verb: who printed
 * @status: exit status so far
 *
 * A reader that has gone away (head, less) is no failure to talk about.
 *
 * Return: exit status
 */
int out_finish(const char *verb, int status)
{
	int err;

	if (!fflush(stdout) && !ferror(stdout))
		return status;
	err = write_error();
	if (err != EPIPE)
		fail(verb, "cannot write the answer: %s; try: another place to write to",
		     strerror(err));
	return EXIT_FAILED;
}
