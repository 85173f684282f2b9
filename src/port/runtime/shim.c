/* SPDX-License-Identifier: Apache-2.0 */
#include "port/runtime/shim.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CREATE_TIMEOUT_MS = 60000, CHUNK = 16384 };

struct shim {
	int log;
	int output;	  /* what the container prints; -1 once everybody closed it */
	uint64_t written; /* to the log */
	struct shim_report report;
};

static void
keep_tail(struct shim_report *report, struct span s)
{
	if (s.n > SHIM_TAIL)
		s = span_slice(s, s.n - SHIM_TAIL, s.n);
	if (report->tail_n + s.n > SHIM_TAIL) {
		size_t drop = report->tail_n + s.n - SHIM_TAIL;

		memmove(report->tail, report->tail + drop, report->tail_n - drop);
		report->tail_n -= (uint32_t)drop;
	}
	memcpy(report->tail + report->tail_n, s.p, s.n);
	report->tail_n += (uint32_t)s.n;
}

static void
take_output(struct shim *shim, struct span s)
{
	struct err ignored = ERR_INIT;
	size_t room = (size_t)(CONTAINER_LOG_MAX - shim->written);

	keep_tail(&shim->report, s);
	if (s.n > room) {
		shim->report.cut = 1;
		s = span_slice(s, 0, room);
	}
	shim->written += s.n;
	if (shim->log >= 0)
		(void)fd_write_full(shim->log, s, &ignored);
}

/* Everything there is now. */
static void
read_output(struct shim *shim)
{
	char chunk[CHUNK];

	while (shim->output >= 0) {
		ssize_t got = read(shim->output, chunk, sizeof(chunk));

		if (got > 0)
			take_output(shim, (struct span){chunk, (size_t)got});
		else if (got == 0)
			fd_cleanup(&shim->output);
		else if (errno != EINTR)
			return;
	}
}

/* Takes output until `fd` is readable. */
static void
pump_until(struct shim *shim, int fd)
{
	for (;;) {
		struct pollfd fds[2] = {{.fd = fd, .events = POLLIN},
					{.fd = shim->output, .events = POLLIN}};

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		read_output(shim);
		if (fds[0].revents)
			return;
	}
}

static void
send_report(struct shim *shim, int fd, enum shim_event event)
{
	struct err ignored = ERR_INIT;

	shim->report.event = event;
	(void)fd_write_full(fd, (struct span){(const char *)&shim->report, sizeof(shim->report)},
			    &ignored);
}

static pid_t
read_pid(const char *path)
{
	char text[32] = "";
	uint64_t value = 0;
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return -1;
	if (!span_to_u64(span_trim(span_from(text)), &value) || value < 1 || value > INT32_MAX)
		return -1;
	return (pid_t)value;
}

static int
run_create(struct shim *shim, const struct shim_options *options, struct err *err)
{
	CLEANUP(proc_cleanup) struct proc proc = PROC_INIT;
	int ends[2];
	int status = 1;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, ERR_IO, errno, "cannot make a pipe");
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	shim->output = ends[0];
	const struct proc_options create = {
		.argv = options->argv, .input = -1, .output = ends[1], .error = ends[1]};
	int r = proc_start(&create, &proc, err);
	(void)close(ends[1]);
	if (r < 0)
		return r;
	pump_until(shim, proc.pidfd);
	r = proc_wait(&proc, CREATE_TIMEOUT_MS, &status, err);
	if (r == 0 && status != 0)
		r = err_set(err, ERR_CHILD, "status %d", status);
	return r;
}

/* Reaps until the container's first process is among them. */
static int
reap_until(pid_t wanted)
{
	int status = 0;

	for (pid_t pid = 0; pid != wanted;) {
		pid = waitpid(-1, &status, 0);
		if (pid < 0 && errno != EINTR)
			return 255;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Closes all but two, so that no pipe of the session is held open here. */
static void
close_others(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b);
	unsigned high = (unsigned)(a < b ? b : a);

	if (low > 3)
		(void)syscall(SYS_close_range, 3U, low - 1, 0U);
	if (high > low + 1)
		(void)syscall(SYS_close_range, low + 1, high - 1, 0U);
	(void)syscall(SYS_close_range, high + 1, ~0U, 0U);
}

_Noreturn void
shim_main(const struct shim_options *options, int report, pid_t parent)
{
	struct shim shim = {.output = -1};
	struct err err = ERR_INIT;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void)prctl(PR_SET_NAME, "mohs-shim");
	shim.log = open(options->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	close_others(report, shim.log >= 0 ? shim.log : report);

	shim.report.status = run_create(&shim, options, &err) < 0;
	pid_t pid = shim.report.status ? -1 : read_pid(options->pid_file);
	int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	if (pidfd < 0)
		shim.report.status = 1;
	shim.report.pid = pid;
	send_report(&shim, report, SHIM_CREATED);
	if (pidfd < 0)
		_exit(1);
	pump_until(&shim, pidfd);
	read_output(&shim);
	shim.report.status = reap_until(pid);
	send_report(&shim, report, SHIM_ENDED);
	_exit(0);
}
