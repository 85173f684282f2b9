/* SPDX-License-Identifier: Apache-2.0 */
/* What a database holds, whatever its pages: the digest of it, and how much there is. */
#pragma once

#include "port/advisories/schema.h"

struct content {
	struct digest digest;
	uint64_t advisories;
};

/* How many advisories a release (by its row in `scope`) has; once of each that has some. */
typedef int content_visitor(void *context, int64_t scope, uint64_t advisories, struct err *err);

/*
 * Over every row of every feed, sorted, feeds' dates and addresses left out: the same content has
 * the same digest, whatever machine, layout, pages or order of import. `each` may be NULL.
 */
int content_sum(sqlite3 *sqlite, content_visitor *each, void *context, struct content *ret,
		struct err *err);
