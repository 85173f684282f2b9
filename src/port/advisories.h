/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The advisory database: one SQLite file, replaced atomically by an update,
 * opened read-only by everything else.
 */
#pragma once

#include "model/advisory_origin.h"
#include "model/findings.h"

/* What a feed says of one CVE in one package of one release. */
enum advisory_state {
	ADVISORY_OPEN,	       /* affected, no fixed version in this release */
	ADVISORY_FIXED,	       /* fixed in `fixed` (and everything newer) */
	ADVISORY_NOT_AFFECTED, /* never was affected (fixed in "0") */
	ADVISORY_UNDETERMINED,
	ADVISORY_RANGES, /* affected are the versions in `affected`; `fixed` is empty */
	ADVISORY_STATES,
};

struct advisory {
	struct span id;
	enum advisory_state state;
	bool no_dsa;
	bool unimportant;
	struct span fixed;
	struct span urgency;  /* the feed's own word: "low", "end-of-life"; empty: none yet */
	struct span reason;   /* why no fix is planned, as a word: "ignored", "postponed" */
	struct span note;     /* and in a sentence */
	struct span release;  /* advisories_all() says it */
	struct span affected; /* ADVISORY_RANGES: codec/affected.h */
	/* The feed's own judgement of the CVE in this package, where it gives one. */
	enum severity severity;
	struct span vector; /* CVSS; may be empty */
	double score;	    /* of `vector`; without one it says nothing */
};

/* What is known of a CVE whatever the distribution. */
struct advisory_cve {
	bool known;
	double score; /* CVSS base score, < 0: none */
	struct span vector;
	enum severity severity; /* of the score in its own scale, else the feed's word */
	struct span source; /* "nvd" (CVSS v3), "nvd-cvss4", "nvd-cvss2"; empty: nobody scored */
	bool primary;	    /* the feed's own judgement, not one it passes on */
	double epss;	    /* < 0: not scored */
	bool exploited;
};

/* What the database holds of one feed. */
struct advisory_feed {
	struct span name;     /* "debian" */
	struct span address;  /* where it came from; without credentials */
	struct span etag;     /* validators of the last answer; may be empty */
	struct span modified; /* Last-Modified, as it was sent */
	int64_t fetched;      /* seconds since 1970: the state of its rows; 0: it has none */
	uint64_t records;
	uint64_t skipped;    /* malformed records that are not in */
	struct span problem; /* why it has no rows, or only old ones, or lacks some; else empty */
};

/* A release that the database has advisories for. */
struct advisory_release {
	struct span distribution; /* "debian" */
	struct span release;	  /* "bookworm" */
	uint64_t advisories;
};

struct advisories;

/* Default file: $MOHS_DB, else $XDG_CACHE_HOME/mohs/advisories.db. */
int advisories_default_path(struct arena *arena, struct span *ret, struct err *err);

/*
 * NULL: the default file. ERR_NOT_FOUND when there is none (text says `mohs db update`),
 * ERR_INVALID when it is empty, damaged or not ours, ERR_UNSUPPORTED when another version of mohs
 * wrote it, ERR_IO. One thread.
 */
int advisories_open(const char *path, struct advisories **ret, struct err *err);
void advisories_free(struct advisories *advisories);
void advisories_cleanup(struct advisories **advisories);

/* Lives as long as the database is open. */
const struct advisory_origin *advisories_origin(const struct advisories *advisories);

int advisories_identity(struct advisories *advisories, struct arena *arena,
			struct advisory_identity *ret, struct err *err);

/* Whether the database has anything for this distribution release ("debian", "bookworm"). */
int advisories_covers(struct advisories *advisories, struct span distribution, struct span release,
		      bool *ret, struct err *err);

/* In name order; strings go to `arena`. */
int advisories_feeds(struct advisories *advisories, struct arena *arena, struct advisory_feed **ret,
		     size_t *ret_count, struct err *err);
int advisories_releases(struct advisories *advisories, struct arena *arena,
			struct advisory_release **ret, size_t *ret_count, struct err *err);

/* Strings live until it returns; it may call advisories_cve(). Not 0 ends the reading. */
typedef int advisories_visitor(void *context, struct span source, const struct advisory *advisory,
			       struct err *err);

/* Every advisory of a package in a release, in id order. */
int advisories_each(struct advisories *advisories, struct span distribution, struct span release,
		    struct span source, advisories_visitor *each, void *context, struct err *err);

/* Every advisory of a release (empty: of all of them), by source package, id and release. */
int advisories_all(struct advisories *advisories, struct span distribution, struct span release,
		   advisories_visitor *each, void *context, struct err *err);

/* Strings go to `arena`. */
int advisories_cve(struct advisories *advisories, struct span id, struct arena *arena,
		   struct advisory_cve *ret, struct err *err);

/* Reads everything and compares with the digest it was written with. ERR_DIGEST, ERR_INVALID. */
int advisories_verify(struct advisories *advisories, struct err *err);
