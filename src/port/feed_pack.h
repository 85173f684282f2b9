/* SPDX-License-Identifier: Apache-2.0 */
/* Compressing a feed for a mirror; the same bytes in give the same bytes out. */
#pragma once

#include "base/buf.h"

enum feed_packing {
	FEED_PLAIN,
	FEED_GZIP,
	FEED_ZSTD,
	FEED_BZIP2,
};

/* Appends to *ret (up to its max). ERR_LIMIT, ERR_MEMORY. */
int feed_pack(struct span text, enum feed_packing packing, struct buf *ret, struct err *err);
