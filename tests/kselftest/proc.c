// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

/* A file of a process; 0 is whoever asks */
static void pid_path(char *path, size_t len, pid_t pid, const char *file)
{
	if (pid)
		snprintf(path, len, "/proc/%d/%s", pid, file);
	else
		snprintf(path, len, "/proc/self/%s", file);
}

static FILE *pid_open(pid_t pid, const char *file)
{
	char path[64];

	pid_path(path, sizeof(path), pid, file);
	return fopen(path, "re");
}

static bool parse_vma(const char *line, struct vma *vma)
{
	memset(vma, 0, sizeof(*vma));
	return sscanf(line, "%llx-%llx %*s %*s %*s %*s %63[^\n]", &vma->start,
		      &vma->end, vma->name) >= 2;
}

static void parse_field(const char *line, struct vma *vma)
{
	unsigned long long kib;

	if (sscanf(line, "KernelPageSize: %llu kB", &kib) == 1)
		vma->page_size = kib << 10;
	if (sscanf(line, "AnonHugePages: %llu kB", &kib) == 1)
		vma->anon_huge = kib << 10;
	if (!strncmp(line, "VmFlags:", 8))
		vma->pfnmap = strstr(line, " pf");
}

/**
 * vmas_read - the mappings of a process, in order
 * @pid: 0 for the caller
 * @vmas: receives them
 *
 * Return: 0 or a negative errno.
 */
int vmas_read(pid_t pid, struct vmas *vmas)
{
	FILE *f = pid_open(pid, "smaps");
	struct vma vma;
	char line[512];

	memset(vmas, 0, sizeof(*vmas));
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (!parse_vma(line, &vma)) {
			if (vmas->n)
				parse_field(line, &vmas->v[vmas->n - 1]);
			continue;
		}
		vmas->v = reallocarray(vmas->v, vmas->n + 1, sizeof(vma));
		if (!vmas->v)
			return -ENOMEM;
		vmas->v[vmas->n++] = vma;
	}
	fclose(f);
	return 0;
}

void vmas_free(struct vmas *vmas)
{
	free(vmas->v);
	memset(vmas, 0, sizeof(*vmas));
}

struct vma *vmas_find(struct vmas *vmas, __u64 address)
{
	size_t i;

	for (i = 0; i < vmas->n; i++)
		if (vmas->v[i].start <= address && address < vmas->v[i].end)
			return &vmas->v[i];
	return NULL;
}

int vma_at(pid_t pid, const void *p, struct vma *vma)
{
	struct vmas vmas;
	struct vma *found;
	int ret;

	ret = vmas_read(pid, &vmas);
	if (ret)
		return ret;
	found = vmas_find(&vmas, (unsigned long)p);
	if (found)
		*vma = *found;
	vmas_free(&vmas);
	return found ? 0 : -ENOENT;
}

/* 8 bytes a page, from @address on; 0 or a negative errno */
int pagemap_read(pid_t pid, __u64 address, __u64 *entries, size_t n)
{
	size_t done = 0;
	char path[64];
	ssize_t ret = 0;
	int fd;

	pid_path(path, sizeof(path), pid, "pagemap");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (done < n * 8) {
		ret = pread(fd, (char *)entries + done, n * 8 - done,
			    address / 4096 * 8 + done);
		if (ret <= 0)
			break;
		done += ret;
	}
	if (ret <= 0)
		ret = ret ? -errno : -EIO;
	close(fd);
	return done == n * 8 ? 0 : ret;
}

/* One page's entry, 0 on failure, too */
__u64 pagemap_at(pid_t pid, const void *p)
{
	__u64 entry = 0;

	pagemap_read(pid, (unsigned long)p, &entry, 1);
	return entry;
}

/* ~0 on failure, which has all flags and fits no test */
static __u64 of_page(const char *path, __u64 phys)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	__u64 value = ~0ULL;

	if (fd >= 0) {
		if (pread(fd, &value, 8, phys / 4096 * 8) != 8)
			value = ~0ULL;
		close(fd);
	}
	return value;
}

__u64 page_flags(__u64 phys)
{
	return of_page("/proc/kpageflags", phys);
}

__u64 page_count(__u64 phys)
{
	return of_page("/proc/kpagecount", phys);
}

/**
 * status_kib - a size of /proc/PID/status
 * @pid: 0 for the caller
 * @field: without the colon
 *
 * Return: it, or -1.
 */
long status_kib(pid_t pid, const char *field)
{
	FILE *f = pid_open(pid, "status");
	size_t len = strlen(field);
	char line[256];
	long kib = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, field, len) && line[len] == ':')
			kib = atol(line + len + 1);
	if (f)
		fclose(f);
	return kib;
}

