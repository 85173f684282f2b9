/* SPDX-License-Identifier: Apache-2.0 */
/* The product tree of a document of feed_csaf.h. */
#pragma once

#include "base/map.h"
#include "codec/feed.h"

/* A package of a release, or either alone. */
struct csaf_product {
	struct span release; /* empty: no release of ours */
	struct span package;
	struct span module;
	struct span version; /* "1:3.0.7-6.el9_2"; empty */
	bool source;
};

struct csaf_products {
	struct arena *arena;
	struct map *branches;	   /* id -> struct csaf_product */
	struct map *relationships; /* id of the whole -> struct csaf_product */
};

/* ERR_INVALID: the tree makes no sense. ERR_LIMIT, ERR_MEMORY. */
int csaf_products_read(struct json_view tree, struct csaf_products *ret, struct err *err);
void csaf_products_cleanup(struct csaf_products *products);

/* NULL: it is not in the tree. */
const struct csaf_product *csaf_products_find(const struct csaf_products *products, struct span id);
