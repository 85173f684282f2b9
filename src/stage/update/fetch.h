/* SPDX-License-Identifier: Apache-2.0 */
/* Getting a feed's file from its official address, an HTTP mirror or a folder. */
#pragma once

#include "port/http.h"
#include "stage/update.h"
#include "stage/update/feeds.h"

struct fetcher {
	const struct update_options *options;
	struct arena *arena;
	struct http *http;  /* NULL for a folder */
	json_t *dates;	    /* the mirror's feeds.json; NULL: it has none */
	const char *folder; /* where downloads are kept while they are read */
};

struct fetched {
	int fd; /* -1 when unchanged */
	bool unchanged;
	struct span address; /* what was asked */
	struct span etag;
	struct span modified;
	int64_t date; /* of the content: feeds.json, else Last-Modified or mtime of a mirror, else
			 now */
};

void fetched_cleanup(struct fetched *fetched);

int fetcher_start(const struct update_options *options, struct arena *arena, struct fetcher *ret,
		  struct err *err);
void fetcher_cleanup(struct fetcher *fetcher);

/*
 * `before`: what the database has of it, for a conditional request; NULL: nothing.
 * ERR_NOT_FOUND, ERR_NETWORK, ERR_AUTH, ERR_IO, ERR_LIMIT.
 */
int fetch_document(struct fetcher *fetcher, const struct feed_type *type,
		   const struct feed_document *document, const struct advisory_feed *before,
		   struct fetched *ret, struct err *err);

/* One address with further headers (ended by NULL) into a file. */
int fetch_address(struct fetcher *fetcher, const char *address, const char *const *headers,
		  struct fetched *ret, struct err *err);
