/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "codec/json.h"
#include "codec/oci_referrers.h"
#include "port/depot.h"
#include "port/http.h"
#include "port/referrers.h"
#include "port/sink.h"

#include <stdlib.h>

#define HEX "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(0);
	return arena ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
tags_are_made_and_known(void **state)
{
	static const struct {
		const char *tag;
		bool referrers;
	} cases[] = {
		{"sha256-" HEX, true},
		{"sha256-" HEX ".sig", true},
		{"sha256-" HEX ".att", true},
		{"sha256-" HEX ".sbom", true},
		{"sha256-" HEX ".other", false},
		{"sha256-" HEX "0", false},
		{"sha256-44136FA355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", false},
		{"sha256-44136fa3", false},
		{"sha256-", false},
		{"", false},
		{"latest", false},
	};
	char text[OCI_REFERRERS_TAG];
	struct digest digest;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (oci_is_referrers_tag(span_from(cases[i].tag)) != cases[i].referrers)
			fail_msg("%s", cases[i].tag);
	}
	digest_of(SPAN(OCI_EMPTY), &digest);
	assert_string_equal(oci_referrers_tag(&digest, ".sbom", text), "sha256-" HEX ".sbom");
}

static struct span
artifact(const char *type, const char *text)
{
	const struct image_label note = {SPAN_INIT("note"), span_from(text)};
	const struct oci_write_layer layer = {.media_type = SPAN_INIT("text/plain"),
					      .content = span_from(text)};
	struct oci_write_artifact in = {
		.type = span_from(type),
		.layers = &layer,
		.layer_count = 1,
		.annotations = &note,
		.annotation_count = 1,
		.subject = {.media_type = SPAN_INIT(OCI_TYPE_MANIFEST), .size = 7},
	};
	struct span document = {NULL, 0};

	digest_of(SPAN("subject"), &in.subject.digest);
	assert_good(oci_write_artifact(&in, arena, &document, err));
	return document;
}

static void
artifacts_are_read_as_they_are_written(void **state)
{
	struct span document = artifact("application/x-a", "hello");
	struct oci_document parsed;
	struct oci_referrer referrer;
	struct digest subject;

	(void)state;
	digest_of(SPAN("subject"), &subject);
	assert_good(oci_read(document, SPAN(OCI_TYPE_MANIFEST), arena, &parsed, err));
	assert_int_equal(parsed.kind, OCI_MANIFEST);
	assert_span(parsed.manifest.config.media_type, OCI_TYPE_EMPTY);
	assert_int_equal(parsed.manifest.config.size, 2);
	assert_int_equal(parsed.manifest.layer_count, 1);
	assert_good(oci_referrer_read(document, SPAN(""), arena, &referrer, err));
	assert_true(referrer.has_subject);
	assert_true(digest_equal(&referrer.subject, &subject));
	assert_span(referrer.descriptor.artifact_type, "application/x-a");
	assert_span(referrer.descriptor.media_type, OCI_TYPE_MANIFEST);
	assert_int_equal(referrer.descriptor.size, document.n);
	assert_span(oci_annotation(referrer.descriptor.annotations,
				   referrer.descriptor.annotation_count, SPAN("note")),
		    "hello");
}

static void
the_type_is_that_of_the_config_when_there_is_no_other(void **state)
{
	static const char document[] =
		"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/x-config\","
		"\"size\":2,\"digest\":\"sha256:" HEX "\"},\"layers\":[]}";
	struct oci_referrer referrer;

	(void)state;
	assert_good(oci_referrer_read(span_from(document), SPAN(""), arena, &referrer, err));
	assert_false(referrer.has_subject);
	assert_span(referrer.descriptor.artifact_type, "application/x-config");
}

static void
malformed_ones_are_refused(void **state)
{
	static const char *const documents[] = {
		"",
		"[]",
		"{\"subject\":1}",
		"{\"subject\":{}}",
		"{\"subject\":{\"mediaType\":\"a\",\"size\":-1,\"digest\":\"sha256:" HEX "\"}}",
		"{\"subject\":{\"mediaType\":\"a\",\"size\":1,\"digest\":\"md5:00\"}}",
		"{\"annotations\":{\"a\":1}}",
		"{\"config\":[]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		struct err err = ERR_INIT;
		struct oci_referrer referrer;

		if (oci_referrer_read(span_from(documents[i]), SPAN(""), arena, &referrer, &err) ==
		    0)
			fail_msg("taken: %s", documents[i]);
	}
}

static size_t
count_of(struct span index)
{
	struct oci_document parsed;

	assert_good(oci_read(index, SPAN(OCI_TYPE_INDEX), arena, &parsed, err));
	return parsed.index.count;
}

static void
lists_grow_and_hold_each_once(void **state)
{
	struct oci_referrer first;
	struct oci_referrer second;
	struct span index = SPAN("");
	bool changed = false;

	(void)state;
	assert_good(
		oci_referrer_read(artifact("application/x-a", "1"), SPAN(""), arena, &first, err));
	assert_good(
		oci_referrer_read(artifact("application/x-b", "2"), SPAN(""), arena, &second, err));
	assert_good(
		oci_write_listed(index, &first.descriptor, SPAN(""), arena, &index, &changed, err));
	assert_true(changed);
	assert_good(oci_write_listed(index, &second.descriptor, SPAN(""), arena, &index, &changed,
				     err));
	assert_true(changed);
	assert_int_equal(count_of(index), 2);
	assert_good(
		oci_write_listed(index, &first.descriptor, SPAN(""), arena, &index, &changed, err));
	assert_false(changed);
	assert_int_equal(count_of(index), 2);
	/* the tag moves from one to the other */
	assert_good(oci_write_listed(index, &first.descriptor, SPAN("v1"), arena, &index, &changed,
				     err));
	assert_good(oci_write_listed(index, &second.descriptor, SPAN("v1"), arena, &index, &changed,
				     err));
	assert_true(changed);
	assert_int_equal(count_of(index), 3);
	struct err err = ERR_INIT;
	assert_int_equal(oci_write_listed(SPAN("{\"manifests\":1}"), &first.descriptor, SPAN(""),
					  arena, &index, &changed, &err),
			 -ERR_INVALID);
}

