/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the target's namespaces: the supervisor, and its child that becomes the command. */
#include "port/visit/private.h"

#include "base/cleanup.h"
#include "base/confine.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char default_path[] =
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* ---- the room becomes "/" ---- */

/* As runtimes do it: settings of the kernel are not to be changed, some not even to be read. */
static int
guard_proc(const struct visit *visit, struct err *err)
{
	static const char *const hidden[] = {"/proc/kcore", "/proc/keys", "/proc/timer_list",
					     "/proc/sched_debug", "/proc/latency_stats"};
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
	struct err ignored = ERR_INIT;
	char place[64];
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		CLEANUP(fd_cleanup) int fd = -1;

		if (room_open(visit->root, hidden[i], O_PATH, &fd, &ignored) < 0)
			continue;
		(void)snprintf(place, sizeof(place), "/proc/self/fd/%d", fd);
		if (mount("/dev/null", place, NULL, MS_BIND, NULL) < 0)
			r = err_sys(err, ERR_IO, errno, "cannot hide %s", hidden[i]);
	}
	CLEANUP(fd_cleanup) int proc = -1;
	if (r == 0)
		r = room_open(visit->root, "/proc", O_PATH | O_DIRECTORY, &proc, err);
	if (r == 0 && mount_setattr(proc, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
				    sizeof(attributes)) < 0)
		r = err_sys(err, ERR_IO, errno, "cannot make /proc read-only");
	return r;
}

static int
enter_room(const struct visit *visit, struct err *err)
{
	CLEANUP(fd_cleanup) int proc = -1;
	char place[64];
	int r = room_open(visit->root, "/proc", O_PATH | O_DIRECTORY, &proc, err);

	if (r < 0)
		return r;
	/* of this PID namespace: the target's processes are in it, and no others */
	(void)snprintf(place, sizeof(place), "/proc/self/fd/%d", proc);
	if (mount("proc", place, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return err_sys(err, ERR_IO, errno, "cannot mount /proc");
	r = guard_proc(visit, err);
	if (r < 0)
		return r;
	if (chdir(visit->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_sys(err, ERR_IO, errno, "cannot enter the root file system");
	return 0;
}

/* ---- who ---- */

static int
same_users(pid_t number, bool *ret, struct err *err)
{
	struct stat own;
	struct stat other;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)number);
	if (stat("/proc/self/ns/user", &own) < 0 || stat(path, &other) < 0)
		return err_sys(err, ERR_IO, errno, "cannot tell user namespaces apart");
	*ret = own.st_ino == other.st_ino && own.st_dev == other.st_dev;
	return 0;
}

static int
become_target(const struct visit *visit, pid_t number, struct err *err)
{
	const struct target *target = visit->options->target;
	struct person person;
	bool same = true;

	int r = same_users(number, &same, err);
	if (r == 0 && !same && setns(target->pidfd, CLONE_NEWUSER) < 0)
		r = err_sys(err, ERR_IO, errno, "cannot join the users of the container");
	if (r == 0)
		r = person_read(number, &person, err);
	/* the number may be another's by now, the descriptor is not */
	if (r == 0 && !target_runs(target))
		r = err_set(err, ERR_MISMATCH, "the container has ended");
	return r < 0 ? r : person_become(&person, !same, err);
}

/* ---- what ---- */

static bool
names_variable(struct span entry, const char *variable)
{
	size_t n = strlen(variable);

	return entry.n > n && memcmp(entry.p, variable, n) == 0 && entry.p[n] == '=';
}

/* The image's environment, and what any program may count on. */
static char **
make_environment(const struct visit *visit, struct arena *arena)
{
	const struct image *image = visit->options->image;
	struct span_list own = image ? image->config.environment : (struct span_list){0};
	const char *terminal = getenv("TERM");
	const struct span defaults[] = {
		span_from(default_path),
		SPAN("HOME=/"),
		arena_printf(arena, "TERM=%s", terminal ? terminal : "dumb"),
		SPAN("MOHS_TARGET=" VISIT_TARGET),
	};
	size_t count = sizeof(defaults) / sizeof(defaults[0]);
	char **list = arena_array(arena, own.count + count + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; list && i < own.count; i++) {
		list[n] = (char *)(uintptr_t)arena_copy(arena, own.items[i]).p;
		if (!list[n++])
			return NULL;
	}
	for (size_t i = 0; list && i < count; i++) {
		struct span name = span_slice(defaults[i], 0, span_find(defaults[i], '='));
		const char *variable = arena_copy(arena, name).p;
		bool there = false;

		for (size_t k = 0; variable && k < own.count; k++)
			there |= names_variable(own.items[k], variable);
		if (!there)
			list[n++] = (char *)(uintptr_t)arena_copy(arena, defaults[i]).p;
	}
	return list;
}

/* What was asked for, else what the image starts, else a shell. */
static char **
make_arguments(const struct visit *visit, struct arena *arena)
{
	const struct image *image = visit->options->image;
	struct span_list lists[2] = {0};
	size_t count = 0;
	size_t n = 0;

	if (visit->options->argv)
		return (char **)(uintptr_t)visit->options->argv;
	if (image) {
		lists[0] = image->config.entrypoint;
		lists[1] = image->config.command;
		count = lists[0].count + lists[1].count;
	}
	char **argv = arena_array(arena, count + 2, sizeof(*argv));
	for (size_t i = 0; argv && i < 2; i++) {
		for (size_t k = 0; k < lists[i].count; k++)
			argv[n++] = (char *)(uintptr_t)arena_copy(arena, lists[i].items[k]).p;
	}
	if (argv && n == 0)
		argv[0] = (char *)(uintptr_t) "sh";
	return argv;
}

/* Standard streams that are terminals become the command's own one, which leads its session. */
static int
take_terminal(const struct visit *visit, struct err *err)
{
	(void)setsid();
	if (visit->terminal < 0)
		return 0;
	if (ioctl(visit->terminal, TIOCSCTTY, 0) < 0)
		return err_sys(err, ERR_IO, errno, "cannot take the terminal");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (isatty(fd) && dup2(visit->terminal, fd) < 0)
			return err_sys(err, ERR_IO, errno, "cannot take the terminal");
	}
	return 0;
}

static int
start_command(struct visit *visit, pid_t number, pid_t supervisor, struct arena *arena,
	      struct err *err)
{
	char **environment = make_environment(visit, arena);
	char **argv = make_arguments(visit, arena);

	if (!environment || !argv || !argv[0])
		return err_memory(err);
	int r = take_terminal(visit, err);
	if (r == 0)
		r = become_target(visit, number, err);
	/* files of the target are reached by /proc/PID/root too */
	if (r == 0 && !visit->options->writable)
		r = confine_beneath("/", err);
	if (r == -ERR_UNSUPPORTED)
		return err_wrap(err, "the container's files cannot be protected (--writable goes "
				     "without)");
	if (r < 0)
		return r;
	(void)umask(022);
	(void)close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
	/* after the change of user, which takes it back */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != supervisor)
		return err_set(err, ERR_CANCELLED, "interrupted");
	environ = environment;
	(void)execvp(argv[0], argv);
	return err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno,
		       "cannot start %s of the tools", argv[0]);
}

