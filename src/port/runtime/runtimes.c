/* SPDX-License-Identifier: Apache-2.0 */
#include "port/runtime.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const no_arguments[] = {NULL};
/* no limit is asked for, so crun needs no cgroup */
static const char *const crun_arguments[] = {"--cgroup-manager=disabled", NULL};

static const struct runtime_type types[] = {
	{.name = "runc", .arguments = no_arguments, .cgroups = true},
	{.name = "crun",
	 .arguments = crun_arguments,
	 .cgroups = false,
	 /* it refuses hybrid cgroups, also when it is to make none */
	 .detach = "/sys/fs/cgroup/unified"},
};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

/* root's programs are often outside a plain user's PATH */
static const char search_path[] = ":/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin";

static bool
find_program(const char *name, struct arena *arena, struct span *ret)
{
	const char *path = getenv("PATH");
	struct span all = arena_printf(arena, "%s%s", path ? path : "", search_path);

	while (all.p) {
		struct span folder = span_cut(&all, ':');
		struct span program = arena_printf(arena, "%.*s/%s", SPAN_ARG(folder), name);

		if (folder.n > 0 && folder.p[0] == '/' && program.p &&
		    access(program.p, X_OK) == 0) {
			*ret = program;
			return true;
		}
	}
	return false;
}

/* A runtime given by path is of the type its name says; another behaves like runc. */
static const struct runtime_type *
type_of(struct span path)
{
	struct span name = span_base_name(path);

	for (size_t i = 0; i < TYPES; i++) {
		if (span_equal(name, span_from(types[i].name)))
			return &types[i];
	}
	return &types[0];
}

static int
find_wanted(const char *wanted, struct arena *arena, struct runtime *ret, struct err *err)
{
	struct span path = arena_copy(arena, span_from(wanted));

	if (!path.p)
		return err_memory(err);
	bool found =
		wanted[0] == '/' ? access(wanted, X_OK) == 0 : find_program(wanted, arena, &path);
	if (!found)
		return err_set(err, ERR_UNSUPPORTED, "no container runtime \"%s\" ($MOHS_RUNTIME)",
			       wanted);
	*ret = (struct runtime){.type = type_of(path), .path = path};
	return 0;
}

int
runtime_find(struct arena *arena, struct runtime *ret, struct err *err)
{
	const char *wanted = getenv("MOHS_RUNTIME");
	struct span path;

	if (wanted && *wanted)
		return find_wanted(wanted, arena, ret, err);
	for (size_t i = 0; i < TYPES; i++) {
		if (find_program(types[i].name, arena, &path)) {
			*ret = (struct runtime){.type = &types[i], .path = path};
			return 0;
		}
	}
	return err_set(err, ERR_UNSUPPORTED,
		       "no container runtime in PATH: install the package runc (or crun), or set "
		       "MOHS_RUNTIME");
}

int
runtime_signal(struct span name)
{
	static const struct {
		struct span name;
		int number;
	} names[] = {
		{SPAN_INIT("HUP"), SIGHUP},   {SPAN_INIT("INT"), SIGINT},
		{SPAN_INIT("QUIT"), SIGQUIT}, {SPAN_INIT("ABRT"), SIGABRT},
		{SPAN_INIT("KILL"), SIGKILL}, {SPAN_INIT("USR1"), SIGUSR1},
		{SPAN_INIT("USR2"), SIGUSR2}, {SPAN_INIT("PIPE"), SIGPIPE},
		{SPAN_INIT("ALRM"), SIGALRM}, {SPAN_INIT("TERM"), SIGTERM},
		{SPAN_INIT("CONT"), SIGCONT}, {SPAN_INIT("WINCH"), SIGWINCH},
		{SPAN_INIT("PWR"), SIGPWR},
	};
	uint64_t number;

	if (span_to_u64(name, &number) && number > 0 && number < NSIG)
		return (int)number;
	if (name.n > 3 && span_equal_nocase(span_slice(name, 0, 3), SPAN("SIG")))
		name = span_slice(name, 3, name.n);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_equal_nocase(name, names[i].name))
			return names[i].number;
	}
	/* "RTMIN+3": systemd in a container stops on it */
	if (span_starts_with(name, SPAN("RTMIN+")) &&
	    span_to_u64(span_slice(name, 6, name.n), &number) &&
	    number <= (uint64_t)(SIGRTMAX - SIGRTMIN))
		return SIGRTMIN + (int)number;
	return SIGTERM;
}
