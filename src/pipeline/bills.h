/* SPDX-License-Identifier: Apache-2.0 */
/* The bills of materials of a run: made once, written to the folder and stored beside the image. */
#pragma once

#include "model/sbom.h"
#include "pipeline/pipeline.h"

/* The formats there are. */
struct bill_kind {
	const char *format; /* "spdx", as policies and options have it */
	const char *file;   /* in the folder of results */
	const char *artifact_type;
	const char *predicate_type;
	int (*write)(const struct sbom *sbom, struct arena *arena, struct span *ret,
		     struct err *err);
};

extern const struct bill_kind bill_kinds[BILLS];

/* By format or predicate type; NULL when there is none. */
const struct bill_kind *bill_find(struct span name);

/* All of them, in the order of the table; texts go to `arena`. */
int bills_make(const struct subject *hardened, struct arena *arena, struct bill ret[BILLS],
	       struct err *err);

/* Those of an earlier run go, whether there are new ones (NULL: none) or not. */
int bills_write(const struct bill *bills, const char *folder, struct err *err);
