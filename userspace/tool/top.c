// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libtlbscope.h>

#include "mem.h"
#include "out.h"
#include "proc.h"
#include "progress.h"
#include "table.h"
#include "top.h"

#define MIB	(1ULL << 20)

/**
 * struct row - a process
 * @pid: process ID
 * @command: its name
 * @rss: bytes resident
 * @known: the tables themselves were counted, not only their bytes
 * @tables: how many
 * @bytes: what they take
 * @used: entries of PTE tables that are not zero
 * @room: entries that those tables have
 * @mapped: bytes that are mapped
 * @huge: bytes of them in pages of 2 MiB and 1 GiB
 */
struct row {
	pid_t pid;
	char command[PROC_NAME_LEN];
	uint64_t rss;
	bool known;
	uint64_t tables;
	uint64_t bytes;
	uint64_t used;
	uint64_t room;
	uint64_t mapped;
	uint64_t huge;
};

struct rows {
	struct row *row;
	size_t count;
	size_t refused;
	int err;
	pid_t err_pid;
	const char *source;
};

static void count(struct row *row, const struct tlbscope_census *census)
{
	unsigned int level;

	for (level = 1; level <= TLBSCOPE_MAX_LEVELS; level++) {
		const struct tlbscope_level *l = &census->level[level - 1];
		uint64_t bytes = l->leaves * tlbscope_page_size(level);

		row->tables += l->tables;
		row->mapped += bytes;
		row->huge += level > 1 ? bytes : 0;
	}
	row->used = census->level[0].used;
	row->room = census->level[0].tables * TLBSCOPE_ENTRIES;
	row->bytes = row->tables * TLBSCOPE_TABLE_SIZE;
}

static int look(struct rows *rows, struct row *row, unsigned int open)
{
	struct tlbscope_census census;
	struct tlbscope *t;
	int err;

	err = tlbscope_open(&t, row->pid, open);
	if (err)
		return err;
	rows->source = tlbscope_source_name(tlbscope_source(t));
	row->known = tlbscope_knows(t) & TLBSCOPE_KNOWS_TABLES;
	err = tlbscope_census(t, 0, 0, 0, &census);
	tlbscope_close(t);
	if (err)
		return err;
	count(row, &census);
	if (!row->known)
		row->bytes = census.kernel_bytes == ~0ULL ? 0 : census.kernel_bytes;
	row->rss = proc_rss(row->pid);
	proc_name(row->command, row->pid);
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->pid - y->pid;
}

/* Kernel threads have no tables, and processes come and go while we look */
static void read_rows(struct rows *rows, const struct top *top)
{
	struct progress progress;
	pid_t *pids;
	size_t i, n = proc_pids(&pids);

	*rows = (struct rows){ .row = mem_array(NULL, n + 1, sizeof(struct row)) };
	progress_start(&progress, "counting page tables", true);
	for (i = 0; i < n; i++) {
		struct row row = { .pid = pids[i] };
		int err;

		progress_update(&progress, i, n);
		if (!proc_has_memory(row.pid))
			continue;
		err = look(rows, &row, top->open);
		if (!err) {
			rows->row[rows->count++] = row;
		} else if (proc_has_memory(row.pid)) {
			rows->refused++;
			rows->err = err;
			rows->err_pid = row.pid;
		}
	}
	progress_end(&progress);
	free(pids);
	qsort(rows->row, rows->count, sizeof(*rows->row), by_bytes);
}

static uint64_t per_mib(const struct row *row)
{
	return row->rss ? (uint64_t)((double)row->bytes * MIB / (double)row->rss) : 0;
}

/* What the kernel says all page tables take, 0 if not known */
static uint64_t all_tables(void)
{
	uint64_t kib;
	char text[64];

	if (!proc_field(text, sizeof(text), "/proc/meminfo", "PageTables") ||
	    sscanf(text, "%" SCNu64, &kib) != 1)
		return 0;
	return kib << 10;
}

static struct row sum_up(const struct rows *rows)
{
	struct row sum = { .command = "total" };
	size_t i;

	for (i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];

		sum.rss += row->rss;
		sum.tables += row->tables;
		sum.bytes += row->bytes;
		sum.used += row->used;
		sum.room += row->room;
		sum.mapped += row->mapped;
		sum.huge += row->huge;
		sum.known |= row->known;
	}
	return sum;
}

