// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "process.h"
#include "tracefs.h"

#define FORMAT_FILE	"events/tlb/tlb_flush/format"

static int open_mounted(void)
{
	static const char * const places[] = {
		"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
	};
	int fd, err = -ENOENT;
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		fd = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) {
			if (errno != ENOENT)
				err = -errno;
			continue;
		}
		if (!faccessat(fd, "events", F_OK, AT_EACCESS))
			return fd;
		if (errno != ENOENT)
			err = -errno;
		close(fd);
	}
	return err;
}

/* A mount that is in no directory and goes away with the file */
static int open_own(void)
{
	int fs = fsopen("tracefs", FSOPEN_CLOEXEC);
	int fd = -1, err;

	if (fs < 0)
		return errno == EPERM ? -EPERM : -ENOENT;
	if (!fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	err = errno == EPERM ? -EPERM : -ENOENT;
	close(fs);
	return fd < 0 ? err : fd;
}

/**
 * tracefs_read_format - find the tracepoint
 * @format: receives its form
 *
 * Where tracefs is mounted nowhere it is looked at without being mounted, which
 * takes CAP_SYS_ADMIN.
 *
 * Return: 0, -ENOENT no tracefs or no such tracepoint, -EACCES or -EPERM, or
 * -EPROTO for a form that is not understood.
 */
int tracefs_read_format(struct flush_format *format)
{
	char text[4096];
	ssize_t n;
	int dir;

	dir = open_mounted();
	if (dir == -ENOENT)
		dir = open_own();
	if (dir < 0)
		return dir;
	n = process_read_file(dir, FORMAT_FILE, text, sizeof(text));
	close(dir);
	if (n < 0)
		return (int)n;
	return flush_format_parse(text, format) ? 0 : -EPROTO;
}
