/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing an advisory database: into a temporary file beside it, which takes its place when it is
 * complete. A reader sees the old one or the whole new one. docs/advisories.md
 */
#pragma once

#include "port/advisories.h"

struct advisories_builder;

/*
 * `path`: the database that is to be replaced, and whose rows can be kept. One that cannot be read,
 * or that nobody vouches for, is as none; *ret_lost is then a text in `arena` that says why, else
 * NULL.
 */
int advisories_build(const char *path, struct arena *arena, struct advisories_builder **ret,
		     const char **ret_lost, struct err *err);

/* Discards what was not finished, the temporary file too. */
void advisories_builder_free(struct advisories_builder *builder);
void advisories_builder_cleanup(struct advisories_builder **builder);

/* From here on, undo() takes back all that was added. */
int advisories_build_begin(struct advisories_builder *builder, struct err *err);
int advisories_build_undo(struct advisories_builder *builder, struct err *err);

/* *ret_new is false, and nothing changed, when there is one for this source and id. */
int advisories_build_advisory(struct advisories_builder *builder, struct span distribution,
			      struct span release, struct span source,
			      const struct advisory *advisory, bool *ret_new, struct err *err);

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
