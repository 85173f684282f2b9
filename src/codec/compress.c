/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/compress.h"

#include "base/limits.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum {
	OUTPUT_SIZE = 128 * 1024,
	GZIP_WINDOW = 15 + 16, /* 32 KiB, gzip header */
	GZIP_MEMORY = 8,
};

static const int gzip_levels[] = {[COMPRESS_QUICK] = 4, [COMPRESS_SMALL] = 9};
static const int zstd_levels[] = {[COMPRESS_QUICK] = 9, [COMPRESS_SMALL] = 19};

struct compressor {
	enum layer_compression compression;
	compress_write write;
	void *context;
	z_stream gzip;
	ZSTD_CCtx *zstd;
	char output[OUTPUT_SIZE];
};

static int
start(struct compressor *compressor, enum compress_effort effort)
{
	size_t r = 0;

	switch (compressor->compression) {
	case LAYER_PLAIN:
		return 0;
	case LAYER_GZIP:
		/* zlib writes a gzip header without a time and without a name. */
		return deflateInit2(&compressor->gzip, gzip_levels[effort], Z_DEFLATED, GZIP_WINDOW,
				    GZIP_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK
			       ? 0
			       : -1;
	case LAYER_ZSTD:
		compressor->zstd = ZSTD_createCCtx();
		if (!compressor->zstd)
			return -1;
		r = ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_compressionLevel,
					   zstd_levels[effort]);
		if (!ZSTD_isError(r))
			r = ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_checksumFlag, 1);
		return ZSTD_isError(r) ? -1 : 0;
	}
	return -1;
}

int
compressor_new(enum layer_compression compression, enum compress_effort effort,
	       compress_write write, void *context, struct compressor **ret, struct err *err)
{
	struct compressor *compressor = calloc(1, sizeof(*compressor));

	if (!compressor)
		return err_memory(err);
	compressor->compression = compression;
	compressor->write = write;
	compressor->context = context;
	if (start(compressor, effort) < 0) {
		compressor_free(compressor);
		return err_memory(err);
	}
	*ret = compressor;
	return 0;
}

static int
run_gzip(struct compressor *compressor, struct span bytes, int flush, struct err *err)
{
	z_stream *stream = &compressor->gzip;
	int state = Z_OK;

	stream->next_in = (Bytef *)(uintptr_t)bytes.p;
	stream->avail_in = (uInt)bytes.n;
	do {
		stream->next_out = (Bytef *)compressor->output;
		stream->avail_out = OUTPUT_SIZE;
		state = deflate(stream, flush);
		if (state == Z_STREAM_ERROR)
			return err_set(err, ERR_INVALID, "zlib refused the stream");
		struct span out = {compressor->output, OUTPUT_SIZE - stream->avail_out};
		int r = out.n ? compressor->write(compressor->context, out, err) : 0;
		if (r < 0)
			return r;
	} while (stream->avail_out == 0 || (flush == Z_FINISH && state != Z_STREAM_END));
	return 0;
}

static int
run_zstd(struct compressor *compressor, struct span bytes, ZSTD_EndDirective end, struct err *err)
{
	ZSTD_inBuffer in = {bytes.p, bytes.n, 0};
	size_t left = 0;

	do {
		ZSTD_outBuffer out = {compressor->output, OUTPUT_SIZE, 0};

		left = ZSTD_compressStream2(compressor->zstd, &out, &in, end);
		if (ZSTD_isError(left))
			return err_set(err, ERR_INVALID, "zstd: %s", ZSTD_getErrorName(left));
		struct span done = {compressor->output, out.pos};
		int r = done.n ? compressor->write(compressor->context, done, err) : 0;
		if (r < 0)
			return r;
	} while (in.pos < in.size || (end == ZSTD_e_end && left > 0));
	return 0;
}

int
compressor_update(struct compressor *compressor, struct span bytes, struct err *err)
{
	while (bytes.n > 0) {
		size_t n = bytes.n < GIB ? bytes.n : GIB; /* zlib counts in 32 bits */
		struct span part = span_slice(bytes, 0, n);
		int r = 0;

		if (compressor->compression == LAYER_GZIP)
			r = run_gzip(compressor, part, Z_NO_FLUSH, err);
		else if (compressor->compression == LAYER_ZSTD)
			r = run_zstd(compressor, part, ZSTD_e_continue, err);
		else
			r = compressor->write(compressor->context, part, err);
		if (r < 0)
			return r;
		bytes = span_slice(bytes, n, bytes.n);
	}
	return 0;
}

int
compressor_finish(struct compressor *compressor, struct err *err)
{
	if (compressor->compression == LAYER_GZIP)
		return run_gzip(compressor, SPAN(""), Z_FINISH, err);
	if (compressor->compression == LAYER_ZSTD)
		return run_zstd(compressor, SPAN(""), ZSTD_e_end, err);
	return 0;
}

void
compressor_free(struct compressor *compressor)
{
	if (!compressor)
		return;
	if (compressor->compression == LAYER_GZIP)
		(void)deflateEnd(&compressor->gzip);
	(void)ZSTD_freeCCtx(compressor->zstd);
	free(compressor);
}

void
compressor_cleanup(struct compressor **compressor)
{
	compressor_free(*compressor);
	*compressor = NULL;
}
