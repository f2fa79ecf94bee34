// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwfl.h>
#include <libtlbscope.h>

#include "mem.h"
#include "out.h"
#include "symbols.h"

/* An address further behind a kernel symbol than this is no part of it */
#define KERNEL_REACH	(4ULL << 20)
#define KERNEL_IMAGE	0xffffffff80000000ULL

/* dwfl is NULL for the kernel, whose symbols are read where they are */
struct symbols {
	Dwfl *dwfl;
	pid_t pid;
};

/*
 * A process may live in another mount namespace, so its files are looked for
 * below its own root. What is there may have changed since: not everything
 * that can be opened is a file worth waiting for.
 */
static int open_mapped(pid_t pid, const char *name, char **path)
{
	struct stat st;
	int fd;

	*path = mem_printf("/proc/%d/root%s", pid, name);
	fd = open(*path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	free(*path);
	*path = NULL;
	return -1;
}

static int find_elf(Dwfl_Module *module, void **userdata, const char *name,
		    Dwarf_Addr base, char **path, Elf **elf)
{
	const struct symbols *symbols = *userdata;

	if (symbols && name[0] == '/')
		return open_mapped(symbols->pid, name, path);
	return dwfl_linux_proc_find_elf(module, userdata, name, base, path, elf);
}

static int adopt_module(Dwfl_Module *module, void **userdata, const char *name,
			Dwarf_Addr base, void *symbols)
{
	(void)module;
	(void)name;
	(void)base;
	*userdata = symbols;
	return DWARF_CB_OK;
}

/**
 * symbols_open - those of a process or of the kernel
 * @pid: a process ID or TLBSCOPE_KERNEL
 *
 * Return: NULL where there are none to be had
 */
struct symbols *symbols_open(pid_t pid)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};
	struct symbols *symbols = mem_array(NULL, 1, sizeof(*symbols));

	*symbols = (struct symbols){ .pid = pid };
	if (pid == TLBSCOPE_KERNEL)
		return symbols;
	/* A tool that root runs on this machine asks no server for anything */
	unsetenv("DEBUGINFOD_URLS");
	symbols->dwfl = dwfl_begin(&callbacks);
	if (!symbols->dwfl || dwfl_linux_proc_report(symbols->dwfl, pid) ||
	    dwfl_report_end(symbols->dwfl, NULL, NULL)) {
		symbols_close(symbols);
		return NULL;
	}
	dwfl_getmodules(symbols->dwfl, adopt_module, symbols, 0);
	return symbols;
}

void symbols_close(struct symbols *symbols)
{
	if (!symbols)
		return;
	dwfl_end(symbols->dwfl);
	free(symbols);
}

/*
 * The kernel
 */

/**
 * struct kernel_symbol - a line of /proc/kallsyms
 * @address: 0 where the kernel hides it
 * @name: with " [MODULE]" behind where it is a module's
 */
struct kernel_symbol {
	uint64_t address;
	char name[192];
};

static bool parse_symbol(struct kernel_symbol *symbol, const char *line)
{
	char module[64] = "", name[128], type;
	int fields;

	fields = sscanf(line, "%" SCNx64 " %c %127s %63s", &symbol->address,
			&type, name, module);
	/* Absolute ones are offsets into per-CPU areas */
	if (fields < 3 || type == 'a' || type == 'A')
		return false;
	snprintf(symbol->name, sizeof(symbol->name), "%s%s%s", name,
		 fields > 3 ? " " : "", module);
	return true;
}

static bool is_named(const struct kernel_symbol *symbol, const char *name)
{
	size_t len = strcspn(symbol->name, " ");

	return len == strlen(name) && !strncmp(symbol->name, name, len);
}

/**
 * find_kernel - a symbol by name, or the last one at or before an address
 * @name: NULL when looking for an address
 * @address: what to look for without a name
 * @found: receives it
 *
 * Return: 0, -ENOENT, or -EACCES where addresses are hidden
 */
