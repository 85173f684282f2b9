/* SPDX-License-Identifier: Apache-2.0 */
/* Documents beside an image, in a real layout: put, listed, verified, and what breaks them. */
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "codec/oci_write.h"
#include "pipeline/signing.h"
#include "pipeline/verifying.h"

#include <stdlib.h>

#define CONFIG                                                                                     \
	"{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_"     \
	"ids\":[]}}"

struct scene {
	struct arena *arena;
	struct span folder;
	struct span reference;
	struct depot *depot;
	struct key *key;
	struct key *other;
};

static const struct depot_options options = {0};

/* An image of no layers at all: what is signed is a digest. */
static void
put_image(struct scene *s, struct span config, const char *tag)
{
	struct oci_descriptor descriptor = {.media_type = SPAN(OCI_TYPE_CONFIG), .size = config.n};
	struct depot_put_result result;
	char digest[DIGEST_TEXT];

	digest_of(config, &descriptor.digest);
	assert_good(depot_put_bytes(s->depot, config, err));
	const struct depot_put put = {
		.document = arena_printf(s->arena,
					 "{\"schemaVersion\":2,\"mediaType\":\"" OCI_TYPE_MANIFEST
					 "\",\"config\":{\"mediaType\":\"" OCI_TYPE_CONFIG
					 "\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[]}",
					 digest_format(&descriptor.digest, digest), config.n),
		.media_type = SPAN(OCI_TYPE_MANIFEST),
		.tag = span_from(tag),
	};
	assert_good(s->depot->put(s->depot, &put, &result, err));
}

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->arena = arena_new(0);
	assert_good(directory_temporary(s->arena, &s->folder, err));
	struct span folder = arena_printf(s->arena, "oci:%s/shop", s->folder.p);
	assert_good(depot_open(folder, &options, &s->depot, err));
	put_image(s, SPAN(CONFIG), "1");
	put_image(s, SPAN(CONFIG " "), "2");
	s->reference = arena_printf(s->arena, "%s:1", folder.p);
	assert_good(key_generate(KEY_ECDSA_P256, &s->key, err));
	assert_good(key_generate(KEY_ECDSA_P256, &s->other, err));
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	key_free(s->key);
	key_free(s->other);
	depot_free(s->depot);
	assert_good(tree_remove(s->folder.p, err));
	arena_free(s->arena);
	free(s);
	return 0;
}

static void
sign(struct scene *s, const struct key *key, unsigned formats, const char *type)
{
	const struct signing_options how = {.reference = s->reference,
					    .identity = SPAN(""),
					    .key = key,
					    .formats = formats,
					    .created = 86400};
	CLEANUP(signing_cleanup) struct signing *signing = NULL;
	CLEANUP(json_cleanup) json_t *predicate = json_pack("{s:s}", "a", "b");

	assert_good(signing_open(&how, &signing, err));
	assert_span(signing_identity(signing), "shop");
	if (type)
		assert_good(signing_attest(signing, span_from(type), predicate, err));
	else
		assert_good(signing_sign(signing, err));
	assert_good(signing_store(signing, err));
}

static struct proof *
prove(struct scene *s, const char *tag, const struct key *key, enum verify_need need)
{
	const struct verifying_options how = {
		.reference = arena_printf(s->arena, "oci:%s/shop:%s", s->folder.p, tag),
		.keys = {&key, 1},
		.need = need,
	};
	const struct hardening_claims *claims;
	struct signature_list list;
	struct proof *proof = NULL;

	assert_good(verifying_read(&how, s->arena, &list, &proof, &claims, err));
	return proof;
}

static size_t
count_passed(const struct proof *proof)
{
	size_t passed = 0;

	for (size_t i = 0; i < proof->count; i++)
		passed += proof->documents[i].passed;
	return passed;
}

static void
every_form_is_found_and_holds(void **state)
{
	struct scene *s = *state;

	sign(s, s->key, SIGNATURES_LEGACY | SIGNATURES_BUNDLE, NULL);
	sign(s, s->key, SIGNATURES_LEGACY | SIGNATURES_BUNDLE, PROOF_SPDX);
	CLEANUP(proof_cleanup) struct proof *proof = prove(s, "1", s->key, VERIFY_ANY);
	assert_true(proof->is_signed);
	assert_int_equal(proof->signers, 1);
	assert_int_equal(proof->count, 4);
	assert_int_equal(count_passed(proof), 4);
	assert_int_equal(proof->gaps.count, 0);
	assert_non_null(proof_find(proof, SPAN(PROOF_SPDX)));
	assert_null(proof_find(proof, SPAN(PROOF_CYCLONEDX)));
	assert_int_equal(proof->attested, 0);
}

static void
nothing_is_not_signed(void **state)
{
	struct scene *s = *state;

	CLEANUP(proof_cleanup) struct proof *proof = prove(s, "1", s->key, VERIFY_ANY);
	assert_false(proof->is_signed);
	assert_int_equal(proof->count, 0);
	assert_span(proof->why_not, "there is no signature of it");
}

static void
another_key_is_told(void **state)
{
	struct scene *s = *state;

	sign(s, s->other, SIGNATURES_BUNDLE, NULL);
	CLEANUP(proof_cleanup) struct proof *proof = prove(s, "1", s->key, VERIFY_ANY);
	assert_false(proof->is_signed);
	assert_int_equal(proof->count, 1);
	assert_true(span_contains(proof->documents[0].text, SPAN("the key given is another one")));
}

