/* SPDX-License-Identifier: Apache-2.0 */
#include "group_arena.h"
#include "test.h"

#include "base/limits.h"
#include "codec/purl.h"

struct reading_case {
	const char *text;
	const char *parts;     /* "type|namespace|name|version|subpath|key=value ..." */
	const char *canonical; /* how it is written; NULL: as it was read */
};

/* From the specification's rules and from what other tools write. */
static const struct reading_case readings[] = {
	{"pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12",
	 "deb|debian|curl|7.88.1-10||arch=amd64 distro=debian-12 ", NULL},
	{"pkg:deb/debian/libgcc-s1@12.2.0-14%2Bdeb12u1?upstream=gcc-12%4012.2.0",
	 "deb|debian|libgcc-s1|12.2.0-14+deb12u1||upstream=gcc-12@12.2.0 ", NULL},
	{"pkg:deb/debian/attr@1:2.5.1", "deb|debian|attr|1:2.5.1||",
	 "pkg:deb/debian/attr@1%3A2.5.1"},
	{"pkg:deb/debian/g++@12+b1", "deb|debian|g++|12+b1||", "pkg:deb/debian/g%2B%2B@12%2Bb1"},
	{"PKG:DEB/debian/a@1?ARCH=Amd64", "deb|debian|a|1||arch=Amd64 ",
	 "pkg:deb/debian/a@1?arch=Amd64"},
	{"pkg://npm//lodash@4/", "npm||lodash|4||", "pkg:npm/lodash@4"},
	{"pkg:npm/@angular/core@17.0.1", "npm|@angular|core|17.0.1||",
	 "pkg:npm/%40angular/core@17.0.1"},
	{"pkg:npm/@angular/core", "npm|@angular|core|||", "pkg:npm/%40angular/core"},
	{"pkg:golang/google.golang.org/genproto@v1#/api/../x/./y/",
	 "golang|google.golang.org|genproto|v1|api/x/y|",
	 "pkg:golang/google.golang.org/genproto@v1#api/x/y"},
	{"pkg:oci/app@sha256%3Aff?tag=&repository_url=r.example/app",
	 "oci||app|sha256:ff||repository_url=r.example/app ",
	 "pkg:oci/app@sha256%3Aff?repository_url=r.example%2Fapp"},
	{"pkg:generic/a/", "generic||a|||", "pkg:generic/a"},
	{"pkg:generic/%C3%A4", "generic||\xc3\xa4|||", NULL},
};

static void
reads_and_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		const struct reading_case *one = &readings[i];
		struct err err = ERR_INIT;
		struct purl purl;
		struct span text;

		if (purl_parse(span_from(one->text), arena, &purl, &err) != 0)
			fail_msg("%s: %s", one->text, err.text);
		text = arena_printf(arena, "%.*s|%.*s|%.*s|%.*s|%.*s|", SPAN_ARG(purl.type),
				    SPAN_ARG(purl.space), SPAN_ARG(purl.name),
				    SPAN_ARG(purl.version), SPAN_ARG(purl.subpath));
		for (size_t k = 0; k < purl.qualifier_count; k++)
			text = arena_printf(arena, "%.*s%.*s=%.*s ", SPAN_ARG(text),
					    SPAN_ARG(purl.qualifiers[k].key),
					    SPAN_ARG(purl.qualifiers[k].value));
		assert_string_equal(text.p, one->parts);
		assert_int_equal(purl_write(&purl, arena, &text, &err), 0);
		assert_string_equal(text.p, one->canonical ? one->canonical : one->text);
	}
}

static void
refuses(void **state)
{
	static const char *const texts[] = {
		"",
		"pkg:",
		"pkg:deb",
		"pkg:deb/",
		"pkg:deb/debian/@1",
		"deb/debian/a@1",
		"http://a/b",
		"pkg:1deb/a",
		"pkg:d_b/a",
		"pkg:deb/a%",
		"pkg:deb/a%4",
		"pkg:deb/a%zz",
		"pkg:deb/a%00",
		"pkg:deb/a%2Fb/c",
		"pkg:deb/a%FF",
		"pkg:deb/a?1k=v",
		"pkg:deb/a?=v",
		"pkg:deb/a?k%20=v",
		"pkg:deb/a?k=1&K=2",
		"pkg:deb/a#x%2Fy",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err err = ERR_INIT;
		struct purl purl;

		if (purl_parse(span_from(texts[i]), arena, &purl, &err) != -ERR_INVALID)
			fail_msg("taken: \"%s\"", texts[i]);
	}
}

static void
has_limits(void **state)
{
	struct span text = arena_printf(arena, "pkg:deb/%0*d", (int)PURL_MAX, 0);
	struct span many = SPAN("pkg:deb/a?");
	struct err err = ERR_INIT;
	struct purl purl;

	(void)state;
	assert_int_equal(purl_parse(text, arena, &purl, &err), -ERR_LIMIT);
	for (int i = 0; i < PURL_QUALIFIERS_MAX; i++)
		many = arena_printf(arena, "%.*sk%d=v&", SPAN_ARG(many), i);
	assert_int_equal(purl_parse(many, arena, &purl, &err), -ERR_LIMIT);
	assert_int_equal(purl_parse(span_slice(many, 0, many.n - 1), arena, &purl, &err), 0);
	assert_int_equal(purl.qualifier_count, PURL_QUALIFIERS_MAX);
	purl.name = text;
	assert_int_equal(purl_write(&purl, arena, &text, &err), -ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes),
		cmocka_unit_test(refuses),
		cmocka_unit_test(has_limits),
	};

	return cmocka_run_group_tests_name("purl", tests, group_arena, group_arena_free);
}
