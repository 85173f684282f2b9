/* SPDX-License-Identifier: Apache-2.0 */
/* The one layer of a hardened image. */
#pragma once

#include "codec/compress.h"
#include "stage/build.h"

struct layer_input {
	const struct image *image;
	const struct contents *contents;
	const struct plan *plan;
	enum layer_compression compression;
	enum compress_effort effort;
	int fd; /* takes the compressed bytes */
	const struct progress *progress;
};

struct layer_output {
	struct digest diff_id; /* of the tar */
	struct digest digest;  /* of the bytes written */
	uint64_t inflated;
	uint64_t size;
};

/* Every kept path in path order, folders before what they hold. */
int layer_write(const struct layer_input *input, struct layer_output *ret, struct err *err);