static void
answers_lead_somewhere_or_are_refused(void **state)
{
	static const struct {
		const char *base;
		const char *location;
		const char *query;
		const char *result; /* NULL: refused */
	} cases[] = {
		{"https://r.example/v2/a/blobs/uploads/", "/v2/a/blobs/uploads/1", NULL,
		 "https://r.example/v2/a/blobs/uploads/1"},
		{"https://r.example/v2/a/blobs/uploads/", "2?state=x", "digest=d",
		 "https://r.example/v2/a/blobs/uploads/2?state=x&digest=d"},
		{"https://r.example/v2/", "https://store.example/up", "digest=d",
		 "https://store.example/up?digest=d"},
		{"http://localhost:5000/v2/", "http://localhost:5000/up?a=b", NULL,
		 "http://localhost:5000/up?a=b"},
		{"https://r.example/v2/", "http://r.example/up", NULL, NULL},
		{"https://r.example/v2/", "https://user:password@r.example/up", NULL, NULL},
		{"https://r.example/v2/", "file:///etc/passwd", NULL, NULL},
		{"https://r.example/v2/", "", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		const char *url = NULL;
		int r = http_resolve(cases[i].base, span_from(cases[i].location), cases[i].query,
				     arena, &url, &err);

		if ((r == 0) != (cases[i].result != NULL) ||
		    (r == 0 && strcmp(url, cases[i].result) != 0))
			fail_msg("case %zu: %s", i, url ? url : err.text);
	}
	assert_true(http_same_origin("https://a.example/x", "https://A.example:443/y"));
	assert_false(http_same_origin("https://a.example/x", "http://a.example/x"));
	assert_false(http_same_origin("https://a.example/x", "https://a.example:8443/x"));
	assert_false(http_same_origin("https://a.example/x", "https://a.example.org/x"));
	assert_false(http_same_origin("nonsense", "nonsense"));
}

static void
outputs_in_registries_are_told_apart(void **state)
{
	static const struct {
		const char *output;
		bool registry;
	} cases[] = {
		{"registry.example.com/x:1", true},
		{"docker://registry.example.com/x", true},
		{"localhost/x", true},
		{"localhost:5000/x:tag", true},
		{"[::1]:5000/x", true},
		{"oci:registry.example.com/x:1", false},
		{"docker-archive:a.example/x.tar", false},
		{"floppy:/image", false},
		{"./a.b/c", false},
		{"out/image", false},
		{"image", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (sink_is_registry(span_from(cases[i].output)) != cases[i].registry)
			fail_msg("%s", cases[i].output);
	}
}

/* In a layout: what a manifest says of itself gives it no name among the images. */
static void
a_referrer_cannot_take_a_name(void **state)
{
	const struct image_label name = {SPAN_INIT(OCI_REF_NAME), SPAN_INIT("v1")};
	const struct depot_options options = {0};
	struct oci_write_artifact in = {
		.type = SPAN_INIT("application/x-a"),
		.annotations = &name,
		.annotation_count = 1,
		.subject = {.media_type = SPAN_INIT(OCI_TYPE_MANIFEST), .size = 7},
	};
	struct digest made;
	struct oci_descriptor *items = NULL;
	struct depot_document found;
	struct span document;
	struct depot *depot = NULL;
	struct span folder;
	size_t count = 0;

	(void)state;
	digest_of(SPAN("subject"), &in.subject.digest);
	assert_good(directory_temporary(arena, &folder, err));
	assert_good(depot_open(arena_printf(arena, "oci:%s", folder.p), &options, &depot, err));
	for (int i = 0; i < 2; i++) {
		CLEANUP(referrers_batch_cleanup) struct referrers_batch batch = {0};

		assert_good(referrers_put_artifact(depot, &in, &batch, err));
		assert_good(referrers_commit(depot, &batch, err));
	}
	assert_good(oci_write_artifact(&in, arena, &document, err));
	digest_of(document, &made);
	struct err absent = ERR_INIT;
	assert_int_equal(depot->by_tag(depot, SPAN("v1"), arena, &found, &absent), -ERR_NOT_FOUND);
	assert_good(
		referrers_list(depot, &in.subject.digest, SPAN(""), arena, &items, &count, err));
	assert_int_equal(count, 1);
	assert_true(digest_equal(&items[0].digest, &made));
	depot_free(depot);
	assert_good(tree_remove(folder.p, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_are_made_and_known),
		cmocka_unit_test(artifacts_are_read_as_they_are_written),
		cmocka_unit_test(the_type_is_that_of_the_config_when_there_is_no_other),
		cmocka_unit_test(malformed_ones_are_refused),
		cmocka_unit_test(lists_grow_and_hold_each_once),
		cmocka_unit_test(answers_lead_somewhere_or_are_refused),
		cmocka_unit_test(outputs_in_registries_are_told_apart),
		cmocka_unit_test(a_referrer_cannot_take_a_name),
	};

	return cmocka_run_group_tests_name("referrers", tests, setup, teardown);
}
