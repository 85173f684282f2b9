/* SPDX-License-Identifier: Apache-2.0 */
#include "base/confine.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/confine/private.h"
#include "base/fd.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the child says last, in one write. */
struct report {
	int32_t kind; /* enum err_kind, ERR_NONE: all is well */
	int32_t sys;
	uint64_t answer;
	char text[sizeof(((struct err *)0)->text)];
};

/* What a child needs to know. */
struct child {
	const struct confine_options *options;
	confine_function function;
	void *context;
	pid_t parent;
	int out;
	int report;
};

/* ---- in the child ---- */

static void
reset_signals(void)
{
	/* whoever presses ^C means mohs; it ends its children */
	static const int ignored[] = {SIGINT, SIGQUIT, SIGHUP, SIGPIPE};

	proc_reset_signals(ignored, sizeof(ignored) / sizeof(ignored[0]));
}

static int
close_others(const struct child *child, struct err *err)
{
	int kept[CONFINE_FDS + 3];
	size_t n = 0;

	for (size_t i = 0; i < child->options->fd_count; i++) {
		if (child->options->fds[i] >= 0)
			kept[n++] = child->options->fds[i];
	}
	kept[n++] = child->out;
	kept[n++] = child->report;
	if (CONFINE_SANITIZED) /* for what the sanitizer has to say */
		kept[n++] = STDERR_FILENO;
	return confine_close_others(kept, n, err);
}

static int
confine_self(const struct child *child, struct err *err)
{
	reset_signals();
	int r = confine_lower_limits(child->options->memory, err);
	if (r == 0)
		r = close_others(child, err);
	if (r == 0)
		r = confine_drop_privileges(err);
	if (r == 0)
		r = confine_landlock(err);
	if (r < 0)
		return r;
	/* after the change of user, which takes the first back */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(err, ERR_IO, errno, "cannot be tied to its parent");
	if (getppid() != child->parent)
		return err_set(err, ERR_CANCELLED, "interrupted");

	const int writable[] = {child->out, child->report, STDERR_FILENO};
	return confine_filter(writable, CONFINE_SANITIZED ? 3 : 2, err);
}

static _Noreturn void
run_child(const struct child *child)
{
	struct report report = {0};
	struct err err = ERR_INIT;
	int r = confine_self(child, &err);

	if (r < 0)
		(void)err_wrap(&err, "cannot be confined");
	else
		r = child->function(child->context, child->out, &report.answer, &err);
	if (r < 0) {
		report.kind = (int32_t)err.kind;
		report.sys = err.sys;
		memcpy(report.text, err.text, sizeof(report.text));
	}
	(void)!write(child->report, &report, sizeof(report));
	_exit(0);
}

/* ---- in the parent ---- */

static int
watch(pid_t pid, struct confined *confined, struct err *err)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	confined->proc = (struct proc){.pid = pid, .pidfd = pidfd};
	if (pidfd >= 0)
		return 0;
	int error = errno;
	proc_cleanup(&confined->proc);
	return err_sys(err, ERR_IO, error, "cannot watch %s", confined->what);
}

int
confine_start(const struct confine_options *options, confine_function function, void *context,
	      struct confined *ret, struct err *err)
{
	CLEANUP(confine_cleanup) struct confined confined = CONFINED_INIT;
	int out[2];
	int report[2];

	(void)snprintf(confined.what, sizeof(confined.what), "%s", options->what);
	if (options->fd_count > CONFINE_FDS)
		return err_set(err, ERR_LIMIT, "%s: too many descriptors (CONFINE_FDS %d)",
			       options->what, CONFINE_FDS);
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start %s", options->what);
	confined.out = out[0];
	CLEANUP(fd_cleanup) int out_end = out[1];
	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start %s", options->what);
	confined.report = report[0];
	CLEANUP(fd_cleanup) int report_end = report[1];

	const struct child child = {options, function, context, getpid(), out_end, report_end};
	pid_t pid = fork();
	if (pid == 0)
		run_child(&child);
	if (pid < 0)
		return err_sys(err, ERR_IO, errno, "cannot start %s", options->what);
	int r = watch(pid, &confined, err);
	if (r < 0)
		return r;
	*ret = confined;
	confined = (struct confined)CONFINED_INIT;
	return 0;
}

