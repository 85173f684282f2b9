/* SPDX-License-Identifier: Apache-2.0 */
#include "group_arena.h"
#include "test.h"

#include "base/buf.h"
#include "base/limits.h"
#include "codec/oci_select.h"

#include <stdio.h>

#define A      "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B      "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define CONFIG "{\"mediaType\":\"" OCI_TYPE_CONFIG "\",\"digest\":\"" A "\",\"size\":7}"
#define LAYER                                                                                      \
	"{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" B           \
	"\",\"size\":9}"

static void
manifests_are_read(void **state)
{
	static const char text[] =
		"{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" LAYER "],"
		"\"subject\":" LAYER ",\"annotations\":{\"a\":\"b\",\"" OCI_REF_NAME "\":\"v1\"}}";
	struct oci_document document;

	(void)state;
	assert_good(oci_read(span_from(text), SPAN(""), arena, &document, err));
	assert_int_equal(document.kind, OCI_MANIFEST);
	assert_span(document.manifest.media_type, OCI_TYPE_MANIFEST);
	assert_int_equal(document.manifest.layer_count, 1);
	assert_int_equal(document.manifest.layers[0].size, 9);
	assert_int_equal(document.manifest.layers[0].digest.bytes[31], 0xbb);
	assert_int_equal(document.manifest.config.size, 7);
	assert_true(document.manifest.has_subject);
	assert_span(oci_annotation(document.manifest.annotations,
				   document.manifest.annotation_count, SPAN(OCI_REF_NAME)),
		    "v1");
	assert_null(oci_annotation(NULL, 0, SPAN("a")).p);
	assert_good(oci_read(span_from(text), SPAN("application/json"), arena, &document, err));
}

static void
indexes_are_read(void **state)
{
	static const char text[] = "{\"schemaVersion\":2,\"mediaType\":\"" DOCKER_TYPE_LIST
				   "\",\"manifests\":[{\"mediaType\":\"" DOCKER_TYPE_MANIFEST
				   "\",\"digest\":\"" A "\",\"size\":5,\"platform\":{\"os\":"
				   "\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\","
				   "\"os.features\":[\"x\"]}}]}";
	struct oci_document document;

	(void)state;
	assert_good(oci_read(span_from(text), SPAN(DOCKER_TYPE_LIST), arena, &document, err));
	assert_int_equal(document.kind, OCI_INDEX);
	assert_int_equal(document.index.count, 1);
	assert_true(document.index.manifests[0].has_platform);
	assert_span(oci_platform_text(&document.index.manifests[0].platform, arena),
		    "linux/arm64/v8");
}

