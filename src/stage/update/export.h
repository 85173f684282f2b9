/* SPDX-License-Identifier: Apache-2.0 */
/* How each feed's file is written. */
#pragma once

#include "base/buf.h"
#include "port/advisories.h"
#include "port/feed_pack.h"

/* Appends what a feed says of one CVE, if it says anything. */
typedef int export_line(struct buf *text, struct span id, const struct advisory_cve *cve,
			bool first, bool *ret_wrote, struct err *err);

enum { EXPORT_COUNTS = 2 };

struct export_type {
	const char *name;
	const char *path; /* below the folder, without .zst or .gz */
	enum feed_packing packing;
	struct span head;
	export_line *line; /* NULL: the distribution's advisories, which come first */
	const char *counts[EXPORT_COUNTS]; /* members behind the list that count its lines */
};

/* Ended by a NULL name. */
extern const struct export_type export_types[];
