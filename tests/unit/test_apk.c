/* SPDX-License-Identifier: Apache-2.0 */
/* apk's version order, its database of installed packages, and relations. */
#include "test.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "codec/apk_installed.h"
#include "codec/apk_version.h"
#include "codec/relation.h"

#include <stdio.h>

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
	{SPAN_INIT(""), false},		{SPAN_INIT("x"), true},
	{SPAN_INIT("-r1"), true},	{SPAN_INIT("0_alpha"), false},
	{SPAN_INIT("0"), false},	{SPAN_INIT("00"), true},
	{SPAN_INIT("0.1"), false},	{SPAN_INIT("1_alpha_beta"), false},
	{SPAN_INIT("1_alpha"), false},	{SPAN_INIT("1_alpha-r9"), false},
	{SPAN_INIT("1_alpha2"), false}, {SPAN_INIT("1_alpha10"), false},
	{SPAN_INIT("1_beta"), false},	{SPAN_INIT("1_pre20240101"), false},
	{SPAN_INIT("1_rc"), false},	{SPAN_INIT("1_rc1"), false},
	{SPAN_INIT("1_rc1_p1"), false}, {SPAN_INIT("1:"), false},
	{SPAN_INIT("1"), false},	{SPAN_INIT("1-r0"), false},
	{SPAN_INIT("1_p1x"), false},	{SPAN_INIT("1_p1"), false},
};

/* Pairs and their order, as apk-tools 3.0 says. */
static const struct {
	struct span older;
	struct span newer;
} pairs[] = {
	{SPAN_INIT("1.2.5-r9"), SPAN_INIT("1.2.5-r10")},
	{SPAN_INIT("1.2.5"), SPAN_INIT("1.2.5-r0")},
	{SPAN_INIT("1.2.5-r23"), SPAN_INIT("1.2.6-r1")},
	{SPAN_INIT("3.0.8"), SPAN_INIT("3.0.8a")},
	{SPAN_INIT("1.0.2u-r0"), SPAN_INIT("1.1.0-r0")},
	{SPAN_INIT("9.9_p1-r2"), SPAN_INIT("9.9_p2-r0")},
	{SPAN_INIT("9.9-r5"), SPAN_INIT("9.9_p1-r0")},
	{SPAN_INIT("1.9.17_rc1"), SPAN_INIT("1.9.17")},
	{SPAN_INIT("1.0_alpha"), SPAN_INIT("1.0_beta")},
	{SPAN_INIT("1.0_beta"), SPAN_INIT("1.0_pre")},
	{SPAN_INIT("1.0_pre"), SPAN_INIT("1.0_rc")},
	{SPAN_INIT("1.0_rc"), SPAN_INIT("1.0")},
	{SPAN_INIT("1.0"), SPAN_INIT("1.0_cvs")},
	{SPAN_INIT("1.0_cvs"), SPAN_INIT("1.0_svn")},
	{SPAN_INIT("1.0_svn"), SPAN_INIT("1.0_git")},
	{SPAN_INIT("1.0_git"), SPAN_INIT("1.0_hg")},
	{SPAN_INIT("1.0_hg"), SPAN_INIT("1.0_p")},
	{SPAN_INIT("1.0_p"), SPAN_INIT("1.0a")},
	{SPAN_INIT("1.0a"), SPAN_INIT("1.0.0")},
	{SPAN_INIT("1.02"), SPAN_INIT("1.1")},
	{SPAN_INIT("1.01"), SPAN_INIT("1.010")},
	{SPAN_INIT("1.010"), SPAN_INIT("1.02")},
	{SPAN_INIT("1.1"), SPAN_INIT("1.10")},
	{SPAN_INIT("1.0"), SPAN_INIT("1.00")},
	{SPAN_INIT("1.2"), SPAN_INIT("1.2~a1b2c3")},
	{SPAN_INIT("1.2-r5"), SPAN_INIT("1.2~a1b2c3")},
	{SPAN_INIT("1.2~a1b2c3-r0"), SPAN_INIT("1.2~a1b2c3-r1")},
	{SPAN_INIT("6.5_p20251123-r0"), SPAN_INIT("6.5_p20251124-r0")},
	{SPAN_INIT("20240226-r0"), SPAN_INIT("20260909-r0")},
	{SPAN_INIT("99999999999999999999998"), SPAN_INIT("99999999999999999999999")},
};

