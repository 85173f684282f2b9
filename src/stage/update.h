/* SPDX-License-Identifier: Apache-2.0 */
/* feeds -> advisory database, and back. docs/advisories.md */
#pragma once

#include "base/progress.h"
#include "port/advisories.h"

/* An advisory database older than this is stale. */
#define UPDATE_STALE_S (5 * 86400L)

struct update_options {
	const char *database; /* the file */
	const char *mirror;   /* URL or folder of the mirror's layout; NULL: official addresses */
	const char *source;   /* "trivy-db:PLACE", "grype-db:PATH" in place of feeds; NULL */
	const char *nvd;      /* address of a service with NVD's API; NULL: NVD's own */
	const char *nvd_key;  /* its key; NULL: none */
	const char *only;     /* feeds, with commas between them; NULL: all */
	const char *skip;     /* feeds that are not; NULL: none */
	bool plain_http;      /* HTTP to hosts other than loopback */
	const struct progress *progress;
};

enum update_outcome {
	UPDATE_NEW,	  /* read anew */
	UPDATE_UNCHANGED, /* the server says nothing has changed: rows kept */
	UPDATE_KEPT,	  /* could not be had: old rows kept */
	UPDATE_MISSING,	  /* could not be had, and there are no old rows */
	UPDATE_ABSENT,	  /* a distribution that the mirror does not carry, unlike another */
	UPDATE_LEFT,	  /* not asked for: as it was, rows kept */
};

const char *update_outcome_name(enum update_outcome outcome); /* "unchanged" */

/* Whether the database has nothing of a feed because the mirror does not carry it. */
bool update_feed_is_absent(const struct advisory_feed *feed);

struct update_feed {
	struct advisory_feed feed;
	enum update_outcome outcome;
	/* Of UPDATE_NEW: */
	bool whole;	  /* all was read: nothing was known of it */
	uint64_t changed; /* records that were read */
	uint64_t gone;	  /* records of before that are not there any more, or not as they were */
};

/*
 * "unchanged", "new", "not asked for", or of a feed that was known "3 records changed". .p NULL
 * without memory.
 */
struct span update_feed_word(const struct update_feed *feed, struct arena *arena);

struct update_report {
	struct arena *arena;
	struct update_feed *feeds;
	size_t count;
	size_t failed;	  /* kept or missing */
	struct span lost; /* why the old database could not be used; empty */
	struct advisory_identity identity;
};

/*
 * Fetches every feed and replaces the database as a whole. A feed that cannot be had is not an
 * error as long as another can: the report and the database say so. ERR_NETWORK or what it was
 * when none can be had; the old database then is as it was.
 */
int update_run(const struct update_options *options, struct update_report **ret, struct err *err);
void update_report_free(struct update_report *report);
void update_report_cleanup(struct update_report **report);

struct update_status {
	struct arena *arena;
	struct advisory_identity identity;
	struct advisory_origin origin;
	struct span origin_text; /* in a sentence */
	struct advisory_feed *feeds;
	size_t feed_count;
	struct advisory_release *releases;
	size_t release_count;
	int64_t age; /* seconds since identity.built; < 0: has no advisories at all */
	bool stale;  /* older than UPDATE_STALE_S, or of unknown age */
};

int update_status_read(const char *database, int64_t now, struct update_status **ret,
		       struct err *err);
void update_status_free(struct update_status *status);
void update_status_cleanup(struct update_status **status);

/*
 * Writes the feeds in their own formats and the mirror's layout below `folder` (made when it is
 * not there): advisories of `release` (NULL: of all), and the scores of CVEs these name.
 * feeds.json holds each feed's date. The same content gives the same bytes. ERR_NOT_FOUND when the
 * database has nothing for the release.
 */
int update_export(const char *database, const char *folder, const char *release, struct err *err);
