/* SPDX-License-Identifier: Apache-2.0 */
/* The tags that list what refers to an image, where the place keeps no list of its own. */
#pragma once

#include "port/referrers.h"

/*
 * What is at a subject's fallback tag, an empty document when there is nothing; ERR_INVALID when it
 * is no index.
 */
int referrers_fallback_load(struct depot *depot, const struct digest *subject, struct arena *arena,
			    struct depot_document *ret, struct err *err);

/* All of the batch that is about this subject. */
int referrers_lists_write(struct depot *depot, const struct referrers_batch *batch,
			  const struct digest *subject, struct err *err);
