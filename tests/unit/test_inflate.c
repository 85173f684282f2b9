/* SPDX-License-Identifier: Apache-2.0 */
#include "layer.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/inflate.h"

#include <stdlib.h>

/* Input in pieces of `step` bytes. */
struct pieces {
	struct span rest;
	size_t step;
};

static int
next_piece(void *context, void *p, size_t n, size_t *ret_n, struct err *err)
{
	struct pieces *pieces = context;

	(void)err;
	if (n > pieces->step)
		n = pieces->step;
	if (n > pieces->rest.n)
		n = pieces->rest.n;
	memcpy(p, pieces->rest.p, n);
	pieces->rest = span_slice(pieces->rest, n, pieces->rest.n);
	*ret_n = n;
	return 0;
}

static int
inflate_all(struct span input, size_t step, size_t block, struct buf *output,
	    enum layer_compression *ret, struct err *err)
{
	CLEANUP(inflate_cleanup) struct inflate *inflate = NULL;
	struct pieces pieces = {input, step};
	size_t got = 1;
	int r = inflate_new(next_piece, &pieces, &inflate, err);

	if (r == 0)
		*ret = inflate_compression(inflate);
	while (r == 0 && got > 0) {
		r = buf_reserve(output, block, err);
		if (r == 0)
			r = inflate_read(inflate, output->p + output->n, block, &got, err);
		if (r == 0)
			output->n += got;
	}
	return r;
}

static void
check(struct span input, struct span wanted, enum layer_compression compression)
{
	static const size_t steps[] = {1, 7, 4096, SIZE_MAX};
	static const size_t blocks[] = {1, 1000, 1 << 18};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (size_t j = 0; j < sizeof(blocks) / sizeof(blocks[0]); j++) {
			CLEANUP(buf_cleanup) struct buf output = BUF_INIT(1 << 24);
			enum layer_compression found = 99;

			assert_good(inflate_all(input, steps[i], blocks[j], &output, &found, err));
			assert_int_equal(found, compression);
			assert_true(span_equal(buf_span(&output), wanted));
		}
	}
}

static void
refuse(enum err_kind kind, struct span input, const char *text)
{
	static const size_t steps[] = {1, 7, SIZE_MAX};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		CLEANUP(buf_cleanup) struct buf output = BUF_INIT(1 << 24);
		enum layer_compression found;
		struct err problem = ERR_INIT;

		assert_int_equal(inflate_all(input, steps[i], 65536, &output, &found, &problem),
				 -(int)kind);
		if (!strstr(problem.text, text))
			fail_msg("\"%s\" does not say \"%s\"", problem.text, text);
	}
}

/* Text that neither compresses to nothing nor not at all. */
static struct span
sample(char *p, size_t n)
{
	uint32_t state = 1;

	for (size_t i = 0; i < n; i++) {
		state = state * 1103515245 + 12345;
		p[i] = (char)("aaaabcdefg\n"[(state >> 16) % 11]);
	}
	return (struct span){p, n};
}

static void
all_kinds_come_out_whole(void **state)
{
	static char text[50000];
	struct span plain = sample(text, sizeof(text));
	CLEANUP(buf_cleanup) struct buf gzip = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf zstd = BUF_INIT(1 << 20);

	(void)state;
	check(plain, plain, LAYER_PLAIN);
	check(SPAN("x"), SPAN("x"), LAYER_PLAIN);
	check(SPAN("\x1f"), SPAN("\x1f"), LAYER_PLAIN);
	gzip_put(&gzip, span_slice(plain, 0, 20000));
	gzip_put(&gzip, SPAN(""));
	gzip_put(&gzip, span_slice(plain, 20000, plain.n));
	check(buf_span(&gzip), plain, LAYER_GZIP);
	zstd_put(&zstd, span_slice(plain, 0, 20000));
	assert_good(buf_append(&zstd, SPAN("\x5f\x2a\x4d\x18\x03\0\0\0abc"), err));
	zstd_put(&zstd, span_slice(plain, 20000, plain.n));
	check(buf_span(&zstd), plain, LAYER_ZSTD);
}

