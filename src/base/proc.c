/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	POLL_STEP_MS = 100, /* how soon a cancellation is seen */
	CHUNK = 16384,
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

/* Between fork and exec: async-signal-safe calls only. Reports errno through `report`. */
static _Noreturn void
child_exec(const struct proc_options *options, pid_t parent, int report)
{
	const int wanted[3] = {options->input, options->output, options->error};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	if (options->new_group)
		(void)setpgid(0, 0);
	proc_reset_signals(NULL, 0);

	int spare[3];
	for (int i = 0; i < 3; i++) {
		int from = wanted[i] >= 0 ? wanted[i] : open("/dev/null", O_RDWR | O_CLOEXEC);
		/* out of the way of 0, 1 and 2 */
		spare[i] = fcntl(from, F_DUPFD_CLOEXEC, 3);
	}
	for (int i = 0; i < 3; i++) {
		if (spare[i] < 0 || dup2(spare[i], i) < 0)
			goto failed;
	}
	if (options->directory && chdir(options->directory) < 0)
		goto failed;
	if (options->environment)
		(void)execvpe(options->argv[0], (char *const *)(uintptr_t)options->argv,
			      (char *const *)(uintptr_t)options->environment);
	else
		(void)execvp(options->argv[0], (char *const *)(uintptr_t)options->argv);
failed:;
	int error = errno;
	(void)!write(report, &error, sizeof(error));
	_exit(127);
}

int
proc_start(const struct proc_options *options, struct proc *ret, struct err *err)
{
	int report[2];
	int error = 0;

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start %s", options->argv[0]);
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0) {
		/* keep the report pipe clear of 0, 1 and 2 */
		child_exec(options, parent, fcntl(report[1], F_DUPFD_CLOEXEC, 3));
	}
	(void)close(report[1]);
	CLEANUP(fd_cleanup) int reported = report[0];
	if (pid < 0)
		return err_sys(err, ERR_IO, errno, "cannot start %s", options->argv[0]);

	ssize_t got = TEMP_FAILURE_RETRY(read(reported, &error, sizeof(error)));
	if (got == (ssize_t)sizeof(error)) {
		(void)waitpid(pid, NULL, 0);
		return err_sys(err, error == ENOENT ? ERR_NOT_FOUND : ERR_CHILD, error,
			       "cannot run %s", options->argv[0]);
	}
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		error = errno;
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
