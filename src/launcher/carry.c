/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/carry.h"

#include "launcher/files.h"
#include "launcher/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

enum { PATH_ROOM = 4096, FIRST_OWN = 10, REDIRECT_FAILED = 2, OUTPUT = 1 };

/* Where a POSIX shell looks when there is no PATH (dash's). */
static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void
carry_say(const char *a, struct text b, const char *c)
{
	struct refusal line;

	(void)refuse(&line, "mohs-commands: ", text_from(a), "");
	refusal_add(&line, b);
	refusal_add(&line, text_from(c));
	(void)sys_write(2, line.text, line.n);
	(void)sys_write(2, "\n", 1);
}

/* ---- the environment ---- */

/* The value of NAME; .p NULL when it is not set. */
static struct text
variable_of(const char *const *environment, struct text name)
{
	for (; environment && *environment; environment++) {
		struct text item = text_from(*environment);

		if (text_starts(item, name) && item.n > name.n && item.p[name.n] == '=')
			return (struct text){item.p + name.n + 1, item.n - name.n - 1};
	}
	return (struct text){NULL, 0};
}

/* In the place of one of its name, or behind all: there is room for that. */
static bool
set_variable(struct carrying *carrying, struct text name, struct text value)
{
	char *item = region_take(carrying->region, name.n + value.n + 2, 1);
	size_t at = 0;

	if (!item)
		return false;
	text_copy(item, name.p, name.n);
	item[name.n] = '=';
	text_copy(item + name.n + 1, value.p, value.n);
	for (; at < carrying->variables; at++) {
		struct text known = text_from(carrying->environment[at]);

		if (text_starts(known, (struct text){item, name.n + 1}))
			break;
	}
	carrying->environment[at] = item;
	carrying->variables += at == carrying->variables;
	return true;
}

/* A copy with room for so many more. */
static bool
copy_environment(struct carrying *carrying, const char *const *environment, size_t more)
{
	size_t count = 0;

	while (environment[count])
		count++;
	carrying->environment =
		region_take(carrying->region, count + more + 1, sizeof(*carrying->environment));
	if (!carrying->environment)
		return false;
	for (size_t i = 0; i < count; i++)
		carrying->environment[i] = environment[i];
	carrying->variables = count;
	return true;
}

static bool
is_here(const char *path)
{
	struct statx a = {0};
	struct statx b = {0};
	const long wanted = STATX_TYPE | STATX_INO;

	return path[0] == '/' && SYS(SYS_statx, AT_FDCWD, path, 0, wanted, &a) == 0 &&
	       SYS(SYS_statx, AT_FDCWD, ".", 0, wanted, &b) == 0 && a.stx_ino == b.stx_ino &&
	       a.stx_dev_major == b.stx_dev_major && a.stx_dev_minor == b.stx_dev_minor;
}

/* A shell waits for its children whatever it was started with. */
static void
wait_again(void)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		unsigned long mask;
	} by_default = {0};

	(void)SYS(SYS_rt_sigaction, SIGCHLD, &by_default, 0, sizeof(by_default.mask), 0);
}

bool
carry_begin(struct carrying *carrying, const char *const *environment)
{
	static const char name[] = "PWD";
	struct text given = variable_of(environment, text_from(name));
	static char path[PATH_ROOM];

	wait_again();
	if (!copy_environment(carrying, environment, 2)) /* PWD and OLDPWD */
		return false;
	if (given.p && is_here(given.p))
		return true;
	long n = SYS(SYS_getcwd, path, sizeof(path), 0, 0, 0);
	return n <= 0 ||
	       set_variable(carrying, text_from(name), (struct text){path, (size_t)n - 1});
}

/* ---- texts ---- */

/* What a shell would take for one word without quotes, whatever it is. */
static bool
is_plain(struct text value)
{
	for (size_t i = 0; i < value.n; i++) {
		bool mark = false;

		for (const char *other = "/:@%+=,"; *other; other++)
			mark = mark || value.p[i] == *other;
		if (!mark && !word_has(WORD_NAME, value.p[i]))
			return false;
	}
	return value.n > 0;
}

static struct text
value_of(const struct carrying *carrying, const struct piece *piece)
{
	struct text value;

	switch (piece->kind) {
	case PIECE_WORD:
		return carrying->values->words[piece->word];
	case PIECE_HOST:
		return carrying->values->host;
	case PIECE_VARIABLE:
		value = variable_of(carrying->environment, piece->text);
		if (!value.p)
			value = text_from("");
		if (piece->quoted || is_plain(value))
			return value;
		carry_say("the variable ", piece->text, " is not one plain word: refused");
		return (struct text){NULL, 0};
	default:
		return piece->text;
	}
}

