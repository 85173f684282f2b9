/* SPDX-License-Identifier: Apache-2.0 */
/* reference -> image: fetches, verifies, indexes, merges the layers. docs/image.md */
#pragma once

#include "base/progress.h"
#include "model/image.h"
#include "port/contents.h"
#include "port/source.h"

struct image_options {
	struct source_options source;
	const char *cache; /* cache folder; NULL: $MOHS_CACHE, else $XDG_CACHE_HOME/mohs */
	unsigned workers;  /* layers read at once; 0: one per processor */
};

/*
 * Opens an image: source -> platform's manifest -> config -> layers, every byte checked
 * against its digest and size, each layer inflated once into the cache. ret_contents may
 * be NULL when no contents are needed.
 * ERR_NOT_FOUND, ERR_DIGEST, ERR_INVALID, ERR_LIMIT, ERR_UNSUPPORTED, ERR_NETWORK, ERR_AUTH,
 * ERR_IO.
 */
int image_open(struct span reference, const struct image_options *options, struct image **ret,
	       struct contents **ret_contents, struct err *err);
