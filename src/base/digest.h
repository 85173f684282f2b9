/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 and the digest strings of the OCI image specification (descriptor.md, "Digests"). */
#pragma once

#include "base/err.h"
#include "base/span.h"

enum {
	DIGEST_BYTES = 32,
	DIGEST_HEX = 64,
	DIGEST_TEXT = 72, /* "sha256:" + hex + NUL */
	SHA1_BYTES = 20,
};

struct digest {
	uint8_t bytes[DIGEST_BYTES];
};

/* "sha256:" + 64 lower-case hex digits. ERR_UNSUPPORTED for another algorithm, ERR_INVALID. */
int digest_parse(struct span text, struct digest *ret, struct err *err);

/* Writes DIGEST_TEXT bytes; returns `text`. */
const char *digest_format(const struct digest *digest, char text[DIGEST_TEXT]);

/* The 64 hex digits alone (digest_format() + 7 works as well). */
bool digest_equal(const struct digest *a, const struct digest *b);
void digest_of(struct span bytes, struct digest *ret);

/* Streaming. digest_stream_new() is NULL without memory; _finish() may be called once, and again
 * after _restart(), which is cheaper than a new one. */
struct digest_stream;
struct digest_stream *digest_stream_new(void);
void digest_stream_update(struct digest_stream *stream, const void *p, size_t n);
void digest_stream_finish(struct digest_stream *stream, struct digest *ret);
bool digest_stream_restart(struct digest_stream *stream);
void digest_stream_free(struct digest_stream *stream);

/*
 * Adds all that a file has, from its start, and writes it to `to` as well, unless that is -1.
 * ERR_IO, ERR_MEMORY.
 */
int digest_stream_file(struct digest_stream *stream, int from, int to, uint64_t *ret_size,
		       struct err *err);

/* Of so many bytes of a file. ERR_INVALID when it ends before; ERR_IO, ERR_MEMORY. */
int digest_of_part(int fd, uint64_t offset, uint64_t size, struct digest *ret, struct err *err);

/*
 * SHA-1, for formats that ask for it and for nothing else; a stream for digest_stream_update() and
 * _free(), ended with sha1_stream_finish().
 */
struct digest_stream *sha1_stream_new(void);
void sha1_stream_finish(struct digest_stream *stream, uint8_t ret[SHA1_BYTES]);
void digest_stream_cleanup(struct digest_stream **stream);