static int find_kernel(const char *name, uint64_t address,
		       struct kernel_symbol *found)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	struct kernel_symbol symbol;
	bool hidden = true;
	char line[320];

	*found = (struct kernel_symbol){ 0 };
	if (!file)
		return -ENOENT;
	while (fgets(line, sizeof(line), file)) {
		if (!parse_symbol(&symbol, line))
			continue;
		hidden &= !symbol.address;
		if (name ? is_named(&symbol, name) :
			   symbol.address <= address &&
			   symbol.address > found->address)
			*found = symbol;
		if (name && found->address)
			break;
	}
	fclose(file);
	if (hidden)
		return -EACCES;
	return found->address ? 0 : -ENOENT;
}

/* symbols_hidden - whether the kernel shows no addresses of its own to us */
bool symbols_hidden(void)
{
	struct kernel_symbol symbol;

	return find_kernel("_stext", 0, &symbol);
}

static char *kernel_near(uint64_t address)
{
	struct kernel_symbol symbol;
	char *module = "";

	if (address < KERNEL_IMAGE || find_kernel(NULL, address, &symbol) ||
	    address - symbol.address >= KERNEL_REACH)
		return NULL;
	if (strchr(symbol.name, ' ')) {
		module = strchr(symbol.name, ' ');
		*module++ = '\0';
	}
	return mem_printf("%s+0x%" PRIx64 "%s%s", symbol.name,
			  address - symbol.address, *module ? " " : "", module);
}

/*
 * A process
 */

struct search {
	const char *name;
	uint64_t address;
	bool found;
};

/* A symbol of a library's versions ends in @VERSION, which nobody types */
static bool same_name(const char *symbol, const char *name)
{
	size_t len = strcspn(symbol, "@");

	return len == strlen(name) && !strncmp(symbol, name, len);
}

static int search_module(Dwfl_Module *module, void **userdata, const char *name,
			 Dwarf_Addr base, void *arg)
{
	int i, count = dwfl_module_getsymtab(module);
	struct search *search = arg;

	(void)userdata;
	(void)name;
	(void)base;
	for (i = 1; i < count; i++) {
		GElf_Word section;
		GElf_Addr address;
		GElf_Sym symbol;
		const char *text = dwfl_module_getsym_info(module, i, &symbol,
							   &address, &section,
							   NULL, NULL);

		if (!text || section == SHN_UNDEF || section == SHN_ABS ||
		    GELF_ST_TYPE(symbol.st_info) == STT_TLS ||
		    !same_name(text, search->name))
			continue;
		search->address = address;
		search->found = true;
		/* Another one may be local to a file: go on for a global one */
		if (GELF_ST_BIND(symbol.st_info) != STB_LOCAL)
			break;
	}
	return search->found ? DWARF_CB_ABORT : DWARF_CB_OK;
}

/**
 * symbols_find - the address of a symbol; of several, the program's own first
 * @symbols: NULL is fine, it has none
 *
 * Return: 0, -ENOENT, or -EACCES where the kernel hides its addresses
 */
int symbols_find(struct symbols *symbols, const char *name, uint64_t *address)
{
	struct search search = { .name = name };
	struct kernel_symbol found;
	int err;

	if (!symbols)
		return -ENOENT;
	if (!symbols->dwfl) {
		err = find_kernel(name, 0, &found);
		*address = found.address;
		return err;
	}
	dwfl_getmodules(symbols->dwfl, search_module, &search, 0);
	*address = search.address;
	return search.found ? 0 : -ENOENT;
}

/**
 * symbols_near - what is at an address
 * @symbols: NULL is fine, it has none
 *
 * Return: "SYMBOL+0xOFFSET", to be freed, or NULL
 */
char *symbols_near(struct symbols *symbols, uint64_t address)
{
	Dwfl_Module *module;
	const char *name;
	GElf_Off offset;
	GElf_Sym symbol;
	char *text;

	if (!symbols)
		return NULL;
	if (!symbols->dwfl)
		return kernel_near(address);
	module = dwfl_addrmodule(symbols->dwfl, address);
	name = module ? dwfl_module_addrinfo(module, address, &offset, &symbol,
					     NULL, NULL, NULL) : NULL;
	if (!name)
		return NULL;
	text = mem_printf("%s+0x%" PRIx64, name, offset);
	out_clean(text);
	return text;
}
