// SPDX-License-Identifier: GPL-2.0
/* tlbscope: how this machine translates addresses. One verb a question. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "out.h"
#include "verbs.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
	const char *summary;
};

static int verb_help(int argc, char **argv);

static const char help_help[] =
"usage: tlbscope help [VERB]\n"
"\n"
"Lists the verbs, or tells how to use one of them.\n";

static const struct verb verbs[] = {
	{ "info", verb_info, help_info,
	  "what the CPU and the kernel have to translate addresses" },
	{ "doctor", verb_doctor, help_doctor,
	  "what keeps tlbscope from working here, and what mends it" },
	{ "load", verb_load, help_load,
	  "load the kernel module" },
	{ "unload", verb_unload, help_unload,
	  "remove the kernel module" },
	{ "walk", verb_walk, help_walk,
	  "one address through all levels of the page tables" },
	{ "ranges", verb_ranges, help_ranges,
	  "which pages an address space maps, of which size, and where to" },
	{ "tables", verb_tables, help_tables,
	  "the page tables themselves, counted" },
	{ "flush", verb_flush, help_flush,
	  "what it costs to drop translations, and to have them again" },
	{ "shootdown", verb_shootdown, help_shootdown,
	  "what calls that flush cost, beside other threads" },
	{ "trace", verb_trace, help_trace,
	  "who flushes the TLB, why, and how many pages" },
	{ "version", verb_version, help_version,
	  "versions of the tool and of the module" },
	{ "help", verb_help, help_help,
	  "this list, or how to use one verb" },
};

#define VERBS	ARRAY_SIZE(verbs)

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static void list_verbs(FILE *to)
{
	size_t i;

	fputs("usage: tlbscope VERB [ARGUMENT...] [-j]\n\n", to);
	for (i = 0; i < VERBS; i++)
		fprintf(to, "  %-9s  %s\n", verbs[i].name, verbs[i].summary);
	fputs("\n"
	      "Every verb but load, unload and help prints JSON with -j.\n"
	      "tlbscope help VERB tells more; so does man tlbscope.\n", to);
}

static int verb_help(int argc, char **argv)
{
	const struct verb *verb;

	if (argc > 2)
		return usage("help", "one verb at a time");
	if (argc < 2) {
		list_verbs(stdout);
		return EXIT_DONE;
	}
	verb = find_verb(argv[1]);
	if (!verb)
		return usage("help", "there is no verb '%s'", argv[1]);
	fputs(verb->help, stdout);
	return EXIT_DONE;
}

/* VERB help, VERB --help, VERB ... -h */
static bool wants_help(int argc, char **argv)
{
	int i;

	if (argc > 1 && !strcmp(argv[1], "help"))
		return true;
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

static int run(int argc, char **argv)
{
	const struct verb *verb;
	const char *name = argc > 0 ? argv[0] : "";

	if (argc < 1) {
		list_verbs(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	else if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	verb = find_verb(name);
	if (!verb) {
		fprintf(stderr, "tlbscope: there is no verb '%s'; try: tlbscope help\n",
			name);
		return EXIT_USAGE;
	}
	if (verb->run != verb_help && wants_help(argc, argv)) {
		fputs(verb->help, stdout);
		return EXIT_DONE;
	}
	return verb->run(argc, argv);
}

/*
 * A file that is opened later must not become a standard one that was closed:
 * the answer would be written to it. Writing to these says that it was closed.
 */
static void fill_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	int status;

	fill_standard_files();
	status = run(argc - 1, argv + 1);

	return out_finish(argc > 1 ? argv[1] : "help", status);
}
