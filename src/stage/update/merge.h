/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A feed's documents into the database: of records that are known only those that went or came are
 * taken out or put in. The result is what reading everything would give. docs/advisories.md
 */
#pragma once

#include "stage/update/fetch.h"
#include "stage/update/reading.h"

struct merge {
	struct advisories_builder *builder;
	struct advisory_records *old;	/* what is known of the database the builder began with */
	struct records_writer *records; /* NULL: nothing is to be remembered */
	const struct fingerprint_key *key; /* of what is remembered */
};

struct merged {
	struct feed_tally tally;
	uint64_t changed; /* records that were read */
	uint64_t gone;	  /* records that are not there any more, or not as they were */
	bool whole;	  /* all were read: nothing was known */
};

/*
 * `documents`: as many as the feed has, those that are not there with .fd -1 and not unchanged.
 * Between advisories_build_begin() and undo(), should it fail.
 */
int merge_feed(const struct merge *merge, const struct feed_type *type,
	       const struct fetched *documents, struct merged *ret, struct err *err);

/* The feed stays as it is, rows and all. `documents`: where it was looked for; NULL: as before. */
int merge_kept(const struct merge *merge, const struct feed_type *type,
	       const struct fetched *documents, struct err *err);

/* Whether the feed as a whole is what it was: every document that was there, and no other. */
bool merge_is_unchanged(const struct merge *merge, const struct feed_type *type,
			const struct fetched *documents);
