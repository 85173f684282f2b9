/* SPDX-License-Identifier: Apache-2.0 */
#include "port/syscalls/types.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

/* In the order they are tried: the cheapest for the container first. */
static const struct syscalls_recorder *const recorders[] = {&syscalls_bpf, &syscalls_notify};

enum { RECORDERS = sizeof(recorders) / sizeof(recorders[0]) };

struct syscalls {
	struct arena *arena;
	const struct syscalls_recorder *type;
	void *recorder;
};

struct span
syscalls_native(void)
{
	static const struct {
		const char *machine;
		struct span architecture;
	} natives[] = {
		{"x86_64", SPAN_INIT("amd64")},	   {"aarch64", SPAN_INIT("arm64")},
		{"riscv64", SPAN_INIT("riscv64")}, {"s390x", SPAN_INIT("s390x")},
		{"ppc64le", SPAN_INIT("ppc64le")},
	};
	struct utsname host;

	for (size_t i = 0; uname(&host) == 0 && i < sizeof(natives) / sizeof(natives[0]); i++) {
		if (strcmp(host.machine, natives[i].machine) == 0)
			return natives[i].architecture;
	}
	return SPAN("");
}

static bool
is_wanted(const struct syscalls_recorder *type, const struct syscalls_options *options)
{
	if (options->recorder && strcmp(type->name, options->recorder) != 0)
		return false;
	return options->purpose == SYSCALLS_RECORD || type->can_refuse;
}

static int
choose(struct syscalls *syscalls, const struct syscalls_options *options, struct err *err)
{
	struct err first = ERR_INIT;
	int r = err_set(err, ERR_UNSUPPORTED, "no such recorder");

	for (size_t i = 0; i < RECORDERS; i++) {
		if (!is_wanted(recorders[i], options))
			continue;
		syscalls->type = recorders[i];
		r = recorders[i]->prepare(options, syscalls->arena, &syscalls->recorder, err);
		if (r == 0)
			return 0;
		if (first.kind == ERR_NONE)
			first = *err;
	}
	if (first.kind != ERR_NONE)
		*err = first;
	return r < 0 ? r : -(int)err->kind;
}

int
syscalls_prepare(const struct syscalls_options *options, struct syscalls **ret, struct err *err)
{
	struct syscalls_options known = *options;
	struct arena *arena = arena_new(0);
	struct syscalls *syscalls = arena ? arena_alloc(arena, sizeof(*syscalls)) : NULL;

	if (!syscalls) {
		arena_free(arena);
		return err_memory(err);
	}
	syscalls->arena = arena;
	if (known.architecture.n == 0)
		known.architecture = syscalls_native();
	if (choose(syscalls, &known, err) < 0) {
		arena_free(arena);
		return -(int)err->kind;
	}
	*ret = syscalls;
	return 0;
}

struct span
syscalls_filter(const struct syscalls *syscalls)
{
	return syscalls->type->filter ? syscalls->type->filter(syscalls->recorder) : SPAN("");
}

int
syscalls_watch(struct syscalls *syscalls, pid_t init, struct err *err)
{
	return syscalls->type->watch(syscalls->recorder, init, err);
}

/* The names of what was seen of one kind, under every ABI. */
static int
name_calls(const struct syscalls_recording *seen, enum syscalls_kind kind, struct arena *arena,
	   struct span_list *ret, bool *unnamed, struct err *err)
{
	struct span *names =
		arena_array(arena, (size_t)SYSCALL_NUMBERS * SYSCALLS_ABIS, sizeof(*names));
	size_t count = 0;
	size_t distinct = 0;

	if (!names)
		return err_memory(err);
	for (size_t i = 0; i < SYSCALLS_ABIS; i++) {
		const uint8_t *numbers = seen->abis[i].seen[kind];

		for (uint32_t n = 0; seen->abis[i].audit && n < SYSCALL_NUMBERS; n++) {
			struct span name = {NULL, 0};

			if (numbers[n])
				name = syscall_name(seen->abis[i].audit, n, arena);
			if (name.p)
				names[count++] = name;
			else if (numbers[n])
				*unnamed = true;
		}
	}
	qsort(names, count, sizeof(*names), span_compare_items);
	for (size_t i = 0; i < count; i++) {
		if (distinct == 0 || !span_equal(names[distinct - 1], names[i]))
			names[distinct++] = names[i];
	}
	*ret = (struct span_list){names, distinct};
	return 0;
}

static int
name_capabilities(const struct syscalls_recording *seen, struct arena *arena, struct span_list *ret,
		  struct err *err)
{
	struct span *names = arena_array(arena, CAPABILITY_NUMBERS, sizeof(*names));
	size_t count = 0;

	if (!names)
		return err_memory(err);
	for (uint32_t n = 0; n < CAPABILITY_NUMBERS; n++) {
		if (seen->capabilities[n] && capability_name(n).p)
			names[count++] = capability_name(n);
	}
	qsort(names, count, sizeof(*names), span_compare_items);
	*ret = (struct span_list){names, count};
	return 0;
}

int
syscalls_collect(struct syscalls *syscalls, struct arena *arena, struct demands *demands,
		 struct err *err)
{
	CLEANUP(free_cleanup) struct syscalls_recording *seen = calloc(1, sizeof(*seen));
	bool unnamed = false;

	if (!seen)
		return err_memory(err);
	syscalls->type->collect(syscalls->recorder, seen);
	int r = name_calls(seen, SEEN_PROGRAM, arena, &demands->calls, &unnamed, err);
	if (r == 0)
		r = name_calls(seen, SEEN_RUNTIME, arena, &demands->runtime_calls, &unnamed, err);
	if (r == 0)
		r = name_calls(seen, SEEN_REFUSED, arena, &demands->refused_calls, &unnamed, err);
	if (r == 0 && seen->capabilities_known)
		r = name_capabilities(seen, arena, &demands->capabilities, err);
	if (r < 0)
		return r;
	demands->recorder = span_from(syscalls->type->name);
	demands->capabilities_known = seen->capabilities_known;
	return unnamed || seen->unknown
		       ? err_set(err, ERR_LIMIT,
				 "system calls were made that have no name here: the list lacks "
				 "them")
		       : 0;
}

void
syscalls_free(struct syscalls *syscalls)
{
	if (!syscalls)
		return;
	syscalls->type->free(syscalls->recorder);
	arena_free(syscalls->arena);
}

int
syscalls_read_comm(pid_t pid, struct syscalls_comm *ret, struct err *err)
{
	char path[64];
	struct syscalls_comm comm = {{0}};

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, comm.text, sizeof(comm.text)) : -1;
	if (n <= 0)
		return err_sys(err, ERR_IO, errno, "cannot read %s", path);
	if (comm.text[n - 1] == '\n')
		comm.text[n - 1] = '\0';
	*ret = comm;
	return 0;
}