/* A header with every optional field (RFC 1952, section 2.3). */
static void
gzip_headers_may_hold_names(void **state)
{
	CLEANUP(buf_cleanup) struct buf gzip = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf full = BUF_INIT(1 << 20);

	(void)state;
	gzip_put(&gzip, SPAN("hello"));
	assert_int_equal(gzip.p[3], 0);
	assert_good(buf_append(&full, span_slice(buf_span(&gzip), 0, 3), err));
	assert_good(buf_byte(&full, 0x1c, err)); /* FEXTRA, FNAME, FCOMMENT */
	assert_good(buf_append(&full, span_slice(buf_span(&gzip), 4, 10), err));
	assert_good(buf_append(&full, SPAN("\4\0AB\0\0name.tar\0a comment\0"), err));
	assert_good(buf_append(&full, span_slice(buf_span(&gzip), 10, gzip.n), err));
	check(buf_span(&full), SPAN("hello"), LAYER_GZIP);
}

static void
damage_is_named(void **state)
{
	static char text[50000];
	struct span plain = sample(text, sizeof(text));
	CLEANUP(buf_cleanup) struct buf gzip = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf zstd = BUF_INIT(1 << 20);

	(void)state;
	gzip_put(&gzip, plain);
	zstd_put(&zstd, plain);
	refuse(ERR_INVALID, SPAN(""), "empty");
	for (size_t cut = 4; cut < gzip.n; cut += gzip.n / 13)
		refuse(ERR_INVALID, span_slice(buf_span(&gzip), 0, cut), "truncated");
	refuse(ERR_INVALID, span_slice(buf_span(&gzip), 0, gzip.n - 1), "truncated");
	for (size_t cut = 6; cut < zstd.n; cut += zstd.n / 13)
		refuse(ERR_INVALID, span_slice(buf_span(&zstd), 0, cut), "truncated");
	gzip.p[gzip.n - 6] ^= 1;
	refuse(ERR_INVALID, buf_span(&gzip), "checksum");
	gzip.p[gzip.n - 6] ^= 1;
	assert_good(buf_append(&gzip, SPAN("garbage garbage"), err));
	refuse(ERR_INVALID, buf_span(&gzip), "behind the gzip data");
	assert_good(buf_append(&zstd, SPAN("garbage garbage"), err));
	refuse(ERR_INVALID, buf_span(&zstd), "behind the zstd data");
	refuse(ERR_UNSUPPORTED,
	       SPAN("\xfd"
		    "7zXZ\0"),
	       "xz");
	refuse(ERR_UNSUPPORTED, SPAN("BZh91AY"), "bzip2");
}

/* 100 MiB of zeroes in about 100 KiB; two members, so that the helper need not hold it all. */
static void
bombs_stop_at_the_ratio(void **state)
{
	CLEANUP(free_cleanup) char *zeroes = calloc(1, 100 * MIB);
	CLEANUP(free_cleanup) char *block = malloc(1 << 18);
	CLEANUP(buf_cleanup) struct buf bomb = BUF_INIT(200 * MIB);
	CLEANUP(inflate_cleanup) struct inflate *inflate = NULL;
	struct err problem = ERR_INIT;
	uint64_t total = 0;
	size_t got = 1;
	int r = 0;

	(void)state;
	assert_non_null(zeroes);
	assert_non_null(block);
	zstd_put(&bomb, (struct span){zeroes, 100 * MIB});
	struct pieces pieces = {buf_span(&bomb), 65536};
	assert_good(inflate_new(next_piece, &pieces, &inflate, err));
	while (r == 0 && got > 0) {
		r = inflate_read(inflate, block, 1 << 18, &got, &problem);
		total += r == 0 ? got : 0;
	}
	assert_int_equal(r, -ERR_LIMIT);
	assert_true(total <= LAYER_RATIO_GRACE + MIB);
	assert_non_null(strstr(problem.text, "LAYER_RATIO_MAX"));
}

/* A frame header that asks for a window of 512 MiB (RFC 8878, section 3.1.1.1.2). */
static void
windows_have_a_ceiling(void **state)
{
	static const char frame[] = "\x28\xb5\x2f\xfd\x00\x98\x01\x00\x00";

	(void)state;
	refuse(ERR_LIMIT, (struct span){frame, sizeof(frame) - 1}, "LAYER_WINDOW_LOG_MAX");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_come_out_whole),
		cmocka_unit_test(gzip_headers_may_hold_names),
		cmocka_unit_test(damage_is_named),
		cmocka_unit_test(bombs_stop_at_the_ratio),
		cmocka_unit_test(windows_have_a_ceiling),
	};

	return cmocka_run_group_tests_name("inflate", tests, NULL, NULL);
}
