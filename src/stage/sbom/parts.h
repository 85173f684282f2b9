/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/sbom: a bill of materials being made. */
#pragma once

#include "base/vec.h"
#include "stage/sbom.h"

struct sbom_maker {
	struct sbom *sbom;
	struct arena *arena; /* of the record */
	const struct contents *contents;
	const struct sbom_options *options;
	uint32_t *numbers; /* per component of the inventory: its index in the record, or
			      COMPONENT_NONE */
	VEC(struct gap) gaps;
};

int sbom_gap(struct sbom_maker *maker, struct span subject, struct err *err, const char *format,
	     ...) __attribute__((format(printf, 4, 5)));

/* licences.c: licences of one component, from its copyright file. */
int sbom_read_licences(struct sbom_maker *maker, struct sbom_component *item, struct err *err);

/* depends.c: depends of every component. */
int sbom_resolve_depends(struct sbom_maker *maker, struct err *err);

/* files.c: files and their digests. */
int sbom_digest_files(struct sbom_maker *maker, struct err *err);
