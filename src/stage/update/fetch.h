/* SPDX-License-Identifier: Apache-2.0 */
/* Getting a feed's file from its official address, an HTTP mirror or a folder. */
#pragma once

#include "port/advisory_records.h"
#include "port/http.h"
#include "stage/update.h"
#include "stage/update/feeds.h"

/* In front of what the database says of a feed that a mirror does not carry. */
extern const char update_absent[];

/* In front of what the database says of a feed whose mirror says that it is partial. */
extern const char update_partial[];

struct fetcher {
	const struct update_options *options;
	struct arena *arena;
	struct http *http;  /* NULL for a folder */
	json_t *dates;	    /* the mirror's feeds.json; NULL: it has none */
	const char *folder; /* where downloads are kept while they are read */
	const char *parts;  /* where those are kept that can be taken up again (part.h) */
	const struct fingerprint_key *key; /* of documents; not for fetch_address() */
};

struct fetched {
	int fd; /* -1 when unchanged, or not there */
	bool unchanged;
	struct span address; /* what was asked */
	struct span etag;
	struct span modified;
	struct span file;	 /* of a folder: size, times and number of the file */
	struct span fingerprint; /* of the bytes as they came */
	struct span partial;	 /* what the mirror says is lacking; empty */
	int64_t date; /* of the content: feeds.json, else Last-Modified or mtime of a mirror, else
			 now */
};

#define FETCHED_INIT                                                                               \
	{                                                                                          \
		.fd = -1, .address = {"", 0}, .etag = {"", 0}, .modified = {"", 0},                \
		.file = {"", 0}, .fingerprint = {"", 0}, .partial = {                              \
			"",                                                                        \
			0                                                                          \
		}                                                                                  \
	}

void fetched_cleanup(struct fetched *fetched);

/* `manifest`: to look for the mirror's feeds.json; without, it is for fetch_address() alone. */
int fetcher_start(const struct update_options *options, bool manifest, struct arena *arena,
		  struct fetcher *ret, struct err *err);
void fetcher_cleanup(struct fetcher *fetcher);

/*
 * `before`: what is known of it, for a conditional request; NULL: nothing. A document whose bytes
 * are those of before is unchanged, too.
 * ERR_NOT_FOUND, ERR_NETWORK, ERR_AUTH, ERR_IO, ERR_LIMIT.
 */
int fetch_document(struct fetcher *fetcher, const struct feed_type *type,
		   const struct feed_document *document, const struct record_document *before,
		   struct fetched *ret, struct err *err);

/* One address with further headers (ended by NULL) into a file. */
int fetch_address(struct fetcher *fetcher, const char *address, const char *const *headers,
		  struct fetched *ret, struct err *err);

/* What an answer's status means: 0 for 200, 206 and 304. */
int fetch_judge(int status, const char *address, struct err *err);
