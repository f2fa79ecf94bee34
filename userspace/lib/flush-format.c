// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flush-format.h"

/* The line "\tfield:TYPE NAME;\toffset:N;\tsize:N;...", from behind its type */
static const char *find_field(const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *at = text;

	while ((at = strstr(at, "\tfield:"))) {
		const char *end = strchr(at, ';');

		if (!end)
			return NULL;
		if ((size_t)(end - at) > len && !strncmp(end - len, name, len) &&
		    end[-(ptrdiff_t)len - 1] == ' ')
			return end;
		at = end;
	}
	return NULL;
}

static bool parse_field(const char *text, const char *name,
			struct flush_field *field)
{
	const char *at = find_field(text, name);

	return at && sscanf(at, "; offset:%u; size:%u;", &field->offset,
			    &field->size) == 2 &&
	       (field->size == 4 || field->size == 8);
}

static void set_name(struct flush_format *format, unsigned long reason,
		     const char *name, size_t len)
{
	/* All that are newer than this program share the last place */
	if (reason >= TLBSCOPE_FLUSH_OTHER) {
		reason = TLBSCOPE_FLUSH_OTHER;
		name = "other";
		len = strlen(name);
	}
	snprintf(format->name[reason], FLUSH_REASON_LEN, "%.*s", (int)len, name);
}

/* __print_symbolic(REC->reason, { 0, "flush on task switch" }, { 1, ... }) */
static void parse_names(const char *text, struct flush_format *format)
{
	const char *at = strstr(text, "__print_symbolic(REC->reason,");

	while (at && (at = strpbrk(at, "{)")) && *at == '{') {
		char *behind;
		unsigned long reason = strtoul(at + 1, &behind, 0);
		const char *name = strchr(behind, '"');
		const char *end = name ? strchr(name + 1, '"') : NULL;

		if (!end || behind == at + 1)
			return;
		set_name(format, reason, name + 1, (size_t)(end - name - 1));
		at = strchr(end, '}');
	}
}

/**
 * flush_format_parse - the file "format" of the tracepoint
 * @text: all of it
 * @format: receives what it says
 *
 * Where the names of the reasons cannot be understood they stay empty: the
 * records can be counted all the same.
 *
 * Return: whether records can be understood.
 */
bool flush_format_parse(const char *text, struct flush_format *format)
{
	const char *id = strstr(text, "ID:");

	memset(format, 0, sizeof(*format));
	if (!id || sscanf(id, "ID: %" SCNu64, &format->id) != 1)
		return false;
	parse_names(text, format);
	return parse_field(text, "reason", &format->reason) &&
	       parse_field(text, "pages", &format->pages);
}

static bool decode(const struct flush_field *field, const void *raw, size_t size,
		   uint64_t *number)
{
	const char *at = (const char *)raw + field->offset;
	int32_t half;

	if (field->offset > size || field->size > size - field->offset)
		return false;
	if (field->size == sizeof(*number)) {
		memcpy(number, at, sizeof(*number));
		return true;
	}
	/* The sign goes along: a full flush is -1 in any size */
	memcpy(&half, at, sizeof(half));
	*number = (uint64_t)(int64_t)half;
	return true;
}

/**
 * flush_format_decode - one record
 * @format: of the tracepoint
 * @raw: the record as the kernel made it
 * @size: its bytes
 * @record: receives what it says
 *
 * Return: whether it is long enough.
 */
bool flush_format_decode(const struct flush_format *format, const void *raw,
			 size_t size, struct flush_record *record)
{
	uint64_t reason;

	if (!decode(&format->reason, raw, size, &reason) ||
	    !decode(&format->pages, raw, size, &record->pages))
		return false;
	record->reason = reason < TLBSCOPE_FLUSH_OTHER ? (unsigned int)reason :
			 TLBSCOPE_FLUSH_OTHER;
	return true;
}
