/* SPDX-License-Identifier: Apache-2.0 */
#include "port/runtime/shim.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "codec/json.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	VERB_TIMEOUT_MS = 60000,
	CREATE_TIMEOUT_MS = 90000,
	POLL_STEP_MS = 50,
	RUNTIME_LOG_MAX = 256 * 1024,
};

struct container {
	struct arena *arena;
	struct runtime runtime;
	struct span id;
	struct span folder;
	struct span spec;
	struct proc shim;
	int reports; /* from the shim */
	int pidfd;
	pid_t pid;
	bool created;
	bool ended;
	int status;
	struct shim_report report;
	unsigned execs;
};

/* PROGRAM [TYPE'S ARGUMENTS] --root ... --log ... VERB REST... */
static int
runtime_command(const struct container *container, const char *verb, const char *const *rest,
		const char *argv[SHIM_ARGUMENTS], struct err *err)
{
	size_t n = 0;

	argv[n++] = container->runtime.path.p;
	for (size_t i = 0; container->runtime.type->arguments[i]; i++)
		argv[n++] = container->runtime.type->arguments[i];
	argv[n++] = "--root";
	argv[n++] = arena_printf(container->arena, "%s/state", container->folder.p).p;
	argv[n++] = "--log";
	argv[n++] = arena_printf(container->arena, "%s/runtime.log", container->folder.p).p;
	argv[n++] = "--log-format";
	argv[n++] = "json";
	argv[n++] = verb;
	for (size_t i = 0; rest[i]; i++) {
		if (n + 1 >= SHIM_ARGUMENTS)
			return err_set(err, ERR_LIMIT, "too many arguments for the runtime");
		argv[n++] = rest[i];
	}
	argv[n] = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!argv[i])
			return err_memory(err);
	}
	return 0;
}

/* The message of the last line with one in the runtime's log; empty when there is none. */
static struct span
runtime_words(const struct container *container)
{
	const char *path = arena_printf(container->arena, "%s/runtime.log", container->folder.p).p;
	struct err ignored = ERR_INIT;
	struct span text = SPAN("");
	struct span found = SPAN("");

	if (!path || file_load(path, RUNTIME_LOG_MAX, container->arena, &text, &ignored) < 0)
		return found;
	while (text.p) {
		struct span line = span_cut(&text, '\n');
		CLEANUP(json_cleanup) json_t *json = NULL;

		if (json_parse(line, &json, &ignored) < 0)
			continue;
		const char *message = json_string_value(json_object_get(json, "msg"));
		if (message)
			found = arena_copy(container->arena, span_from(message));
	}
	return found.p ? found : SPAN("");
}

/* How runc and crun say that the program is not there. */
static bool
says_not_found(struct span words)
{
	return span_contains(words, SPAN("executable file not found")) ||
	       span_contains(words, SPAN("executable file `")) ||
	       (span_contains(words, SPAN("exec: ")) &&
		span_contains(words, SPAN("no such file or directory")));
}

static int
runtime_failed(const struct container *container, const char *verb, struct err *err)
{
	struct span words = runtime_words(container);
	const char *name = container->runtime.type->name;

	if (words.n == 0)
		words = span_trim(container_tail(container));
	if (words.n > 170)
		words = span_slice(words, words.n - 170, words.n);
	if (says_not_found(words))
		return err_set(err, ERR_NOT_FOUND, "no such program in the image: %.*s",
			       SPAN_ARG(words));
	return err_set(err, ERR_CHILD, "%s %s: %.*s", name, verb, SPAN_ARG(words));
}

