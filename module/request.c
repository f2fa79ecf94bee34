// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/string.h>

#include "request.h"

/* At most: PID START END and a few options */
#define WORDS_MAX	7

/**
 * request_bounds - check where a request starts and ends
 * @start: first address
 * @end: first address behind, or ~0 for the very last page
 * @levels: in use
 * @last: receives the last address
 *
 * Return: 0, or -EINVAL: not a multiple of the page size, not canonical, or
 * nothing between them.
 */
int request_bounds(__u64 start, __u64 end, unsigned int levels, __u64 *last)
{
	*last = end == ~0ULL ? end : end - 1;
	if (start % TLBSCOPE_TABLE_SIZE || (*last + 1) % TLBSCOPE_TABLE_SIZE)
		return -EINVAL;
	if (!end || start > *last)
		return -EINVAL;
	return request_address(start, levels) ?: request_address(*last, levels);
}

/**
 * request_split - cut a line into words, in place
 * @line: the text; changed
 * @words: receives them
 * @max: how many at most
 *
 * Return: how many there are, or -EINVAL if they are too many.
 */
int request_split(char *line, char **words, int max)
{
	char *word;
	int n = 0;

	while ((word = strsep(&line, " \t\n"))) {
		if (!*word)
			continue;
		if (n == max)
			return -EINVAL;
		words[n++] = word;
	}
	return n;
}

/**
 * request_whose - whose tables a word names
 * @word: a PID, "self" or "kernel"
 * @whose: receives which of them
 * @pid: receives the PID, if it is one
 *
 * Return: 0 or -EINVAL.
 */
int request_whose(const char *word, enum request_whose *whose, int *pid)
{
	if (!strcmp(word, "self")) {
		*whose = REQUEST_SELF;
		return 0;
	}
	if (!strcmp(word, "kernel")) {
		*whose = REQUEST_KERNEL;
		return 0;
	}
	*whose = REQUEST_PID;
	if (kstrtoint(word, 10, pid) || *pid <= 0)
		return -EINVAL;
	return 0;
}

static int parse_option(struct request *request, enum request_kind kind,
			const char *word)
{
	if (!strcmp(word, "user"))
		request->flags |= TLBSCOPE_USER_ROOT;
	else if (kind == REQUEST_RANGES && !strcmp(word, "unmerged"))
		request->flags |= TLBSCOPE_RANGES_UNMERGED;
	else if (kind == REQUEST_RANGES && !strcmp(word, "all"))
		request->flags |= TLBSCOPE_RANGES_ALL;
	else
		return -EINVAL;
	return 0;
}

/* The bounds that were not named: the end of the half, or all of one half */
static int default_bounds(struct request *request, unsigned int levels,
			  unsigned int given, __u64 start, __u64 end)
{
	__u64 half = 1ULL << (entry_shift(levels + 1) - 1);

	if (!given)
		start = request->whose == REQUEST_KERNEL ? -half : 0;
	if (given < 2)
		end = (__s64)start < 0 ? ~0ULL : half;
	request->start = start;
	return request_bounds(start, end, levels, &request->last);
}

/**
 * request_parse - make a request of a line
 * @request: filled on success
 * @kind: what the file answers
 * @line: the text, of @len bytes and a zero behind them; changed
 * @len: without a zero in it
 * @levels: in use
 *
 * The first word says whose tables: a PID, "self" or "kernel". Then come
 * addresses, in hexadecimal, then options.
 *
 * Return: 0, or -EINVAL whatever is wrong with it.
 */
int request_parse(struct request *request, enum request_kind kind, char *line,
		  size_t len, unsigned int levels)
{
	unsigned int most = kind == REQUEST_WALK ? 1 : 2;
	unsigned long long address[2] = {};
	unsigned int given = 0;
	char *words[WORDS_MAX];
	int i, n, ret;

	memset(request, 0, sizeof(*request));
	if (strlen(line) != len)
		return -EINVAL;
	n = request_split(line, words, WORDS_MAX);
	if (n < 1)
		return -EINVAL;
	ret = request_whose(words[0], &request->whose, &request->pid);
	for (i = 1; !ret && i < n && given < most; i++) {
		if (kstrtoull(words[i], 16, &address[given]))
			break;
		given++;
	}
	for (; !ret && i < n; i++)
		ret = parse_option(request, kind, words[i]);
	if (ret)
		return ret;

	if (kind == REQUEST_WALK) {
		if (!given)
			return -EINVAL;
		request->start = address[0];
		ret = request_address(address[0], levels);
	} else {
		ret = default_bounds(request, levels, given, address[0],
				     address[1]);
	}
	if (!ret && request->whose == REQUEST_KERNEL &&
	    (__s64)request->start >= 0)
		ret = -EINVAL;
	return ret;
}
