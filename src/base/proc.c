/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	POLL_STEP_MS = 100, /* how soon a cancellation is seen */
	CHUNK = 16384,
	STACK_BYTES = 256 * 1024, /* execvpe() keeps a path on it */
};

volatile sig_atomic_t proc_cancel;

void
proc_reset_signals(const int *ignored, size_t count)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	for (size_t i = 0; i < count; i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * A child in the memory of its parent, which waits until the program is executed. It keeps nothing
 * on its stack: it does not come back from there.
 */
struct launch {
	const struct proc_options *options;
	pid_t parent;
	int descriptors[3]; /* what becomes 0, 1 and 2 */
	int error;	    /* errno, when the program is not executed */
};

static bool
set_descriptors(struct launch *launch)
{
	for (int i = 0; i < 3; i++) {
		if (launch->descriptors[i] < 0)
			launch->descriptors[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		/* out of the way of 0, 1 and 2 */
		launch->descriptors[i] = fcntl(launch->descriptors[i], F_DUPFD_CLOEXEC, 3);
	}
	for (int i = 0; i < 3; i++) {
		if (launch->descriptors[i] < 0 || dup2(launch->descriptors[i], i) < 0)
			return false;
	}
	return true;
}

/* Async-signal-safe calls only. */
static int
child_main(void *context)
{
	struct launch *launch = context;
	const struct proc_options *options = launch->options;
	char *const *argv = (char *const *)(uintptr_t)options->argv;
	char *const *environment = (char *const *)(uintptr_t)options->environment;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != launch->parent)
		return 127;
	if (options->new_group)
		(void)setpgid(0, 0);
	proc_reset_signals(NULL, 0);
	if (set_descriptors(launch) && (!options->directory || chdir(options->directory) == 0))
		(void)execvpe(argv[0], argv, environment ? environment : environ);
	launch->error = errno;
	return 127;
}

/*
 * As vfork() does it, on a stack of its own: nothing of this process is copied, which waits until
 * the child has executed its program or ended. -1 and errno.
 */
static pid_t
launch_child(struct launch *launch)
{
	sigset_t all;
	sigset_t before;
	void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return -1;
	/* no handler of this process may run in the child */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = clone(child_main, (char *)stack + STACK_BYTES, CLONE_VM | CLONE_VFORK | SIGCHLD,
			  launch);
	int error = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)munmap(stack, STACK_BYTES);
	errno = error;
	return pid;
}

int
proc_start(const struct proc_options *options, struct proc *ret, struct err *err)
{
	struct launch launch = {
		.options = options,
		.parent = getpid(),
		.descriptors = {options->input, options->output, options->error},
	};
	pid_t pid = launch_child(&launch);

	if (pid < 0)
		return err_sys(err, ERR_IO, errno, "cannot start %s", options->argv[0]);
	if (launch.error) {
		(void)waitpid(pid, NULL, 0);
		return err_sys(err, launch.error == ENOENT ? ERR_NOT_FOUND : ERR_CHILD,
			       launch.error, "cannot run %s", options->argv[0]);
	}
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		int error = errno;

		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return err_sys(err, ERR_IO, error, "cannot watch %s", options->argv[0]);
	}
	*ret = (struct proc){.pid = pid, .pidfd = pidfd, .group = options->new_group};
	return 0;
}

static void
forget(struct proc *proc)
{
	fd_cleanup(&proc->pidfd);
	proc->pid = -1;
}

/* Reaps one that has ended. */
static int
reap(struct proc *proc)
{
	int status = 0;

	(void)TEMP_FAILURE_RETRY(waitpid(proc->pid, &status, 0));
	forget(proc);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Waits for `fd` to be readable until `deadline`: 1, 0 on time-out, < 0 error. */
static int
wait_readable(int fd, uint64_t deadline, struct err *err)
{
	for (;;) {
		uint64_t now = clock_ms();
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		uint64_t left = deadline > now ? deadline - now : 0;
		int got = poll(&poll_fd, 1, left < POLL_STEP_MS ? (int)left : POLL_STEP_MS);
		if (got > 0)
			return 1;
		if (got < 0 && errno != EINTR)
			return err_sys(err, ERR_IO, errno, "cannot wait");
		if (left == 0)
			return 0;
	}
}

static uint64_t
deadline_after(uint64_t timeout_ms)
{
	uint64_t deadline;

	return __builtin_add_overflow(clock_ms(), timeout_ms, &deadline) ? UINT64_MAX : deadline;
}

int
proc_wait(struct proc *proc, uint64_t timeout_ms, int *ret_status, struct err *err)
{
	int r = wait_readable(proc->pidfd, deadline_after(timeout_ms), err);

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_TIMEOUT, "still running after %llu ms",
			       (unsigned long long)timeout_ms);
	*ret_status = reap(proc);
	return 0;
}

