/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/terminal.h"

#include "base/clock.h"
#include "cmd/printable.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	REDRAW_MS = 100,
	DEFAULT_WIDTH = 80,
};

static struct {
	struct progress progress;
	bool live; /* stderr is a terminal */
	bool verbose;
	bool dirty; /* a progress line stands there */
	uint64_t last;
	char said[160]; /* the step last written as a line of its own */
} terminal;

static int
width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

void
terminal_clear(void)
{
	if (terminal.dirty)
		(void)fputs("\r\033[K", stderr);
	terminal.dirty = false;
}

static void
note(void *context, const char *text)
{
	(void)context;
	if (!terminal.live && !terminal.verbose)
		return;
	terminal_clear();
	printable_line(stderr, "%s", text);
}

/* Where nothing can be redrawn, each step is a line once it begins. */
static void
say_step(const char *what)
{
	char said[sizeof(terminal.said)];

	(void)snprintf(said, sizeof(said), "%s", what);
	if (strcmp(said, terminal.said) == 0)
		return;
	memcpy(terminal.said, said, sizeof(said));
	printable_line(stderr, "%s", what);
}

static void
step(void *context, const char *what, uint64_t done, uint64_t total)
{
	uint64_t now = clock_ms();
	char line[600];

	(void)context;
	if (!terminal.live && terminal.verbose)
		say_step(what);
	if (!terminal.live || now - terminal.last < REDRAW_MS)
		return;
	terminal.last = now;
	if (total > 0)
		(void)snprintf(line, sizeof(line), "%s %u %%", what,
			       (unsigned)(done * 100U / total));
	else
		(void)snprintf(line, sizeof(line), "%s", what);
	struct span shown = span_from(line);
	(void)fputc('\r', stderr);
	if (shown.n >= (size_t)width())
		shown.n = (size_t)(width() - 1);
	printable_put(stderr, shown);
	(void)fputs("\033[K", stderr);
	terminal.dirty = true;
}

const struct progress *
terminal_progress(bool verbose)
{
	terminal.live = isatty(STDERR_FILENO);
	terminal.verbose = verbose;
	terminal.progress = (struct progress){NULL, note, step};
	return &terminal.progress;
}

/* What can be done about a kind of error whatever its text. */
static const char *const hints[ERR_KINDS] = {
	[ERR_DIGEST] = "; the copy is damaged or not what it claims to be: fetch or build it anew",
};

int
terminal_error(const char *verb, const struct err *err)
{
	terminal_clear();
	const char *hint = err->kind < ERR_KINDS ? hints[err->kind] : NULL;
	printable_line(stderr, "mohs %s: %s%s", verb, err->text, hint ? hint : "");
	return err_exit_code(err->kind);
}
