/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/inflate.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <isa-l/igzip_lib.h>
#include <zstd.h>

enum { INPUT_BYTES = 65536 };

struct inflate {
	const struct method *method;
	inflate_source source;
	void *context;
	uint64_t consumed;
	uint64_t produced;
	bool ended; /* source is at its end */
	bool whole; /* at the end of a gzip member or zstd frame */
	size_t at;  /* unread input: bytes at .. filled */
	size_t filled;
	ZSTD_DStream *zstd;
	bool headed; /* the header of the current gzip member has been read */
	uint64_t members;
	struct isal_gzip_header header;
	struct inflate_state gzip;
	uint8_t input[INPUT_BYTES];
};

struct method {
	enum layer_compression compression;
	size_t magic_bytes;
	uint8_t magic[4];
	uint8_t mask; /* of the first magic byte */
	const char *unsupported;
	int (*start)(struct inflate *inflate, struct err *err);
	int (*read)(struct inflate *inflate, void *p, size_t n, size_t *ret_n, struct err *err);
};

/* More input behind what is unread; sets `ended`. */
static int
fill(struct inflate *inflate, struct err *err)
{
	size_t got;

	if (inflate->at > 0) {
		memmove(inflate->input, inflate->input + inflate->at,
			inflate->filled - inflate->at);
		inflate->filled -= inflate->at;
		inflate->at = 0;
	}
	int r = inflate->source(inflate->context, inflate->input + inflate->filled,
				sizeof(inflate->input) - inflate->filled, &got, err);
	if (r < 0)
		return r;
	inflate->ended = got == 0;
	inflate->filled += got;
	inflate->consumed += got;
	return 0;
}

static int
read_plain(struct inflate *inflate, void *p, size_t n, size_t *ret_n, struct err *err)
{
	size_t unread = inflate->filled - inflate->at;

	if (unread == 0 && !inflate->ended) {
		int r = inflate->source(inflate->context, p, n, ret_n, err);

		if (r < 0)
			return r;
		inflate->ended = *ret_n == 0;
		inflate->consumed += *ret_n;
		return 0;
	}
	if (n > unread)
		n = unread;
	memcpy(p, inflate->input + inflate->at, n);
	inflate->at += n;
	*ret_n = n;
	return 0;
}

/* The header is read apart: isal_inflate() loses its place in one that comes in pieces. */
static void
start_member(struct inflate *inflate)
{
	isal_gzip_header_init(&inflate->header);
	inflate->gzip.crc_flag = ISAL_GZIP;
	inflate->headed = false;
}

static int
start_gzip(struct inflate *inflate, struct err *err)
{
	(void)err;
	isal_inflate_init(&inflate->gzip);
	start_member(inflate);
	return 0;
}

static const char *
gzip_problem(int code)
{
	static const struct {
		int code;
		const char *text;
	} texts[] = {
		{ISAL_INVALID_BLOCK, "invalid block"},
		{ISAL_INVALID_SYMBOL, "invalid symbol"},
		{ISAL_INVALID_LOOKBACK, "reference to before the start"},
		{ISAL_INVALID_WRAPPER, "invalid header"},
		{ISAL_UNSUPPORTED_METHOD, "unknown compression method"},
		{ISAL_INCORRECT_CHECKSUM, "wrong checksum"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].code == code)
			return texts[i].text;
	}
	return "damaged";
}

/* One call of the decoder on what is unread. */
static int
step_gzip(struct inflate *inflate, struct err *err)
{
	struct inflate_state *gzip = &inflate->gzip;
	int code;

	if (inflate->whole) { /* another member, or something that is none */
		isal_inflate_reset(gzip);
		start_member(inflate);
	}
	gzip->next_in = inflate->input + inflate->at;
	gzip->avail_in = (uint32_t)(inflate->filled - inflate->at);
	if (inflate->headed)
		code = isal_inflate(gzip);
	else
		code = isal_read_gzip_header(gzip, &inflate->header);
	inflate->at = inflate->filled - gzip->avail_in;
	if (code < 0 && !inflate->headed && inflate->members > 0)
		return err_set(err, ERR_INVALID, "something else stands behind the gzip data");
	if (code < 0)
		return err_set(err, ERR_INVALID, "gzip: %s near compressed byte %llu",
			       gzip_problem(code),
			       (unsigned long long)(inflate->consumed - gzip->avail_in));
	inflate->whole = inflate->headed && gzip->block_state == ISAL_BLOCK_FINISH;
	inflate->members += inflate->whole;
	inflate->headed = inflate->headed || code == ISAL_DECOMP_OK;
	return 0;
}

static int
read_gzip(struct inflate *inflate, void *p, size_t n, size_t *ret_n, struct err *err)
{
	struct inflate_state *gzip = &inflate->gzip;
	uint32_t room = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	int r;

	gzip->next_out = p;
	gzip->avail_out = room;
	while (gzip->avail_out == room) {
		if (inflate->at == inflate->filled && !inflate->ended) {
			r = fill(inflate, err);
			if (r < 0)
				return r;
		}
		if (inflate->ended && inflate->whole && inflate->at == inflate->filled)
			break;

		bool starved = inflate->ended && inflate->at == inflate->filled;
		r = step_gzip(inflate, err);
		if (r < 0)
			return r;
		if (starved && !inflate->whole && gzip->avail_out == room)
			return err_set(err, ERR_INVALID, "the gzip data is truncated");
	}
	*ret_n = room - gzip->avail_out;
	return 0;
}