static void
hostile_documents_are_refused(void **state)
{
	static const struct {
		enum err_kind kind;
		const char *media_type;
		const char *text;
	} cases[] = {
		{ERR_INVALID, "", "{}"},
		{ERR_INVALID, "", "[]"},
		{ERR_INVALID, "", "null"},
		{ERR_INVALID, "", "{\"schemaVersion\":2}"},
		{ERR_INVALID, "", "{\"schemaVersion\":2,\"manifests\":{}}"},
		{ERR_INVALID, "", "{\"schemaVersion\":2,\"config\":" CONFIG "}"},
		{ERR_INVALID, "", "{\"schemaVersion\":2,\"layers\":[]}"},
		/* one document, two meanings */
		{ERR_INVALID, "",
		 "{\"schemaVersion\":2,\"manifests\":[],\"config\":" CONFIG ",\"layers\":[]}"},
		{ERR_INVALID, "",
		 "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_INDEX "\",\"config\":" CONFIG
		 ",\"layers\":[]}"},
		{ERR_INVALID, OCI_TYPE_INDEX,
		 "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[]}"},
		{ERR_INVALID, OCI_TYPE_MANIFEST, "{\"schemaVersion\":2,\"manifests\":[]}"},
		{ERR_INVALID, "", "{\"schemaVersion\":2,\"schemaVersion\":2,\"manifests\":[]}"},
		{ERR_UNSUPPORTED, "", "{\"schemaVersion\":1,\"fsLayers\":[]}"},
		{ERR_UNSUPPORTED, "", "{\"schemaVersion\":3,\"manifests\":[]}"},
		{ERR_UNSUPPORTED, "",
		 "{\"schemaVersion\":2,\"mediaType\":\"x/y\",\"manifests\":[]}"},
		{ERR_UNSUPPORTED, "",
		 "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha512:00\",\"size\":1}]}"},
		{ERR_INVALID, "",
		 "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:00\",\"size\":1}]}"},
		{ERR_INVALID, "",
		 "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" A "\",\"size\":-1}]}"},
		{ERR_INVALID, "", "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"" A "\"}]}"},
		{ERR_LIMIT, "",
		 "{\"schemaVersion\":2,\"config\":{\"digest\":\"" A
		 "\",\"size\":9999999999},\"layers\":[]}"},
		{ERR_LIMIT, "",
		 "{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[{\"digest\":\"" A
		 "\",\"size\":9223372036854775807}]}"},
		{ERR_INVALID, "",
		 "{\"schemaVersion\":2,\"config\":" CONFIG
		 ",\"layers\":[],\"annotations\":{\"a\":1}}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct oci_document document;
		struct err err = ERR_INIT;
		int r = oci_read(span_from(cases[i].text), span_from(cases[i].media_type), arena,
				 &document, &err);

		if (r != -(int)cases[i].kind)
			fail_msg("%s: %d (%s), not %s", cases[i].text, r, err.text,
				 err_name(cases[i].kind));
	}
}

static void
counts_have_ceilings(void **state)
{
	struct buf text = BUF_INIT(MANIFEST_MAX + 10);
	struct oci_document document;

	(void)state;
	assert_good(buf_printf(&text, err, "{\"schemaVersion\":2,\"manifests\":["));
	for (unsigned i = 0; i <= INDEX_MANIFESTS_MAX; i++)
		assert_good(buf_printf(&text, err, "%s{\"digest\":\"" A "\",\"size\":1}",
				       i ? "," : ""));
	assert_good(buf_printf(&text, err, "]}"));
	assert_fails(ERR_LIMIT, oci_read(buf_span(&text), SPAN(""), arena, &document, err));
	while (text.n <= MANIFEST_MAX)
		assert_good(buf_byte(&text, ' ', err));
	assert_fails(ERR_LIMIT, oci_read(buf_span(&text), SPAN(""), arena, &document, err));
	buf_cleanup(&text);
}

static void
configs_are_read(void **state)
{
	static const char text[] =
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":null,\"config\":{"
		"\"User\":\"101:102\",\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{},\"90\":{},"
		"\"7000-7002/tcp\":{},\"9/sctp\":{},\"x\":{}},\"Env\":[\"PATH=/bin\",\"A=b=c\"],"
		"\"Entrypoint\":[\"/e\"],\"Cmd\":null,\"Volumes\":{\"/data\":{}},"
		"\"WorkingDir\":\"/w\",\"Labels\":{\"l\":\"v\"},\"StopSignal\":\"SIGQUIT\","
		"\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"true\"],\"Interval\":30000000000,"
		"\"Timeout\":1500000000,\"Retries\":3},\"Shell\":[\"/bin/bash\",\"-c\"]},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" A "\",\"" B "\"]},"
		"\"history\":[{\"created_by\":\"ADD\"},{\"empty_layer\":true}]}";
	struct oci_config config;

	(void)state;
	assert_good(oci_read_config(span_from(text), arena, &config, err));
	assert_span(config.image.architecture, "amd64");
	assert_span(config.image.user, "101:102");
	assert_int_equal(config.image.port_count, 6);
	assert_int_equal(config.image.ports[0].number, 80);
	assert_true(config.image.ports[1].udp);
	assert_int_equal(config.image.ports[5].number, 7002);
	assert_int_equal(config.gaps.count, 2);
	assert_span(image_environment(&config.image, SPAN("A")), "b=c");
	assert_int_equal(config.image.entrypoint.count, 1);
	assert_int_equal(config.image.command.count, 0);
	assert_span(config.image.volumes.items[0], "/data");
	assert_span(config.image.labels[0].value, "v");
	assert_span(config.image.stop_signal, "SIGQUIT");
	assert_true(config.image.health.set);
	assert_int_equal(config.image.health.interval_ms, 30000);
	assert_int_equal(config.image.health.timeout_ms, 1500);
	assert_int_equal(config.image.health.retries, 3);
	assert_int_equal(config.diff_id_count, 2);
	assert_int_equal(config.diff_ids[1].bytes[0], 0xbb);
	assert_int_equal(config.history_count, 2);
	assert_true(config.history[1].empty_layer);
	assert_span(config.image.json, text);
}

static void
hostile_configs_are_refused(void **state)
{
	static const struct {
		enum err_kind kind;
		const char *text;
	} cases[] = {
		{ERR_INVALID, "{}"},
		{ERR_INVALID, "{\"rootfs\":[]}"},
		{ERR_INVALID, "{\"rootfs\":{\"diff_ids\":[1]}}"},
		{ERR_UNSUPPORTED, "{\"rootfs\":{\"diff_ids\":[\"sha512:aa\"]}}"},
		{ERR_UNSUPPORTED, "{\"rootfs\":{\"type\":\"layers+base\",\"diff_ids\":[]}}"},
		{ERR_INVALID, "{\"rootfs\":{},\"config\":{\"Env\":{}}}"},
		{ERR_INVALID, "{\"rootfs\":{},\"config\":{\"Env\":[\"a\\u0000b\"]}}"},
		{ERR_INVALID, "{\"rootfs\":{},\"config\":{\"ExposedPorts\":[]}}"},
		{ERR_INVALID, "{\"rootfs\":{},\"config\":{\"Healthcheck\":{\"Interval\":1e99}}}"},
		{ERR_INVALID, "{\"rootfs\":{},\"history\":{}}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct oci_config config;
		struct err err = ERR_INIT;
		int r = oci_read_config(span_from(cases[i].text), arena, &config, &err);

		if (r != -(int)cases[i].kind)
			fail_msg("%s: %d (%s), not %s", cases[i].text, r, err.text,
				 err_name(cases[i].kind));
	}
}

static void
archives_are_read(void **state)
{
	static const char text[] = "[{\"Config\":\"c.json\",\"RepoTags\":null,\"Layers\":[\"l/"
				   "layer.tar\"]},{\"Config\":\"d\",\"RepoTags\":[\"x:1\"]}]";
	struct oci_archive archive;
	struct digest digest;

	(void)state;
	assert_good(oci_read_archive(span_from(text), arena, &archive, err));
	assert_int_equal(archive.count, 2);
	assert_span(archive.images[0].layers.items[0], "l/layer.tar");
	assert_span(archive.images[1].tags.items[0], "x:1");
	assert_fails(ERR_INVALID, oci_read_archive(SPAN("[]"), arena, &archive, err));
	assert_fails(ERR_INVALID, oci_read_archive(SPAN("[{}]"), arena, &archive, err));
	assert_true(oci_archive_digest(
		SPAN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.json"),
		&digest));
	assert_true(
		oci_archive_digest(SPAN("blobs/sha256/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					"aaaaaaaaaaaaaaaaaaaaaa"),
				   &digest));
	assert_int_equal(digest.bytes[0], 0xaa);
	assert_false(oci_archive_digest(SPAN("config.json"), &digest));
}

static void
platforms_are_parsed_and_ranked(void **state)
{
	static const struct {
		const char *wanted;
		const char *offered;
		unsigned least;
		unsigned most;
	} cases[] = {
		{"linux/amd64", "linux/amd64", 200, 200},
		{"linux/x86_64", "linux/amd64", 200, 200},
		{"linux/amd64", "linux/amd64/v1", 199, 199},
		{"linux/amd64", "linux/amd64/v3", 0, 0},
		{"linux/amd64/v3", "linux/amd64/v2", 2, 2},
		{"linux/arm64", "linux/arm64/v8", 199, 200},
		{"linux/aarch64", "linux/arm64", 200, 200},
		{"linux/arm/v7", "linux/arm/v6", 6, 6},
		{"linux/arm/v6", "linux/arm/v7", 0, 0},
		{"linux/armhf", "linux/arm/v7", 200, 200},
		{"linux/amd64", "windows/amd64", 0, 0},
		{"linux/amd64", "linux/386", 0, 0},
	};
	struct oci_platform a;
	struct oci_platform b;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_good(oci_platform_parse(span_from(cases[i].wanted), arena, &a, err));
		assert_good(oci_platform_parse(span_from(cases[i].offered), arena, &b, err));
		unsigned rank = oci_platform_rank(&a, &b);
		if (rank < cases[i].least || rank > cases[i].most)
			fail_msg("%s on %s: %u", cases[i].offered, cases[i].wanted, rank);
	}
	assert_fails(ERR_USAGE, oci_platform_parse(SPAN("linux"), arena, &a, err));
	assert_fails(ERR_USAGE, oci_platform_parse(SPAN("linux/"), arena, &a, err));
	assert_fails(ERR_USAGE, oci_platform_parse(SPAN("linux/arm/v7/x"), arena, &a, err));
	assert_fails(ERR_USAGE, oci_platform_parse(SPAN("linux/AMD 64"), arena, &a, err));
	a = oci_platform_host("aarch64");
	assert_span(oci_platform_text(&a, arena), "linux/arm64");
	a = oci_platform_host("armv7l");
	assert_span(oci_platform_text(&a, arena), "linux/arm/v7");
	a = oci_platform_host("s390x");
	assert_span(oci_platform_text(&a, arena), "linux/s390x");
	a = oci_platform_host("pdp11");
	assert_span(oci_platform_text(&a, arena), "linux/unknown");
}

static void
layer_types_say_their_compression(void **state)
{
	enum layer_compression compression;

	(void)state;
	assert_good(oci_layer_compression(SPAN("application/vnd.docker.image.rootfs.diff.tar.gzip"),
					  &compression, err));
	assert_int_equal(compression, LAYER_GZIP);
	assert_good(oci_layer_compression(SPAN("application/vnd.oci.image.layer.v1.tar+zstd"),
					  &compression, err));
	assert_int_equal(compression, LAYER_ZSTD);
	assert_fails(
		ERR_UNSUPPORTED,
		oci_layer_compression(SPAN("application/vnd.oci.image.layer.v1.tar+gzip+encrypted"),
				      &compression, err));
	assert_fails(ERR_UNSUPPORTED, oci_layer_compression(SPAN(""), &compression, err));
}

/* A little store of documents, found by digest. */
struct store {
	struct span documents[8];
	size_t count;
	bool corrupt;
};

static int
store_fetch(void *context, const struct oci_descriptor *descriptor, struct arena *to,
	    struct span *ret, struct err *err)
{
	const struct store *store = context;

	(void)to;
	for (size_t i = 0; i < store->count; i++) {
		struct digest digest;

		digest_of(store->documents[i], &digest);
		if (digest_equal(&digest, &descriptor->digest)) {
			*ret = store->corrupt ? SPAN("{}") : store->documents[i];
			return 0;
		}
	}
	return err_set(err, ERR_NOT_FOUND, "no such document");
}

/* Adds a document, returns a descriptor of it with `platform` ("" or a JSON member with comma). */
static const char *
store_add(struct store *store, const char *type, struct span document, const char *platform)
{
	char text[DIGEST_TEXT];
	struct digest digest;

	store->documents[store->count++] = document;
	digest_of(document, &digest);
	return arena_printf(arena, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu%s}", type,
			    digest_format(&digest, text), document.n, platform)
		.p;
}

static struct span
index_of(const char *items)
{
	return arena_printf(arena, "{\"schemaVersion\":2,\"manifests\":[%s]}", items);
}

static void
selection_goes_through_nested_indexes(void **state)
{
	static const struct span amd =
		SPAN_INIT("{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[]}");
	static const struct span arm =
		SPAN_INIT("{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[" LAYER "]}");
	struct store store = {0};
	struct oci_fetch fetch = {&store, store_fetch};
	struct oci_platform wanted;
	struct oci_selected selected;

	(void)state;
	const char *amd_item = store_add(&store, OCI_TYPE_MANIFEST, amd,
					 ",\"platform\":{\"os\":\"linux\","
					 "\"architecture\":\"amd64\"}");
	const char *arm_item = store_add(&store, OCI_TYPE_MANIFEST, arm,
					 ",\"platform\":{\"os\":\"linux\","
					 "\"architecture\":\"arm\",\"variant\":\"v6\"}");
	const char *inner =
		store_add(&store, OCI_TYPE_INDEX,
			  index_of(arena_printf(arena, "%s,%s", amd_item, arm_item).p), "");
	struct span top = index_of(inner);

	assert_good(oci_platform_parse(SPAN("linux/arm/v7"), arena, &wanted, err));
	assert_good(oci_select(top, SPAN(""), &wanted, &fetch, arena, &selected, err));
	assert_int_equal(selected.manifest.layer_count, 1);
	assert_true(selected.has_platform);
	assert_span(selected.document, arm.p);

	assert_good(oci_platform_parse(SPAN("linux/s390x"), arena, &wanted, err));
	struct err err = ERR_INIT;
	assert_int_equal(oci_select(top, SPAN(""), &wanted, &fetch, arena, &selected, &err),
			 -ERR_NOT_FOUND);
	assert_string_equal(err.text,
			    "no image for linux/s390x; offered: linux/amd64, linux/arm/v6");

	store.corrupt = true;
	assert_int_equal(oci_select(top, SPAN(""), &wanted, &fetch, arena, &selected, &err),
			 -ERR_DIGEST);
}

static void
selection_refuses_depth_and_artifacts(void **state)
{
	static const struct span artifact =
		SPAN_INIT("{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/x\","
			  "\"digest\":\"" A "\",\"size\":2},\"layers\":[]}");
	static const struct span image =
		SPAN_INIT("{\"schemaVersion\":2,\"config\":" CONFIG ",\"layers\":[]}");
	struct store store = {0};
	struct oci_fetch fetch = {&store, store_fetch};
	struct oci_platform wanted = oci_platform_host("x86_64");
	struct oci_selected selected;

	(void)state;
	assert_fails(ERR_UNSUPPORTED,
		     oci_select(artifact, SPAN(""), &wanted, &fetch, arena, &selected, err));
	/* one manifest without a platform: the config knows */
	const char *item = store_add(&store, OCI_TYPE_MANIFEST, image, "");
	assert_good(oci_select(index_of(item), SPAN(""), &wanted, &fetch, arena, &selected, err));
	assert_false(selected.has_platform);
	for (int i = 0; i < INDEX_DEPTH_MAX; i++)
		item = store_add(&store, OCI_TYPE_INDEX, index_of(item), "");
	assert_fails(ERR_LIMIT,
		     oci_select(index_of(item), SPAN(""), &wanted, &fetch, arena, &selected, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manifests_are_read),
		cmocka_unit_test(indexes_are_read),
		cmocka_unit_test(hostile_documents_are_refused),
		cmocka_unit_test(counts_have_ceilings),
		cmocka_unit_test(configs_are_read),
		cmocka_unit_test(hostile_configs_are_refused),
		cmocka_unit_test(archives_are_read),
		cmocka_unit_test(platforms_are_parsed_and_ranked),
		cmocka_unit_test(layer_types_say_their_compression),
		cmocka_unit_test(selection_goes_through_nested_indexes),
		cmocka_unit_test(selection_refuses_depth_and_artifacts),
	};

	return cmocka_run_group_tests_name("oci", tests, group_arena, group_arena_free);
}
