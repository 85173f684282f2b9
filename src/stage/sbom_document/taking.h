/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/sbom_document: an inventory being taken from one. */
#pragma once

#include "base/vec.h"
#include "codec/purl.h"
#include "model/inventory.h"
#include "model/sbom_document.h"

struct taking {
	const struct sbom_document *document;
	struct arena *arena; /* of the inventory */
	struct purl
		*purls; /* of document.items; without a type where there is none that can be read */
	struct os_identity os;
	VEC(struct component) components;
	VEC(struct gap) gaps;
};

/* The document's words are short in a text, whole as a subject. */
enum { TAKING_WORD_MAX = 80 };
#define WORD_ARG(span) (span).n > TAKING_WORD_MAX ? TAKING_WORD_MAX : (int)(span).n, (span).p

int taking_gap(struct taking *taking, struct err *err, struct span subject, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* ---- ecosystem.c ---- */

/* A distribution's own packages: "dpkg" for purls of type deb; empty for what is of no release. */
struct span taking_ecosystem(const struct purl *purl);

/* Ecosystem, name and source (the key of advisories) of what belongs to no distribution. */
int taking_library(struct taking *taking, const struct sbom_item *item, const struct purl *purl,
		   struct component *component, struct err *err);

/* Module, and version and source as the reader of rpm's databases writes them. */
int taking_rpm(struct taking *taking, const struct purl *purl, struct component *component,
	       struct err *err);

/* ---- system.c ---- */

/* Which distribution and which release of it, as stated; either may be empty. */
struct release {
	struct span id;
	struct span version;
};

/* What a purl says of it, by `distro` and by its namespace. */
int release_of_purl(struct taking *taking, const struct purl *purl, struct release *ret,
		    struct err *err);

/* ID of os-release, for the words by which tools call a system: "almalinux" for "alma". */
int taking_system_id(struct taking *taking, struct span word, struct span *ret, struct err *err);

/* Whether both can be true; what is not stated contradicts nothing. */
bool release_agrees(const struct release *a, const struct release *b);

/* Fills taking->os; a gap says why when it stays unknown. */
int taking_system(struct taking *taking, struct err *err);

/* ---- components.c ---- */

/* After taking_system(): the components, and a gap for each that is left out. */
int taking_components(struct taking *taking, struct err *err);

/* ---- document.c ---- */

/* The whole, in this process; texts of `document` are copied. The inventory is in `arena`. */
int taking_inventory(const struct sbom_document *document, struct arena *arena,
		     struct inventory **ret, struct err *err);
