/* SPDX-License-Identifier: Apache-2.0 */
/* How an advisory database came to this machine. */
#pragma once

#include "base/span.h"

#include <stdint.h>

enum advisory_origin_kind {
	ADVISORY_MADE_HERE, /* from feeds; nothing else is known then */
	ADVISORY_FROM_FILE,
	ADVISORY_FROM_REGISTRY,
};

struct advisory_origin {
	enum advisory_origin_kind kind;
	struct span from;   /* the file's name, or the reference */
	struct span digest; /* "sha256:...": of the packed database, or of the manifest */
	struct span key;    /* hint of the key whose signature held; empty: none was looked at */
	int64_t time;	    /* seconds since 1970: when it came */
};

/* Whether somebody who was asked for vouches for it. */
static inline bool
advisory_origin_vouched(const struct advisory_origin *origin)
{
	return origin->kind == ADVISORY_MADE_HERE || origin->key.n > 0;
}
