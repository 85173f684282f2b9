/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of VEX documents share. */
#pragma once

#include "base/vec.h"
#include "codec/vex_document.h"

typedef VEC(struct vex_statement) vex_statements;

struct vex_reading {
	struct arena *arena;
	struct span format;
	struct span author;
	vex_statements statements;
	size_t parts; /* products and subcomponents so far */
};

struct vex_format {
	const char *member; /* that tells the format */
	int (*read)(struct vex_reading *reading, const json_t *json, struct err *err);
};

extern const struct vex_format vex_openvex;
extern const struct vex_format vex_cyclonedx;
extern const struct vex_format vex_csaf;

/* Room for products or subcomponents; ERR_LIMIT, ERR_MEMORY. */
int vex_products(struct vex_reading *reading, size_t count, struct openvex_product **ret,
		 struct err *err);
int vex_components(struct vex_reading *reading, size_t count, struct openvex_component **ret,
		   struct err *err);

/* The statement is copied, what it points at is not. ERR_LIMIT, ERR_MEMORY. */
int vex_add(struct vex_reading *reading, const struct vex_statement *statement, struct err *err);

/* RFC 3339 into *ret when the text is not empty. ERR_INVALID. */
int vex_time(struct span text, int64_t *ret, struct err *err);

/* "a: b", or the one that is there. ERR_MEMORY. */
int vex_join(struct vex_reading *reading, struct span a, struct span b, struct span *ret,
	     struct err *err);
