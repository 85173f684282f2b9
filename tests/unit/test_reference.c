/* SPDX-License-Identifier: Apache-2.0 */
#include "group_arena.h"
#include "test.h"

#include "base/limits.h"
#include "codec/reference.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
references_are_spelled_out(void **state)
{
	static const struct {
		const char *text;
		const char *domain;
		const char *repository;
		const char *tag;
		const char *whole;
	} cases[] = {
		{"nginx", "docker.io", "library/nginx", "latest", "docker.io/library/nginx:latest"},
		{"nginx:1.27", "docker.io", "library/nginx", "1.27",
		 "docker.io/library/nginx:1.27"},
		{"docker.io/nginx", "docker.io", "library/nginx", "latest",
		 "docker.io/library/nginx:latest"},
		{"index.docker.io/library/nginx", "docker.io", "library/nginx", "latest",
		 "docker.io/library/nginx:latest"},
		{"a/b", "docker.io", "a/b", "latest", "docker.io/a/b:latest"},
		{"localhost/b", "localhost", "b", "latest", "localhost/b:latest"},
		{"localhost:5000/b", "localhost:5000", "b", "latest", "localhost:5000/b:latest"},
		{"Host/b", "Host", "b", "latest", "Host/b:latest"},
		{"r.example.com/a/b/c:v1", "r.example.com", "a/b/c", "v1",
		 "r.example.com/a/b/c:v1"},
		{"r.example.com:443/a_b__c---d.e:_v", "r.example.com:443", "a_b__c---d.e", "_v",
		 "r.example.com:443/a_b__c---d.e:_v"},
		{"[::1]:5000/x", "[::1]:5000", "x", "latest", "[::1]:5000/x:latest"},
		{"[fe80::1]/x", "[fe80::1]", "x", "latest", "[fe80::1]/x:latest"},
		{"127.0.0.1:5000/x@sha256:" HEX, "127.0.0.1:5000", "x", "",
		 "127.0.0.1:5000/x@sha256:" HEX},
		{"x:t@sha256:" HEX, "docker.io", "library/x", "t",
		 "docker.io/library/x:t@sha256:" HEX},
		{"x:5000", "docker.io", "library/x", "5000", "docker.io/library/x:5000"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reference ref;

		assert_good(reference_parse(span_from(cases[i].text), arena, &ref, err));
		assert_span(ref.domain, cases[i].domain);
		assert_span(ref.repository, cases[i].repository);
		assert_span(ref.tag, cases[i].tag);
		assert_span(ref.text, cases[i].whole);
		assert_int_equal(ref.has_digest, strchr(cases[i].text, '@') != NULL);
		if (ref.has_digest)
			assert_int_equal(ref.digest.bytes[0], 0x01);
	}
}

static void
malformed_references_are_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"/",
		"/a",
		"a/",
		"a//b",
		"A",
		"a/B",
		"a:",
		":a",
		"a:b:c",
		"a:-b",
		"a:.b",
		"a@",
		"a@sha256:12",
		"a@b@c",
		"a b",
		"a\nb",
		"-a",
		"a-",
		"a._b",
		"a___b",
		"a..b",
		"a.example.com:x/b",
		"a.example.com:99999/b",
		"a.example.com:0/b",
		".example.com/b",
		"-x.example.com/b",
		"[::1/x",
		"[::g]/x",
		"[::1]x/y",
		"user:secret@host.example.com/x",
		"https://host.example.com/x",
		HEX,
		"a:"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	struct reference ref;
	char longest[300];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		if (reference_parse(span_from(cases[i]), arena, &ref, &err) != -ERR_USAGE)
			fail_msg("\"%s\" was accepted", cases[i]);
		assert_null(strstr(err.text, "secret"));
	}
	assert_fails(ERR_UNSUPPORTED, reference_parse(SPAN("a@sha512:00"), arena, &ref, err));
	assert_fails(ERR_USAGE, reference_parse((struct span){"a\0b", 3}, arena, &ref, err));
	memset(longest, 'a', sizeof(longest));
	assert_fails(ERR_USAGE,
		     reference_parse((struct span){longest, sizeof(longest)}, arena, &ref, err));
}

static void
same_references_are_told(void **state)
{
	(void)state;
	assert_true(reference_same(SPAN("nginx"), SPAN("docker.io/library/nginx:latest"), arena));
	assert_false(reference_same(SPAN("nginx:1"), SPAN("nginx"), arena));
	assert_false(reference_same(SPAN(""), SPAN(""), arena));
}

static void
transports_are_cut_off(void **state)
{
	struct span rest;

	(void)state;
	assert_span(reference_transport(SPAN("oci:a/b:c"), &rest), "oci");
	assert_span(rest, "a/b:c");
	assert_span(reference_transport(SPAN("docker-archive:x"), &rest), "docker-archive");
	assert_span(reference_transport(SPAN("nginx:1.27"), &rest), "nginx");
	assert_span(reference_transport(SPAN("localhost:5000/x"), &rest), "localhost");
	assert_span(reference_transport(SPAN("a.b:5000/x"), &rest), "");
	assert_span(rest, "a.b:5000/x");
	assert_span(reference_transport(SPAN("nginx"), &rest), "");
	assert_span(rest, "nginx");
}

static void
paths_end_at_the_first_colon(void **state)
{
	static const struct {
		const char *text;
		const char *path;
		const char *name;
	} good[] = {
		{"dir", "dir", ""},
		{"/a/b", "/a/b", ""},
		{"dir:v1.2", "dir", "v1.2"},
		{"dir:docker.io/library/nginx:1.27", "dir", "docker.io/library/nginx:1.27"},
		{"dir:sha256:" HEX, "dir", "sha256:" HEX},
		{"f.tar:@3", "f.tar", "@3"},
		{"dir:a--b", "dir", "a--b"},
	};
	static const char *const bad[] = {
		"", ":v1", "dir:", "dir:-a", "dir:a-", "dir:a..b", "dir:a---b", "dir:a b", "dir:@",
	};
	struct span path;
	struct span name;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_good(reference_path(span_from(good[i].text), &path, &name, err));
		assert_span(path, good[i].path);
		assert_span(name, good[i].name);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		if (reference_path(span_from(bad[i]), &path, &name, &err) != -ERR_USAGE)
			fail_msg("\"%s\" was accepted", bad[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_are_spelled_out),
		cmocka_unit_test(malformed_references_are_refused),
		cmocka_unit_test(same_references_are_told),
		cmocka_unit_test(transports_are_cut_off),
		cmocka_unit_test(paths_end_at_the_first_colon),
	};

	return cmocka_run_group_tests_name("reference", tests, group_arena, group_arena_free);
}
