/* SPDX-License-Identifier: Apache-2.0 */
/* The feeds there are: where each comes from and how its records become rows. */
#pragma once

#include "codec/feed.h"
#include "port/advisories_build.h"

/* What is at an official address that is not the document itself. */
enum feed_pointer {
	FEED_POINTER_NONE,
	FEED_POINTER_NAME,	 /* the name of the document beside it */
	FEED_POINTER_REPOSITORY, /* the address of the rpm repository that has the document */
};

/* One file of a feed. */
struct feed_document {
	const char *address; /* official */
	const char *path;    /* below a mirror, without .zst or .gz */
	const char *release; /* of the distribution, where each has its own documents; else NULL */
	enum feed_pointer pointer;
	bool packed; /* an archive, or compressed: `path` is its whole name */
};

struct feed_type;

struct feed_import {
	const struct feed_type *type;
	const struct feed_document *document;
	struct advisories_builder *builder;
	struct feed_tally tally;
	uint64_t total; /* what the document says it holds; UINT64_MAX: it says nothing */
};

struct feed_type {
	const char *name; /* of ADVISORIES_OF_DISTRIBUTION: as in codec/distribution.h */
	const struct feed_document *documents;
	size_t document_count; /* several: those of one release stand together */
	const char *lacking;   /* what follows when it is not there */
	enum advisories_table table;
	struct span distribution; /* of ADVISORIES_OF_DISTRIBUTION */
	bool paged;		  /* the official address gives pages (nvd_api.h) */
	/*
	 * Its reader asks tally.choice about every record: several processes share a document, and
	 * an update reads what changed. Without it all of a document is one.
	 */
	bool by_record;
	int (*import)(struct feed_import *import, const struct feed_input *input, struct err *err);
	/* Of an archive, instead of import; reads by position, as several processes have `fd`. */
	int (*import_file)(struct feed_import *import, int fd, struct err *err);
};

enum { FEEDS = 25 };
extern const struct feed_type feed_types[FEEDS];

/*
 * What a feed's problem says of records that are not in: how many (> 0), and what is wrong with the
 * first (empty: not known any more). .p NULL without memory. feed_first_skipped() finds the latter
 * in such a problem again; empty where nothing is said of any.
 */
struct span feed_skipped_text(struct arena *arena, uint64_t skipped, struct span first);
struct span feed_first_skipped(struct span problem);
