/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document read by confined processes, each of which takes its share of the records and sends
 * what they give; those that are known already are passed over. docs/advisories.md
 */
#pragma once

#include "port/advisory_records.h"
#include "stage/update/feeds.h"

struct reading {
	const struct feed_type *type;
	const struct feed_document *document;
	uint32_t index; /* of the document in its feed */
	int fd;
	const struct fingerprint_key *key;
	const struct record_feed *known; /* `seen` says nothing here */
	size_t readers;			 /* 0: as many as there are processors, for a large one */
};

/* Spans live until it returns. A record without a fingerprint is not to be known next time. */
typedef int reading_visitor(void *context, const struct advisory_record *record, struct err *err);

/* ERR_CHILD, ERR_TIMEOUT, and what the feed's reader and `each` return. */
int document_read(const struct reading *reading, reading_visitor *each, void *context,
		  struct err *err);

/* The first known record of that fingerprint; known->count: there is none. */
size_t record_find(const struct record_feed *known, const struct fingerprint *fingerprint);

/* Zeroes, which stand for none. */
bool record_is_nameless(const struct fingerprint *fingerprint);