static void
table_is_in_order(void **state)
{
	enum { LADDER = sizeof(ladder) / sizeof(ladder[0]) };
	int height[LADDER] = {0};

	(void)state;
	for (size_t i = 1; i < LADDER; i++)
		height[i] = height[i - 1] + !ladder[i].like_before;
	for (size_t i = 0; i < LADDER; i++) {
		for (size_t k = 0; k < LADDER; k++) {
			int got = sign(apk_version_compare(ladder[i].text, ladder[k].text));

			if (got != sign(height[i] - height[k]))
				fail_msg("\"%s\" and \"%s\": %d", ladder[i].text.p,
					 ladder[k].text.p, got);
		}
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct err problem = ERR_INIT;

		if (apk_version_compare(pairs[i].older, pairs[i].newer) >= 0 ||
		    apk_version_compare(pairs[i].newer, pairs[i].older) <= 0 ||
		    apk_version_check(pairs[i].older, &problem) < 0 ||
		    apk_version_check(pairs[i].newer, &problem) < 0)
			fail_msg("%s < %s", pairs[i].older.p, pairs[i].newer.p);
	}
}

static void
malformed_versions_are_refused(void **state)
{
	static const char *const bad[] = {
		"",	   "a",	    "-r1",	   "1.",      "1..2", "1ab",	 "1a1",
		"1_",	   "1_x",   "1_alphabeta", "1-1",     "1-r",  "1-r1-r2", "1-r1_p1",
		"1~",	   "1~xyz", "1~a~b",	   "1~a_p1",  "1.2 ", " 1",	 "1:2",
		"2021-03", "1.0\n", "6.6.2p1-r0",  "1_rc1.2", "1A",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails(ERR_INVALID, apk_version_check(span_from(bad[i]), err));
	assert_fails(ERR_INVALID, apk_version_check((struct span){"1\0", 2}, err));
	assert_good(apk_version_check(SPAN("0"), err));
	assert_good(apk_version_check(SPAN("1.2.3a_rc1_p20240101~0f-r12"), err));
}

/* ---- generated versions ---- */

static uint32_t seed_value = 20261126;

static uint32_t
dice(uint32_t sides)
{
	seed_value = seed_value * 1664525U + 1013904223U;
	return (seed_value >> 8) % sides;
}

static struct span
generate(char text[64])
{
	static const char *const parts[] = {"0",  "1",	 "10",	".",  ".0",   ".01",
					    ".2", "a",	 "_rc", "_p", "_git", "_alpha",
					    "1",  "~0f", "-r",	"-r1"};
	size_t n = 0;

	for (uint32_t i = 1 + dice(6); i > 0; i--) {
		const char *part = parts[dice(sizeof(parts) / sizeof(parts[0]))];

		memcpy(text + n, part, strlen(part));
		n += strlen(part);
	}
	return (struct span){text, n};
}

static void
order_is_total(void **state)
{
	(void)state;
	for (int i = 0; i < 50000; i++) {
		char texts[3][64];
		struct span a = generate(texts[0]);
		struct span b = generate(texts[1]);
		struct span c = generate(texts[2]);
		int ab = sign(apk_version_compare(a, b));
		int bc = sign(apk_version_compare(b, c));
		int ac = sign(apk_version_compare(a, c));

		if (apk_version_compare(a, a) != 0 || sign(apk_version_compare(b, a)) != -ab)
			fail_msg("%.*s and %.*s", SPAN_ARG(a), SPAN_ARG(b));
		if ((ab == bc && ac != ab) || (ab == 0 && ac != bc) || (bc == 0 && ac != ab))
			fail_msg("%.*s, %.*s and %.*s", SPAN_ARG(a), SPAN_ARG(b), SPAN_ARG(c));
	}
}

/* ---- the database ---- */

#define MUSL                                                                                       \
	"C:Q1G2xQQm08BlbpxaVnpaWWAcf0MHo=\nP:musl\nV:1.2.5-r23\nA:x86_64\n"                        \
	"T:the musl c library (libc) implementation\nL:MIT\no:musl\nm:A B <a@b.org>\n"             \
	"p:so:libc.musl-x86_64.so.1=1\nF:lib\nM:0:0:700\nR:ld-musl-x86_64.so.1\na:0:0:755\n"       \
	"Z:Q1bJug/UGIhYNUaMJLXykvUlcgt4A=\nR:x\nF:\nR:motd\n"

static void
packages_are_read(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span text = SPAN("\n\n" MUSL "\nP:none\nV:1-r0\nf:fS\nD:a b>1\n");
	struct apk_installed installed;

	(void)state;
	assert_good(apk_installed_read(text, arena, &installed, err));
	assert_int_equal(installed.fault_count, 0);
	assert_int_equal(installed.package_count, 2);
	const struct apk_package *musl = &installed.packages[0];
	assert_span(musl->record, MUSL);
	assert_int_equal(musl->first_line, 3);
	assert_int_equal(musl->last_line, 19);
	assert_span(musl->name, "musl");
	assert_span(musl->version, "1.2.5-r23");
	assert_span(musl->architecture, "x86_64");
	assert_span(musl->origin, "musl");
	assert_span(musl->maintainer, "A B <a@b.org>");
	assert_span(musl->licence, "MIT");
	assert_span(musl->provides, "so:libc.musl-x86_64.so.1=1");
	assert_span(musl->checksum, "Q1G2xQQm08BlbpxaVnpaWWAcf0MHo=");
	assert_null(musl->depends.p);
	assert_int_equal(musl->paths, 5);
	assert_span(installed.packages[1].flags, "fS");
	assert_span(installed.packages[1].depends, "a b>1");
	assert_int_equal(installed.packages[1].paths, 0);
}

static void
malformed_packages_are_faults(void **state)
{
	static const char *const bad[] = {
		"V:1\n",
		"P:a\nP:b\n",
		"P:\n",
		"P:a\nnonsense\n",
		"P:a\nR:file\n",
		"P:a\nM:0:0:755\n",
		"P:a\nF:x\nZ:Q1\n",
		"P:a\nF:x\na:0:0:1\n",
		"P:a\nF:x\nR:y\nF:z\nZ:Q1\n",
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct span text = arena_printf(arena, "P:before\n\n%s\nP:after\n\n", bad[i]);
		struct apk_installed installed;

		assert_good(apk_installed_read(text, arena, &installed, err));
		if (installed.fault_count != 1 || installed.package_count != 2)
			fail_msg("%s", bad[i]);
		assert_span(installed.faults[0].record, bad[i]);
		assert_int_equal(installed.faults[0].first_line, 3);
		assert_span(installed.packages[1].name, "after");
	}
	struct apk_installed installed;
	assert_good(apk_installed_read((struct span){"P:a\nT:\0\n", 8}, arena, &installed, err));
	assert_int_equal(installed.fault_count, 1);
}

static void
items_make_up_the_record(void **state)
{
	static const struct {
		enum apk_item_kind kind;
		const char *folder;
		const char *name;
		const char *digest;
	} wanted[] = {
		{APK_FOLDER, "lib", "", ""},
		{APK_FILE, "lib", "ld-musl-x86_64.so.1", "Q1bJug/UGIhYNUaMJLXykvUlcgt4A="},
		{APK_FILE, "lib", "x", ""},
		{APK_FOLDER, "", "", ""},
		{APK_FILE, "", "motd", ""},
	};
	struct apk_cursor cursor = {SPAN(MUSL), {"", 0}};
	const char *end = cursor.rest.p;
	struct apk_item item;
	size_t paths = 0;

	(void)state;
	while (apk_item_next(&cursor, &item)) {
		assert_ptr_equal(item.text.p, end);
		end = item.text.p + item.text.n;
		if (item.kind == APK_FIELD)
			continue;
		assert_true(paths < 5);
		assert_int_equal(item.kind, wanted[paths].kind);
		assert_span(item.folder, wanted[paths].folder);
		assert_span(item.name, wanted[paths].name);
		assert_span(item.digest, wanted[paths].digest);
		paths++;
	}
	assert_int_equal(paths, 5);
	assert_int_equal(cursor.rest.n, 0);
}

static void
digests_are_read(void **state)
{
	/* Of nothing: printf '' | sha1sum, sha256sum; apk's base64 of it. */
	static const struct {
		struct span text;
		uint8_t first;
		uint8_t last;
		bool sha256;
	} good[] = {
		{SPAN_INIT("Q12jmj7l5rSw0yVb/vlWAYkK/YBwk="), 0xda, 0x09, false},
		{SPAN_INIT("X1da39a3ee5e6b4b0d3255bfef95601890afd80709"), 0xda, 0x09, false},
		{SPAN_INIT("Q247DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), 0xe3, 0xe4, true},
	};
	static const char *const bad[] = {
		"",
		"Q1",
		"Q3AAAA",
		"Q12jmj7l5rSw0yVb/vlWAYkK/YBwk",
		"X1da",
		"da39",
		"Q1\n2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
		"Q12jmj7l5rSw0yVb/vlWAYkK/YBw==",
		"X1DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
	};
	uint8_t digest[APK_DIGEST_BYTES];
	bool sha256;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(apk_digest_parse(good[i].text, digest, &sha256));
		assert_int_equal(digest[0], good[i].first);
		assert_int_equal(digest[APK_DIGEST_BYTES - 1], good[i].last);
		assert_int_equal(sha256, good[i].sha256);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (apk_digest_parse(span_from(bad[i]), digest, &sha256))
			fail_msg("%s", bad[i]);
	}
}

static void
places_have_their_root(void **state)
{
	(void)state;
	assert_span(apk_database_root(SPAN("/lib/apk/db/installed")), "");
	assert_span(apk_database_root(SPAN("/usr/lib/apk/db/installed")), "");
	assert_span(apk_database_root(SPAN("/srv/a/lib/apk/db/installed")), "/srv/a");
	assert_span(apk_database_root(SPAN("/srv/a/usr/lib/apk/db/installed")), "/srv/a");
	assert_false(apk_is_database(SPAN("/lib/apk/db/triggers")));
}

static void
names_of_relations(void **state)
{
	static const struct {
		struct span ecosystem;
		struct span field;
		const char *names; /* clauses ended by ';' */
	} cases[] = {
		{SPAN_INIT("dpkg"), SPAN_INIT("libc6:any (>= 2.36) [amd64], a | b (= 1) ,c"),
		 "libc6;a b;c;"},
		{SPAN_INIT("apk"),
		 SPAN_INIT("so:libc.musl-x86_64.so.1 a=1.0-r0 !b  c>1 /bin/sh cmd:d~2 e<3"),
		 "so:libc.musl-x86_64.so.1;a;;;c;/bin/sh;cmd:d;e;"},
		{SPAN_INIT("apk"), {NULL, 0}, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span rest = cases[i].field;
		struct span clause;
		struct span name;
		char seen[200] = "";
		size_t n = 0;

		while (relation_clause_next(cases[i].ecosystem, &rest, &clause)) {
			bool first = true;

			while (relation_name_next(cases[i].ecosystem, &clause, &name)) {
				n += (size_t)snprintf(seen + n, sizeof(seen) - n, "%s%.*s",
						      first ? "" : " ", SPAN_ARG(name));
				first = false;
			}
			n += (size_t)snprintf(seen + n, sizeof(seen) - n, ";");
		}
		assert_string_equal(seen, cases[i].names);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_in_order),
		cmocka_unit_test(malformed_versions_are_refused),
		cmocka_unit_test(order_is_total),
		cmocka_unit_test(packages_are_read),
		cmocka_unit_test(malformed_packages_are_faults),
		cmocka_unit_test(items_make_up_the_record),
		cmocka_unit_test(digests_are_read),
		cmocka_unit_test(places_have_their_root),
		cmocka_unit_test(names_of_relations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
