/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The advisory database: one SQLite file, replaced atomically by an update,
 * opened read-only by everything else.
 */
#pragma once

#include "model/findings.h"

/* What a feed says of one CVE in one source package of one release. */
enum advisory_state {
	ADVISORY_OPEN,	       /* affected, no fixed version in this release */
	ADVISORY_FIXED,	       /* fixed in `fixed` (and everything newer) */
	ADVISORY_NOT_AFFECTED, /* never was affected (fixed in "0") */
	ADVISORY_UNDETERMINED,
};

struct advisory {
	struct span id;
	enum advisory_state state;
	bool no_dsa;
	bool unimportant;
	struct span fixed;
	struct span urgency; /* the feed's own word: "low", "medium**", "not yet assigned" */
	struct span note;
};

/* What is known of a CVE whatever the distribution. */
struct advisory_cve {
	bool known;
	double score; /* CVSS base score, < 0: none */
	struct span vector;
	struct span severity; /* the word of the feed; may be empty */
	struct span source;   /* "nvd" */
	double epss;	      /* < 0: not scored */
	bool exploited;
};

struct advisories;

/* Default file: $MOHS_DB, else $XDG_CACHE_HOME/mohs/advisories.db. */
int advisories_default_path(struct arena *arena, struct span *ret, struct err *err);

/* ERR_NOT_FOUND when there is none (text says `mohs db update`), ERR_INVALID when it is not ours.
 */
int advisories_open(const char *path, struct advisories **ret, struct err *err);
void advisories_free(struct advisories *advisories);
void advisories_cleanup(struct advisories **advisories);

int advisories_identity(struct advisories *advisories, struct arena *arena,
			struct advisory_identity *ret, struct err *err);

/* Whether the database has anything for this distribution release ("debian", "bookworm"). */
int advisories_covers(struct advisories *advisories, struct span distribution, struct span release,
		      bool *ret, struct err *err);

/* Calls `each` for every advisory of the source package in the release; strings live until it
 * returns. */
int advisories_each(struct advisories *advisories, struct span distribution, struct span release,
		    struct span source,
		    int (*each)(void *context, const struct advisory *advisory, struct err *err),
		    void *context, struct err *err);

/* Strings go to `arena`. */
int advisories_cve(struct advisories *advisories, struct span id, struct arena *arena,
		   struct advisory_cve *ret, struct err *err);
