/* SPDX-License-Identifier: Apache-2.0 */
/* image, inventory -> bill of materials: licences, dependencies, digests of files. docs/sbom.md */
#pragma once

#include "base/progress.h"
#include "model/plan.h"
#include "model/sbom.h"
#include "port/contents.h"

struct sbom_options {
	bool files;		 /* digests of every file, in one pass over the contents */
	const struct plan *plan; /* only what it takes off the record; NULL: all of the image */
	const struct progress *progress;
};

/*
 * Packages of which only configuration is left are not in it. Its time is $SOURCE_DATE_EPOCH, else
 * what the image says, else now: the same image gives the same record. A copyright file that cannot
 * be read leaves the licences of that package unknown; a file that cannot be read is a gap.
 * Image and inventory must outlive the record. ERR_MISMATCH (the plan or the inventory is of
 * another image), ERR_CANCELLED, ERR_MEMORY.
 */
int sbom_make(const struct image *image, const struct contents *contents,
	      const struct inventory *inventory, const struct sbom_options *options,
	      struct sbom **ret, struct err *err);