/* Write @text to the file that @fmt names; 0 or a negative errno */
int write_file(const char *text, const char *fmt, ...)
{
	char path[256];
	va_list args;
	int fd, ret;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* The first line of a file, without its end; 0 or a negative errno */
int read_line(char *line, size_t len, const char *path)
{
	FILE *f = fopen(path, "re");
	int ret = 0;

	if (!f)
		return -errno;
	if (fgets(line, len, f))
		line[strcspn(line, "\n")] = '\0';
	else
		ret = -EIO;
	fclose(f);
	return ret;
}

/*
 * /proc/kcore is the kernel's memory as an ELF core file: its segments say what
 * is where, those of RAM with their physical addresses too.
 */
static struct {
	int fd;
	unsigned int n;
	Elf64_Phdr *segment;
} kcore = { .fd = -1 };

static int kcore_open(void)
{
	Elf64_Ehdr header;
	size_t len;

	if (kcore.fd >= 0)
		return 0;
	kcore.fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	if (kcore.fd < 0)
		return -errno;
	if (pread(kcore.fd, &header, sizeof(header), 0) != sizeof(header))
		return -EIO;
	len = header.e_phnum * sizeof(*kcore.segment);
	kcore.segment = malloc(len);
	if (!kcore.segment)
		return -ENOMEM;
	if (pread(kcore.fd, kcore.segment, len, header.e_phoff) != (ssize_t)len)
		return -EIO;
	kcore.n = header.e_phnum;
	return 0;
}

static int kcore_read(const Elf64_Phdr *s, __u64 at, void *buf, size_t len)
{
	if (pread(kcore.fd, buf, len, s->p_offset + at) != (ssize_t)len)
		return -EIO;
	return 0;
}

/* Read what the kernel has at one of its addresses */
int kernel_read(__u64 address, void *buf, size_t len)
{
	const Elf64_Phdr *s;
	unsigned int i;
	int ret;

	ret = kcore_open();
	for (i = 0; !ret && i < kcore.n; i++) {
		s = &kcore.segment[i];
		if (s->p_type == PT_LOAD && address >= s->p_vaddr &&
		    address - s->p_vaddr < s->p_memsz)
			return kcore_read(s, address - s->p_vaddr, buf, len);
	}
	return ret ? ret : -ENOENT;
}

/**
 * phys_segment - a piece of RAM in the kernel's direct map
 * @i: from 0
 * @virt: its first address
 * @phys: its first physical address
 * @len: in bytes
 *
 * Return: 0, -ENOENT behind the last, another negative errno.
 */
int phys_segment(unsigned int i, __u64 *virt, __u64 *phys, __u64 *len)
{
	const Elf64_Phdr *s;
	unsigned int n;
	int ret;

	ret = kcore_open();
	for (n = 0; !ret && n < kcore.n; n++) {
		s = &kcore.segment[n];
		/* What is not RAM has no physical address; the text has one */
		if (s->p_type != PT_LOAD || s->p_paddr == ~0ULL ||
		    s->p_vaddr >= KERNEL_TEXT)
			continue;
		if (i--)
			continue;
		*virt = s->p_vaddr;
		*phys = s->p_paddr;
		*len = s->p_memsz;
		return 0;
	}
	return ret ? ret : -ENOENT;
}

/* Read memory by its physical address */
int phys_read(__u64 phys, void *buf, size_t len)
{
	__u64 virt, first, size;
	unsigned int i;
	int ret;

	for (i = 0; !(ret = phys_segment(i, &virt, &first, &size)); i++)
		if (phys >= first && phys - first < size)
			return kernel_read(virt + (phys - first), buf, len);
	return ret;
}

static bool symbol_fits(const struct symbol *s, const char *name, char type,
			const char *module)
{
	if (s->address || strcmp(s->module ? s->module : "", module))
		return false;
	return s->name ? !strcmp(s->name, name) : type == 't' || type == 'T';
}

/**
 * kernel_symbols - addresses from /proc/kallsyms
 * @s: @name and @module set; receives @address, 0 where there is none
 * @n: how many
 */
void kernel_symbols(struct symbol *s, size_t n)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	char line[512], name[256], module[64], type;
	__u64 address;
	size_t i;

	for (i = 0; i < n; i++)
		s[i].address = 0;
	while (f && fgets(line, sizeof(line), f)) {
		module[0] = '\0';
		if (sscanf(line, "%llx %c %255s [%63[^]]", &address, &type, name,
			   module) < 3)
			continue;
		for (i = 0; i < n; i++)
			if (symbol_fits(&s[i], name, type, module))
				s[i].address = address;
	}
	if (f)
		fclose(f);
}
