// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libtlbscope.h>

#include "args.h"
#include "machine.h"
#include "mem.h"
#include "module.h"
#include "out.h"
#include "table.h"
#include "verbs.h"

const char help_info[] =
"usage: tlbscope info [-j]\n"
"\n"
"Facts of CPU and kernel that decide how addresses are translated here, and which\n"
"source inspection will use. Needs no module and no rights.\n";

const char help_version[] =
"usage: tlbscope version [-j]\n"
"\n"
"The versions of the tool, of the module if it is loaded, and of their interface.\n";

/**
 * struct facts - what is to be told
 * @info: of CPU and kernel
 * @loaded: the module is there, though perhaps not for this user
 * @source: what inspection will use; NULL if nothing can be used
 * @cpu: model
 * @pages: sizes
 * @methods: 1 << method of invalidation, 0 if not known
 */
struct facts {
	struct tlbscope_info info;
	bool loaded;
	const char *source;
	char cpu[MACHINE_LEN];
	char pages[MACHINE_LEN];
	uint64_t methods;
};

struct feature {
	const char *key;
	const char *name;
	uint64_t bit;
	const char *meaning;
};

static const struct feature features[] = {
	{ "pge", "PGE", TLBSCOPE_FEAT_PGE,
	  "global pages: the kernel's entries outlive a switch of address space" },
	{ "pcid", "PCID", TLBSCOPE_FEAT_PCID,
	  "entries tagged with the address space: a switch need not flush" },
	{ "invpcid", "INVPCID", TLBSCOPE_FEAT_INVPCID,
	  "invalidates by tag, also for another address space" },
	{ "invlpgb", "INVLPGB", TLBSCOPE_FEAT_INVLPGB,
	  "AMD: invalidates on all CPUs without interrupting them" },
	{ "la57", "LA57", TLBSCOPE_FEAT_LA57,
	  "the CPU can do five levels, 57-bit addresses" },
	{ "nx", "NX", TLBSCOPE_FEAT_NX,
	  "pages can be kept from being executed" },
	{ "pku", "PKU", TLBSCOPE_FEAT_PKU,
	  "protection keys: rights that a thread changes by itself" },
	{ "pti", "PTI", TLBSCOPE_FEAT_PTI,
	  "page-table isolation: a second root for user mode (Meltdown)" },
	{ "xen_pv", "Xen PV", TLBSCOPE_FEAT_XENPV,
	  "guest whose entries hold machine frames" },
};

#define FEATURES	ARRAY_SIZE(features)

/* Only who may make experiments is told */
static uint64_t read_methods(void)
{
	struct tlbscope_methods methods = { 0 };
	struct tlbscope_lab *lab;

	if (!tlbscope_lab_open(&lab, TLBSCOPE_SELF) && tlbscope_methods(lab, &methods))
		methods.available = 0;
	tlbscope_lab_close(lab);
	return methods.available;
}

static void gather(struct facts *facts)
{
	struct tlbscope *t;

	tlbscope_machine(&facts->info);
	facts->loaded = module_loaded();
	facts->source = NULL;
	if (!tlbscope_open(&t, TLBSCOPE_SELF, 0)) {
		facts->source = tlbscope_source_name(tlbscope_source(t));
		tlbscope_close(t);
	}
	machine_cpu(facts->cpu);
	machine_pages(facts->pages, &facts->info);
	facts->methods = read_methods();
}

/*
 * Text
 */

static void print_module(const struct facts *facts)
{
	if (facts->info.abi)
		printf("module             %s, ABI %u\n", facts->info.version,
		       facts->info.abi);
	else if (facts->loaded)
		printf("module             loaded, but not of this tool's ABI; try: tlbscope doctor\n");
	else
		printf("module             not loaded; try: tlbscope doctor\n");
}

static void print_encryption(const struct tlbscope_info *info)
{
	if (info->format.encrypted)
		printf("memory encryption  on, by bit %d of an entry\n",
		       __builtin_ctzll(info->format.encrypted));
	else
		printf("memory encryption  %s\n",
		       info->abi ? "off" : "not known without the module");
}

static void print_methods(const struct facts *facts)
{
	unsigned int method;

	fputs("invalidation      ", stdout);
	for (method = 0; method < TLBSCOPE_METHODS; method++)
		if (facts->methods >> method & 1)
			printf(" %s", tlbscope_method_name(method));
	if (facts->info.features & TLBSCOPE_FEAT_XENPV)
		puts(" none: a Xen PV guest may not");
	else
		puts(facts->methods ? "" : " not known without the module, debugfs and root");
}

