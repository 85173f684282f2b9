/* SPDX-License-Identifier: Apache-2.0 */
/* A load or a test: a program on the host's file system, in the container's network. */
#include "stage/profile/command.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { VARIABLES = 6, CHUNK = 16384, KILL_GRACE_MS = 2000 };

/* "NAME=value" each. */
struct variables {
	struct span items[VARIABLES];
};

static bool
make_variables(const struct session *session, const char *junit, struct variables *ret)
{
	const struct profile_phase *phase = &session->phases.items[session->phases.count - 1];
	struct arena *arena = session->arena;
	struct variables made = {{
		arena_printf(arena, "MOHS_PID=%d", (int)container_pid(session->app.container)),
		SPAN("MOHS_HOST=127.0.0.1"),
		session->port ? arena_printf(arena, "MOHS_PORT=%u", session->port)
			      : SPAN("MOHS_PORT="),
		arena_printf(arena, "MOHS_JUNIT=%s", junit),
		arena_printf(arena, "MOHS_PHASE=%.*s", SPAN_ARG(phase->name)),
		arena_printf(arena, "MOHS_IMAGE=%.*s",
			     SPAN_ARG(session->options->image->reference)),
	}};

	*ret = made;
	for (size_t i = 0; i < VARIABLES; i++) {
		if (!made.items[i].p)
			return false;
	}
	return true;
}

/* The value of NAME; .p NULL when it is none of ours. */
static struct span
value_of(const struct variables *variables, struct span name)
{
	for (size_t i = 0; i < VARIABLES; i++) {
		struct span value = variables->items[i];

		if (span_equal(span_cut(&value, '='), name))
			return value;
	}
	return (struct span){NULL, 0};
}

/* "${MOHS_NAME}" to its value; anything else stays as it is. */
static int
expand(const struct variables *variables, struct span text, struct arena *arena, struct span *ret,
       struct err *err)
{
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(MIB);
	int r = 0;

	while (text.n > 0 && r == 0) {
		size_t take = 1;
		struct span put = span_slice(text, 0, 1);

		if (span_starts_with(text, SPAN("${MOHS_"))) {
			size_t end = span_find(text, '}');
			struct span value = {NULL, 0};

			if (end < text.n)
				value = value_of(variables, span_slice(text, 2, end));
			if (value.p) {
				put = value;
				take = end + 1;
			}
		}
		r = buf_append(&out, put, err);
		text = span_slice(text, take, text.n);
	}
	if (r < 0)
		return r;
	*ret = arena_copy(arena, buf_span(&out));
	return ret->p ? 0 : err_memory(err);
}

static int
make_argv(const struct session *session, const struct variables *variables, struct span_list run,
	  const char ***ret, struct err *err)
{
	const char **argv = arena_array(session->arena, run.count + 1, sizeof(*argv));

	if (!argv)
		return err_memory(err);
	for (size_t i = 0; i < run.count; i++) {
		struct span text;
		int r = expand(variables, run.items[i], session->arena, &text, err);

		if (r < 0)
			return r;
		argv[i] = text.p;
	}
	*ret = argv;
	return 0;
}

/* Ours before what mohs was started with. */
static const char **
make_environment(const struct session *session, const struct variables *variables)
{
	size_t count = 0;

	while (environ[count])
		count++;
	const char **all = arena_array(session->arena, count + VARIABLES + 1, sizeof(*all));
	if (!all)
		return NULL;
	size_t n = 0;
	for (size_t i = 0; i < VARIABLES; i++)
		all[n++] = variables->items[i].p;
	for (size_t i = 0; i < count; i++) {
		struct span name = span_from(environ[i]);

		name = span_slice(name, 0, span_find(name, '='));
		if (!value_of(variables, name).p)
			all[n++] = environ[i];
	}
	return all;
}

/* The folder of mohs.yaml, where its other relative paths start as well. */
static const char *
working_folder(const struct session *session)
{
	struct span path = session->service->path;
	size_t slash = span_find_last(path, '/');

	if (path.n == 0 || slash == path.n)
		return NULL;
	return arena_copy(session->arena, span_slice(path, 0, slash ? slash : 1)).p;
}

struct capture {
	int from;
	int log;
	size_t written;
	char tail[SESSION_TAIL];
	size_t tail_n;
};