static void
an_attestation_is_no_signature(void **state)
{
	struct scene *s = *state;

	sign(s, s->key, SIGNATURES_LEGACY | SIGNATURES_BUNDLE, PROOF_SPDX);
	CLEANUP(proof_cleanup) struct proof *proof = prove(s, "1", s->key, VERIFY_ANY);
	assert_false(proof->is_signed);
	assert_int_equal(count_passed(proof), 2);
}

/* Carried over from another image, document by document. */
static void
a_signature_of_another_image_does_not_hold(void **state)
{
	struct scene *s = *state;
	struct depot_document from;
	struct depot_document to;
	struct depot_put_result result;
	char tag[OCI_REFERRERS_TAG];

	sign(s, s->key, SIGNATURES_LEGACY, NULL);
	assert_good(s->depot->by_tag(s->depot, SPAN("1"), s->arena, &from, err));
	assert_good(s->depot->by_tag(s->depot, SPAN("2"), s->arena, &to, err));
	assert_good(s->depot->by_tag(s->depot,
				     span_from(oci_referrers_tag(&from.digest, ".sig", tag)),
				     s->arena, &from, err));
	const struct depot_put put = {.document = from.document,
				      .media_type = from.media_type,
				      .tag = span_from(oci_referrers_tag(&to.digest, ".sig", tag))};
	assert_good(s->depot->put(s->depot, &put, &result, err));
	CLEANUP(proof_cleanup) struct proof *proof = prove(s, "2", s->key, VERIFY_ANY);
	assert_false(proof->is_signed);
	assert_int_equal(proof->count, 1);
	assert_true(span_contains(proof->documents[0].text, SPAN("not of the image")));
	assert_true(span_contains(proof->why_not, SPAN("not of the image")));
}

/* Every blob of the layout in turn loses its last byte: what is left is told, never believed. */
static void
damaged_documents_are_gaps(void **state)
{
	struct scene *s = *state;
	struct signature_list list;
	struct depot_document top;

	sign(s, s->key, SIGNATURES_LEGACY | SIGNATURES_BUNDLE, NULL);
	assert_good(s->depot->by_tag(s->depot, SPAN("1"), s->arena, &top, err));
	assert_good(signatures_list(s->depot, &top.digest, s->arena, &list, err));
	assert_int_equal(list.count, 2);
	for (size_t i = 0; i < list.count; i++) {
		struct digest digest;
		char text[DIGEST_TEXT];
		struct signature_list damaged;

		digest_of(list.documents[i].content, &digest);
		struct span path = arena_printf(s->arena, "%s/shop/blobs/sha256/%s", s->folder.p,
						digest_format(&digest, text) + 7);
		struct span content = list.documents[i].content;
		assert_good(file_replace(path.p, span_slice(content, 0, content.n - 1), 0644, err));
		assert_good(signatures_list(s->depot, &top.digest, s->arena, &damaged, err));
		assert_int_equal(damaged.count, 1);
		assert_int_equal(damaged.gaps.count, 1);
		assert_good(file_replace(path.p, content, 0644, err));
	}
}

/* Two more beside what is there, one of them twice: each is listed once. */
static void
signing_again_adds(void **state)
{
	struct scene *s = *state;

	sign(s, s->key, SIGNATURES_LEGACY, PROOF_SPDX);
	sign(s, s->other, SIGNATURES_LEGACY, PROOF_SPDX);
	sign(s, s->key, SIGNATURES_LEGACY, NULL);
	CLEANUP(proof_cleanup) struct proof *proof = prove(s, "1", s->key, VERIFY_ANY);
	assert_int_equal(proof->count, 3);
	assert_int_equal(count_passed(proof), 2);
	assert_true(proof->is_signed);
}

/* What nobody signed is listed apart. */
static void
plain_documents_are_artifacts(void **state)
{
	struct scene *s = *state;
	const struct signing_options how = {.reference = s->reference, .identity = SPAN("")};
	CLEANUP(signing_cleanup) struct signing *signing = NULL;
	struct signature_list list;

	assert_good(signing_open(&how, &signing, err));
	assert_good(signing_attach(signing, SPAN(PROOF_ARTIFACT_SPDX), SPAN("{}"), err));
	assert_good(signing_store(signing, err));
	assert_good(
		signatures_list(s->depot, &signing_subject(signing)->digest, s->arena, &list, err));
	assert_int_equal(list.count, 0);
	assert_int_equal(list.artifact_count, 1);
	assert_span(list.artifacts[0].type, PROOF_ARTIFACT_SPDX);
}

/* A good signature over a predicate that cannot be read is no attestation of a hardening. */
static void
a_hardening_that_says_nothing_does_not_count(void **state)
{
	struct scene *s = *state;

	sign(s, s->key, SIGNATURES_BUNDLE, NULL);
	sign(s, s->key, SIGNATURES_BUNDLE, PROOF_HARDENING);
	CLEANUP(proof_cleanup) struct proof *proof = prove(s, "1", s->key, VERIFY_ANY);
	assert_true(proof->is_signed);
	assert_null(proof_find(proof, SPAN(PROOF_HARDENING)));
	assert_int_equal(proof->attested, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_form_is_found_and_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_not_signed, setup, teardown),
		cmocka_unit_test_setup_teardown(another_key_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(an_attestation_is_no_signature, setup, teardown),
		cmocka_unit_test_setup_teardown(a_signature_of_another_image_does_not_hold, setup,
						teardown),
		cmocka_unit_test_setup_teardown(damaged_documents_are_gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(signing_again_adds, setup, teardown),
		cmocka_unit_test_setup_teardown(plain_documents_are_artifacts, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hardening_that_says_nothing_does_not_count, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("signatures", tests, NULL, NULL);
}
