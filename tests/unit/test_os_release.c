/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/limits.h"
#include "codec/distribution.h"
#include "codec/os_release.h"

#include <stdlib.h>

static void
debian_is_read(void **state)
{
	static const char text[] = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
				   "NAME=\"Debian GNU/Linux\"\n# note\n\n"
				   "VERSION_ID=\"12\"\r\n"
				   "VERSION_CODENAME=bookworm\n"
				   "ID=debian\n"
				   "ID_LIKE='a b'\n"
				   "HOME_URL=\"https://www.debian.org/\"";
	struct arena *arena = arena_new(0);
	struct os_identity os;
	size_t faults = 9;

	(void)state;
	assert_good(os_release_read(span_from(text), arena, &os, &faults, err));
	assert_true(os.known);
	assert_int_equal(faults, 0);
	assert_span(os.id, "debian");
	assert_span(os.id_like, "a b");
	assert_span(os.version_id, "12");
	assert_span(os.codename, "bookworm");
	assert_span(os.pretty_name, "Debian GNU/Linux 12 (bookworm)");
	arena_free(arena);
}

static void
quoting_is_a_shells(void **state)
{
	static const struct {
		const char *value;
		const char *want; /* NULL: no assignment */
	} cases[] = {
		{"x", "x"},
		{"", ""},
		{"\"\"", ""},
		{"'it'\\''s'", "it's"},
		{"\"a\\\"b\\$c\\`d\\\\e\"", "a\"b$c`d\\e"},
		{"\"a\\qb\"", "a\\qb"},
		{"'a\\b'", "a\\b"},
		{"a\\ b", "a b"},
		{"a'b'\"c\"", "abc"},
		{"\"a'b\"", "a'b"},
		{"a b", NULL},
		{"\"open", NULL},
		{"'open", NULL},
		{"end\\", NULL},
		{"$(id)", NULL},
		{"`id`", NULL},
		{"a;b", NULL},
		{"\"a\001b\"", NULL},
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct os_identity os;
		size_t faults = 9;
		struct span text =
			arena_printf(arena, "PRETTY_NAME=before\nPRETTY_NAME=%s\n", cases[i].value);

		assert_good(os_release_read(text, arena, &os, &faults, err));
		assert_span(os.pretty_name, cases[i].want ? cases[i].want : "before");
		assert_int_equal(faults, cases[i].want == NULL);
	}
	arena_free(arena);
}

static void
odd_files_are_survived(void **state)
{
	struct arena *arena = arena_new(0);
	struct os_identity os = {0};
	size_t faults = 9;
	char *big = calloc(1, OS_RELEASE_MAX + 1);

	(void)state;
	assert_non_null(big);
	assert_good(os_release_read(SPAN(""), arena, &os, &faults, err));
	assert_true(os.known);
	assert_span(os.id, "linux");
	assert_good(
		os_release_read(SPAN("=x\nID\n1A=x\nA-B=x\n  ID=ok\n"), arena, &os, &faults, err));
	assert_int_equal(faults, 4);
	assert_span(os.id, "ok");
	assert_good(os_release_read((struct span){"ID=a\0b", 6}, arena, &os, &faults, err));
	assert_int_equal(faults, 1);
	assert_fails(ERR_LIMIT, os_release_read((struct span){big, OS_RELEASE_MAX + 1}, arena, &os,
						&faults, err));
	free(big);
	arena_free(arena);
}

static void
releases_have_names_in_advisories(void **state)
{
	struct arena *arena = arena_new(0);
	static const struct {
		const char *system;
		const char *version;
		const char *codename;
		const char *pretty;
		const char *name;  /* what a system is of */
		const char *named; /* and a release with that number */
	} cases[] = {
		{"debian", "12.4", "", "", "bookworm", "bookworm"},
		{"debian", "13", "sid", "", "sid", "trixie"},
		{"debian", "9", "", "", "", ""},
		{"alpine", "3.24.1", "", "Alpine Linux v3.24", "v3.24", "v3.24"},
		{"alpine", "3.24.0_alpha20260101", "", "", "edge", "v3.24"},
		{"alpine", "3.24.1", "", "Alpine Linux edge", "edge", "v3.24"},
		{"alpine", "edge", "", "", "edge", "edge"},
		{"alpine", "3", "", "", "", ""},
		{"wolfi", "20230201", "", "", "rolling", "rolling"},
		{"rhel", "9.4", "", "", "9", ""},
		{"rhel", "9", "", "", "9", "9"},
		{"centos", "", "", "", "", ""},
		{"mariner", "2.0", "", "", "2.0", "2.0"},
		{"opensuse-tumbleweed", "20260601", "", "", "tumbleweed", "20260601"},
		{"ubuntu", "22.04", "jammy", "", "22.04", "22.04"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct distribution *one = distribution_of_system(span_from(cases[i].system));
		const struct os_identity os = {
			.known = true,
			.id = span_from(cases[i].system),
			.version_id = span_from(cases[i].version),
			.codename = span_from(cases[i].codename),
			.pretty_name = span_from(cases[i].pretty),
		};

		assert_non_null(one);
		assert_span(distribution_release(one, &os, arena), cases[i].name);
		assert_span(distribution_release_named(one, os.version_id, arena), cases[i].named);
		/* A library has no release, whatever the system. */
		one = distribution_for(SPAN("npm"), os.id);
		assert_span(distribution_release(one, &os, arena), "all");
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(debian_is_read),
		cmocka_unit_test(quoting_is_a_shells),
		cmocka_unit_test(odd_files_are_survived),
		cmocka_unit_test(releases_have_names_in_advisories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
