/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/proc.h"
#include "codec/deb_version.h"

#include <stdlib.h>
#include <unistd.h>

static int
sign(int value)
{
	return (value > 0) - (value < 0);
}

/* Ascending; neighbours joined by "=" are equal. */
static const struct {
	struct span text;
	bool like_before;
} ladder[] = {
	{SPAN_INIT("~~"), false},
	{SPAN_INIT("~~a"), false},
	{SPAN_INIT("~"), false},
	{SPAN_INIT("0"), false},
	{SPAN_INIT("00"), true},
	{SPAN_INIT("0-0"), true},
	{SPAN_INIT("0.1"), false},
	{SPAN_INIT("1~rc1-1"), false},
	{SPAN_INIT("1~rc1-1+b1"), false},
	{SPAN_INIT("1"), false},
	{SPAN_INIT("1-0"), true},
	{SPAN_INIT("0:1-00"), true},
	{SPAN_INIT(" 1 \n"), true},
	{SPAN_INIT("1-0.1"), false},
	{SPAN_INIT("1-1~bpo12+1"), false},
	{SPAN_INIT("1-1"), false},
	{SPAN_INIT("1-1+b1"), false},
	{SPAN_INIT("1-1+deb12u1"), false},
	{SPAN_INIT("1-1.1"), false},
	{SPAN_INIT("1a"), false},
	{SPAN_INIT("1b"), false},
	{SPAN_INIT("1+dfsg"), false},
	{SPAN_INIT("1-2-1"), false},
	{SPAN_INIT("1.0"), false},
	{SPAN_INIT("1.2"), false},
	{SPAN_INIT("1.10"), false},
	{SPAN_INIT("10"), false},
	{SPAN_INIT("20240203"), false},
	{SPAN_INIT("99999999999999999999999999"), false},
	{SPAN_INIT("1:0~"), false},
	{SPAN_INIT("1:0"), false},
	{SPAN_INIT("01:0"), true},
	{SPAN_INIT("2:0"), false},
	{SPAN_INIT("10:0"), false},
};

#define LADDER (sizeof(ladder) / sizeof(ladder[0]))

static void
table_is_in_order(void **state)
{
	int height[LADDER] = {0};

	(void)state;
	for (size_t i = 1; i < LADDER; i++)
		height[i] = height[i - 1] + !ladder[i].like_before;
	for (size_t i = 0; i < LADDER; i++) {
		for (size_t k = 0; k < LADDER; k++) {
			int got = sign(deb_version_compare(ladder[i].text, ladder[k].text));

			if (got != sign(height[i] - height[k]))
				fail_msg("\"%s\" and \"%s\": %d", ladder[i].text.p,
					 ladder[k].text.p, got);
		}
	}
}

static void
parts_are_split(void **state)
{
	struct deb_version version;

	(void)state;
	assert_good(deb_version_parse(SPAN("2:1.2-3-4+b1"), &version, err));
	assert_span(version.epoch, "2");
	assert_span(version.upstream, "1.2-3");
	assert_span(version.revision, "4+b1");
	assert_good(deb_version_parse(SPAN(" 1.2~rc1+dfsg "), &version, err));
	assert_int_equal(version.epoch.n, 0);
	assert_span(version.upstream, "1.2~rc1+dfsg");
	assert_int_equal(version.revision.n, 0);
	assert_good(deb_version_parse(SPAN("1:2:3-1"), &version, err));
	assert_span(version.upstream, "2:3");
}

static void
malformed_versions_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		":1",
		"a:1",
		"-1:1",
		"2147483648:1",
		"99999999999999999999999:1",
		"1:",
		"1-",
		"-1",
		"1_2",
		"1 2",
		"1-a_b",
		"1/2",
		"1\xc3\xa4",
		"1-1:1~",
		"1.0\n1",
	};
	struct deb_version version = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails(ERR_INVALID, deb_version_parse(span_from(bad[i]), &version, err));
	assert_fails(ERR_INVALID, deb_version_parse((struct span){"1\0002", 3}, &version, err));
	assert_null(version.upstream.p);
	assert_good(deb_version_parse(SPAN("2147483647:1"), &version, err));
}

/* ---- generated versions ---- */

struct generated {
	char text[40];
	size_t n;
};

static uint32_t seed_value = 20261123;

static uint32_t
dice(uint32_t sides)
{
	seed_value = seed_value * 1664525U + 1013904223U;
	return (seed_value >> 8) % sides;
}

static const char letters[] = "0012399.aAbzZ+~~.";

/* A version dpkg accepts: epoch and revision sometimes. */
static void
generate(struct generated *version)
{
	size_t length = 1 + dice(8);

	version->n = 0;
	if (dice(4) == 0) {
		version->text[version->n++] = (char)('0' + dice(3));
		version->text[version->n++] = ':';
	}
	version->text[version->n++] = (char)('0' + dice(4));
	for (size_t i = 0; i < length; i++)
		version->text[version->n++] = letters[dice(sizeof(letters) - 1)];
	if (dice(2) == 0) {
		version->text[version->n++] = '-';
		for (size_t i = 0; i < 1 + length / 2; i++)
			version->text[version->n++] = letters[dice(sizeof(letters) - 1)];
	}
	version->text[version->n] = '\0';
}

