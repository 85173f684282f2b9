/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of advisory feeds (feed_debian.h, feed_epss.h, feed_kev.h, feed_nvd.h) share:
 * where bytes come from, and what is said of records that make no sense. A malformed record is
 * skipped and counted; a malformed document is an error. docs/advisories.md
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "codec/json_tape.h"

#include <jansson.h>

/* Bytes of a feed, inflated. *ret_n is 0 at the end only. */
struct feed_input {
	int (*read)(void *context, void *p, size_t n, size_t *ret_n, struct err *err);
	void *context;
};

/* Asked of every member of a document before it is read. */
struct feed_choice {
	/*
	 * Where bytes cost something, as in an archive: whether those of the next member are
	 * wanted at all. NULL: they are. If not, choose() is not asked about it.
	 */
	bool (*is_ours)(void *context);
	/* False in *ret_wanted: its bytes are passed over. */
	int (*choose)(void *context, struct span key, struct span text, bool *ret_wanted,
		      struct err *err);
	void *context;
};

/* What a reader saw. Starts zeroed. */
struct feed_tally {
	uint64_t records;		  /* handed on */
	uint64_t skipped;		  /* malformed: a gap */
	char first[160];		  /* what was wrong with the first of them */
	const struct feed_choice *choice; /* NULL: every member is read */
};

/* What choice->is_ours() says of the next member, and yes without one. */
bool feed_is_ours(const struct feed_choice *choice);

/* Whether a member is to be read: the answer of `choice`, and yes without one. */
int feed_choose(const struct feed_choice *choice, struct span key, struct span text,
		bool *ret_wanted, struct err *err);

/* Counts a malformed record; `subject` is put before the text of `problem`. */
void feed_skip(struct feed_tally *tally, struct span subject, const struct err *problem);

/* "CVE-2024-1234" (four digits and more), "TEMP-0000000-A1B2C3" (Debian's), at most FEED_ID_MAX. */
bool feed_is_cve(struct span id);
bool feed_is_id(struct span id);

/* Text that is printable, without controls, and at most `max` bytes. */
bool feed_is_text(struct span text, size_t max);

/*
 * Member `name` as text in the document's own memory; false when it is there and is not a string.
 * Absent or null: empty.
 */
bool feed_text(const json_t *object, const char *name, struct span *ret);

/* The same of a record that feed_each() read. */
bool feed_string(struct json_view object, struct span name, struct span *ret);

/* `key` and `value` live until it returns; not 0 ends the reading. */
typedef int feed_visitor(void *context, struct span key, struct json_view value, struct err *err);

/*
 * Reads a JSON document member by member (json_each(), json_tape.h): those at `path`, as
 * tally->choice will have them, go to `each`, scalars beside the path to `beside` (NULL: nowhere).
 */
int feed_each(const struct feed_input *input, const char *path, feed_visitor *each,
	      feed_visitor *beside, void *context, const struct feed_tally *tally, struct err *err);

/* A reader over bytes in memory, for tests and fuzzing: context is a struct span that shrinks. */
int feed_read_span(void *context, void *p, size_t n, size_t *ret_n, struct err *err);
