/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/limits/parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * What a runtime asks for when the filter is in force and the first program is not there yet:
 * without no_new_privs it puts the filter in force before it gives up its capabilities. Measured
 * with seccomp notification; what of it is the Go runtime's own housekeeping depends on the moment,
 * and is listed whole. tests/bats/limits.bats starts a program that does nothing under it.
 */
static const struct span runtime_calls[] = {
	/* runc 1.1 */
	SPAN_INIT("capget"),
	SPAN_INIT("capset"),
	SPAN_INIT("chdir"),
	SPAN_INIT("close"),
	SPAN_INIT("epoll_ctl"),
	SPAN_INIT("execve"),
	SPAN_INIT("faccessat2"),
	SPAN_INIT("fcntl"),
	SPAN_INIT("fstat"),
	SPAN_INIT("fstatfs"),
	SPAN_INIT("futex"),
	SPAN_INIT("getcwd"),
	SPAN_INIT("getdents64"),
	SPAN_INIT("getpid"),
	SPAN_INIT("getppid"),
	SPAN_INIT("newfstatat"),
	SPAN_INIT("openat"),
	SPAN_INIT("prctl"),
	SPAN_INIT("read"),
	SPAN_INIT("setgid"),
	SPAN_INIT("setgroups"),
	SPAN_INIT("setuid"),
	SPAN_INIT("write"),
	/* newer ones, by their sources */
	SPAN_INIT("close_range"),
	SPAN_INIT("faccessat"),
	SPAN_INIT("openat2"),
	SPAN_INIT("readlinkat"),
	SPAN_INIT("statx"),
	/* the Go runtime */
	SPAN_INIT("clone"),
	SPAN_INIT("epoll_pwait"),
	SPAN_INIT("gettid"),
	SPAN_INIT("madvise"),
	SPAN_INIT("mmap"),
	SPAN_INIT("nanosleep"),
	SPAN_INIT("rt_sigreturn"),
	SPAN_INIT("sched_yield"),
	SPAN_INIT("sigaltstack"),
	SPAN_INIT("tgkill"),
	/* crun 1.8 */
	SPAN_INIT("kill"),
	SPAN_INIT("munmap"),
	SPAN_INIT("pselect6"),
	SPAN_INIT("rt_sigaction"),
	SPAN_INIT("rt_sigprocmask"),
	SPAN_INIT("setresgid"),
	SPAN_INIT("setresuid"),
	SPAN_INIT("wait4"),
};

/*
 * Not the program's choice: what the vDSO does by a system call where the clock is not readable
 * from user space, what the kernel itself restarts or returns by, how a program ends, and memory,
 * which a heavier load asks for in other ways.
 */
static const struct span machine_calls[] = {
	SPAN_INIT("clock_getres"),
	SPAN_INIT("clock_gettime"),
	SPAN_INIT("clock_gettime64"),
	SPAN_INIT("getcpu"),
	SPAN_INIT("gettimeofday"),
	SPAN_INIT("time"),
	SPAN_INIT("restart_syscall"),
	SPAN_INIT("rt_sigreturn"),
	SPAN_INIT("sigreturn"),
	SPAN_INIT("exit"),
	SPAN_INIT("exit_group"),
	SPAN_INIT("getpid"),
	SPAN_INIT("gettid"),
	SPAN_INIT("rt_sigaction"),
	SPAN_INIT("rt_sigprocmask"),
	SPAN_INIT("tgkill"),
	SPAN_INIT("brk"),
	SPAN_INIT("madvise"),
	SPAN_INIT("mmap"),
	SPAN_INIT("mmap2"),
	SPAN_INIT("mprotect"),
	SPAN_INIT("mremap"),
	SPAN_INIT("munmap"),
};

int
calls_derive(const struct limits_input *input, struct limits *limits, struct err *err)
{
	struct arena *arena = limits->arena;
	int r = names_sort(runtime_calls, COUNT(runtime_calls), arena,
			   &limits->calls[CALLS_RUNTIME], err);

	if (r == 0)
		r = names_sort(machine_calls, COUNT(machine_calls), arena,
			       &limits->calls[CALLS_MACHINE], err);
	for (size_t i = 0; r == 0 && i < input->run_count; i++) {
		const struct demands *demands = &input->runs[i]->demands;

		r = names_unite(limits->calls[CALLS_SERVICE], demands->calls, arena,
				&limits->calls[CALLS_SERVICE], err);
		if (r == 0)
			r = names_unite(limits->calls[CALLS_RUNTIME], demands->runtime_calls, arena,
					&limits->calls[CALLS_RUNTIME], err);
	}
	return r;
}

int
limits_allowed(const struct limits *limits, struct arena *arena, struct span_list *ret,
	       struct err *err)
{
	struct span_list all = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < CALL_SOURCES; i++)
		r = names_unite(all, limits->calls[i], arena, &all, err);
	if (r == 0)
		*ret = all;
	return r;
}
