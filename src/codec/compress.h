/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream compressed the same way on every machine: the bytes depend on the input, the effort
 * and the release of zlib or zstd, not on the processor. decisions/0003-zlib-for-layers.md
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "model/image.h"

enum compress_effort {
	COMPRESS_QUICK, /* what a layer is written with */
	COMPRESS_SMALL, /* several times slower, a few percent smaller */
};

/* Takes output; an error ends the stream. */
typedef int (*compress_write)(void *context, struct span bytes, struct err *err);

struct compressor;

/* LAYER_PLAIN passes the bytes on as they are. ERR_MEMORY. */
int compressor_new(enum layer_compression compression, enum compress_effort effort,
		   compress_write write, void *context, struct compressor **ret, struct err *err);
int compressor_update(struct compressor *compressor, struct span bytes, struct err *err);
int compressor_finish(struct compressor *compressor, struct err *err); /* once, at the end */
void compressor_free(struct compressor *compressor);
void compressor_cleanup(struct compressor **compressor);
