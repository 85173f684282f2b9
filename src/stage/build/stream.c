/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/build/stream.h"

#include "base/fd.h"

#include <stdlib.h>

struct stream {
	struct compressor *compressor;
	struct digest_stream *plain;
	struct digest_stream *packed;
	uint64_t inflated;
	uint64_t size;
	int fd;
};

static int
take_packed(void *context, struct span bytes, struct err *err)
{
	struct stream *stream = context;

	digest_stream_update(stream->packed, bytes.p, bytes.n);
	stream->size += bytes.n;
	return fd_write_full(stream->fd, bytes, err);
}

static int
start(struct stream *stream, const struct layer_input *input, struct err *err)
{
	stream->fd = input->fd;
	stream->plain = digest_stream_new();
	stream->packed = digest_stream_new();
	if (!stream->plain || !stream->packed)
		return err_memory(err);
	return compressor_new(input->compression, input->effort, take_packed, stream,
			      &stream->compressor, err);
}

int
stream_new(const struct layer_input *input, struct stream **ret, struct err *err)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return err_memory(err);
	int r = start(stream, input, err);
	if (r < 0) {
		stream_free(stream);
		return r;
	}
	*ret = stream;
	return 0;
}

int
stream_write(struct stream *stream, struct span bytes, struct err *err)
{
	digest_stream_update(stream->plain, bytes.p, bytes.n);
	stream->inflated += bytes.n;
	return compressor_update(stream->compressor, bytes, err);
}

int
stream_finish(struct stream *stream, struct layer_output *ret, struct err *err)
{
	struct layer_output output = {0};
	int r = compressor_finish(stream->compressor, err);

	if (r < 0)
		return r;
	digest_stream_finish(stream->plain, &output.diff_id);
	digest_stream_finish(stream->packed, &output.digest);
	output.inflated = stream->inflated;
	output.size = stream->size;
	*ret = output;
	return 0;
}

void
stream_free(struct stream *stream)
{
	if (!stream)
		return;
	compressor_free(stream->compressor);
	digest_stream_free(stream->plain);
	digest_stream_free(stream->packed);
	free(stream);
}

void
stream_cleanup(struct stream **stream)
{
	stream_free(*stream);
	*stream = NULL;
}
