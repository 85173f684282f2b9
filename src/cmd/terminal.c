/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/terminal.h"

#include "base/clock.h"

#include <stdio.h>
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
	(void)fprintf(stderr, "%s\n", text);
}

static void
step(void *context, const char *what, uint64_t done, uint64_t total)
{
	uint64_t now = clock_ms();
	char line[600];

	(void)context;
	if (!terminal.live || now - terminal.last < REDRAW_MS)
		return;
	terminal.last = now;
	if (total > 0)
		(void)snprintf(line, sizeof(line), "%s %u %%", what,
			       (unsigned)(done * 100U / total));
	else
		(void)snprintf(line, sizeof(line), "%s", what);
	(void)fprintf(stderr, "\r%.*s\033[K", width() - 1, line);
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

int
terminal_error(const char *verb, const struct err *err)
{
	terminal_clear();
	(void)fprintf(stderr, "mohs %s: %s\n", verb, err->text);
	return err_exit_code(err->kind);
}
