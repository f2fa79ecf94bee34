// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/string.h>

#include "method.h"
#include "order.h"

/* PID METHOD START END, and each option once */
#define WORDS_MAX	10

/* What is taken where none is named */
#define DEFAULT_REPEAT	1
#define DEFAULT_SAMPLES	1000

static int parse_method(__u32 *method, const char *word)
{
	int n = method_by_name(word);

	if (n < 0)
		return -EINVAL;
	*method = n;
	return 0;
}

static int parse_address(__u64 *address, const char *word)
{
	unsigned long long n;

	if (kstrtoull(word, 16, &n))
		return -EINVAL;
	*address = n;
	return 0;
}

static int parse_number(__u32 *number, const char *word)
{
	return kstrtouint(word, 10, number) ? -EINVAL : 0;
}

static int parse_cpus(struct order *order, char *word)
{
	order->flags = 0;
	if (!strcmp(word, "all"))
		order->flags = TLBSCOPE_CPUS_ALL;
	else if (!strcmp(word, "run"))
		order->flags = TLBSCOPE_CPUS_RUN;
	else
		order->cpus = word;
	return 0;
}

static int parse_initiator(struct order *order, const char *word)
{
	if (kstrtoint(word, 10, &order->initiator) || order->initiator < 0)
		return -EINVAL;
	return 0;
}

/* START-END */
static int parse_bystanders(struct order *order, char *word)
{
	char *start = strsep(&word, "-");

	if (!word)
		return -EINVAL;
	return parse_address(&order->bystanders_start, start) ?:
	       parse_address(&order->bystanders_end, word);
}

enum option {
	OPTION_CPUS,
	OPTION_LOCAL,
	OPTION_INITIATOR,
	OPTION_REPEAT,
	OPTION_SAMPLES,
	OPTION_BYSTANDERS,
	OPTIONS
};

static const char * const options[OPTIONS] = {
	[OPTION_CPUS]		= "cpus",
	[OPTION_LOCAL]		= "local",
	[OPTION_INITIATOR]	= "initiator",
	[OPTION_REPEAT]		= "repeat",
	[OPTION_SAMPLES]	= "samples",
	[OPTION_BYSTANDERS]	= "bystanders",
};

/* Those that only one of the two kinds has */
static bool option_fits(enum option option, bool measured)
{
	if (option == OPTION_REPEAT)
		return !measured;
	return measured || (option != OPTION_SAMPLES &&
			    option != OPTION_BYSTANDERS);
}

/* NAME=VALUE; one that is there twice is as likely a mistake as any */
static int parse_option(struct order *order, bool measured, char *word,
			unsigned int *seen)
{
	char *name = strsep(&word, "=");
	unsigned int i;

	for (i = 0; i < OPTIONS; i++)
		if (!strcmp(name, options[i]))
			break;
	if (i == OPTIONS || !word || (*seen & (1U << i)) ||
	    !option_fits(i, measured))
		return -EINVAL;
	*seen |= 1U << i;
	switch (i) {
	case OPTION_CPUS:
		return parse_cpus(order, word);
	case OPTION_LOCAL:
		return parse_method(&order->local, word);
	case OPTION_INITIATOR:
		return parse_initiator(order, word);
	case OPTION_BYSTANDERS:
		return parse_bystanders(order, word);
	default:
		return parse_number(&order->times, word);
	}
}

/**
 * order_parse - make an order of a line
 * @order: filled on success; points into @line
 * @measured: it is to be measured, which has other options
 * @line: the text, of @len bytes and a zero behind them; changed
 * @len: without a zero in it
 *
 * Only the form is checked: what cannot be done, experiment_run() refuses.
 *
 * Return: 0, or -EINVAL whatever is wrong with it.
 */
int order_parse(struct order *order, bool measured, char *line, size_t len)
{
	char *words[WORDS_MAX];
	unsigned int seen = 0;
	int i, n, ret;

	*order = (struct order) {
		.flags		= TLBSCOPE_CPUS_RUN,
		.initiator	= -1,
		.times		= measured ? DEFAULT_SAMPLES : DEFAULT_REPEAT,
	};
	if (strlen(line) != len)
		return -EINVAL;
	n = request_split(line, words, WORDS_MAX);
	if (n < 4)
		return -EINVAL;
	ret = request_whose(words[0], &order->whose, &order->pid) ?:
	      parse_method(&order->method, words[1]) ?:
	      parse_address(&order->start, words[2]) ?:
	      parse_address(&order->end, words[3]);
	for (i = 4; !ret && i < n; i++)
		ret = parse_option(order, measured, words[i], &seen);
	return ret;
}
