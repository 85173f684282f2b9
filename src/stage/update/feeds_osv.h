/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds in OSV's format: what is particular to each. One row in feeds_osv.c each. */
#pragma once

#include "base/buf.h"
#include "codec/feed_osv.h"
#include "stage/update/feeds.h"

struct osv_feed {
	const char *name; /* of the feed */
	struct span order;
	struct feed_osv_rules rules; /* without the order */
	bool by_source;		     /* packages are source packages of rpm */
	/* The release in the database, made in `buf` where it has to be; empty: none of ours. */
	struct span (*release)(struct span suffix, struct buf *buf, struct err *err);
	const char *before; /* the release in the ecosystem's name, "Leap "; NULL: it has none */
	struct span names;  /* the ecosystem by whose rule they are written (codec/package_key.h) */
};

/* NULL: it is not in this format. */
const struct osv_feed *osv_feed_find(const char *name);

/* Appends the ecosystem's name of a release in the database: "AlmaLinux:9", "Ubuntu:Pro:22.04". */
int osv_feed_ecosystem(const struct osv_feed *feed, struct span release, struct buf *buf,
		       struct err *err);

/* struct feed_type, import_file: a zip of records. */
int import_osv(struct feed_import *import, int fd, struct err *err);
