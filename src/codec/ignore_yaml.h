/* SPDX-License-Identifier: Apache-2.0 */
/* An ignore file: findings that are accepted, by whom, why and until when. docs/reports.md */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct ignore_entry {
	struct span id;	     /* "CVE-2024-1234" */
	struct span package; /* binary or source package; empty: any */
	struct span reason;
	struct span approved_by;
	int64_t expires; /* seconds since 1970; from then on it does not count */
	unsigned line;
};

struct ignore_file {
	struct span path;
	struct ignore_entry *entries; /* in the order of the file */
	size_t count;
};

/*
 * All keys but `package` are required. `path` is for error text. Strings go to `arena`.
 * ERR_INVALID with file and line: an unknown key, an empty value, no date. ERR_LIMIT.
 */
int ignore_parse(struct span text, struct span path, struct arena *arena, struct ignore_file *ret,
		 struct err *err);
