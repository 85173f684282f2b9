/* SPDX-License-Identifier: Apache-2.0 */
#include "port/target.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/target/engines.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	struct span name;
	engine_find find;
} engines[] = {
	{SPAN_INIT("pid"), engine_pid},	      {SPAN_INIT("runc"), engine_runc},
	{SPAN_INIT("docker"), engine_docker}, {SPAN_INIT("containerd"), engine_containerd},
	{SPAN_INIT("crun"), engine_crun},     {SPAN_INIT("podman"), engine_podman},
};

enum { ENGINES = sizeof(engines) / sizeof(engines[0]) };

void
target_free(struct target *target)
{
	if (!target)
		return;
	fd_cleanup(&target->pidfd);
	arena_free(target->arena); /* holds *target itself */
}

void
target_cleanup(struct target **target)
{
	target_free(*target);
	*target = NULL;
}

bool
target_runs(const struct target *target)
{
	struct pollfd ended = {.fd = target->pidfd, .events = POLLIN};

	return poll(&ended, 1, 0) == 0;
}

/* When the process was started, in clock ticks: the 22nd word of /proc/PID/stat. */
static int
read_start(pid_t pid, uint64_t *ret, struct err *err)
{
	enum { AFTER_NAME = 20 }; /* words between the name's ')' and the start */
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	char path[64];
	struct span text;

	if (!arena)
		return err_memory(err);
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int r = file_load(path, 64 * KIB, arena, &text, err);
	if (r < 0)
		return r;
	size_t name = span_find_last(text, ')');
	struct span rest = span_slice(text, name, text.n);
	for (int i = 0; i < AFTER_NAME && rest.p; i++)
		(void)span_cut(&rest, ' ');
	if (!rest.p || !span_to_u64(span_cut(&rest, ' '), ret))
		return err_set(err, ERR_IO, "%s cannot be read", path);
	return 0;
}

/* The process, held so that its number cannot come to mean another. */
static int
hold(struct target *target, struct err *err)
{
	uint64_t start = 0;

	if (target->state.pid == 0)
		return err_set(err, ERR_MISMATCH, "%.*s does not run", SPAN_ARG(target->name));
	target->pid = (pid_t)target->state.pid;
	target->pidfd = (int)syscall(SYS_pidfd_open, target->pid, 0);
	if (target->pidfd < 0 && errno == ESRCH)
		return err_set(err, ERR_MISMATCH, "%.*s has ended", SPAN_ARG(target->name));
	if (target->pidfd < 0)
		return err_sys(err, ERR_IO, errno, "cannot watch process %d", (int)target->pid);
	int r = target->state.start ? read_start(target->pid, &start, err) : 0;
	if (r == 0 && start != target->state.start)
		r = err_set(err, ERR_MISMATCH,
			    "%.*s has ended; its process %d is another one by now",
			    SPAN_ARG(target->name), (int)target->pid);
	return r;
}

/* "docker:web" -> docker, and the rest; ENGINES when no engine is named. */
static size_t
cut_engine(struct span *text, struct span *ret_prefix)
{
	struct span rest = *text;
	struct span prefix = span_cut(&rest, ':');

	*ret_prefix = rest.p ? prefix : SPAN("");
	for (size_t i = 0; rest.p && i < ENGINES; i++) {
		if (!span_equal(prefix, engines[i].name))
			continue;
		*text = rest;
		return i;
	}
	return ENGINES;
}

static int
search_engines(struct search *search, size_t only, size_t *ret_engine, struct err *err)
{
	for (size_t i = 0; i < ENGINES; i++) {
		struct err problem = ERR_INIT;

		if (only != ENGINES && only != i)
			continue;
		int r = engines[i].find(search, &problem);
		if (r == 0) {
			*ret_engine = i;
			return 0;
		}
		/* an engine that cannot be asked is no obstacle unless it was named */
		if (only == i || problem.kind == ERR_USAGE || problem.kind == ERR_MEMORY) {
			*err = problem;
			return r;
		}
	}
	uint64_t number;

	if (span_to_u64(search->wanted, &number))
		return err_set(err, ERR_NOT_FOUND, "no process %.*s, and no container of that name",
			       search->wanted.n > 80 ? 80 : (int)search->wanted.n,
			       search->wanted.p);
	return err_set(err, ERR_NOT_FOUND,
		       "no running container \"%.*s\" (looked at runc, docker, containerd, crun, "
		       "podman)",
		       search->wanted.n > 80 ? 80 : (int)search->wanted.n, search->wanted.p);
}

int
target_find(struct span text, const struct target_options *options, struct target **ret,
	    struct err *err)
{
	struct arena *arena = arena_new(0);
	CLEANUP(target_cleanup)
	struct target *target = arena ? arena_alloc(arena, sizeof(*target)) : NULL;
	struct span prefix;
	size_t only = cut_engine(&text, &prefix);
	size_t engine = ENGINES;

	if (!target) {
		arena_free(arena);
		return err_memory(err);
	}
	*target = (struct target){.arena = arena, .pidfd = -1};
	struct search search = {.wanted = text, .options = options, .arena = arena};
	if (prefix.n && only == ENGINES)
		return err_set(err, ERR_USAGE,
			       "no engine \"%.*s\"; there are pid, runc, docker, containerd, crun, "
			       "podman",
			       prefix.n > 40 ? 40 : (int)prefix.n, prefix.p);
	int r = search_engines(&search, only, &engine, err);
	if (r < 0)
		return r;
	target->engine = engines[engine].name;
	target->name = search.name;
	target->state = search.state;
	r = hold(target, err);
	if (r == 0)
		*ret = TAKE(target);
	return r;
}
