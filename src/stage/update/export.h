/* SPDX-License-Identifier: Apache-2.0 */
/* How each feed's file is written. */
#pragma once

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/json.h"
#include "port/advisories.h"
#include "port/feed_pack.h"

struct exporting {
	struct arena *arena;
	struct advisories *advisories;
	const char *folder;
	struct buf text; /* of the feed that is being written */
	struct map *known;
	VEC(struct span) ids; /* CVEs that the advisories name */
};

/* Appends what a feed says of one CVE, if it says anything. */
typedef int export_line(struct buf *text, struct span id, const struct advisory_cve *cve,
			bool first, bool *ret_wrote, struct err *err);

enum { EXPORT_COUNTS = 2 };

struct export_type {
	const char *name;
	const char *path; /* below the folder, without .zst or .gz */
	enum feed_packing packing;
	struct span head;
	/* The distribution of that name, with one or more files; *ret_wrote is false, and nothing
	   written, when it has nothing of the release (empty: of any). NULL: lines. */
	int (*write)(struct exporting *exporting, const struct export_type *type,
		     struct span release, bool *ret_wrote, struct err *err);
	export_line *line;
	const char *counts[EXPORT_COUNTS]; /* members behind the list that count its lines */
};

/* Ended by a NULL name. */
extern const struct export_type export_types[];

/* Appends it to the text. */
int export_json(struct exporting *exporting, const json_t *json, struct err *err);

/* The releases of type->name that the database has, or that one (empty: all), in the arena. */
int export_releases(struct exporting *exporting, const struct export_type *type,
		    struct span release, struct advisory_release **ret, size_t *ret_count,
		    struct err *err);

/* An id of the advisories is remembered once. */
int export_remember(struct exporting *exporting, struct span id, struct err *err);

/* Writes the text to a file below the folder and empties it. */
int export_file(struct exporting *exporting, const char *path, enum feed_packing packing,
		struct err *err);

/* export_csaf.c, export_debian.c, export_errata.c, export_osv.c, export_secdb.c */
int export_csaf(struct exporting *exporting, const struct export_type *type, struct span release,
		bool *ret_wrote, struct err *err);
int export_oval(struct exporting *exporting, const struct export_type *type, struct span release,
		bool *ret_wrote, struct err *err);
int export_updateinfo(struct exporting *exporting, const struct export_type *type,
		      struct span release, bool *ret_wrote, struct err *err);
int export_osv(struct exporting *exporting, const struct export_type *type, struct span release,
	       bool *ret_wrote, struct err *err);
int export_debian(struct exporting *exporting, const struct export_type *type, struct span release,
		  bool *ret_wrote, struct err *err);
int export_secdb(struct exporting *exporting, const struct export_type *type, struct span release,
		 bool *ret_wrote, struct err *err);