static size_t shown(const struct rows *rows, const struct top *top)
{
	return top->most && top->most < rows->count ? top->most : rows->count;
}

static void print_row(struct table *t, const struct row *row)
{
	if (row->pid)
		table_cell(t, "%d", row->pid);
	else
		table_cell(t, "%s", "");
	table_cell(t, "%s", SIZE(row->rss));
	table_cell(t, "%s", row->known ? COUNT(row->tables) : "?");
	table_cell(t, "%s", SIZE(row->bytes));
	table_cell(t, "%s", row->rss ? SIZE(per_mib(row)) : "-");
	table_cell(t, "%s", row->known ? PERCENT(row->used, row->room) : "?");
	table_cell(t, "%s", PERCENT(row->huge, row->mapped));
	table_cell(t, "%s", row->command);
}

static void print_text(const struct rows *rows, const struct top *top)
{
	static const char * const titles[] = {
		"PID", "RSS", "tables", "bytes", "per MiB", "PTEs used",
		"huge", "command"
	};
	struct table *t = table_new("rrrrrrrl");
	struct row sum = sum_up(rows);
	char line[256];
	size_t i;

	printf("%s processes, %s of page tables; the kernel counts %s (PageTables of /proc/meminfo)\n"
	       "source: %s\n\n", COUNT(rows->count), SIZE(sum.bytes),
	       SIZE(all_tables()), rows->source);
	table_cells(t, titles);
	for (i = 0; i < shown(rows, top); i++)
		print_row(t, &rows->row[i]);
	print_row(t, &sum);
	table_print(t, "");
	printf("\nper MiB: bytes of tables for each MiB resident, 2 KiB where tables of 4 KiB pages\n"
	       "are full; PTEs used: share of the entries of PTE tables; huge: share of what is\n"
	       "mapped in pages of 2 MiB and 1 GiB\n");
	if (rows->refused)
		printf("%s not to be read: %s\n", COUNT(rows->refused),
		       tlbscope_explain(line, sizeof(line), rows->err_pid,
					rows->err));
}

static json_object *row_json(const struct row *row)
{
	json_object *o = new_object();

	if (row->pid)
		put_int(o, "pid", (uint64_t)row->pid);
	put_str(o, "command", row->command);
	put_int(o, "rss", row->rss);
	if (row->known)
		put_int(o, "tables", row->tables);
	else
		put_null(o, "tables");
	put_int(o, "bytes", row->bytes);
	if (row->rss)
		put_int(o, "bytes_per_mib", per_mib(row));
	else
		put_null(o, "bytes_per_mib");
	put_ratio(o, "pte_occupancy", row->used, row->room);
	put_ratio(o, "huge_share", row->huge, row->mapped);
	return o;
}

static void print_json(const struct rows *rows, const struct top *top)
{
	json_object *o = new_object(), *array = new_array();
	struct row sum = sum_up(rows);
	size_t i;

	put_str(o, "source", rows->source);
	put_int(o, "process_count", rows->count);
	put_int(o, "refused", rows->refused);
	put_int(o, "kernel_page_tables", all_tables());
	for (i = 0; i < shown(rows, top); i++)
		put_element(array, row_json(&rows->row[i]));
	put_object(o, "processes", array);
	put_object(o, "total", row_json(&sum));
	if (top->seconds)
		out_json_line(o);
	else
		out_json(o);
}

static int show_once(const char *verb, const struct top *top)
{
	struct rows rows;
	char line[256];
	int status = EXIT_DONE;

	read_rows(&rows, top);
	if (!rows.count && rows.err)
		status = fail(verb, "%s", tlbscope_explain(line, sizeof(line),
							   rows.err_pid, rows.err));
	else if (!rows.count)
		status = fail(verb, "no process is to be seen; try: mount -t proc none /proc");
	else if (top->json)
		print_json(&rows, top);
	else
		print_text(&rows, top);
	free(rows.row);
	return status;
}

/**
 * top_show - every process, those with most page tables first
 * @verb: who asks
 * @top: how
 *
 * Return: exit status
 */
int top_show(const char *verb, const struct top *top)
{
	struct timespec pause = { .tv_sec = (time_t)top->seconds };
	int status;

	do {
		if (top->seconds && !top->json && isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		status = show_once(verb, top);
		if (fflush(stdout))
			return EXIT_FAILED;
	} while (!status && top->seconds && !nanosleep(&pause, NULL));
	return status;
}
