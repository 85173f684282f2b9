/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the versions of an ecosystem are ordered. One file per scheme in version_order/, one row in
 * the table each.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct version_order {
	struct span name; /* "dpkg", "semver" */
	/* ERR_INVALID says what is wrong with a version that the scheme does not know. */
	int (*check)(struct span version, struct err *err);
	/* <0, 0, >0: a total preorder over all texts, malformed ones too. */
	int (*compare)(struct span a, struct span b);
	/* Versions of numbers alone are ordered by these, and a missing one is 0: "1.2" is "1.2.0".
	 */
	bool numeric;
};

/*
 * Up to four numbers below 65536 with dots between them, as one that sorts as they do under an
 * order that is `numeric`, all of which know such versions. False for any other text.
 */
bool version_order_number(struct span version, uint64_t *ret);

/* NULL when there is none of that name. */
const struct version_order *version_order_find(struct span name);