static void
send_signal(const struct proc *proc, int signal_number)
{
	if (!proc->group || kill(-proc->pid, signal_number) < 0)
		(void)kill(proc->pid, signal_number);
}

void
proc_kill(struct proc *proc, uint64_t grace_ms)
{
	struct pollfd poll_fd = {.fd = proc->pidfd, .events = POLLIN};

	if (proc->pid < 0)
		return;
	send_signal(proc, SIGTERM);
	(void)TEMP_FAILURE_RETRY(poll(&poll_fd, 1, grace_ms > 60000 ? 60000 : (int)grace_ms));
	send_signal(proc, SIGKILL);
	(void)reap(proc);
}

void
proc_cleanup(struct proc *proc)
{
	if (proc->pid < 0)
		return;
	send_signal(proc, SIGKILL);
	(void)reap(proc);
}

/* Keeps the newest bytes when the buffer is full. */
static int
keep_output(struct buf *output, struct span s, struct err *err)
{
	if (s.n > output->max)
		s = span_slice(s, s.n - output->max, s.n);
	if (output->n + s.n > output->max) {
		size_t drop = output->n + s.n - output->max;

		memmove(output->p, output->p + drop, output->n - drop);
		output->n -= drop;
	}
	return buf_append(output, s, err);
}

static int
drain(int fd, uint64_t deadline, struct buf *output, struct err *err)
{
	char chunk[CHUNK];

	for (;;) {
		int r = wait_readable(fd, deadline, err);
		if (r <= 0)
			return r < 0 ? r : err_set(err, ERR_TIMEOUT, "took too long");
		ssize_t got = read(fd, chunk, sizeof(chunk));
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return err_sys(err, ERR_IO, errno, "cannot read its output");
		if (got > 0 && output) {
			r = keep_output(output, (struct span){chunk, (size_t)got}, err);
			if (r < 0)
				return r;
		}
	}
}

static struct span
last_line(struct span s)
{
	s = span_trim(s);
	size_t newline = span_find_last(s, '\n');

	return newline == s.n ? s : span_slice(s, newline + 1, s.n);
}

int
proc_run(const struct proc_options *options, uint64_t timeout_ms, struct buf *output,
	 struct err *err)
{
	CLEANUP(proc_cleanup) struct proc proc = PROC_INIT;
	struct proc_options with_pipe = *options;
	uint64_t deadline = deadline_after(timeout_ms);
	int ends[2];
	int status;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start %s", options->argv[0]);
	CLEANUP(fd_cleanup) int from_child = ends[0];
	CLEANUP(fd_cleanup) int to_parent = ends[1];
	with_pipe.output = to_parent;
	with_pipe.error = to_parent;
	with_pipe.new_group = true;

	int r = proc_start(&with_pipe, &proc, err);
	if (r < 0)
		return r;
	fd_cleanup(&to_parent);
	r = drain(from_child, deadline, output, err);
	if (r == 0) {
		uint64_t now = clock_ms();
		r = proc_wait(&proc, deadline > now ? deadline - now : 0, &status, err);
	}
	if (r < 0)
		return err_wrap(err, "%s", options->argv[0]);
	if (status != 0) {
		struct span line = output ? last_line(buf_span(output)) : SPAN("");

		return err_set(err, ERR_CHILD, "%s exited with status %d%s%.*s", options->argv[0],
			       status, line.n ? ": " : "", line.n > 150 ? 150 : (int)line.n,
			       line.p);
	}
	return 0;
}
