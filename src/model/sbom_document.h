/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bill of materials that somebody wrote, as it was read: what the document says, in its own
 * words. Const once built. What it means is stage/sbom_document.h's to say. docs/sbom.md
 */
#pragma once

#include "base/arena.h"
#include "model/gap.h"

enum sbom_item_kind {
	SBOM_ITEM_PACKAGE,
	SBOM_ITEM_SYSTEM,  /* an operating system */
	SBOM_ITEM_SUBJECT, /* what the document is about */
};

/* Texts that are not stated are empty. */
struct sbom_item {
	enum sbom_item_kind kind;
	struct span name;
	struct span version;
	struct span purl; /* as it stands in the document */
	struct span source;
	struct span source_version;
	struct span codename;	 /* of a system */
	struct span guessed;	 /* the file whose bytes alone say so, by mohs */
	struct span description; /* of a system, for people */
};

struct sbom_document {
	struct arena *arena;
	struct span format; /* "SPDX-2.3", "CycloneDX 1.6" */
	struct span name;   /* of what the document is about; may be empty */
	struct sbom_item *items;
	size_t item_count;
	struct gap_list gaps; /* what the document says that it lacks */
};

void sbom_document_free(struct sbom_document *document);
void sbom_document_cleanup(struct sbom_document **document);
