/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <unistd.h>

struct digest_stream {
	EVP_MD_CTX *context;
};

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
digest_parse(struct span text, struct digest *ret, struct err *err)
{
	struct span hex = text;
	struct span algorithm = span_cut(&hex, ':');
	struct digest digest;

	if (!hex.p)
		return err_set(err, ERR_INVALID, "not a digest: \"%.*s\"",
			       text.n > 100 ? 100 : (int)text.n, text.n ? text.p : "");
	if (!span_equal(algorithm, SPAN("sha256")))
		return err_set(err, ERR_UNSUPPORTED, "digest algorithm %.*s (only sha256 is read)",
			       algorithm.n > 20 ? 20 : (int)algorithm.n, algorithm.p);
	if (hex.n != DIGEST_HEX)
		return err_set(err, ERR_INVALID, "a sha256 digest with %zu digits", hex.n);
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		int high = hex_value(hex.p[2 * i]);
		int low = hex_value(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return err_set(err, ERR_INVALID,
				       "a sha256 digest with other than hex digits");
		digest.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret = digest;
	return 0;
}

const char *
digest_format(const struct digest *digest, char text[DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	memcpy(text, "sha256:", 7);
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		text[7 + 2 * i] = digits[digest->bytes[i] >> 4];
		text[8 + 2 * i] = digits[digest->bytes[i] & 15];
	}
	text[DIGEST_TEXT - 1] = '\0';
	return text;
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

void
digest_of(struct span bytes, struct digest *ret)
{
	(void)SHA256((const unsigned char *)bytes.p, bytes.n, ret->bytes);
}

static struct digest_stream *
stream_new(const EVP_MD *algorithm)
{
	struct digest_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->context = EVP_MD_CTX_new();
	if (!stream->context || EVP_DigestInit_ex(stream->context, algorithm, NULL) != 1) {
		digest_stream_free(stream);
		return NULL;
	}
	return stream;
}

struct digest_stream *
digest_stream_new(void)
{
	return stream_new(EVP_sha256());
}

struct digest_stream *
sha1_stream_new(void)
{
	return stream_new(EVP_sha1());
}

void
sha1_stream_finish(struct digest_stream *stream, uint8_t ret[SHA1_BYTES])
{
	unsigned int length = 0;

	(void)EVP_DigestFinal_ex(stream->context, ret, &length);
}

void
digest_stream_update(struct digest_stream *stream, const void *p, size_t n)
{
	(void)EVP_DigestUpdate(stream->context, p, n);
}

void
digest_stream_finish(struct digest_stream *stream, struct digest *ret)
{
	unsigned int length = 0;

	(void)EVP_DigestFinal_ex(stream->context, ret->bytes, &length);
}

bool
digest_stream_restart(struct digest_stream *stream)
{
	return EVP_DigestInit_ex(stream->context, NULL, NULL) == 1;
}

void
digest_stream_free(struct digest_stream *stream)
{
	if (!stream)
		return;
	EVP_MD_CTX_free(stream->context);
	free(stream);
}

void
digest_stream_cleanup(struct digest_stream **stream)
{
	digest_stream_free(*stream);
	*stream = NULL;
}

enum { CHUNK = 256 * 1024 };

int
digest_stream_file(struct digest_stream *stream, int from, int to, uint64_t *ret_size,
		   struct err *err)
{
	CLEANUP(free_cleanup) char *chunk = malloc(CHUNK);
	uint64_t size = 0;
	ssize_t got;
	int r = chunk ? 0 : err_memory(err);

	while (r == 0 && (got = TEMP_FAILURE_RETRY(pread(from, chunk, CHUNK, (off_t)size))) != 0) {
		if (got < 0)
			return err_sys(err, ERR_IO, errno, "cannot read");
		digest_stream_update(stream, chunk, (size_t)got);
		size += (uint64_t)got;
		if (to >= 0)
			r = fd_write_full(to, (struct span){chunk, (size_t)got}, err);
	}
	if (r == 0)
		*ret_size = size;
	return r;
}

int
digest_of_part(int fd, uint64_t offset, uint64_t size, struct digest *ret, struct err *err)
{
	CLEANUP(digest_stream_cleanup) struct digest_stream *stream = digest_stream_new();
	CLEANUP(free_cleanup) char *chunk = malloc(CHUNK);
	int r = stream && chunk ? 0 : err_memory(err);

	for (uint64_t done = 0; r == 0 && done < size;) {
		size_t n = size - done < CHUNK ? (size_t)(size - done) : CHUNK;

		r = fd_pread_full(fd, chunk, n, offset + done, err);
		if (r == 0)
			digest_stream_update(stream, chunk, n);
		done += n;
	}
	if (r == 0)
		digest_stream_finish(stream, ret);
	return r;
}
