// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libtlbscope.h>

#include "args.h"
#include "mem.h"
#include "out.h"

/**
 * args_option - the next option, as getopt_long() with our own messages
 * @letters: as for getopt(), starting with ':'
 * @options: long ones
 *
 * Return: the option, -1 at the end, '?' for a wrong one: the reason has been
 * said then.
 */
int args_option(int argc, char **argv, const char *letters,
		const struct option *options)
{
	int option, at;

	opterr = 0;
	at = optind;
	option = getopt_long(argc, argv, letters, options, NULL);
	if (option != '?' && option != ':')
		return option;
	/* After a cluster of letters optind is still where it was */
	if (optind > at || at >= argc)
		at = optind - 1;
	if (option == ':')
		usage(argv[0], "option '%s' wants a value", argv[at]);
	else if (!strncmp(argv[at], "--", 2))
		usage(argv[0], "there is no option '%s'", argv[at]);
	else
		usage(argv[0], "there is no option '-%c'", optopt);
	return '?';
}

/**
 * args_only_json - for a verb that knows no option but -j
 * @json: receives whether it is there
 *
 * Return: 0 or an exit status; what remains starts at optind
 */
int args_only_json(int argc, char **argv, bool *json)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ 0 }
	};
	int option;

	*json = false;
	while ((option = args_option(argc, argv, ":j", options)) != -1) {
		if (option == '?')
			return EXIT_USAGE;
		*json = true;
	}
	return 0;
}

static int parse(const char *word, int base, uint64_t *number)
{
	unsigned long long n;
	char *end;

	/* strtoull() takes signs and blanks, an address has none */
	if (!isxdigit((unsigned char)word[0]))
		return -EINVAL;
	errno = 0;
	n = strtoull(word, &end, base);
	if (*end || end == word)
		return -EINVAL;
	if (errno)
		return -ERANGE;
	*number = n;
	return 0;
}

/* args_number - 0x... or decimal. Return: 0, -EINVAL, -ERANGE */
int args_number(const char *word, uint64_t *number)
{
	bool hex = !strncasecmp(word, "0x", 2);

	return parse(word, hex ? 16 : 10, number);
}

static void sweep_add(struct args_sweep *sweep, uint64_t value)
{
	sweep->value[sweep->count++] = value;
}

/**
 * args_sweep - "N", or "A..B": both, and the powers of two between them
 * @word: as it was typed, decimal
 * @min: the least that makes sense
 * @max: the most
 * @sweep: receives the values
 *
 * Return: 0, -EINVAL not of this form or falling, -ERANGE not within bounds
 */
int args_sweep(const char *word, uint64_t min, uint64_t max,
	       struct args_sweep *sweep)
{
	const char *dots = strstr(word, "..");
	char first[24] = "";
	uint64_t a, b, n;
	int err;

	sweep->count = 0;
	if (strlen(word) >= 2 * sizeof(first))
		return -ERANGE;
	if (dots && dots - word < (ptrdiff_t)sizeof(first))
		memcpy(first, word, (size_t)(dots - word));
	err = parse(dots ? first : word, 10, &a);
	b = a;
	if (!err && dots)
		err = parse(dots + 2, 10, &b);
	if (err)
		return err;
	if (a > b)
		return -EINVAL;
	if (a < min || b > max)
		return -ERANGE;
	sweep_add(sweep, a);
	for (n = 1; n && n < b; n <<= 1)
		if (n > a)
			sweep_add(sweep, n);
	if (b > a)
		sweep_add(sweep, b);
	return 0;
}

/**
 * args_pages - for --pages: how many at a time
 * @word: "N" or "A..B", from 1 to ARGS_PAGES_MAX
 * @sweep: receives the values
 *
 * Return: 0 or an exit status, the reason has been said
 */
int args_pages(const char *verb, const char *word, struct args_sweep *sweep)
{
	switch (args_sweep(word, 1, ARGS_PAGES_MAX, sweep)) {
	case 0:
		return 0;
	case -ERANGE:
		return usage(verb, "--pages goes from 1 to %d, not to '%s'",
			     ARGS_PAGES_MAX, word);
	default:
		return usage(verb, "--pages wants a number or a range as 1..%d, not '%s'",
			     ARGS_PAGES_MAX, word);
	}
}

/* "N" or "N-M" up to @len characters. Return: whether it is */
static bool parse_range(const char *word, size_t len, uint64_t *first, uint64_t *last)
{
	char text[16] = "", *dash;

	if (len >= sizeof(text))
		return false;
	memcpy(text, word, len);
	dash = strchr(text, '-');
	if (dash)
		*dash++ = '\0';
	if (parse(text, 10, first) || parse(dash ? dash : text, 10, last))
		return false;
	return *first <= *last && *last <= ARGS_CPU_MAX;
}

static bool has(const unsigned int *vec, size_t n, unsigned int value)
{
	while (n--)
		if (vec[n] == value)
			return true;
	return false;
}

/**
 * args_cpus - a list of CPUs as the kernel writes them, "0,2-5"
 * @cpus: receives an array in the order of the list, to be freed
 * @n: receives how many
 *
 * Return: 0 or an exit status, the reason has been said
 */
int args_cpus(const char *verb, const char *word, unsigned int **cpus, size_t *n)
{
	const char *at = word;
	uint64_t cpu, last;

	*cpus = mem_array(NULL, ARGS_CPU_MAX + 1, sizeof(**cpus));
	*n = 0;
	for (;;) {
		size_t len = strcspn(at, ",");

		if (!parse_range(at, len, &cpu, &last))
			return usage(verb, "--cpus wants a list as 0,2-5, not '%s'", word);
		for (; cpu <= last; cpu++) {
			if (has(*cpus, *n, (unsigned int)cpu))
				return usage(verb, "CPU %u is in --cpus twice",
					     (unsigned int)cpu);
			(*cpus)[(*n)++] = (unsigned int)cpu;
		}
		if (!at[len])
			return 0;
		at += len + 1;
	}
}

/* args_hex - hexadecimal with or without 0x. Return: 0, -EINVAL, -ERANGE */
int args_hex(const char *word, uint64_t *number)
{
	return parse(word, 16, number);
}

/* args_looks_hex - starts as only a number does, never a symbol */
bool args_looks_hex(const char *word)
{
	return isdigit((unsigned char)word[0]);
}

/**
 * args_target - whose address space
 * @word: a process ID, "self" or "kernel"
 * @pid: receives it as libtlbscope wants it
 *
 * Return: 0 or an exit status, the reason has been said
 */
int args_target(const char *verb, const char *word, pid_t *pid)
{
	uint64_t number;
	int err;

	if (!strcmp(word, "self")) {
		*pid = TLBSCOPE_SELF;
		return 0;
	}
	if (!strcmp(word, "kernel")) {
		*pid = TLBSCOPE_KERNEL;
		return 0;
	}
	err = isdigit((unsigned char)word[0]) ? parse(word, 10, &number) : -EINVAL;
	if (err == -EINVAL)
		return usage(verb, "'%s' is no process ID, nor 'self' or 'kernel'",
			     word);
	if (err || !number || number > INT_MAX)
		return usage(verb, "there can be no process %s", word);
	*pid = (pid_t)number;
	return 0;
}

/* args_canonical - the bits that are not translated copy the highest that is */
bool args_canonical(uint64_t address, unsigned int levels)
{
	unsigned int unused = 64 - (12 + 9 * levels);

	return (uint64_t)((int64_t)(address << unused) >> unused) == address;
}
