/* SPDX-License-Identifier: Apache-2.0 */
/* Signing and verifying as a whole: what holds, what does not, and what is said of it. */
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "codec/base64.h"
#include "codec/bundle.h"
#include "codec/intoto.h"
#include "stage/sign.h"
#include "stage/verify.h"

#include <stdlib.h>

#define TYPE "https://example.com/predicate/v1"

static struct arena *arena;
static struct key *keys[3];
static struct sign_image image;
static struct digest other;

static int
set_up(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	arena = arena_new(0);
	digest_of(SPAN("an image"), &image.digest);
	digest_of(SPAN("another"), &other);
	image.reference = SPAN("registry.example.com/shop/frontend:1.4@sha256:"
			       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	for (size_t i = 0; i < 3; i++) {
		if (key_generate(i == 2 ? KEY_ED25519 : KEY_ECDSA_P256, &keys[i], &err) < 0)
			return -1;
	}
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		key_free(keys[i]);
	arena_free(arena);
	return 0;
}

static struct verify_keys
given(size_t from, size_t count)
{
	return (struct verify_keys){(const struct key *const *)&keys[from], count};
}

static struct sign_result
signed_by(size_t key)
{
	struct sign_result result;

	assert_good(sign_image(&image, keys[key], arena, &result, err));
	return result;
}

static struct attest_result
attested_by(size_t key)
{
	CLEANUP(json_cleanup) json_t *predicate = json_pack("{s:i}", "n", 1);
	struct attest_result result;

	assert_good(sign_predicate(&image, SPAN(TYPE), predicate, keys[key], arena, &result, err));
	return result;
}

static struct verification
look_at(struct span bundle, struct verify_keys with, const struct digest *digest, const char *type)
{
	struct verify_expect expect = {.digest = digest, .predicate_type = span_from(type)};
	struct verification result;

	assert_good(verify_bundle(bundle, &with, &expect, arena, &result, err));
	return result;
}

/* Failed in this row alone, with these words. */
static void
assert_fault(const struct verification *result, enum verify_check check, const char *words)
{
	assert_false(result->passed);
	for (enum verify_check i = 0; i < VERIFY_CHECKS; i++) {
		if (i != check && result->rows[i].state == VERIFY_FAILED)
			fail_msg("check %d: %.*s", i, SPAN_ARG(result->rows[i].text));
	}
	if (result->rows[check].state != VERIFY_FAILED)
		fail_msg("check %d did not fail", check);
	if (!span_contains(result->rows[check].text, span_from(words)))
		fail_msg("\"%.*s\" does not say \"%s\"", SPAN_ARG(result->rows[check].text), words);
}

static void
what_was_signed_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct verification result = look_at(signed_by(i).bundle, given(0, 3),
						     &image.digest, INTOTO_PREDICATE_SIGN);

		assert_true(result.passed);
		assert_int_equal(result.key, i);
		assert_span(result.predicate_type, INTOTO_PREDICATE_SIGN);
		result = look_at(attested_by(i).bundle, given(0, 3), &image.digest, TYPE);
		assert_true(result.passed);
		assert_int_equal(result.key, i);
		assert_true(span_starts_with(
			result.payload, SPAN("{\"_type\":\"https://in-toto.io/Statement/v1\"")));
	}
}

static void
statements_are_as_cosign_writes_them(void **state)
{
	struct attest_result attested = attested_by(0);
	struct sign_result result = signed_by(0);
	struct intoto_statement statement;
	struct simple_signing payload;
	struct bundle bundle;

	(void)state;
	assert_good(intoto_read(attested.statement, arena, &statement, NULL, err));
	assert_span(statement.subjects[0].name, "registry.example.com/shop/frontend");
	assert_good(bundle_read(result.bundle, arena, &bundle, err));
	assert_int_equal(bundle.version, 3);
	assert_true(span_equal(bundle.hint, key_hint(keys[0])));
	assert_span(bundle.envelope.signatures[0].keyid, "");
	assert_good(intoto_read(bundle.envelope.payload, arena, &statement, NULL, err));
	assert_span(statement.subjects[0].name, "");
	assert_good(simple_signing_read(result.payload, arena, &payload, err));
	assert_span(payload.reference, "registry.example.com/shop/frontend");
}

