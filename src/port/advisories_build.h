/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing an advisory database: into a temporary file beside it, which takes its place when it is
 * complete. A reader sees the old one or the whole new one. docs/advisories.md
 */
#pragma once

#include "base/buf.h"
#include "port/advisories.h"

struct advisories_builder;

/*
 * `path`: the database that is to be replaced, and whose rows can be kept. One that cannot be read,
 * or that nobody vouches for, is as none; *ret_lost is then a text in `arena` that says why, else
 * NULL.
 */
int advisories_build(const char *path, struct arena *arena, struct advisories_builder **ret,
		     const char **ret_lost, struct err *err);

/*
 * The same, but the new one begins with all that the old one has, where there is one; keep() then
 * has nothing to do, and what a feed no longer says has to be taken out.
 */
int advisories_build_over(const char *path, struct arena *arena, struct advisories_builder **ret,
			  const char **ret_lost, struct err *err);

/*
 * One that has no database: each advisory, score and such is appended to `rows`, which is borrowed,
 * as a row for advisories_build_add() of another; `before` (NULL: none) is called ahead of each and
 * may empty `rows`. Nothing else may be called. ERR_LIMIT:
 * ADVISORY_ROW_MAX.
 */
typedef int advisories_recording(void *context, struct err *err);
int advisories_recorder(struct buf *rows, advisories_recording *before, void *context,
			struct advisories_builder **ret, struct err *err);

/* Discards what was not finished, the temporary file too. */
void advisories_builder_free(struct advisories_builder *builder);
void advisories_builder_cleanup(struct advisories_builder **builder);

/* From here on, undo() takes back all that was added. */
int advisories_build_begin(struct advisories_builder *builder, struct err *err);
int advisories_build_undo(struct advisories_builder *builder, struct err *err);

/* Where there is one for this source and id already, that one stays. */
int advisories_build_advisory(struct advisories_builder *builder, struct span distribution,
			      struct span release, struct span source,
			      const struct advisory *advisory, struct err *err);

/* The same of each of several ids, whatever advisory->id is. */
int advisories_build_advisories(struct advisories_builder *builder, struct span distribution,
				struct span release, struct span source,
				const struct advisory *advisory, const struct span *ids,
				size_t count, struct err *err);

/* Score, severity, vector, source and primary of one CVE; replaces what is there. No source: none.
 */
int advisories_build_score(struct advisories_builder *builder, struct span id,
			   const struct advisory_cve *cve, struct err *err);
int advisories_build_epss(struct advisories_builder *builder, struct span id, double probability,
			  struct err *err);
int advisories_build_exploited(struct advisories_builder *builder, struct span id, struct err *err);

/* The tables that a feed may fill. */
enum advisories_table {
	ADVISORIES_OF_DISTRIBUTION,
	ADVISORIES_SCORES,
	ADVISORIES_EPSS,
	ADVISORIES_EXPLOITED,
};

/*
 * Rows as a recorder noted them, which need not be trusted: only what belongs to `table`, and of
 * ADVISORIES_OF_DISTRIBUTION is of `distribution`, gets in. Rows of one key become one that depends
 * on what they say and not on their order: of ADVISORY_RANGES with the versions of all, else the
 * one that sorts first, which is the more cautious. ERR_INVALID.
 */
int advisories_build_add(struct advisories_builder *builder, enum advisories_table table,
			 struct span distribution, struct span rows, struct err *err);

/*
 * Takes out what add() put in. ERR_INVALID when it is not there, which twice(), begin() and
 * finish() may find out only.
 */
int advisories_build_remove(struct advisories_builder *builder, enum advisories_table table,
			    struct span distribution, struct span rows, struct err *err);

/* Takes out all of a table; of ADVISORIES_OF_DISTRIBUTION all of `distribution`. */
int advisories_build_clear(struct advisories_builder *builder, enum advisories_table table,
			   struct span distribution, struct err *err);

/*
 * How many rows more than one were added of a key, ADVISORY_RANGES left out; the first of these
 * keys as "ID: there twice for SOURCE" in `first`.
 */
int advisories_build_twice(struct advisories_builder *builder, enum advisories_table table,
			   struct span distribution, char first[160], uint64_t *ret,
			   struct err *err);

/* How many advisories there are of a distribution. */
int advisories_build_count(struct advisories_builder *builder, struct span distribution,
			   uint64_t *ret, struct err *err);

/*
 * Copies a table from the old database; of ADVISORIES_OF_DISTRIBUTION the rows of `distribution`.
 * ERR_NOT_FOUND without one.
 */
int advisories_build_keep(struct advisories_builder *builder, enum advisories_table table,
			  struct span distribution, struct err *err);

/* What the old database says of a feed; ERR_NOT_FOUND. Strings go to `arena`. */
int advisories_build_before(struct advisories_builder *builder, struct span name,
			    struct arena *arena, struct advisory_feed *ret, struct err *err);

/* Notes what became of a feed. */
int advisories_build_feed(struct advisories_builder *builder, const struct advisory_feed *feed,
			  struct err *err);

/* Digest, sync, rename. `built`: advisory_identity.built. */
int advisories_build_finish(struct advisories_builder *builder, int64_t built, struct err *err);