static void
keep(struct capture *capture, struct span s)
{
	struct err ignored = ERR_INIT;
	size_t room = CONTAINER_LOG_MAX - capture->written;
	struct span logged = span_slice(s, 0, s.n < room ? s.n : room);

	capture->written += logged.n;
	if (capture->log >= 0)
		(void)fd_write_full(capture->log, logged, &ignored);
	if (s.n > SESSION_TAIL)
		s = span_slice(s, s.n - SESSION_TAIL, s.n);
	if (capture->tail_n + s.n > SESSION_TAIL) {
		size_t drop = capture->tail_n + s.n - SESSION_TAIL;

		memmove(capture->tail, capture->tail + drop, capture->tail_n - drop);
		capture->tail_n -= drop;
	}
	memcpy(capture->tail + capture->tail_n, s.p, s.n);
	capture->tail_n += s.n;
}

/* Everything there is now; false at the end of it. */
static bool
drain(struct capture *capture)
{
	char chunk[CHUNK];

	for (;;) {
		ssize_t got = read(capture->from, chunk, sizeof(chunk));

		if (got > 0)
			keep(capture, (struct span){chunk, (size_t)got});
		else if (got == 0)
			return false;
		else if (errno != EINTR)
			return true;
	}
}

/* Until it ends, its time is over, or the container has ended. */
static int
watch(struct session *session, struct proc *proc, struct capture *capture, uint64_t deadline,
      struct command_result *ret, struct err *err)
{
	bool open = true;
	bool had_ended = session->app.ended;
	int r;

	for (;;) {
		int status;

		if (open)
			open = drain(capture);
		r = proc_wait(proc, 0, &status, err);
		if (r == 0) {
			ret->status = status;
			break;
		}
		if (r != -ERR_TIMEOUT)
			return r;
		ret->timed_out = clock_ms() >= deadline;
		ret->container_ended = !had_ended && instance_ended(&session->app);
		if (ret->timed_out || ret->container_ended) {
			proc_kill(proc, KILL_GRACE_MS);
			ret->status = 128 + SIGTERM;
			break;
		}
		/* a small step: proc_wait() is what sees the end */
		(void)session_wait(session, open ? capture->from : proc->pidfd,
				   clock_ms() + SESSION_TICK_MS);
	}
	(void)drain(capture);
	return 0;
}

static int
open_log(const struct session *session, const struct service_command *command, const char *kind)
{
	char path[SESSION_PATH];

	(void)snprintf(path, sizeof(path), "%s/%s-%.*s.log", session->logs, kind,
		       SPAN_ARG(command->name));
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
}

static int
run_with(struct session *session, const struct proc_options *wanted, struct capture *capture,
	 uint64_t timeout_ms, struct command_result *ret, struct err *err)
{
	CLEANUP(proc_cleanup) struct proc proc = PROC_INIT;
	struct proc_options options = *wanted;
	uint64_t now = clock_ms();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start %s", options.argv[0]);
	CLEANUP(fd_cleanup) int from = ends[0];
	CLEANUP(fd_cleanup) int to = ends[1];
	(void)fcntl(from, F_SETFL, O_NONBLOCK);
	capture->from = from;
	options.output = to;
	options.error = to;
	int r = proc_start(&options, &proc, err);
	if (r < 0)
		return r;
	fd_cleanup(&to);
	r = watch(session, &proc, capture,
		  timeout_ms && timeout_ms < UINT64_MAX - now ? now + timeout_ms : UINT64_MAX, ret,
		  err);
	ret->tail = arena_copy(session->arena, (struct span){capture->tail, capture->tail_n});
	return r;
}

int
command_run(struct session *session, const struct service_command *command, const char *kind,
	    const char *junit, struct command_result *ret, struct err *err)
{
	CLEANUP(free_cleanup) struct capture *capture = calloc(1, sizeof(*capture));
	struct variables variables;
	struct err failed = ERR_INIT;
	const char **argv = NULL;

	*ret = (struct command_result){.tail = SPAN("")};
	if (!capture || !make_variables(session, junit, &variables))
		return err_memory(err);
	int r = make_argv(session, &variables, command->run, &argv, err);
	if (r < 0)
		return r;
	CLEANUP(fd_cleanup) int log = open_log(session, command, kind);
	capture->log = log;
	struct proc_options options = {
		.argv = argv,
		.environment = make_environment(session, &variables),
		.directory = working_folder(session),
		.input = -1,
		.new_group = true,
	};
	if (!options.environment)
		return err_memory(err);
	r = run_with(session, &options, capture, command->timeout_ms, ret, &failed);
	if (r < 0) {
		/* a program that is not there fails like one that says so */
		ret->status = r == -ERR_NOT_FOUND ? 127 : 126;
		ret->tail = arena_copy(session->arena, span_from(failed.text));
	}
	return ret->tail.p ? 0 : err_memory(err);
}