static void
faults_are_named(void **state)
{
	struct span bundle = signed_by(0).bundle;
	struct verification result = look_at(bundle, given(1, 1), &image.digest, "");

	(void)state;
	assert_fault(&result, VERIFY_SIGNATURE, "the key given is another one");
	assert_int_equal(result.key, VERIFY_NO_KEY);
	assert_int_equal(result.rows[VERIFY_SUBJECT].state, VERIFY_NOT_DONE);
	assert_null(result.payload.p);
	result = look_at(bundle, given(1, 2), &image.digest, "");
	assert_fault(&result, VERIFY_SIGNATURE, "none of the keys given");
	result = look_at(bundle, given(0, 1), &other, "");
	assert_fault(&result, VERIFY_SUBJECT, "not of the image sha256:");
	result = look_at(bundle, given(0, 1), &image.digest, TYPE);
	assert_fault(&result, VERIFY_PREDICATE, "where " TYPE " is expected");
	result = look_at(span_slice(bundle, 0, bundle.n / 2), given(0, 1), &image.digest, "");
	assert_fault(&result, VERIFY_FORM, "not valid JSON");
	result = look_at((struct span){bundle.p, BUNDLE_MAX + 1}, given(0, 1), &image.digest, "");
	assert_fault(&result, VERIFY_FORM, "(at most");
	result = look_at(SPAN("{}"), given(0, 1), &image.digest, "");
	assert_fault(&result, VERIFY_FORM, "\"mediaType\" is missing");
}

/* Another statement under the same signature. */
static void
changed_payloads_are_found(void **state)
{
	struct bundle bundle;
	struct span text;

	(void)state;
	assert_good(bundle_read(attested_by(0).bundle, arena, &bundle, err));
	struct span original = bundle.envelope.payload;
	for (size_t i = 0; i < original.n; i += 7) {
		struct span changed = arena_copy(arena, original);

		((char *)(uintptr_t)changed.p)[i] ^= 1;
		bundle.envelope.payload = changed;
		assert_good(bundle_write(&bundle, arena, &text, err));
		struct verification result = look_at(text, given(0, 3), &image.digest, "");
		assert_fault(&result, VERIFY_SIGNATURE, "payload or signature was changed");
	}
	bundle.envelope.payload = original;
	bundle.envelope.payload_type = SPAN("application/json");
	assert_good(bundle_write(&bundle, arena, &text, err));
	struct verification result = look_at(text, given(0, 3), &image.digest, "");
	assert_fault(&result, VERIFY_FORM, "not an in-toto statement");
}

/* Every bit of every signature counts. */
static void
changed_signatures_are_found(void **state)
{
	(void)state;
	for (size_t k = 0; k < 3; k += 2) {
		struct bundle bundle;
		struct span text;

		assert_good(bundle_read(signed_by(k).bundle, arena, &bundle, err));
		struct span *bytes = &bundle.envelope.signatures[0].bytes;
		for (size_t i = 0; i < bytes->n; i++) {
			((char *)(uintptr_t)bytes->p)[i] ^= 0x10;
			assert_good(bundle_write(&bundle, arena, &text, err));
			assert_false(look_at(text, given(0, 3), &image.digest, "").passed);
			((char *)(uintptr_t)bytes->p)[i] ^= 0x10;
		}
		bytes->n--;
		assert_good(bundle_write(&bundle, arena, &text, err));
		assert_false(look_at(text, given(0, 3), &image.digest, "").passed);
	}
}

static void
certificates_are_not_taken(void **state)
{
	static const char text[] =
		"{\"mediaType\":\"" BUNDLE_MEDIA_TYPE
		"\",\"verificationMaterial\":{\"certificate\":{\"rawBytes\":\"AA==\"}},"
		"\"dsseEnvelope\":{\"payload\":\"aGk=\",\"payloadType\":\"t\",\"signatures\":[{"
		"\"sig\":\"AQ==\"}]}}";
	struct verification result = look_at(span_from(text), given(0, 1), &image.digest, "");

	(void)state;
	assert_fault(&result, VERIFY_FORM, "only keys are verified");
}

