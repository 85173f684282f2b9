/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of feeds, fetched by a thread while those before them are read. */
#pragma once

#include "stage/update/fetch.h"

/* What is known of a feed's documents: as many as it has; NULL address: nothing. */
typedef int ahead_before(void *context, const struct feed_type *type,
			 struct record_document *documents, struct arena *arena, struct err *err);

/* One feed's. */
struct feed_fetch {
	struct fetched *documents; /* as many as the feed has; those not there: .fd -1 */
	int r;			   /* 0, or -kind with `why` */
	struct err why;
};

struct ahead;

/*
 * Feeds are fetched in the order of their table, at most FEED_AHEAD_MAX before they are taken.
 * `before` is asked now, `key` borrowed. Feeds for which `wanted` is false are passed over.
 */
int ahead_start(const struct update_options *options, const struct fingerprint_key *key,
		const bool wanted[FEEDS], ahead_before *before, void *context, struct ahead **ret,
		struct err *err);

/* Waits for a feed's; it lives until the next one is taken. Feeds are taken in order. */
const struct feed_fetch *ahead_take(struct ahead *ahead, size_t feed);

/* Fetches a feed again, as if nothing were known of it. */
const struct feed_fetch *ahead_again(struct ahead *ahead, size_t feed);

/* Waits for what is being fetched. */
void ahead_free(struct ahead *ahead);
void ahead_cleanup(struct ahead **ahead);
