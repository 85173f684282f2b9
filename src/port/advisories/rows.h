/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as bytes: from the process that reads a feed to the one that writes the database, as they
 * are remembered, and in the database itself (pack.h). None of them is trusted. What is said of
 * several ids alike is one row.
 *
 *	row     4  bytes of what follows, little-endian;  kind (1), key, content (text), ids (texts)
 *	text    length, seven bits a byte, the lowest first, the last without the top bit;  the
 *bytes advisory   key: release, source content: state (1), flags (1), severity (1), score (8),
 *fixed, urgency, reason, note, affected, vector score      no key;  content: severity (1), prime
 *(1), score (8), vector, source epss       no key;  content: probability (8) exploited  no key;  no
 *content
 */
#pragma once

#include "base/buf.h"
#include "port/advisories_build.h"

struct advisory_row {
	enum advisories_table table;
	struct span release;
	struct span source;
	struct advisory advisory; /* without its id */
	struct advisory_cve cve;
	struct span content; /* what of these the row says, as bytes */
	struct span ids;     /* one and more, behind the content */
};

/* Appends. ERR_LIMIT over the buffer's own. */
int row_put(const struct advisory_row *row, const struct span *ids, size_t count, struct buf *buf,
	    struct err *err);

/* Takes the first row off `rest`: 1, 0 when none is left, ERR_INVALID for what is no row. */
int row_next(struct span *rest, struct advisory_row *ret, struct err *err);

/* Takes the next of a row's ids, which row_next() has judged; false when none is left. */
bool row_next_id(struct span *ids, struct span *ret);

/* The content alone, as row_put() writes it. */
int row_put_content(const struct advisory_row *row, struct buf *buf, struct err *err);
int row_get_content(struct span content, struct advisory_row *row, struct err *err);

/*
 * A text alone, and a number as the length of one; to take one off `rest` is false when there is
 * no whole one.
 */
int row_put_text(struct span text, struct buf *buf, struct err *err);
bool row_get_text(struct span *rest, struct span *ret);
int row_put_number(size_t number, struct buf *buf, struct err *err);
bool row_get_number(struct span *rest, size_t *ret);
