/* SPDX-License-Identifier: Apache-2.0 */
/* Where a password comes from; never the arguments of a program, which anybody may read. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "port/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

/* Up to the line's end. */
static int
cut_line(struct secret *secret, struct err *err)
{
	struct span text = secret_span(secret);
	size_t n = span_find(text, '\n');

	if (n > 0 && n < text.n && text.p[n - 1] == '\r')
		n--;
	if (n > PASSWORD_MAX)
		return err_set(err, ERR_LIMIT, "a password of more than %d bytes", PASSWORD_MAX);
	sodium_memzero(secret->p + n, secret->n - n);
	secret->n = n;
	return 0;
}

static int
from_descriptor(int fd, struct secret **ret, struct err *err)
{
	CLEANUP(secret_cleanup) struct secret *secret = NULL;
	int r = secret_read(fd, PASSWORD_MAX + 2, &secret, err);

	if (r == 0)
		r = cut_line(secret, err);
	if (r < 0)
		return err_wrap(err, "password from descriptor %d", fd);
	*ret = TAKE(secret);
	return 0;
}

int
password_load(const char *path, struct secret **ret, struct err *err)
{
	CLEANUP(secret_cleanup) struct secret *secret = NULL;
	int r = secret_load(path, PASSWORD_MAX + 2, &secret, err);

	if (r == 0)
		r = cut_line(secret, err);
	if (r < 0)
		return r;
	*ret = TAKE(secret);
	return 0;
}

/* Moves it out of the environment. ERR_NOT_FOUND when it is not there. */
static int
from_environment(const char *name, struct secret **ret, struct err *err)
{
	char *value = getenv(name);
	size_t n = value ? strlen(value) : 0;

	if (!value)
		return err_set(err, ERR_NOT_FOUND, "$%s is not set", name);
	if (n > PASSWORD_MAX)
		return err_set(err, ERR_LIMIT, "$%s is longer than %d bytes", name, PASSWORD_MAX);
	int r = secret_new(n, ret, err);
	if (r < 0)
		return r;
	memcpy((*ret)->p, value, n);
	sodium_memzero(value, n);
	(void)unsetenv(name);
	return 0;
}

/* A byte at a time: what stands behind the line is not ours. */
static int
read_line(int tty, char interrupt, struct secret *to, struct err *err)
{
	size_t n = 0;

	for (;;) {
		char c;
		ssize_t got = read(tty, &c, 1);

		if (proc_cancel || (got == 1 && interrupt && c == interrupt))
			return err_set(err, ERR_CANCELLED, "interrupted at the password");
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, ERR_IO, errno, "reading the password");
		if (got == 0 && n == 0)
			return err_set(err, ERR_CANCELLED, "no password was given");
		if (got == 0 || c == '\n')
			break;
		if (n == PASSWORD_MAX)
			return err_set(err, ERR_LIMIT, "a password of more than %d bytes",
				       PASSWORD_MAX);
		to->p[n++] = (unsigned char)c;
	}
	to->p[n] = '\0';
	to->n = n;
	return 0;
}

/*
 * The terminal must be as it was before ^C ends the process: so it sends no signal meanwhile, and
 * ^C is a byte that ends the line.
 */
static int
ask(int tty, const char *prompt, const char *of, struct secret **ret, struct err *err)
{
	CLEANUP(secret_cleanup) struct secret *secret = NULL;
	struct termios before;
	int r = secret_new(PASSWORD_MAX, &secret, err);

	if (r < 0)
		return r;
	if (tcgetattr(tty, &before) < 0)
		return err_sys(err, ERR_IO, errno, "asking the terminal for a password");
	struct termios silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	silent.c_lflag |= ECHONL | ICANON;
	silent.c_cc[VEOL] = before.c_cc[VINTR];
	if (tcsetattr(tty, TCSAFLUSH, &silent) < 0)
		return err_sys(err, ERR_IO, errno, "asking the terminal for a password");
	(void)dprintf(tty, "%s for %s: ", prompt, of);
	r = read_line(tty, (char)before.c_cc[VINTR], secret, err);
	(void)tcsetattr(tty, TCSAFLUSH, &before);
	if (r < 0)
		return r;
	*ret = TAKE(secret);
	return 0;
}

static int
nowhere(const struct password_source *source, struct err *err)
{
	return err_set(err, ERR_AUTH,
		       "no %s for %s: set MOHS_PASSWORD or COSIGN_PASSWORD, or give --password-fd",
		       source->what ? source->what : "password", source->of);
}

static int
from_terminal(const struct password_source *source, struct secret **ret, struct err *err)
{
	CLEANUP(fd_cleanup) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	CLEANUP(secret_cleanup) struct secret *first = NULL;
	CLEANUP(secret_cleanup) struct secret *second = NULL;

	if (tty < 0)
		return nowhere(source, err);
	const char *what = source->what ? source->what : "Password";
	int r = ask(tty, source->repeat ? "New password" : what, source->of, &first, err);
	if (r == 0 && source->repeat)
		r = ask(tty, "Once more", source->of, &second, err);
	if (r < 0)
		return r;
	if (second && !span_equal(secret_span(first), secret_span(second)))
		return err_set(err, ERR_MISMATCH, "the two passwords differ");
	*ret = TAKE(first);
	return 0;
}

int
password_get(const struct password_source *source, struct secret **ret, struct err *err)
{
	static const char *const names[] = {"MOHS_PASSWORD", "COSIGN_PASSWORD"};

	if (source->fd >= 0)
		return from_descriptor(source->fd, ret, err);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int r = from_environment(names[i], ret, err);

		if (r != -ERR_NOT_FOUND)
			return r;
	}
	if (source->prompt)
		return from_terminal(source, ret, err);
	return nowhere(source, err);
}