static int
start_zstd(struct inflate *inflate, struct err *err)
{
	inflate->zstd = ZSTD_createDStream();
	if (!inflate->zstd)
		return err_memory(err);
	(void)ZSTD_DCtx_setParameter(inflate->zstd, ZSTD_d_windowLogMax, LAYER_WINDOW_LOG_MAX);
	return 0;
}

static int
zstd_failed(const struct inflate *inflate, size_t code, struct err *err)
{
	const char *text = ZSTD_getErrorName(code);

	if (strstr(text, "too much memory"))
		return err_set(err, ERR_LIMIT,
			       "zstd: a window of more than %lu MiB (LAYER_WINDOW_LOG_MAX %d)",
			       (1UL << LAYER_WINDOW_LOG_MAX) / MIB, LAYER_WINDOW_LOG_MAX);
	if (inflate->whole)
		return err_set(err, ERR_INVALID, "something else stands behind the zstd data");
	return err_set(err, ERR_INVALID, "zstd: %s near compressed byte %llu", text,
		       (unsigned long long)inflate->consumed);
}

static int
read_zstd(struct inflate *inflate, void *p, size_t n, size_t *ret_n, struct err *err)
{
	ZSTD_outBuffer out = {p, n, 0};

	while (out.pos == 0) {
		if (inflate->at == inflate->filled && !inflate->ended) {
			int r = fill(inflate, err);
			if (r < 0)
				return r;
		}

		bool starved = inflate->ended && inflate->at == inflate->filled;
		if (starved && inflate->whole)
			break;
		ZSTD_inBuffer in = {inflate->input, inflate->filled, inflate->at};
		size_t code = ZSTD_decompressStream(inflate->zstd, &out, &in);
		inflate->at = in.pos;
		if (ZSTD_isError(code))
			return zstd_failed(inflate, code, err);
		inflate->whole = code == 0;
		if (starved && !inflate->whole && out.pos == 0)
			return err_set(err, ERR_INVALID, "the zstd data is truncated");
	}
	*ret_n = out.pos;
	return 0;
}

static const struct method methods[] = {
	{LAYER_GZIP, 2, {0x1f, 0x8b}, 0xff, NULL, start_gzip, read_gzip},
	{LAYER_ZSTD, 4, {0x28, 0xb5, 0x2f, 0xfd}, 0xff, NULL, start_zstd, read_zstd},
	/* a skippable frame (RFC 8878, section 3.1.2) comes first */
	{LAYER_ZSTD, 4, {0x50, 0x2a, 0x4d, 0x18}, 0xf0, NULL, start_zstd, read_zstd},
	{.magic_bytes = 4, .magic = {0xfd, '7', 'z', 'X'}, .mask = 0xff, .unsupported = "xz"},
	{.magic_bytes = 3, .magic = {'B', 'Z', 'h'}, .mask = 0xff, .unsupported = "bzip2"},
	{.magic_bytes = 4, .magic = {0x04, 0x22, 0x4d, 0x18}, .mask = 0xff, .unsupported = "lz4"},
	{.compression = LAYER_PLAIN, .read = read_plain},
};

/* Always finds one: the last takes everything. */
static const struct method *
find_method(const uint8_t *p, size_t n)
{
	for (const struct method *method = methods;; method++) {
		if (method->magic_bytes == 0)
			return method;
		if (n >= method->magic_bytes && (p[0] & method->mask) == method->magic[0] &&
		    memcmp(p + 1, method->magic + 1, method->magic_bytes - 1) == 0)
			return method;
	}
}

int
inflate_new(inflate_source source, void *context, struct inflate **ret, struct err *err)
{
	CLEANUP(inflate_cleanup) struct inflate *inflate = calloc(1, sizeof(*inflate));
	int r = 0;

	if (!inflate)
		return err_memory(err);
	inflate->source = source;
	inflate->context = context;
	while (r == 0 && inflate->filled < sizeof(methods[0].magic) && !inflate->ended)
		r = fill(inflate, err);
	if (r < 0)
		return r;
	if (inflate->filled == 0)
		return err_set(err, ERR_INVALID, "it is empty");
	inflate->method = find_method(inflate->input, inflate->filled);
	if (inflate->method->unsupported)
		return err_set(err, ERR_UNSUPPORTED,
			       "compressed with %s (gzip, zstd or none are known)",
			       inflate->method->unsupported);
	if (inflate->method->start)
		r = inflate->method->start(inflate, err);
	if (r < 0)
		return r;
	*ret = TAKE(inflate);
	return 0;
}

void
inflate_free(struct inflate *inflate)
{
	if (!inflate)
		return;
	(void)ZSTD_freeDStream(inflate->zstd);
	free(inflate);
}

void
inflate_cleanup(struct inflate **inflate)
{
	inflate_free(*inflate);
	*inflate = NULL;
}

enum layer_compression
inflate_compression(const struct inflate *inflate)
{
	return inflate->method->compression;
}

int
inflate_read(struct inflate *inflate, void *p, size_t n, size_t *ret_n, struct err *err)
{
	size_t got = 0;
	int r = inflate->method->read(inflate, p, n, &got, err);

	if (r < 0)
		return r;
	inflate->produced += got;
	if (inflate->produced > LAYER_INFLATED_MAX)
		return err_set(err, ERR_LIMIT, "inflates to more than %lu GiB (LAYER_INFLATED_MAX)",
			       LAYER_INFLATED_MAX / GIB);
	if (inflate->produced > LAYER_RATIO_GRACE &&
	    inflate->produced / LAYER_RATIO_MAX > inflate->consumed)
		return err_set(err, ERR_LIMIT,
			       "inflates more than %d times its size (LAYER_RATIO_MAX)",
			       LAYER_RATIO_MAX);
	*ret_n = got;
	return 0;
}
