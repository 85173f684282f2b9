/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of feed_errata.h share: an XML document, and the update that is being read. */
#pragma once

#include "base/buf.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/feed_errata.h"
#include "codec/xml.h"

struct errata_package {
	struct span name;
	struct span module;
	struct span release;
	struct span fixed;
};

struct errata_reader;

/* How a format is read. Names are without their namespace; `attributes` as expat has them. */
struct errata_format {
	const char *root; /* the document's element */
	void (*start)(struct errata_reader *reader, const char *name, const XML_Char **attributes);
	void (*end)(struct errata_reader *reader, const char *name);
};

struct errata_reader {
	struct xml xml;
	const struct errata_format *format;
	feed_errata_visitor *each;
	void *context;
	struct feed_tally *tally;
	struct buf text; /* of the element that is read, when it is wanted */
	bool wants_text;
	/* the update */
	struct arena *arena;
	bool within;
	bool security;
	struct span id;
	enum severity severity;
	VEC(struct span) cves;
	struct map *known; /* each of them */
	VEC(struct errata_package) packages;
	/* of formats whose elements stand within one another */
	struct errata_package levels[XML_DEPTH_MAX + 1];
	unsigned level;
};

int errata_read(const struct feed_input *input, const struct errata_format *format,
		feed_errata_visitor *each, void *context, struct feed_tally *tally,
		struct err *err);

/* A copy that lives as long as the update. Empty, and the reading ends, without memory. */
struct span errata_keep(struct errata_reader *reader, struct span text);

/* An update begins, is told package by package, and is forgotten. */
void errata_begin(struct errata_reader *reader);
void errata_add_cve(struct errata_reader *reader, struct span id);
void errata_add_package(struct errata_reader *reader, const struct errata_package *package);
void errata_tell(struct errata_reader *reader);

/* "Important", "medium": words of Red Hat, Oracle and Amazon. */
enum severity errata_severity(struct span word);