/* The next report within the time: 1, 0 not yet, < 0 the shim is gone. */
static int
next_report(struct container *container, int timeout_ms, struct err *err)
{
	struct pollfd poll_fd = {.fd = container->reports, .events = POLLIN};
	char *to = (char *)&container->report;
	int ready = poll(&poll_fd, 1, timeout_ms);

	if (ready == 0 || (ready < 0 && errno == EINTR))
		return 0;
	for (size_t n = 0; n < sizeof(container->report);) {
		ssize_t got = read(container->reports, to + n, sizeof(container->report) - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(err, ERR_CHILD, "lost the container");
		n += (size_t)got;
	}
	if (container->report.tail_n > SHIM_TAIL)
		container->report.tail_n = SHIM_TAIL;
	return 1;
}

static int
wait_created(struct container *container, struct err *err)
{
	uint64_t end = clock_ms() + CREATE_TIMEOUT_MS;

	for (;;) {
		int r = next_report(container, POLL_STEP_MS, err);

		if (r < 0)
			return r;
		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		if (clock_ms() > end)
			return err_set(err, ERR_TIMEOUT, "%s create took too long",
				       container->runtime.type->name);
		if (r > 0)
			break;
	}
	if (container->report.event != SHIM_CREATED || container->report.status != 0)
		return runtime_failed(container, "create", err);
	container->pid = container->report.pid;
	container->pidfd = (int)syscall(SYS_pidfd_open, container->pid, 0);
	if (container->pidfd < 0)
		return err_sys(err, ERR_IO, errno, "cannot watch the container");
	container->created = true;
	return 0;
}

static int
start_shim(struct container *container, const struct shim_options *options, struct err *err)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start the container");
	pid_t pid = fork();
	if (pid == 0)
		shim_main(options, ends[1], parent);
	(void)close(ends[1]);
	container->reports = ends[0];
	if (pid < 0)
		return err_sys(err, ERR_IO, errno, "cannot start the container");
	container->shim.pid = pid;
	container->shim.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return 0;
}

static int
create(struct container *container, const struct container_options *options, struct err *err)
{
	struct arena *arena = container->arena;
	const char *bundle = arena_printf(arena, "%s/bundle", options->folder).p;
	const char *config = arena_printf(arena, "%s/bundle/config.json", options->folder).p;
	const char *pid_file = arena_printf(arena, "%s/pid", options->folder).p;
	const char *const rest[] = {"--bundle", bundle, "--pid-file", pid_file, options->id, NULL};
	const char *argv[SHIM_ARGUMENTS];

	if (!bundle || !config || !pid_file)
		return err_memory(err);
	if (container->runtime.type->detach)
		(void)umount2(container->runtime.type->detach, MNT_DETACH | UMOUNT_NOFOLLOW);
	int r = directory_make(bundle, 0700, err);
	if (r == 0)
		r = file_put(config, options->spec, 0600, err);
	if (r == 0)
		r = runtime_command(container, "create", rest, argv, err);
	if (r == 0)
		r = start_shim(container,
			       &(struct shim_options){
				       .argv = argv, .pid_file = pid_file, .log = options->log},
			       err);
	return r < 0 ? r : wait_created(container, err);
}

int
container_create(const struct container_options *options, struct container **ret, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct container *container = arena ? arena_alloc(arena, sizeof(*container)) : NULL;

	if (!container) {
		arena_free(arena);
		return err_memory(err);
	}
	*container = (struct container){
		.arena = arena,
		.runtime = *options->runtime,
		.id = arena_copy(arena, span_from(options->id)),
		.folder = arena_copy(arena, span_from(options->folder)),
		.spec = arena_copy(arena, options->spec),
		.shim = PROC_INIT,
		.reports = -1,
		.pidfd = -1,
	};
	int r = container->id.p && container->folder.p && container->spec.p
			? create(container, options, err)
			: err_memory(err);
	if (r < 0) {
		container_free(container);
		return r;
	}
	*ret = container;
	return 0;
}

static int
run_verb(const struct container *container, const char *verb, const char *const *rest,
	 uint64_t timeout_ms, struct buf *output, struct err *err)
{
	const char *argv[SHIM_ARGUMENTS];
	int r = runtime_command(container, verb, rest, argv, err);

	if (r < 0)
		return r;
	return proc_run(
		&(struct proc_options){.argv = argv, .input = -1, .output = -1, .error = -1},
		timeout_ms, output, err);
}

