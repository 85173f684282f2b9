/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One image with all that is derived from it alone; or a bill of materials in its place, which has
 * an inventory and findings and nothing else.
 */
#pragma once

#include "model/evidence.h"
#include "port/advisories.h"
#include "stage/image.h"

struct subject {
	struct image *image; /* NULL: a document */
	struct contents *contents;
	struct inventory *inventory;
	struct findings *findings;
	struct shells *shells;
};

/* Takes the inventory of an opened image, unless it is there, and matches it. */
int subject_match(struct subject *subject, struct advisories *advisories, struct err *err);

/*
 * Opens an image or a document (sbom:FILE, sbom:-, or FILE that holds one), its inventory and its
 * findings: what `scan` and `diff` need.
 */
int subject_scan(struct subject *subject, struct span reference,
		 const struct image_options *options, struct advisories *advisories,
		 struct err *err);

/* The records of a subject as one side of the evidence. */
struct evidence_side subject_evidence(const struct subject *subject);

void subject_free(struct subject *subject);
