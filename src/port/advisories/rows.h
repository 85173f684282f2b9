/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as bytes: from the process that reads a feed to the one that writes the database, and as
 * they are remembered. Neither is trusted. All numbers little-endian, nothing aligned:
 *
 *	row     4  bytes of what follows;  kind (1), key, content
 *	text    4  bytes;  the bytes
 *	advisory   key: release, source, id
 *	           content: state (1), flags (1), severity (1), score (8), fixed, urgency, reason,
 *	           note, affected, vector
 *	score      key: id;  content: severity (1), prime (1), score (8), vector, source
 *	epss       key: id;  content: probability (8)
 *	exploited  key: id;  no content
 */
#pragma once

#include "base/buf.h"
#include "port/advisories_build.h"

struct advisory_row {
	enum advisories_table table;
	struct span release;
	struct span source;
	struct advisory advisory; /* `id` is there in rows of every table */
	struct advisory_cve cve;
	struct span content;
};

/* Appends. ERR_LIMIT over the buffer's own. */
int row_put(const struct advisory_row *row, struct buf *buf, struct err *err);

/* Takes the first row off `rest`: 1, 0 when none is left, ERR_INVALID for what is no row. */
int row_next(struct span *rest, struct advisory_row *ret, struct err *err);

/* The content alone, as row_put() writes it. */
int row_put_content(const struct advisory_row *row, struct buf *buf, struct err *err);
int row_get_content(struct span content, struct advisory_row *row, struct err *err);