int
container_start(struct container *container, struct err *err)
{
	const char *const rest[] = {container->id.p, NULL};
	CLEANUP(buf_cleanup) struct buf output = BUF_INIT(16 * KIB);
	int r = run_verb(container, "start", rest, VERB_TIMEOUT_MS, &output, err);

	return r == -ERR_CHILD ? runtime_failed(container, "start", err) : r;
}

pid_t
container_pid(const struct container *container)
{
	return container->pid;
}

bool
container_ended(struct container *container, int *ret_status)
{
	struct err ignored = ERR_INIT;

	if (!container->ended) {
		int r = next_report(container, 0, &ignored);

		container->ended = r != 0;
		container->status = r > 0 ? container->report.status : 255;
	}
	if (container->ended)
		*ret_status = container->status;
	return container->ended;
}

int
container_fd(const struct container *container)
{
	return container->reports;
}

struct span
container_tail(const struct container *container)
{
	return (struct span){container->report.tail, container->report.tail_n};
}

bool
container_log_cut(const struct container *container)
{
	return container->report.cut != 0;
}

/* 1 when it ended in time, 0 when not. */
static int
wait_ended(struct container *container, uint64_t timeout_ms, struct err *err)
{
	uint64_t end = clock_ms() + timeout_ms;
	int status;

	while (!container_ended(container, &status)) {
		struct pollfd poll_fd = {.fd = container->reports, .events = POLLIN};

		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		if (clock_ms() >= end)
			return 0;
		(void)poll(&poll_fd, 1, POLL_STEP_MS);
	}
	return 1;
}

static void
send_signal(const struct container *container, int signal_number)
{
	if (container->pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, container->pidfd, signal_number, NULL, 0);
}

int
container_stop(struct container *container, int signal_number, uint64_t grace_ms, int *ret_status,
	       bool *ret_killed, struct err *err)
{
	bool killed = false;
	int r;

	if (!container_ended(container, ret_status))
		send_signal(container, signal_number);
	r = wait_ended(container, grace_ms, err);
	if (r == 0) {
		killed = true;
		send_signal(container, SIGKILL);
		r = wait_ended(container, VERB_TIMEOUT_MS, err);
	}
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_TIMEOUT, "the container does not end, even when killed");
	*ret_status = container->status;
	*ret_killed = killed;
	return 0;
}

/* The process member of config.json with other arguments. */
static int
write_process(struct container *container, struct span_list argv, const char *path, struct err *err)
{
	CLEANUP(json_cleanup) json_t *spec = NULL;
	struct span text;
	int r = json_parse(container->spec, &spec, err);

	if (r < 0)
		return r;
	json_t *process = json_object_get(spec, "process");
	json_t *arguments = json_array();
	for (size_t i = 0; i < argv.count; i++)
		json_add(&arguments, json_span(argv.items[i]));
	if (!process || json_object_set_new(process, "args", arguments) < 0)
		return err_memory(err);
	r = json_text(process, true, container->arena, &text, err);
	return r < 0 ? r : file_put(path, text, 0600, err);
}

int
container_exec(struct container *container, struct span_list argv, uint64_t timeout_ms,
	       struct buf *output, struct err *err)
{
	const char *path = arena_printf(container->arena, "%s/exec.json", container->folder.p).p;
	const char *const rest[] = {"--process", path, container->id.p, NULL};

	if (!path)
		return err_memory(err);
	int r = write_process(container, argv, path, err);
	return r < 0 ? r : run_verb(container, "exec", rest, timeout_ms, output, err);
}

void
container_free(struct container *container)
{
	struct err ignored = ERR_INIT;

	if (!container)
		return;
	if (container->created) {
		int status;

		send_signal(container, SIGKILL);
		if (!container_ended(container, &status))
			(void)wait_ended(container, VERB_TIMEOUT_MS, &ignored);
	}
	proc_cleanup(&container->shim);
	fd_cleanup(&container->reports);
	fd_cleanup(&container->pidfd);
	arena_free(container->arena);
}

void
container_cleanup(struct container **container)
{
	container_free(*container);
	*container = NULL;
}
