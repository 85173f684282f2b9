/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mohs-recorder: stands where a shell stands while its use is profiled. Writes down how it is run
 * and, when the shell will read commands, what it reads; then it becomes the shell. Records:
 * NAME, blank, length in bytes, newline, bytes, newline; those of one run are the bytes of one
 * record "run", which is written at once.
 */
#include "launcher/entry.h"
#include "launcher/files.h"
#include "launcher/sys.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/time_types.h>
#include <signal.h>

#define FOLDER	  "/.mohs-shell/"
#define ORIGINALS FOLDER "original/"

enum {
	FAILED = 127,
	RUN_MAX = 256 * 1024,
	INPUT_MAX = 4 * 1024 * 1024, /* SHELL_INPUT_MAX of base/limits.h */
	PATH_ROOM = 4096,
};

static char run[RUN_MAX];
static size_t used;
static bool cut;

static void
put(struct text text)
{
	if (text.n > sizeof(run) - used) {
		cut = true;
		return;
	}
	text_copy(run + used, text.p, text.n);
	used += text.n;
}

static void
record(const char *name, struct text value)
{
	char digits[24];

	put(text_from(name));
	put(text_from(" "));
	put(text_number(value.n, digits));
	put(text_from("\n"));
	put(value);
	put(text_from("\n"));
}

static const char *
base_name(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		base = *path == '/' ? path + 1 : base;
	return base;
}

/* A program of many names is a shell under these only. */
static bool
is_shell(const char *const *argv, struct text self)
{
	static const char *const names[] = {"sh", "ash", "bash", "hush", "toysh"};
	const char *own = base_name(self.p);
	const char *name = argv[0] ? base_name(argv[0]) : "";

	if (!text_same(text_from(own), text_from("busybox")) &&
	    !text_same(text_from(own), text_from("toybox")))
		return true;
	if (text_same(text_from(name), text_from(own)) && argv[1])
		name = argv[1];
	name += *name == '-';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (text_same(text_from(name), text_from(names[i])))
			return true;
	}
	return false;
}

static bool
has(const char *option, char letter)
{
	for (; *option; option++) {
		if (*option == letter)
			return true;
	}
	return false;
}

/* Without -c and without a script it reads commands. */
static bool
reads_commands(const char *const *argv)
{
	struct termios terminal;
	bool asked = false;
	size_t i = argv[0] != NULL;

	for (; argv[i] && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1]; i++) {
		if (argv[i][1] == '-' && !argv[i][2])
			break;
		if (argv[i][1] == '-')
			continue;
		if (argv[i][0] == '-' && has(argv[i], 'c'))
			return false;
		asked = asked || has(argv[i], 's');
		if (has(argv[i], 'o') && argv[i + 1])
			i++;
	}
	return (asked || !argv[i]) && SYS(SYS_ioctl, 0, TCGETS, &terminal, 0, 0) != 0;
}

static void
record_parent(void)
{
	static char target[PATH_ROOM];
	char digits[24];
	char path[64] = "/proc/";
	struct text id = text_number((unsigned long)SYS(SYS_getppid, 0, 0, 0, 0, 0), digits);

	text_copy(path + 6, id.p, id.n);
	text_copy(path + 6 + id.n, "/exe", 5);
	long n = SYS(SYS_readlinkat, AT_FDCWD, path, target, sizeof(target), 0);
	if (n <= 0) {
		text_copy(path + 6 + id.n, "/comm", 6);
		long fd = sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
		n = fd >= 0 ? sys_read(fd, target, sizeof(target)) : 0;
		if (fd >= 0)
			(void)sys_close(fd);
		n -= n > 0 && target[n - 1] == '\n';
	}
	record("parent", (struct text){target, n > 0 ? (size_t)n : 0});
}

/* "input-TIME-PID" */
static struct text
input_name(char room[128])
{
	struct __kernel_timespec now = {0, 0};
	char digits[24];
	size_t n = 6;
	unsigned long numbers[3];

	(void)SYS(SYS_clock_gettime, 1, &now, 0, 0, 0);
	numbers[0] = (unsigned long)now.tv_sec;
	numbers[1] = (unsigned long)now.tv_nsec;
	numbers[2] = (unsigned long)SYS(SYS_getpid, 0, 0, 0, 0, 0);
	text_copy(room, "input-", 6);
	for (size_t i = 0; i < 3; i++) {
		struct text number = text_number(numbers[i], digits);

		room[n] = '-';
		n += i > 0;
		text_copy(room + n, number.p, number.n);
		n += number.n;
	}
	room[n] = '\0';
	return (struct text){room, n};
}