/* A copy with one byte behind the first digit added, changed or taken away. */
static void
nudge(const struct generated *from, struct generated *to)
{
	const char *colon = memchr(from->text, ':', from->n);
	const char *dash = memchr(from->text, '-', from->n);
	size_t low = (colon ? (size_t)(colon - from->text) + 1 : 0) + 1;
	size_t high = dash ? (size_t)(dash - from->text) : from->n;
	size_t at = low + dice((uint32_t)(high - low + 1));

	*to = *from;
	if (at < high && dice(3) == 0) {
		memmove(to->text + at, to->text + at + 1, to->n - at);
		to->n--;
	} else if (at < high && dice(2) == 0) {
		to->text[at] = letters[dice(sizeof(letters) - 1)];
	} else {
		memmove(to->text + at + 1, to->text + at, to->n - at + 1);
		to->text[at] = letters[dice(sizeof(letters) - 1)];
		to->n++;
	}
}

static struct span
generated_span(const struct generated *version)
{
	return (struct span){version->text, version->n};
}

static void
order_is_total(void **state)
{
	struct generated set[60];
	int order[60][60];

	(void)state;
	for (size_t i = 0; i < 60; i += 2) {
		generate(&set[i]);
		nudge(&set[i], &set[i + 1]);
	}
	for (size_t i = 0; i < 60; i++) {
		for (size_t k = 0; k < 60; k++)
			order[i][k] = sign(deb_version_compare(generated_span(&set[i]),
							       generated_span(&set[k])));
	}
	for (size_t i = 0; i < 60; i++) {
		assert_int_equal(order[i][i], 0);
		for (size_t k = 0; k < 60; k++) {
			assert_int_equal(order[i][k], -order[k][i]);
			for (size_t j = 0; j < 60; j++) {
				if (order[i][k] <= 0 && order[k][j] <= 0)
					assert_true(order[i][j] <= 0);
			}
		}
	}
}

enum { PAIRS = 2400, BATCH = 600 };

/* One shell asks dpkg about many pairs: "<", "=" or ">" each. */
static void
ask_dpkg(const struct generated (*pairs)[2], size_t count, struct buf *answers)
{
	struct buf script = BUF_INIT(1024 * 1024);
	char path[] = "/tmp/mohs-versions-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_good(
		buf_printf(&script, err,
			   "c() { if dpkg --compare-versions \"$1\" lt \"$2\"; then printf '<'; "
			   "elif dpkg --compare-versions \"$1\" eq \"$2\"; then printf =; "
			   "else printf '>'; fi; }\n"));
	for (size_t i = 0; i < count; i++)
		assert_good(buf_printf(&script, err, "c '%s' '%s'\n", pairs[i][0].text,
				       pairs[i][1].text));
	assert_good(fd_write_full(fd, buf_span(&script), err));
	struct proc_options options = {.argv = (const char *[]){"sh", path, NULL}, .input = -1};
	assert_good(proc_run(&options, 100000, answers, err));
	(void)close(fd);
	(void)unlink(path);
	buf_cleanup(&script);
}

static void
dpkg_agrees(void **state)
{
	static struct generated pairs[PAIRS][2];
	size_t equal = 0;

	(void)state;
	if (access("/usr/bin/dpkg", X_OK) < 0) {
		print_message("dpkg is not there: not compared with it\n");
		skip();
	}
	for (size_t i = 0; i < PAIRS; i++) {
		generate(&pairs[i][0]);
		if (i % 8 == 0)
			generate(&pairs[i][1]);
		else
			nudge(&pairs[i][0], &pairs[i][1]);
	}
	for (size_t from = 0; from < PAIRS; from += BATCH) {
		struct buf answers = BUF_INIT(BATCH + 4096);

		ask_dpkg(&pairs[from], BATCH, &answers);
		if (answers.n != BATCH)
			fail_msg("dpkg said: %s", answers.p);
		for (size_t i = 0; i < BATCH; i++) {
			const struct generated *pair = pairs[from + i];
			int got = sign(deb_version_compare(generated_span(&pair[0]),
							   generated_span(&pair[1])));

			if ("<=>"[got + 1] != answers.p[i])
				fail_msg("%s and %s: dpkg says %c", pair[0].text, pair[1].text,
					 answers.p[i]);
			equal += got == 0;
		}
		buf_cleanup(&answers);
	}
	assert_true(equal > 50 && equal < PAIRS / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_in_order),
		cmocka_unit_test(parts_are_split),
		cmocka_unit_test(malformed_versions_are_refused),
		cmocka_unit_test(order_is_total),
		cmocka_unit_test(dpkg_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
