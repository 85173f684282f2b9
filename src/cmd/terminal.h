/* SPDX-License-Identifier: Apache-2.0 */
/* What people see: messages on stderr, progress on one line that replaces itself. */
#pragma once

#include "base/err.h"
#include "base/progress.h"

/*
 * A sink for progress: draws on stderr when that is a terminal, is silent otherwise (notes are
 * printed as plain lines when `verbose`). Lives until the process ends.
 */
const struct progress *terminal_progress(bool verbose);

/* Clears the progress line, so that other output starts at the margin. */
void terminal_clear(void);

/* "mohs VERB: text" on stderr; returns the process's exit code for it. */
int terminal_error(const char *verb, const struct err *err);