/* What comes from `from` goes to the file and to the shell, until there is no more of either. */
static _Noreturn void
copy_input(long file, long to)
{
	static char chunk[65536];
	size_t kept = 0;
	long n;

	for (;;) {
		n = sys_read(0, chunk, sizeof(chunk));
		if (n == -EINTR)
			continue;
		if (n <= 0)
			sys_exit(0);
		struct text text = {chunk, (size_t)n};
		if (text.n > INPUT_MAX - kept)
			text.n = INPUT_MAX - kept;
		kept += text.n;
		(void)files_write(file, text);
		if (files_write(to, (struct text){chunk, (size_t)n}) < 0)
			sys_exit(0);
	}
}

static void
close_others(long a, long b)
{
	for (long fd = 1; fd < 1024; fd++) {
		if (fd != a && fd != b)
			(void)sys_close(fd);
	}
}

/* A process of nobody's stands between standard input and the shell. */
static bool
stand_between(struct text name)
{
	char path[192] = FOLDER;
	int pair[2] = {-1, -1};
	int status;

	text_copy(path + sizeof(FOLDER) - 1, name.p, name.n + 1);
	long file = sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (file < 0 || SYS(SYS_pipe2, pair, 0, 0, 0, 0) < 0)
		return false;
	long pid = SYS(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		if (SYS(SYS_clone, 0, 0, 0, 0, 0) != 0)
			sys_exit(0);
		close_others(file, pair[1]);
		copy_input(file, pair[1]);
	}
	if (pid > 0)
		(void)SYS(SYS_wait4, pid, &status, 0, 0, 0);
	(void)SYS(SYS_dup3, pair[0], 0, 0, 0, 0);
	(void)sys_close(pair[0]);
	(void)sys_close(pair[1]);
	(void)sys_close(file);
	return pid > 0;
}

static void
write_run(void)
{
	static char all[RUN_MAX + 64];
	char digits[24];
	struct text number = text_number(used, digits);
	size_t n = 4;
	long fd = sys_open(AT_FDCWD, FOLDER "runs", O_WRONLY | O_APPEND | O_CLOEXEC, 0);

	text_copy(all, "run ", 4);
	text_copy(all + n, number.p, number.n);
	n += number.n;
	all[n++] = '\n';
	text_copy(all + n, run, used);
	n += used;
	all[n++] = '\n';
	if (fd >= 0)
		(void)sys_write(fd, all, n);
	if (fd >= 0)
		(void)sys_close(fd);
}

static void
write_down(const char *const *argv, struct text self, const char *executed)
{
	char name[128];

	record("program", self);
	record("name", text_from(executed));
	record_parent();
	for (size_t i = 0; argv[i]; i++)
		record("argument", text_from(argv[i]));
	if (reads_commands(argv)) {
		struct text input = input_name(name);

		record(stand_between(input) ? "input" : "lost", input);
	}
	if (cut) {
		used = 0;
		cut = false;
		record("program", self);
		record("name", text_from(executed));
		record("lost", text_from("arguments"));
	}
	write_run();
}

/* "/usr/bin/dash" -> "/.mohs-shell/original/usr%bin%dash" */
static const char *
original_of(struct text self)
{
	static char path[sizeof(ORIGINALS) + PATH_ROOM];
	size_t n = sizeof(ORIGINALS) - 1;

	text_copy(path, ORIGINALS, n);
	for (size_t i = 1; i < self.n; i++)
		path[n++] = (char)(self.p[i] == '/' ? '%' : self.p[i]);
	path[n] = '\0';
	return path;
}

void
entry_main(int argc, const char *const *argv, const char *const *environment, const long *auxiliary)
{
	static char self[PATH_ROOM];
	long n = SYS(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", self, sizeof(self) - 1, 0);
	struct text path = {self, n > 0 ? (size_t)n : 0};

	(void)argc;
	if (is_shell(argv, path))
		write_down(argv, path, entry_executed(auxiliary));
	(void)SYS(SYS_execve, original_of(path), argv, environment, 0, 0);
	sys_exit(FAILED);
}
