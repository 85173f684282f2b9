/* SPDX-License-Identifier: Apache-2.0 */
/* Which programs ran in the container: looked up in /proc again and again. */
#include "stage/profile/session.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { COMMAND_MAX = 256, TEXT = 4096 };

static struct span
read_link(const char *pid, const char *name, char *to, size_t size)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, name);
	ssize_t n = readlink(path, to, size);
	return n > 0 && (size_t)n < size ? (struct span){to, (size_t)n} : SPAN("");
}

static struct span
read_text(const char *pid, const char *name, char *to, size_t size)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, name);
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, to, size) : -1;
	return n > 0 ? (struct span){to, (size_t)n} : SPAN("");
}

/* Effective user id, from status ("Uid:\treal\teffective\t..."). */
static uint32_t
read_uid(const char *pid)
{
	char text[TEXT];
	struct span status = read_text(pid, "status", text, sizeof(text));
	uint64_t uid;

	while (status.p) {
		struct span line = span_cut(&status, '\n');

		if (!span_starts_with(line, SPAN("Uid:\t")))
			continue;
		(void)span_cut(&line, '\t');
		(void)span_cut(&line, '\t');
		if (line.p && span_to_u64(span_cut(&line, '\t'), &uid) && uid < UINT32_MAX)
			return (uint32_t)uid;
	}
	return PROFILE_UID_UNKNOWN;
}

/* NULs between arguments become blanks. */
static struct span
read_command(const char *pid, char *text, size_t size)
{
	struct span command = read_text(pid, "cmdline", text, size);

	for (size_t i = 0; i < command.n; i++) {
		if (text[i] == '\0' || text[i] == '\n')
			text[i] = ' ';
	}
	return span_trim(command);
}

static int
add(struct session *session, struct span program, struct span command, uint32_t phase, uint32_t uid,
    struct err *err)
{
	struct span key = arena_printf(session->arena, "%.*s\n%.*s\n%u", SPAN_ARG(program),
				       SPAN_ARG(command), uid);
	struct profile_process process = {.phase = phase, .uid = uid};
	uint64_t seen;

	if (!key.p)
		return err_memory(err);
	if (map_get(session->seen_processes, key, &seen))
		return 0;
	process.program = span_slice(key, 0, program.n);
	process.command = span_slice(key, program.n + 1, program.n + 1 + command.n);
	process.program = arena_copy(session->arena, process.program);
	process.command = arena_copy(session->arena, process.command);
	if (!process.program.p || !process.command.p)
		return err_memory(err);
	int r = vec_push(&session->processes, &process, PROFILE_PROCESSES_MAX, err);
	return r < 0 ? r : map_put(session->seen_processes, key, 1, err);
}

/* The runtime's own helper, a file in memory, until it becomes the container's program. */
static bool
is_runtime(struct span program)
{
	return span_equal(program, SPAN("/")) || span_starts_with(program, SPAN("/memfd:"));
}

bool
processes_is_inside(const struct session *session, const char *pid)
{
	char space[64];

	return session->namespace[0] && span_equal(read_link(pid, "ns/pid", space, sizeof(space)),
						   span_from(session->namespace));
}

static int
sample_one(struct session *session, const char *pid, struct err *err)
{
	char exe[TEXT];
	char command[COMMAND_MAX];
	uint32_t phase = (uint32_t)session->phases.count - 1;

	if (!processes_is_inside(session, pid))
		return 0;
	struct span program = read_link(pid, "exe", exe, sizeof(exe));
	if (program.n == 0)
		program = span_trim(read_text(pid, "comm", exe, sizeof(exe)));
	struct span line = read_command(pid, command, sizeof(command));
	if (program.n == 0 || is_runtime(program))
		return 0;
	return add(session, program, line, phase, read_uid(pid), err);
}

void
processes_sample(struct session *session)
{
	DIR *directory = session->namespace[0] ? opendir("/proc") : NULL;
	struct err err = ERR_INIT;
	int r = 0;

	if (!directory)
		return;
	for (const struct dirent *item; r == 0 && (item = readdir(directory)) != NULL;) {
		if (item->d_name[0] >= '1' && item->d_name[0] <= '9')
			r = sample_one(session, item->d_name, &err);
	}
	(void)closedir(directory);
	if (r < 0) {
		(void)session_gap(session, false, SPAN("processes"), "not all are listed: %s",
				  err.text);
		session->namespace[0] = '\0';
	}
}

void
processes_watch(struct session *session, pid_t container)
{
	char pid[16];
	char space[64];

	(void)snprintf(pid, sizeof(pid), "%d", (int)container);
	struct span found = read_link(pid, "ns/pid", space, sizeof(space));
	(void)snprintf(session->namespace, sizeof(session->namespace), "%.*s", SPAN_ARG(found));
}

/* The kernel cuts a comm at 15 bytes. */
static bool
names_program(struct span program, struct span comm)
{
	struct span name = span_base_name(program);

	return span_equal(program, comm) || span_equal(name, comm) ||
	       (comm.n == 15 && span_starts_with(name, comm));
}

static bool
is_listed(const struct session *session, struct span program)
{
	for (size_t i = 0; i < session->processes.count; i++) {
		const struct profile_process *process = &session->processes.items[i];
		struct span command = process->command;

		if (names_program(process->program, program) ||
		    names_program(span_cut(&command, ' '), program))
			return true;
	}
	return false;
}

int
processes_from_paths(struct session *session, struct err *err)
{
	struct map *done = map_new(0);
	int r = 0;

	if (!done)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < session->profile->path_count; i++) {
		const struct profile_path *path = &session->profile->paths[i];
		uint64_t seen;

		if (path->program.n == 0 || is_runtime(path->program) ||
		    map_get(done, path->program, &seen))
			continue;
		r = map_put(done, path->program, 1, err);
		if (r == 0 && !is_listed(session, path->program))
			r = add(session, path->program, SPAN(""), path->first_phase,
				PROFILE_UID_UNKNOWN, err);
	}
	map_free(done);
	if (r == -ERR_LIMIT)
		r = session_gap(session, false, SPAN("processes"), "not all are listed: %s",
				err->text);
	return r;
}
