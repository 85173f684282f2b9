/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long work tells a person what it is doing. Libraries never print: they
 * call these, and cmd/ decides what to show. A NULL sink is good everywhere.
 * Calls come from one thread at a time.
 */
#pragma once

#include "base/span.h"

struct progress {
	void *context;
	/* One line that stays: "pulled 3 layers, 82 MB". */
	void (*note)(void *context, const char *text);
	/* What is going on now; replaces the one before. total 0: unknown. */
	void (*step)(void *context, const char *what, uint64_t done, uint64_t total);
};

void progress_note(const struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void progress_step(const struct progress *progress, uint64_t done, uint64_t total,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
