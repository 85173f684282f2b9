/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mohs-probe: stands where the service's program stands while its start is observed. As the
 * container's first process it writes down how it was started, and ends; anywhere else it is the
 * program it stands for. Records: NAME, blank, length in bytes, newline, bytes, newline.
 */
#include "launcher/entry.h"
#include "launcher/files.h"
#include "launcher/sys.h"

#include <fcntl.h>

#define FOLDER "/.mohs-probe/"

enum { LIMITS = 16, FAILED = 127 };

static long output;

static void
record(const char *name, struct text value)
{
	char digits[24];
	size_t at = sizeof(digits);
	size_t left = value.n;

	digits[--at] = '\n';
	do
		digits[--at] = (char)('0' + left % 10);
	while ((left /= 10) != 0);
	digits[--at] = ' ';
	(void)files_write(output, text_from(name));
	(void)files_write(output, (struct text){digits + at, sizeof(digits) - at});
	(void)files_write(output, value);
	(void)files_write(output, (struct text){"\n", 1});
}

static void
record_all(const char *name, const char *const *items)
{
	for (; *items; items++)
		record(name, text_from(*items));
}

static void
record_file(const char *name, const char *path)
{
	static char content[16384];
	long fd = sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	size_t n = 0;
	long got;

	while (fd >= 0 && n < sizeof(content) &&
	       (got = sys_read(fd, content + n, sizeof(content) - n)) > 0)
		n += (size_t)got;
	if (fd >= 0)
		(void)sys_close(fd);
	record(name, (struct text){content, n});
}

static void
record_directory(void)
{
	char path[4096];
	long n = SYS(SYS_getcwd, path, sizeof(path), 0, 0, 0);

	record("directory", (struct text){path, n > 0 ? (size_t)n - 1 : 0});
}

/* "SOFT HARD" in sixteen digits each, in the order of the resources' numbers. */
static void
record_limits(void)
{
	static const char digits[] = "0123456789abcdef";

	for (long resource = 0; resource < LIMITS; resource++) {
		uint64_t limit[2] = {0, 0};
		char text[33];

		if (SYS(SYS_prlimit64, 0, resource, 0, limit, 0) < 0)
			continue;
		for (size_t i = 0; i < 16; i++) {
			text[i] = digits[limit[0] >> (60 - 4 * i) & 15];
			text[17 + i] = digits[limit[1] >> (60 - 4 * i) & 15];
		}
		text[16] = ' ';
		record("limit", (struct text){text, sizeof(text)});
	}
}

/* "NUMBER TARGET" */
static long
record_descriptor(void *context, long directory, const char *name)
{
	char text[4096];
	size_t n = text_length(name);

	(void)context;
	text_copy(text, name, n);
	text[n++] = ' ';
	long got = SYS(SYS_readlinkat, directory, name, text + n, sizeof(text) - n, 0);
	record("descriptor", (struct text){text, n + (got > 0 ? (size_t)got : 0)});
	return 0;
}

static long
record_process(void *context, long directory, const char *name)
{
	char path[64] = "/proc/";
	size_t n = text_length(name);

	(void)context;
	(void)directory;
	if (name[0] < '1' || name[0] > '9' || n > 20 || (name[0] == '1' && n == 1))
		return 0;
	text_copy(path + 6, name, n);
	text_copy(path + 6 + n, "/comm", 6);
	record_file("process", path);
	return 0;
}

static void
record_list(const char *path, long (*each)(void *context, long directory, const char *name))
{
	long fd = sys_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd >= 0)
		(void)files_list(fd, each, NULL);
	if (fd >= 0)
		(void)sys_close(fd);
}

void
entry_main(int argc, const char *const *argv, const char *const *environment, const long *auxiliary)
{
	(void)argc;
	if (SYS(SYS_getpid, 0, 0, 0, 0, 0) != 1) {
		(void)SYS(SYS_execve, FOLDER "original", argv, environment, 0, 0);
		sys_exit(FAILED);
	}
	/* before a descriptor of our own is among them */
	long list = sys_open(AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	output = sys_open(AT_FDCWD, FOLDER "state", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (output < 0)
		sys_exit(FAILED);
	record_all("argument", argv);
	record_all("variable", environment);
	record("program", text_from(entry_executed(auxiliary)));
	record_directory();
	record_file("status", "/proc/self/status");
	record_limits();
	if (list >= 0)
		(void)files_list(list, record_descriptor, NULL);
	record_list("/proc", record_process);
	record("end", text_from(""));
	sys_exit(0);
}