static void print_features(const struct tlbscope_info *info)
{
	struct table *t = table_new("lll");
	size_t i;

	for (i = 0; i < FEATURES; i++) {
		table_cell(t, "%-17s", features[i].name);
		table_cell(t, "%s", info->features & features[i].bit ? "yes" : "no");
		table_cell(t, "%s", features[i].meaning);
	}
	table_print(t, "");
}

static void print_text(const struct facts *facts)
{
	const struct tlbscope_info *info = &facts->info;
	const char *hypervisor = machine_hypervisor(info);

	printf("CPU                %s\n", facts->cpu);
	printf("kernel             %s\n", info->kernel);
	printf("hypervisor         %s%s\n", *hypervisor ? hypervisor : "none",
	       machine_emulated(info) ? ", which emulates this CPU" : "");
	print_module(facts);
	printf("source             %s\n", facts->source ? facts->source :
	       "none: not permitted; try: sudo");
	printf("paging             %u levels, %u-bit addresses\n", info->levels,
	       12 + 9 * info->levels);
	printf("page sizes         %s\n", facts->pages);
	printf("user half          0x0-%s, %s\n", HEX(info->user_end),
	       SIZE(info->user_end));
	printf("kernel half        %s-%s, %s\n", HEX(info->kernel_start), END(0),
	       SIZE(-info->kernel_start));
	print_encryption(info);
	print_methods(facts);
	print_features(info);
}

/*
 * JSON
 */

static void put_module(json_object *o, const struct facts *facts)
{
	json_object *module = new_object();

	put_bool(module, "loaded", facts->loaded);
	if (facts->info.abi) {
		put_str(module, "version", facts->info.version);
		put_int(module, "abi", facts->info.abi);
	}
	put_object(o, "module", module);
}

static void put_pages(json_object *o, const struct tlbscope_info *info)
{
	json_object *array = new_array();
	unsigned int level;

	for (level = 1; level <= 3; level++)
		if (info->leaf_sizes & tlbscope_page_size(level))
			put_number(array, tlbscope_page_size(level));
	put_object(o, "page_sizes", array);
}

/* null where they are not known */
static void put_methods(json_object *o, const struct facts *facts)
{
	json_object *array = NULL;
	unsigned int method;

	for (method = 0; method < TLBSCOPE_METHODS; method++) {
		if (!(facts->methods >> method & 1))
			continue;
		if (!array)
			array = new_array();
		put_element(array, json_object_new_string(tlbscope_method_name(method)));
	}
	put_object(o, "invalidation", array);
}

static void put_features(json_object *o, const struct tlbscope_info *info)
{
	json_object *sub = new_object();
	size_t i;

	for (i = 0; i < FEATURES; i++)
		put_bool(sub, features[i].key, info->features & features[i].bit);
	put_object(o, "features", sub);
}

static void put_or_null(json_object *o, const char *key, const char *text)
{
	if (text && *text)
		put_str(o, key, text);
	else
		put_null(o, key);
}

static void print_json(const struct facts *facts)
{
	const struct tlbscope_info *info = &facts->info;
	json_object *o = new_object();

	put_str(o, "cpu", facts->cpu);
	put_str(o, "kernel", info->kernel);
	put_or_null(o, "hypervisor", machine_hypervisor(info));
	put_module(o, facts);
	put_or_null(o, "source", facts->source);
	put_int(o, "levels", info->levels);
	put_int(o, "address_bits", 12 + 9 * info->levels);
	put_pages(o, info);
	put_hex(o, "user_end", info->user_end);
	put_hex(o, "kernel_start", info->kernel_start);
	if (info->abi)
		put_hex(o, "encryption_mask", info->format.encrypted);
	else
		put_null(o, "encryption_mask");
	put_methods(o, facts);
	put_features(o, info);
	out_json(o);
}

int verb_info(int argc, char **argv)
{
	struct facts facts;
	bool json;
	int err = args_only_json(argc, argv, &json);

	if (err)
		return err;
	if (argc > optind)
		return usage(argv[0], "it takes no argument");
	gather(&facts);
	if (json)
		print_json(&facts);
	else
		print_text(&facts);
	return EXIT_DONE;
}

int verb_version(int argc, char **argv)
{
	struct facts facts;
	json_object *o;
	bool json;
	int err = args_only_json(argc, argv, &json);

	if (err)
		return err;
	if (argc > optind)
		return usage(argv[0], "it takes no argument");
	gather(&facts);
	if (!json) {
		printf("tlbscope           " TLBSCOPE_VERSION ", ABI %u\n",
		       TLBSCOPE_ABI);
		print_module(&facts);
		return EXIT_DONE;
	}
	o = new_object();
	put_str(o, "version", TLBSCOPE_VERSION);
	put_int(o, "abi", TLBSCOPE_ABI);
	put_module(o, &facts);
	out_json(o);
	return EXIT_DONE;
}
