/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing an archive of records, as feed_archive.h reads it. The same files give the same bytes: no
 * times, no owners.
 */
#pragma once

#include "base/buf.h"

enum feed_bundle_format {
	FEED_BUNDLE_ZIP,
	FEED_BUNDLE_TAR_ZSTD,
};

struct feed_bundle;

/* Appends to *out, up to its max, until it is finished. ERR_MEMORY, ERR_IO. */
int feed_bundle_new(enum feed_bundle_format format, struct buf *out, struct feed_bundle **ret,
		    struct err *err);
int feed_bundle_add(struct feed_bundle *bundle, const char *name, struct span bytes,
		    struct err *err);
int feed_bundle_finish(struct feed_bundle *bundle, struct err *err);
void feed_bundle_free(struct feed_bundle *bundle);
void feed_bundle_cleanup(struct feed_bundle **bundle);
