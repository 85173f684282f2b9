/* SPDX-License-Identifier: Apache-2.0 */
#include "port/visit.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "port/visit/private.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

_Noreturn void
visit_fail(const struct visit *visit, const struct err *err)
{
	const struct visit_report report = {.err = *err};

	(void)!write(visit->report, &report, sizeof(report));
	_exit(1);
}

/* All but users, which come last: they take the right to do the rest. */
static int
join(const struct target *target, struct err *err)
{
	const int namespaces = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

	if (setns(target->pidfd, namespaces) == 0)
		return 0;
	if (errno == ESRCH)
		return err_set(err, ERR_MISMATCH, "%.*s has ended", SPAN_ARG(target->name));
	return err_sys(err, errno == EINVAL ? ERR_UNSUPPORTED : ERR_IO, errno,
		       "cannot join the namespaces of %.*s", SPAN_ARG(target->name));
}

/* Outside: makes the room, and waits. */
static _Noreturn void
host_main(struct visit *visit)
{
	struct visit_report report = {0};
	struct err err = ERR_INIT;
	int status = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != visit->parent)
		_exit(1);
	proc_reset_signals((const int[]){SIGPIPE}, 1);
	proc_cancel = 0;
	if (room_make(visit, &err) < 0 || join(visit->options->target, &err) < 0)
		visit_fail(visit, &err);
	pid_t guest = fork();
	if (guest == 0)
		guest_main(visit);
	if (guest < 0) {
		(void)err_sys(&err, errno == ENOMEM ? ERR_MISMATCH : ERR_IO, errno,
			      "cannot start a process in the container");
		visit_fail(visit, &err);
	}
	(void)TEMP_FAILURE_RETRY(waitpid(guest, &status, 0));
	report.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	lens_free(visit->lens);
	(void)!write(visit->report, &report, sizeof(report));
	_exit(0);
}

static int
take_report(int fd, int *ret_status, struct err *err)
{
	struct visit_report report;
	ssize_t n = TEMP_FAILURE_RETRY(read(fd, &report, sizeof(report)));

	if (n != (ssize_t)sizeof(report))
		return err_set(err, ERR_CHILD, "the process beside the container was killed");
	if (report.err.kind != ERR_NONE) {
		*err = report.err;
		return -(int)err->kind;
	}
	*ret_status = report.status;
	return 0;
}

int
visit_run(const struct visit_options *options, int *ret_status, struct err *err)
{
	CLEANUP(terminal_cleanup) struct terminal terminal = TERMINAL_INIT;
	struct visit visit = {.options = options, .parent = getpid()};
	int ends[2];

	if (geteuid() != 0)
		return err_set(err, ERR_UNSUPPORTED, "looking into containers needs root");
	int r = terminal_open(&terminal, err);
	if (r < 0)
		return r;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start");
	visit.terminal = terminal.theirs;
	visit.report = ends[1];
	CLEANUP(fd_cleanup) int report = ends[0];
	pid_t host = fork();
	if (host == 0)
		host_main(&visit);
	int error = errno;
	(void)close(ends[1]);
	fd_cleanup(&terminal.theirs);
	if (host < 0)
		return err_sys(err, ERR_IO, error, "cannot start");
	r = terminal_relay(&terminal, report, err);
	if (r == 0)
		r = take_report(report, ret_status, err);
	/* the others are tied to it */
	if (r < 0)
		(void)kill(host, SIGKILL);
	(void)TEMP_FAILURE_RETRY(waitpid(host, NULL, 0));
	return r;
}
