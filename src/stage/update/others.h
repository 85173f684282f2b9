/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Databases that other scanners publish, in place of the feeds. Each becomes rows of the feeds it
 * was made of, one file each. docs/advisories.md
 */
#pragma once

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/distribution.h"
#include "codec/feed.h"
#include "codec/version_order.h"
#include "port/advisories_build.h"
#include "port/published.h"
#include "stage/update.h"

enum { OTHERS_FEEDS = 40 };

/* Rows that the database has of one feed. */
struct others_feed {
	struct span name;
	enum advisories_table table;
	struct feed_tally tally;
};

struct others {
	struct arena *arena; /* of the report */
	struct advisories_builder *builder;
	const struct progress *progress;
	const char *name; /* "trivy-db" */
	int64_t date;	  /* of the database, seconds since 1970 */
	struct others_feed feeds[OTHERS_FEEDS];
	size_t feed_count;
	struct buf unread; /* what in it is not read: names, with ", " between them */
	uint64_t unread_count;
};

struct others_type {
	const char *name; /* in front of the place: "trivy-db:PLACE" */
	struct published_kind kind;
	/* Adds all rows, and finds out others->date. */
	int (*read)(struct others *others, const struct published *published, struct err *err);
};

extern const struct others_type others_trivy; /* from_trivy.c */
extern const struct others_type others_grype; /* from_grype.c */

/*
 * update_run() from options->source; the old database is as it was when it fails. ERR_USAGE for a
 * source that is none, and errors of published_open().
 */
int others_update(const struct update_options *options, struct update_report *report,
		  struct err *err);

/* The feed of that name, a new one where it is not there yet. ERR_LIMIT. */
int others_feed(struct others *others, struct span name, enum advisories_table table,
		struct others_feed **ret, struct err *err);

/* Notes that a part of the database has no place here. */
int others_leave(struct others *others, struct span name, struct err *err);

/* ---- the rows of one package ---- */

struct joined {
	struct span release;
	struct advisory advisory;
};

/* What several parts of a database say of one CVE in one package becomes one row. */
struct join {
	struct arena *arena;
	const struct version_order *order;
	struct map *places; /* release and id -> place in rows */
	VEC(struct joined) rows;
};

/* ERR_UNSUPPORTED: versions of the distribution (NULL: nobody's) cannot be compared. */
int join_start(struct join *join, const struct distribution *of, struct err *err);
void join_cleanup(struct join *join);

/*
 * Of two rows that name a fix the higher one counts, of two with ranges both; being affected counts
 * more than a fix, and that more than being undetermined or not affected. Texts are copied.
 */
int join_add(struct join *join, struct span release, const struct advisory *advisory,
	     struct err *err);

/* All rows as those of `key`; a row whose texts no database can hold is skipped and counted. */
int join_write(const struct join *join, struct others *others, struct others_feed *feed,
	       struct span key, struct err *err);
