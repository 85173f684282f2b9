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
	LONG_MS = 2000, /* from then on a step of unknown length says how long it takes */
	DEFAULT_WIDTH = 80,
};

static struct {
	struct progress progress;
	bool live; /* stderr is a terminal */
	bool verbose;
	bool dirty; /* a progress line stands there */
	uint64_t last;
	uint64_t since;	 /* when the step that is shown began */
	char shown[160]; /* the step */
	char said[160];	 /* the step last written as a line of its own */
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

/* Whether another step than the one that is shown begins; then it is the one that is shown. */
static bool
begins(const char *what, uint64_t now)
{
	if (strncmp(terminal.shown, what, sizeof(terminal.shown) - 1) == 0)
		return false;
	(void)snprintf(terminal.shown, sizeof(terminal.shown), "%s", what);
	terminal.since = now;
	return true;
}

static void
step(void *context, const char *what, uint64_t done, uint64_t total)
{
	uint64_t now = clock_ms();
	char time[32];
	char line[600];

	(void)context;
	if (!terminal.live && terminal.verbose)
		say_step(what);
	if (!terminal.live || (!begins(what, now) && now - terminal.last < REDRAW_MS))
		return;
	terminal.last = now;
	if (total > 0)
		(void)snprintf(line, sizeof(line), "%s %u %%", what,
			       (unsigned)(done * 100U / total));
	else if (now - terminal.since >= LONG_MS)
		(void)snprintf(line, sizeof(line), "%s, %s", what,
			       duration_format((now - terminal.since) / 1000 * 1000, time));
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
