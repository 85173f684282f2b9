/* SPDX-License-Identifier: Apache-2.0 */
/* The `#!` line of a script as the kernel reads it (execve(2), "Interpreter scripts"). */
#pragma once

#include "base/span.h"

struct shebang {
	struct span interpreter; /* as written: "/usr/bin/env" */
	struct span argument;	 /* the one argument the kernel makes of the rest; may be empty */
	struct span program; /* of an env line: the program that is looked up in PATH; or empty */
};

/* From the file's first bytes (SHEBANG_MAX are enough). False: no script, or no interpreter. */
bool shebang_read(struct span head, struct shebang *ret);
