/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of codec/sbom_document: a document being read, and the table of formats. */
#pragma once

#include "base/vec.h"
#include "codec/json.h"
#include "model/sbom_document.h"

struct sbom_reading {
	struct arena *arena; /* of the document */
	struct span format;
	struct span name;
	VEC(struct sbom_item) items;
	VEC(struct gap) gaps;
};

/* Adding a format: one file and one line in document.c. */
struct sbom_format {
	const char *member; /* which a document of this format has, and no other */
	int (*read)(struct sbom_reading *reading, const json_t *document, struct err *err);
};

extern const struct sbom_format sbom_spdx;
extern const struct sbom_format sbom_cyclonedx;

/* ERR_LIMIT over SBOM_ITEMS_MAX. */
int sbom_reading_add(struct sbom_reading *reading, const struct sbom_item *item, struct err *err);

/* Texts are copied. */
int sbom_reading_gap(struct sbom_reading *reading, struct span subject, struct span text,
		     struct err *err);

/* "SUBJECT: TEXT", as mohs writes its own gaps into a document. */
int sbom_reading_stated_gap(struct sbom_reading *reading, struct span text, struct err *err);