static void
legacy_signatures(void **state)
{
	struct signing_annotation annotation = {SPAN("stage"), SPAN("production")};
	struct verify_expect expect = {.digest = &image.digest};
	struct verify_keys with = given(0, 1);
	struct sign_image annotated = image;
	struct sign_result result;
	struct verification got;

	(void)state;
	annotated.annotations = &annotation;
	annotated.annotation_count = 1;
	assert_good(sign_image(&annotated, keys[0], arena, &result, err));
	expect.annotations = &annotation;
	expect.annotation_count = 1;
	assert_good(
		verify_payload(result.payload, result.signature, &with, &expect, arena, &got, err));
	assert_true(got.passed);
	assert_good(verify_bundle(result.bundle, &with, &expect, arena, &got, err));
	assert_true(got.passed);
	annotation.value = SPAN("test");
	assert_good(
		verify_payload(result.payload, result.signature, &with, &expect, arena, &got, err));
	assert_fault(&got, VERIFY_ANNOTATIONS, "stage=test");
	assert_good(verify_bundle(result.bundle, &with, &expect, arena, &got, err));
	assert_fault(&got, VERIFY_ANNOTATIONS, "stage=test");
	expect.annotation_count = 0;
	expect.digest = &other;
	assert_good(
		verify_payload(result.payload, result.signature, &with, &expect, arena, &got, err));
	assert_fault(&got, VERIFY_SUBJECT, "not of the image");
	with = given(1, 1);
	assert_good(
		verify_payload(result.payload, result.signature, &with, &expect, arena, &got, err));
	assert_fault(&got, VERIFY_SIGNATURE, "another key's, or");
	assert_good(verify_payload(result.payload, SPAN("%%"), &with, &expect, arena, &got, err));
	assert_fault(&got, VERIFY_FORM, "not base64");
	assert_good(verify_payload((struct span){"", SIGNING_PAYLOAD_MAX + 1}, result.signature,
				   &with, &expect, arena, &got, err));
	assert_fault(&got, VERIFY_FORM, "too large");
	expect.predicate_type = SPAN(TYPE);
	expect.digest = &image.digest;
	with = given(0, 1);
	assert_good(
		verify_payload(result.payload, result.signature, &with, &expect, arena, &got, err));
	assert_fault(&got, VERIFY_PREDICATE, "not an attestation");
}

static void
bare_envelopes(void **state)
{
	struct verify_expect expect = {.digest = &image.digest, .predicate_type = SPAN(TYPE)};
	struct attest_result attested = attested_by(0);
	struct verify_keys with = given(0, 1);
	struct dsse_signature both[2];
	struct verification got;
	struct dsse envelope;
	struct span text;

	(void)state;
	assert_good(verify_envelope(attested.envelope, &with, &expect, arena, &got, err));
	assert_true(got.passed);
	assert_good(dsse_read(attested.envelope, arena, &envelope, err));
	both[0].keyid = both[1].keyid = SPAN("");
	assert_good(key_sign(keys[1], SPAN("something else"), arena, &both[0].bytes, err));
	both[1] = envelope.signatures[0];
	envelope.signatures = both;
	envelope.count = 2;
	assert_good(dsse_write(&envelope, arena, &text, err));
	assert_good(verify_envelope(text, &with, &expect, arena, &got, err));
	assert_true(got.passed);
	envelope.count = 1;
	assert_good(dsse_write(&envelope, arena, &text, err));
	assert_good(verify_envelope(text, &with, &expect, arena, &got, err));
	assert_false(got.passed);
}

static void
types_with_versions(void **state)
{
	struct attest_result attested;
	struct verification got;

	(void)state;
	assert_good(sign_predicate(&image, SPAN("https://openvex.dev/ns/v0.2.0"), NULL, keys[0],
				   arena, &attested, err));
	got = look_at(attested.bundle, given(0, 1), &image.digest, "https://openvex.dev/ns");
	assert_true(got.passed);
	got = look_at(attested.bundle, given(0, 1), &image.digest, "https://openvex.dev/n");
	assert_fault(&got, VERIFY_PREDICATE, "where");
}

/* As `cosign sign-blob` makes them. */
static void
signatures_over_bytes_are_of_no_image(void **state)
{
	struct bundle bundle = {.hint = key_hint(keys[0]), .content = BUNDLE_MESSAGE};
	struct verification got;
	struct span text;

	(void)state;
	assert_good(key_sign(keys[0], SPAN("an image"), arena, &bundle.signature, err));
	assert_good(bundle_write(&bundle, arena, &text, err));
	got = look_at(text, given(0, 3), &image.digest, "");
	assert_fault(&got, VERIFY_SUBJECT, "not of an image");
}