struct text
carry_fill(const struct carrying *carrying, const struct pieces *pieces)
{
	struct text *parts = region_take(carrying->region, pieces->count + 1, sizeof(*parts));
	size_t n = 0;

	for (size_t i = 0; parts && i < pieces->count; i++) {
		parts[i] = value_of(carrying, &pieces->items[i]);
		if (!parts[i].p)
			return (struct text){NULL, 0};
		n += parts[i].n;
	}
	char *to = parts ? region_take(carrying->region, n + 1, 1) : NULL;
	if (!to)
		return (struct text){NULL, 0};
	n = 0;
	for (size_t i = 0; i < pieces->count; i++) {
		text_copy(to + n, parts[i].p, parts[i].n);
		n += parts[i].n;
	}
	return (struct text){to, n};
}

/* ---- descriptors ---- */

static long
move(long from, long to)
{
	if (from == to)
		return SYS(SYS_fcntl, from, F_SETFD, 0, 0, 0);
	return SYS(SYS_dup3, from, to, 0, 0, 0);
}

static long
open_file(const struct carrying *carrying, const struct redirect *redirect, struct text *ret_path)
{
	static const long flags[REDIRECT_MODES] = {
		[REDIRECT_READ] = O_RDONLY,
		[REDIRECT_WRITE] = O_WRONLY | O_CREAT | O_TRUNC,
		[REDIRECT_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
		[REDIRECT_BOTH] = O_RDWR | O_CREAT,
	};

	*ret_path = carry_fill(carrying, &redirect->file);
	if (!ret_path->p)
		return -EINVAL;
	long fd = sys_open(AT_FDCWD, ret_path->p, flags[redirect->mode], 0666);
	if (fd < 0)
		return fd;
	long r = move(fd, redirect->fd);
	if (fd != (long)redirect->fd)
		(void)sys_close(fd);
	return r;
}

static bool
redirect(const struct carrying *carrying, const struct command *command)
{
	for (size_t i = 0; i < command->redirect_count; i++) {
		const struct redirect *one = &command->redirects[i];
		struct text path = text_from("a descriptor");
		long r = 0;

		if (one->mode == REDIRECT_CLOSE)
			(void)sys_close(one->fd);
		else if (one->mode == REDIRECT_COPY)
			r = one->from == one->fd ? 0 : move(one->from, one->fd);
		else
			r = open_file(carrying, one, &path);
		if (r < 0) {
			carry_say("cannot open ", path.p ? path : text_from("a file"),
				  r == -EBADF ? ": it is not open" : ": refused by the kernel");
			return false;
		}
	}
	return true;
}

/* ---- programs ---- */

static long
execute_in(const struct carrying *carrying, const char *const *argv, struct text path)
{
	struct text name = text_from(argv[0]);
	static char file[PATH_ROOM];
	long kept = -ENOENT;

	for (size_t from = 0; from <= path.n;) {
		size_t to = from;

		while (to < path.n && path.p[to] != ':')
			to++;
		size_t n = to - from;
		if (n + name.n + 2 <= sizeof(file)) {
			text_copy(file, path.p + from, n);
			if (n > 0)
				file[n++] = '/';
			text_copy(file + n, name.p, name.n + 1);
			long r = SYS(SYS_execve, file, argv, carrying->environment, 0, 0);
			if (r != -ENOENT && r != -ENOTDIR)
				kept = r;
		}
		from = to + 1;
	}
	return kept;
}

static _Noreturn void
execute(struct carrying *carrying, const struct command *command)
{
	const char **argv = region_take(carrying->region, command->argv.count + 1, sizeof(*argv));
	const char *const *before = carrying->environment;

	if (!argv || !copy_environment(carrying, before, command->set_count))
		sys_exit(CARRY_NOT_SEEN);
	for (size_t i = 0; i < command->argv.count; i++) {
		argv[i] = carry_fill(carrying, &command->argv.items[i]).p;
		if (!argv[i])
			sys_exit(CARRY_NOT_SEEN);
	}
	for (size_t i = 0; i < command->set_count; i++) {
		struct text value = carry_fill(carrying, &command->set[i].value);

		if (!value.p || !set_variable(carrying, command->set[i].name, value))
			sys_exit(CARRY_NOT_SEEN);
	}
	if (!redirect(carrying, command))
		sys_exit(REDIRECT_FAILED);
	struct text path = variable_of(carrying->environment, text_from("PATH"));
	bool is_path = false;
	for (const char *at = argv[0]; *at; at++)
		is_path = is_path || *at == '/';
	long r = is_path ? SYS(SYS_execve, argv[0], argv, carrying->environment, 0, 0)
			 : execute_in(carrying, argv, path.p ? path : text_from(default_path));
	bool missing = r == -ENOENT || r == -ENOTDIR;
	carry_say("", text_from(argv[0]), missing ? ": not found" : ": cannot be executed");
	sys_exit(missing ? CARRY_NOT_FOUND : CARRY_NOT_SEEN);
}

/* ---- what is no program ---- */

/* POSIX 2.14, cd: PWD and OLDPWD follow. */
static long
change_directory(struct carrying *carrying, const struct command *command)
{
	struct text path = carry_fill(carrying, &command->text);
	struct text before = variable_of(carrying->environment, text_from("PWD"));
	const char *const *environment = carrying->environment;

	if (!path.p || SYS(SYS_chdir, path.p, 0, 0, 0, 0) < 0) {
		carry_say("cannot change to ", path.p ? path : text_from("a directory"), "");
		return REDIRECT_FAILED;
	}
	if (copy_environment(carrying, environment, 2) && before.p)
		(void)set_variable(carrying, text_from("OLDPWD"), before);
	(void)set_variable(carrying, text_from("PWD"), path);
	return 0;
}

static long
write_text(const struct carrying *carrying, const struct command *command)
{
	struct text text = carry_fill(carrying, &command->text);

	return !text.p || files_write(OUTPUT, text) < 0;
}

/* In this process. */
static void
run_here(struct carrying *carrying, const struct command *command)
{
	switch (command->kind) {
	case COMMAND_RUN:
		execute(carrying, command);
	case COMMAND_WRITE:
		carrying->status = write_text(carrying, command);
		break;
	case COMMAND_CHANGE:
		carrying->status = change_directory(carrying, command);
		break;
	case COMMAND_STATUS:
		if (command->status != STATUS_LAST)
			carrying->status = command->status;
		carrying->ended = command->ends;
		break;
	case COMMAND_LIST:
		carry_out(carrying, command->list, true);
		break;
	}
}

/* In a process of its own, to its end. */
static _Noreturn void
run_apart(struct carrying *carrying, const struct command *command)
{
	if (command->kind != COMMAND_RUN && !redirect(carrying, command))
		sys_exit(REDIRECT_FAILED);
	run_here(carrying, command);
	sys_exit(carrying->status);
}

static long
wait_for(long pid)
{
	int status = 0;
	long r;

	do
		r = SYS(SYS_wait4, pid, &status, 0, 0, 0);
	while (r == -EINTR);
	if (r < 0)
		return CARRY_NOT_FOUND;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static long
fork_process(void)
{
	return SYS(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void
run_command(struct carrying *carrying, const struct command *command, bool last)
{
	bool apart = command->kind == COMMAND_LIST || command->redirect_count > 0;

	if (command->kind == COMMAND_RUN && (last || command->replaces))
		execute(carrying, command);
	if (command->kind != COMMAND_RUN && !apart) {
		run_here(carrying, command);
		return;
	}
	long pid = fork_process();
	if (pid == 0)
		run_apart(carrying, command);
	carrying->status = pid < 0 ? CARRY_NOT_SEEN : wait_for(pid);
}

/* ---- pipes ---- */

/* Above the descriptors that commands name. */
static long
own(long fd)
{
	long moved = SYS(SYS_fcntl, fd, F_DUPFD_CLOEXEC, FIRST_OWN, 0, 0);

	(void)sys_close(fd);
	return moved;
}

static bool
make_pipe(long ends[2])
{
	int pair[2] = {-1, -1};

	if (SYS(SYS_pipe2, pair, O_CLOEXEC, 0, 0, 0) < 0)
		return false;
	ends[0] = own(pair[0]);
	ends[1] = own(pair[1]);
	return ends[0] >= 0 && ends[1] >= 0;
}

static long
start_piped(struct carrying *carrying, const struct command *command, long input, long output)
{
	long pid = fork_process();

	if (pid != 0)
		return pid;
	if ((input >= 0 && move(input, 0) < 0) || (output >= 0 && move(output, 1) < 0))
		sys_exit(REDIRECT_FAILED);
	run_apart(carrying, command);
}

static void
run_piped(struct carrying *carrying, const struct pipeline *pipeline)
{
	long *pids = region_take(carrying->region, pipeline->count, sizeof(*pids));
	long input = -1;

	for (size_t i = 0; pids && i < pipeline->count; i++) {
		long ends[2] = {-1, -1};

		if (i + 1 < pipeline->count && !make_pipe(ends))
			sys_exit(CARRY_NOT_SEEN);
		pids[i] = start_piped(carrying, &pipeline->commands[i], input, ends[1]);
		if (input >= 0)
			(void)sys_close(input);
		if (ends[1] >= 0)
			(void)sys_close(ends[1]);
		input = ends[0];
	}
	for (size_t i = 0; pids && i < pipeline->count; i++)
		carrying->status = pids[i] < 0 ? CARRY_NOT_SEEN : wait_for(pids[i]);
}

void
carry_out(struct carrying *carrying, const struct sequence *sequence, bool last)
{
	for (size_t i = 0; i < sequence->count && !carrying->ended; i++) {
		const struct pipeline *pipeline = &sequence->items[i];

		if ((pipeline->when == WHEN_OK && carrying->status != 0) ||
		    (pipeline->when == WHEN_FAILED && carrying->status == 0))
			continue;
		if (pipeline->count == 1)
			run_command(carrying, pipeline->commands,
				    last && i + 1 == sequence->count && !pipeline->negated);
		else
			run_piped(carrying, pipeline);
		if (pipeline->negated)
			carrying->status = carrying->status == 0;
	}
}