void
confine_cleanup(struct confined *confined)
{
	proc_cleanup(&confined->proc);
	fd_cleanup(&confined->out);
	fd_cleanup(&confined->report);
}

static int
died(const struct confined *confined, int status, struct err *err)
{
	int number = status > 128 ? status - 128 : 0;
	const char *name = number ? sigabbrev_np(number) : NULL;

	if (number == SIGSYS)
		return err_set(err, ERR_CHILD, "%s died: it tried what it may not (SIGSYS)",
			       confined->what);
	if (number)
		return err_set(err, ERR_CHILD, "%s died: signal %d%s%s", confined->what, number,
			       name ? ", SIG" : "", name ? name : "");
	return err_set(err, ERR_CHILD, "%s died: status %d", confined->what, status);
}

/* The child's words are made plain: a known kind, printable text. */
static int
judge(const struct report *report, struct err *err)
{
	struct err said = {.kind = ERR_CHILD, .sys = report->sys};

	if (report->kind > ERR_NONE && report->kind < ERR_KINDS)
		said.kind = (enum err_kind)report->kind;
	for (size_t i = 0; i < sizeof(said.text) - 1 && report->text[i]; i++) {
		unsigned char byte = (unsigned char)report->text[i];

		said.text[i] = (char)(byte < ' ' || byte == 0x7f ? '?' : byte);
	}
	*err = said;
	return -(int)said.kind;
}

int
confine_finish(struct confined *confined, uint64_t timeout_ms, uint64_t *ret_answer,
	       struct err *err)
{
	struct report report;
	int status = 0;

	int r = proc_wait(&confined->proc, timeout_ms, &status, err);
	if (r < 0) {
		proc_cleanup(&confined->proc);
		return r == -ERR_CANCELLED ? r : err_wrap(err, "%s", confined->what);
	}
	if (status != 0)
		return died(confined, status, err);
	if (read(confined->report, &report, sizeof(report)) != (ssize_t)sizeof(report))
		return err_set(err, ERR_CHILD, "%s ended without an answer", confined->what);
	if (report.kind != ERR_NONE)
		return judge(&report, err);
	if (ret_answer)
		*ret_answer = report.answer;
	return 0;
}

/* What the child writes until it closes `out`, at most result->max bytes. */
static int
collect(const struct confined *confined, uint64_t deadline, struct buf *result, struct err *err)
{
	enum { CHUNK = 65536, STEP_MS = 100 };
	CLEANUP(free_cleanup) char *chunk = malloc(CHUNK);

	if (!chunk)
		return err_memory(err);
	for (;;) {
		struct pollfd end = {.fd = confined->out, .events = POLLIN};
		uint64_t now = clock_ms();
		uint64_t left = deadline > now ? deadline - now : 0;

		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		if (left == 0)
			return err_set(err, ERR_TIMEOUT, "%s took too long", confined->what);
		if (poll(&end, 1, left < STEP_MS ? (int)left : STEP_MS) <= 0)
			continue;
		ssize_t got = read(confined->out, chunk, CHUNK);
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return err_sys(err, ERR_IO, errno, "cannot read from %s", confined->what);
		int r = got < 0 ? 0 : buf_append(result, (struct span){chunk, (size_t)got}, err);
		if (r < 0)
			return err_wrap(err, "%s", confined->what);
	}
}

int
confine_run(const struct confine_options *options, confine_function function, void *context,
	    uint64_t timeout_ms, struct buf *result, uint64_t *ret_answer, struct err *err)
{
	CLEANUP(confine_cleanup) struct confined confined = CONFINED_INIT;
	uint64_t deadline;

	if (__builtin_add_overflow(clock_ms(), timeout_ms, &deadline))
		deadline = UINT64_MAX;
	int r = confine_start(options, function, context, &confined, err);
	if (r == 0)
		r = collect(&confined, deadline, result, err);
	if (r < 0)
		return r;
	uint64_t now = clock_ms();
	return confine_finish(&confined, deadline > now ? deadline - now : 0, ret_answer, err);
}
