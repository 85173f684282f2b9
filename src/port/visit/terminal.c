/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A terminal for the command alone: what shares its namespaces never gets hold of the one mohs was
 * started from.
 */
#include "port/visit/private.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { CHUNK = 4096, DRAIN_MS = 200 };

static volatile sig_atomic_t resized;

static void
note_resize(int number)
{
	(void)number;
	resized = 1;
}

static void
copy_size(int to)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(to, TIOCSWINSZ, &size);
}

int
terminal_open(struct terminal *ret, struct err *err)
{
	CLEANUP(fd_cleanup) int ours = -1;
	char name[64];

	if (!isatty(STDIN_FILENO))
		return 0;
	ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (ours < 0 || grantpt(ours) < 0 || unlockpt(ours) < 0 ||
	    ptsname_r(ours, name, sizeof(name)) != 0)
		return err_sys(err, ERR_IO, errno, "cannot make a terminal");
	ret->theirs = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (ret->theirs < 0)
		return err_sys(err, ERR_IO, errno, "cannot open %s", name);
	copy_size(ours);
	ret->ours = TAKE_FD(ours);
	return 0;
}

/* False: there is nothing more on this side. */
static bool
show_output(const struct terminal *terminal)
{
	struct err ignored = ERR_INIT;
	char chunk[CHUNK];
	ssize_t n = read(terminal->ours, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	return n > 0 &&
	       fd_write_full(STDOUT_FILENO, (struct span){chunk, (size_t)n}, &ignored) == 0;
}

/* What was typed and not taken yet: a command that only writes must not be waited for. */
struct typed {
	char bytes[CHUNK];
	size_t from;
	size_t to;
	bool ended;
};

static void
take_typed(struct typed *typed)
{
	ssize_t n = read(STDIN_FILENO, typed->bytes, sizeof(typed->bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	typed->from = 0;
	typed->to = n > 0 ? (size_t)n : 0;
	typed->ended = n <= 0;
}

static void
give_typed(struct typed *typed, int to)
{
	ssize_t n = write(to, typed->bytes + typed->from, typed->to - typed->from);

	if (n > 0)
		typed->from += (size_t)n;
	else if (errno != EINTR && errno != EAGAIN)
		typed->from = typed->to;
}

static int
relay(struct terminal *terminal, int report, struct err *err)
{
	struct typed typed = {.ended = terminal->ours < 0};
	struct pollfd fds[] = {{.fd = report, .events = POLLIN},
			       {.fd = terminal->ours},
			       {.fd = STDIN_FILENO, .events = POLLIN}};

	while (!proc_cancel) {
		bool waiting = typed.from < typed.to;

		if (resized && terminal->ours >= 0)
			copy_size(terminal->ours);
		resized = 0;
		fds[1].events = (short)(waiting ? POLLIN | POLLOUT : POLLIN);
		fds[2].fd = waiting || typed.ended ? -1 : STDIN_FILENO;
		int ready = poll(fds, 3, 500);
		if (ready < 0 && errno != EINTR)
			return err_sys(err, ERR_IO, errno, "cannot wait for the command");
		if (ready <= 0)
			continue;
		if (fds[1].revents & POLLOUT)
			give_typed(&typed, terminal->ours);
		if ((fds[1].revents & (POLLIN | POLLHUP | POLLERR)) && !show_output(terminal))
			fds[1].fd = -1;
		if (fds[2].fd >= 0 && fds[2].revents)
			take_typed(&typed);
		if (fds[0].revents)
			return 0;
	}
	return err_set(err, ERR_CANCELLED, "interrupted");
}

/* What was written before the end. */
static void
drain(struct terminal *terminal)
{
	struct pollfd output = {.fd = terminal->ours, .events = POLLIN};

	while (terminal->ours >= 0 && poll(&output, 1, DRAIN_MS) > 0) {
		if (!show_output(terminal))
			return;
	}
}

int
terminal_relay(struct terminal *terminal, int report, struct err *err)
{
	const struct sigaction action = {.sa_handler = note_resize};
	struct sigaction before_action;
	struct termios before;
	struct termios raw;

	if (terminal->ours < 0)
		return relay(terminal, report, err);
	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return err_sys(err, ERR_IO, errno, "cannot set the terminal up");
	raw = before;
	cfmakeraw(&raw);
	(void)sigaction(SIGWINCH, &action, &before_action);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		return err_sys(err, ERR_IO, errno, "cannot set the terminal up");
	int r = relay(terminal, report, err);
	drain(terminal);
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	(void)sigaction(SIGWINCH, &before_action, NULL);
	return r;
}

void
terminal_cleanup(struct terminal *terminal)
{
	fd_cleanup(&terminal->ours);
	fd_cleanup(&terminal->theirs);
}
