/* SPDX-License-Identifier: Apache-2.0 */
/* tar bytes in; digest, compression, digest, file out. */
#pragma once

#include "stage/build/layer.h"

struct stream;

int stream_new(const struct layer_input *input, struct stream **ret, struct err *err);
int stream_write(struct stream *stream, struct span bytes, struct err *err);
/* Flushes; fills the digests and sizes. Once, at the end. */
int stream_finish(struct stream *stream, struct layer_output *ret, struct err *err);
void stream_free(struct stream *stream);
void stream_cleanup(struct stream **stream);
