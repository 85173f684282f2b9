/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compressed layer to its plain bytes, pulled block by block: gzip (RFC 1952, any number of
 * members), zstd (RFC 8878, any number of frames) or as it is. What it is shows in its first
 * bytes; a media type is no more than a hint.
 */
#pragma once

#include "base/err.h"
#include "model/image.h"

/* Fills p with up to n bytes; *ret_n == 0 at the end. */
typedef int (*inflate_source)(void *context, void *p, size_t n, size_t *ret_n, struct err *err);

struct inflate;

/*
 * Reads the first bytes. ERR_UNSUPPORTED for xz, bzip2 and lz4, ERR_INVALID when there is nothing
 * at all, and what `source` returns.
 */
int inflate_new(inflate_source source, void *context, struct inflate **ret, struct err *err);
void inflate_free(struct inflate *inflate);
void inflate_cleanup(struct inflate **inflate);

enum layer_compression inflate_compression(const struct inflate *inflate);

/*
 * Up to n > 0 plain bytes; *ret_n == 0 at the end, once source is at its end as well.
 * ERR_INVALID: damaged, truncated, or something stands behind the end. ERR_LIMIT:
 * LAYER_INFLATED_MAX, LAYER_RATIO_MAX, LAYER_WINDOW_LOG_MAX.
 */
int inflate_read(struct inflate *inflate, void *p, size_t n, size_t *ret_n, struct err *err);