static _Noreturn void
command_main(struct visit *visit, pid_t number, pid_t supervisor)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct err err = ERR_INIT;

	if (!arena)
		(void)err_memory(&err);
	else
		(void)start_command(visit, number, supervisor, arena, &err);
	visit_fail(visit, &err);
}

/* ---- the supervisor ---- */

/* Kills each child; those of a child that ended came to us. */
static void
kill_children(void)
{
	char text[4096];
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	struct span rest = {text, n > 0 ? (size_t)n : 0};
	uint64_t pid;

	while (rest.p && rest.n) {
		if (span_to_u64(span_cut(&rest, ' '), &pid) && pid > 1 && pid < INT32_MAX)
			(void)kill((pid_t)pid, SIGKILL);
	}
}

/* Until the command has ended and nothing it started is left. */
static int
supervise(pid_t command)
{
	int status = 0;
	int answer = 1;

	for (bool ended = false;;) {
		pid_t pid = waitpid(-1, &status, 0);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return answer;
		if (pid == command) {
			answer = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
			ended = true;
		}
		if (ended)
			kill_children();
	}
}

_Noreturn void
guest_main(struct visit *visit)
{
	const struct target *target = visit->options->target;
	struct err err = ERR_INIT;
	pid_t number = 0;

	/* its number in there, said by the /proc out here */
	if (person_number(target->pid, &number, &err) < 0 || enter_room(visit, &err) < 0)
		visit_fail(visit, &err);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		(void)err_sys(&err, ERR_IO, errno, "cannot watch the command");
		visit_fail(visit, &err);
	}
	pid_t supervisor = getpid();
	pid_t command = fork();
	if (command == 0)
		command_main(visit, number, supervisor);
	if (command < 0) {
		(void)err_sys(&err, ERR_IO, errno, "cannot start a process in the container");
		visit_fail(visit, &err);
	}
	_exit(supervise(command));
}
