/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of image files, read from the uncompressed layers in the layer cache.
 * Safe for use by several threads.
 */
#pragma once

#include "base/confine.h"
#include "model/image.h"

struct contents;

void contents_free(struct contents *contents);
void contents_cleanup(struct contents **contents);

/*
 * Reads up to n bytes of a file's content at `offset`; hard links and sparse files
 * are followed. *ret_n < n only at the end of the content. ERR_IO, ERR_INVALID
 * when `entry` is no file.
 */
int contents_read(const struct contents *contents, const struct image *image, uint32_t entry,
		  uint64_t offset, void *p, size_t n, size_t *ret_n, struct err *err);

/* The whole content into arena memory. ERR_LIMIT when it is longer than `max`. */
int contents_load(const struct contents *contents, const struct image *image, uint32_t entry,
		  size_t max, struct arena *arena, struct span *ret, struct err *err);

/*
 * A file's whole content, mapped where its layer holds it in one piece: what is not looked at is
 * not read. Valid until it is released, which contents must outlive. ERR_LIMIT when it is longer
 * than `max`.
 */
struct contents_view {
	struct span bytes;
	void *mapping;
	size_t mapped;
	void *copy; /* of a sparse file */
};

int contents_view(const struct contents *contents, const struct image *image, uint32_t entry,
		  size_t max, struct contents_view *ret, struct err *err);
void contents_view_cleanup(struct contents_view *view);

/* For zero-copy service: descriptor (owned by contents) of layer `layer`'s uncompressed tar. */
int contents_layer_fd(const struct contents *contents, uint32_t layer);

/* Reads every layer whole and compares it with its diff ID. ERR_DIGEST, ERR_IO. */
int contents_verify(const struct contents *contents, const struct image *image, struct err *err);

/*
 * Over descriptors of the layers' uncompressed tars, in layer order; takes them over (closed by
 * contents_free, also on failure here). Tests pass memfds.
 */
int contents_new(const int *layer_fds, size_t count, struct contents **ret, struct err *err);

/*
 * Runs a function that reads contents in a confined process (base/confine.h), which has the
 * layers' descriptors and nothing else. `what`: begins the errors about it. What it writes goes to
 * `result`. Ceilings: ANALYSIS_MEMORY_MAX, ANALYSIS_TIME_MS. Errors of confine_run().
 */
int contents_confine(const struct contents *contents, const char *what, confine_function function,
		     void *context, struct buf *result, struct err *err);