static void
questions_without_sense(void **state)
{
	struct verify_expect expect = {.digest = &image.digest};
	struct verify_keys none = {0};
	struct verify_keys with = given(0, 1);
	struct span bundle = signed_by(0).bundle;
	struct verification got;

	(void)state;
	assert_fails(ERR_USAGE, verify_bundle(bundle, &none, &expect, arena, &got, err));
	expect.digest = NULL;
	assert_fails(ERR_USAGE, verify_bundle(bundle, &with, &expect, arena, &got, err));
	assert_fails(ERR_USAGE, verify_payload(bundle, bundle, &with, &expect, arena, &got, err));
}

static void
enough_keys(void **state)
{
	const struct key *list[4] = {keys[0], keys[1], keys[2], keys[0]};
	struct verify_keys with = {list, 4};
	struct verify_expect expect = {.digest = &image.digest};
	struct verification items[3];
	struct verify_verdict verdict;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_good(
			verify_bundle(signed_by(i).bundle, &with, &expect, arena, &items[i], err));
	assert_good(verify_judge(items, 3, &with, VERIFY_ALL, 0, arena, &verdict, err));
	assert_true(verdict.passed);
	assert_int_equal(verdict.signers, 3);
	assert_good(verify_judge(items, 2, &with, VERIFY_ALL, 0, arena, &verdict, err));
	assert_false(verdict.passed);
	assert_span(verdict.text, "2 of 3 keys signed it, and 3 must");
	assert_good(verify_judge(items, 2, &with, VERIFY_THRESHOLD, 2, arena, &verdict, err));
	assert_true(verdict.passed);
	assert_good(verify_judge(items, 1, &with, VERIFY_ANY, 0, arena, &verdict, err));
	assert_true(verdict.passed);
	assert_good(verify_judge(items, 0, &with, VERIFY_ANY, 0, arena, &verdict, err));
	assert_false(verdict.passed);
	items[1] = items[0];
	assert_good(verify_judge(items, 2, &with, VERIFY_THRESHOLD, 2, arena, &verdict, err));
	assert_false(verdict.passed);
	items[0].passed = items[1].passed = false;
	assert_good(verify_judge(items, 2, &with, VERIFY_ANY, 0, arena, &verdict, err));
	assert_false(verdict.passed);
	assert_fails(ERR_USAGE,
		     verify_judge(items, 2, &with, VERIFY_THRESHOLD, 0, arena, &verdict, err));
	assert_fails(ERR_USAGE,
		     verify_judge(items, 2, &with, VERIFY_THRESHOLD, 4, arena, &verdict, err));
}

/* Programs of others judge what is stored in tests/bats/interop.bats. */
static void
openssl_verifies_the_payload(void **state)
{
	static const char program[] =
		"base64 -d signature >der\n"
		"openssl dgst -sha256 -verify k.pub -signature der payload\n"
		"echo >>payload\n"
		"! openssl dgst -sha256 -verify k.pub -signature der payload\n";
	const char *const argv[] = {"sh", "-ec", program, NULL};
	CLEANUP(proc_cleanup) struct proc proc = PROC_INIT;
	struct sign_result result = signed_by(0);
	struct span folder;
	struct span pem;
	int status = -1;

	(void)state;
	assert_good(directory_temporary(arena, &folder, err));
	assert_good(key_write_public(keys[0], arena, &pem, err));
	const struct {
		const char *name;
		struct span content;
	} files[] = {{"payload", result.payload}, {"signature", result.signature}, {"k.pub", pem}};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_good(file_replace(arena_printf(arena, "%s/%s", folder.p, files[i].name).p,
					 files[i].content, 0644, err));
	struct proc_options options = {
		.argv = argv, .directory = folder.p, .input = -1, .output = 2, .error = 2};
	assert_good(proc_start(&options, &proc, err));
	assert_good(proc_wait(&proc, 60000, &status, err));
	assert_good(tree_remove(folder.p, err));
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_signed_holds),
		cmocka_unit_test(statements_are_as_cosign_writes_them),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(changed_payloads_are_found),
		cmocka_unit_test(changed_signatures_are_found),
		cmocka_unit_test(certificates_are_not_taken),
		cmocka_unit_test(legacy_signatures),
		cmocka_unit_test(bare_envelopes),
		cmocka_unit_test(types_with_versions),
		cmocka_unit_test(signatures_over_bytes_are_of_no_image),
		cmocka_unit_test(questions_without_sense),
		cmocka_unit_test(enough_keys),
		cmocka_unit_test(openssl_verifies_the_payload),
	};

	return cmocka_run_group_tests_name("verify", tests, set_up, tear_down);
}
