// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mapping.h"

/* Of a line only its head is looked at: names may be some 16 KiB long */
#define LINE_LEN	256

/* Lower-case hexadecimal as the kernel prints it, up to 64 bits, then @stop */
static const char *parse_hex(const char *s, char stop, uint64_t *value)
{
	unsigned int digits = 0;

	*value = 0;
	for (; *s != stop; s++, digits++) {
		if (*s >= '0' && *s <= '9')
			*value = *value << 4 | (*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			*value = *value << 4 | (*s - 'a' + 10);
		else
			return NULL;
	}
	return digits && digits <= 16 ? s + 1 : NULL;
}

/**
 * mapping_parse_header - a line of maps, as "7f0-7f1 r-xp 0 08:01 42 /bin/x"
 * @line: the line
 * @mapping: receives what it says, the rest is zeroed
 *
 * Return: false if the line is none (in smaps: a field of the mapping before).
 */
bool mapping_parse_header(const char *line, struct mapping *mapping)
{
	uint64_t start, end;

	line = parse_hex(line, '-', &start);
	if (line)
		line = parse_hex(line, ' ', &end);
	if (!line || start >= end || strnlen(line, 4) < 4)
		return false;
	*mapping = (struct mapping) {
		.start = start,
		.end = end,
		.no_access = !strncmp(line, "---", 3),
	};
	return true;
}

static bool parse_kib(const char *line, const char *name, uint64_t *bytes)
{
	size_t len = strlen(name);
	unsigned long long kib;
	char *unit;

	if (strncmp(line, name, len) || line[len] != ':')
		return false;
	/* Out of range it is ULLONG_MAX, which is too much below */
	kib = strtoull(line + len + 1, &unit, 10);
	if (strcmp(unit, " kB") || kib > UINT64_MAX / 1024)
		return false;
	*bytes = kib * 1024;
	return true;
}

/**
 * mapping_parse_field - a line of smaps about a mapping, as "Rss:   4 kB"
 * @line: the line; one that is not known or cannot be understood is skipped
 * @mapping: what it is added to
 */
void mapping_parse_field(const char *line, struct mapping *mapping)
{
	static const char * const pmd_mapped[] = {
		"AnonHugePages", "ShmemPmdMapped", "FilePmdMapped",
	};
	uint64_t bytes;
	size_t i;

	if (parse_kib(line, "KernelPageSize", &mapping->page_size) ||
	    parse_kib(line, "Rss", &mapping->rss))
		return;
	for (i = 0; i < sizeof(pmd_mapped) / sizeof(pmd_mapped[0]); i++)
		if (parse_kib(line, pmd_mapped[i], &bytes))
			mapping->pmd_mapped += bytes;
	if (!strncmp(line, "VmFlags:", 8))
		mapping->no_pages = strstr(line + 8, " pf");
}

static int fill(struct mappings *m)
{
	ssize_t n = read(m->fd, m->buf, sizeof(m->buf));

	if (n < 0)
		return -errno;
	m->pos = 0;
	m->len = n;
	return n > 0;
}

/* One line, its head at least: 1, 0 at the end, or a negative errno */
static int next_line(struct mappings *m, char line[LINE_LEN])
{
	size_t at = 0;
	int more;

	for (;;) {
		if (m->pos == m->len) {
			more = fill(m);
			if (more <= 0)
				return more;
		}
		if (m->buf[m->pos] == '\n')
			break;
		if (at < LINE_LEN - 1)
			line[at++] = m->buf[m->pos];
		m->pos++;
	}
	m->pos++;
	line[at] = '\0';
	return 1;
}

/* Reads up to the next mapping's first line, what is before goes to @mapping */
static int next_header(struct mappings *m, struct mapping *mapping)
{
	char line[LINE_LEN];
	int more;

	while ((more = next_line(m, line)) > 0) {
		m->has_ahead = mapping_parse_header(line, &m->ahead);
		if (m->has_ahead)
			break;
		mapping_parse_field(line, mapping);
	}
	return more;
}

/**
 * mappings_open - begin with the first mapping
 * @m: zeroed, closed, or still open from before
 * @dir: of process_open()
 * @name: "maps" or "smaps"
 *
 * Return: 0 or a negative errno: -ESRCH it is gone, -EACCES.
 */
int mappings_open(struct mappings *m, int dir, const char *name)
{
	struct mapping none = { 0 };
	int more;

	mappings_close(m);
	m->fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (m->fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	m->pos = 0;
	m->len = 0;
	m->has_ahead = false;
	more = next_header(m, &none);
	return more < 0 ? more : 0;
}

void mappings_close(struct mappings *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

/**
 * mappings_next - the next mapping
 * @m: open
 * @mapping: receives it
 *
 * Return: 1, 0 at the end, or a negative errno.
 */
int mappings_next(struct mappings *m, struct mapping *mapping)
{
	int more;

	if (!m->has_ahead)
		return 0;
	*mapping = m->ahead;
	m->has_ahead = false;
	more = next_header(m, mapping);
	return more < 0 ? more : 1;
}

/**
 * mappings_find - the mapping that an address lies in, or the next one above
 * @m: open; mappings that lie before are left behind
 * @address: of it
 * @mapping: receives it
 *
 * Return: 1, 0 there is none, or a negative errno.
 */
int mappings_find(struct mappings *m, uint64_t address, struct mapping *mapping)
{
	int more;

	do
		more = mappings_next(m, mapping);
	while (more > 0 && mapping->end <= address);
	return more;
}
