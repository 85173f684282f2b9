/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, DSSE, in-toto, sigstore bundles, cosign's payloads and key files: the documents. */
#include "group_arena.h"
#include "test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/base64.h"
#include "codec/bundle.h"
#include "codec/cosign_key.h"
#include "codec/intoto.h"
#include "codec/simple_signing.h"

#include <stdlib.h>

/* RFC 4648, section 10. */
static void
base64_of_the_rfc(void **state)
{
	static const char *const vectors[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};
	struct span out;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct span text = span_from(vectors[i][1]);

		assert_good(base64_encode(span_from(vectors[i][0]), arena, &out, err));
		assert_span(out, vectors[i][1]);
		assert_good(base64_decode(text, arena, &out, err));
		assert_span(out, vectors[i][0]);
		while (text.n > 0 && text.p[text.n - 1] == '=')
			text.n--;
		assert_good(base64_decode(text, arena, &out, err));
		assert_span(out, vectors[i][0]);
	}
}

static void
base64_alphabets(void **state)
{
	struct span out;
	char all[256];

	(void)state;
	assert_good(base64_decode(SPAN("+/+/"), arena, &out, err));
	struct span standard = out;
	assert_good(base64_decode(SPAN("-_-_"), arena, &out, err));
	assert_true(span_equal(standard, out));
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	for (size_t n = 0; n <= sizeof(all); n++) {
		struct span text;

		assert_good(base64_encode((struct span){all, n}, arena, &text, err));
		assert_good(base64_decode(text, arena, &out, err));
		assert_true(span_equal(out, (struct span){all, n}));
	}
}

static void
base64_that_is_none(void **state)
{
	static const char *const bad[] = {"Z",	  "Zg=",  "Zm9=",  "Zg===", "Zm9v=", "====",	"=",
					  "Zm 9", "Zg\n", "Z\xff", "Zh==",  "Zm9vY", "Zg==Zg=="};
	struct span out;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails(ERR_INVALID, base64_decode(span_from(bad[i]), arena, &out, err));
	assert_fails(ERR_INVALID, base64_decode((struct span){"Zg\0=", 4}, arena, &out, err));
}

/* protocol.md of DSSE. */
static void
pae_of_the_specification(void **state)
{
	struct span out;

	(void)state;
	assert_good(dsse_pae(SPAN("http://example.com/HelloWorld"), SPAN("hello world"), arena,
			     &out, err));
	assert_span(out, "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
	assert_good(dsse_pae(SPAN(""), SPAN(""), arena, &out, err));
	assert_span(out, "DSSEv1 0  0 ");
	assert_good(dsse_pae(SPAN("t"), (struct span){"a\0b", 3}, arena, &out, err));
	assert_int_equal(out.n, strlen("DSSEv1 1 t 3 ") + 3);
}

/* The envelope of protocol.md: the same payload in both alphabets, members nobody knows. */
static void
envelopes_are_read(void **state)
{
	struct dsse envelope;
	struct span text;

	(void)state;
	assert_good(dsse_read(
		SPAN("{\"payload\":\"aGVsbG8gd29ybGQ=\",\"payloadType\":"
		     "\"http://example.com/HelloWorld\",\"signatures\":[{\"sig\":\"-_-_\","
		     "\"more\":[1]},{\"keyid\":\"k\",\"sig\":\"AQI\"}],\"x\":null}"),
		arena, &envelope, err));
	assert_span(envelope.payload, "hello world");
	assert_span(envelope.payload_type, "http://example.com/HelloWorld");
	assert_int_equal(envelope.count, 2);
	assert_span(envelope.signatures[0].keyid, "");
	assert_span(envelope.signatures[1].keyid, "k");
	assert_int_equal(envelope.signatures[1].bytes.n, 2);
	assert_good(dsse_write(&envelope, arena, &text, err));
	assert_span(text, "{\"payload\":\"aGVsbG8gd29ybGQ=\",\"payloadType\":"
			  "\"http://example.com/HelloWorld\",\"signatures\":[{\"sig\":\"+/+/\"},"
			  "{\"keyid\":\"k\",\"sig\":\"AQI=\"}]}\n");
}

static void
envelopes_that_are_none(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"payload\":\"aGk=\",\"payloadType\":\"t\"}",
		"{\"payload\":\"aGk=\",\"payloadType\":\"t\",\"signatures\":[]}",
		"{\"payload\":\"aGk=\",\"payloadType\":\"t\",\"signatures\":[{}]}",
		"{\"payload\":\"aGk=\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\"}]}",
		"{\"payload\":\"a\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AQ==\"}]}",
		"{\"payload\":1,\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AQ==\"}]}",
		("{\"payload\":\"aGk=\",\"payload\":\"aGk=\",\"payloadType\":\"t\","
		 "\"signatures\":[{\"sig\":\"AQ==\"}]}"),
		"{\"payload\":\"aGk=\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"AQ==\"}]}x",
	};
	struct dsse envelope;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails(ERR_INVALID, dsse_read(span_from(bad[i]), arena, &envelope, err));

	CLEANUP(buf_cleanup) struct buf many = BUF_INIT(1 * MIB);
	assert_good(buf_append(
		&many, SPAN("{\"payload\":\"aGk=\",\"payloadType\":\"t\",\"signatures\":["), err));
	for (int i = 0; i <= ENVELOPE_SIGNATURES_MAX; i++)
		assert_good(buf_printf(&many, err, "%s{\"sig\":\"AQ==\"}", i ? "," : ""));
	assert_good(buf_append(&many, SPAN("]}"), err));
	assert_fails(ERR_LIMIT, dsse_read(buf_span(&many), arena, &envelope, err));
	many.n = 0;
	assert_good(buf_printf(&many, err,
			       "{\"payload\":\"aGk=\",\"payloadType\":\"t\","
			       "\"signatures\":[{\"sig\":\""));
	for (int i = 0; i < 400; i++)
		assert_good(buf_append(&many, SPAN("AAAA"), err));
	assert_good(buf_append(&many, SPAN("\"}]}"), err));
	assert_fails(ERR_LIMIT, dsse_read(buf_span(&many), arena, &envelope, err));
	assert_fails(ERR_LIMIT,
		     dsse_read((struct span){"", BUNDLE_MAX + 1}, arena, &envelope, err));
}

#define HEX	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SUBJECT "{\"name\":\"r/a\",\"digest\":{\"sha256\":\"" HEX "\"}}"

static void
statements_are_written_and_read(void **state)
{
	struct intoto_annotation annotation = {SPAN("a"), SPAN("b")};
	struct intoto_subject subject = {.name = SPAN("r/a"),
					 .has_digest = true,
					 .annotations = &annotation,
					 .annotation_count = 1};
	struct intoto_statement statement = {.subjects = &subject,
					     .subject_count = 1,
					     .predicate_type = SPAN("https://example.com/t")};
	CLEANUP(json_cleanup) json_t *predicate = json_pack("{s:i}", "n", 7);
	CLEANUP(json_cleanup) json_t *read = NULL;
	struct intoto_statement again;
	struct span text;

	(void)state;
	assert_good(digest_parse(SPAN("sha256:" HEX), &subject.digest, err));
	assert_good(intoto_write(&statement, predicate, arena, &text, err));
	assert_span(text, "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicate\":{\"n\":7},"
			  "\"predicateType\":\"https://example.com/t\",\"subject\":[{"
			  "\"annotations\":{\"a\":\"b\"},\"digest\":{\"sha256\":\"" HEX "\"},"
			  "\"name\":\"r/a\"}]}");
	assert_good(intoto_read(text, arena, &again, &read, err));
	assert_int_equal(json_integer_value(json_object_get(read, "n")), 7);
	assert_span(again.predicate_type, "https://example.com/t");
	assert_span(again.subjects[0].annotations[0].value, "b");
	assert_ptr_equal(intoto_find(&again, &subject.digest), &again.subjects[0]);
	subject.digest.bytes[31] ^= 1;
	assert_null(intoto_find(&again, &subject.digest));
	subject.has_digest = false;
	assert_fails(ERR_INVALID, intoto_write(&statement, NULL, arena, &text, err));
}

static void
old_statements_are_read(void **state)
{
	struct intoto_statement statement;
	CLEANUP(json_cleanup) json_t *predicate = NULL;

	(void)state;
	assert_good(intoto_read(SPAN("{\"_type\":\"https://in-toto.io/Statement/v0.1\","
				     "\"predicateType\":\"t\",\"subject\":[{\"digest\":{\"sha512\":"
				     "\"00\"}}," SUBJECT "]}"),
				arena, &statement, &predicate, err));
	assert_true(statement.old);
	assert_null(predicate);
	assert_int_equal(statement.subject_count, 2);
	assert_false(statement.subjects[0].has_digest);
	assert_true(statement.subjects[1].has_digest);
}

static void
statements_that_are_none(void **state)
{
#define STATEMENT(subjects)                                                                        \
	"{\"_type\":\"https://in-toto.io/Statement/"                                               \
	"v1\",\"predicateType\":\"t\",\"subject\":" subjects "}"
	static const char *const bad[] = {
		STATEMENT("[]"),
		STATEMENT("{}"),
		STATEMENT("[1]"),
		STATEMENT("[{\"name\":\"x\"}]"),
		STATEMENT("[{\"digest\":{}}]"),
		STATEMENT("[{\"digest\":{\"sha256\":\"0123\"}}]"),
		STATEMENT("[{\"digest\":{\"sha256\":1}}]"),
		STATEMENT("[{\"digest\":{\"sha256\":\"" HEX "\"}},{}]"),
		"{\"_type\":\"https://in-toto.io/Statement/"
		"v1\",\"predicateType\":\"\",\"subject\":[" SUBJECT "]}",
		"not json",
	};
	struct intoto_statement statement;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails(ERR_INVALID,
			     intoto_read(span_from(bad[i]), arena, &statement, NULL, err));
	assert_fails(ERR_UNSUPPORTED,
		     intoto_read(SPAN("{\"_type\":\"https://in-toto.io/Statement/v9\","
				      "\"predicateType\":\"t\",\"subject\":[" SUBJECT "]}"),
				 arena, &statement, NULL, err));
}

#define V03   "application/vnd.dev.sigstore.bundle.v0.3+json"
#define KEYED "{\"publicKey\":{\"hint\":\"H\"}}"
#define SIGNED(keyid)                                                                              \
	"{\"payload\":\"aGk=\",\"payloadType\":\"t\",\"signatures\":[{" keyid "\"sig\":\"AQ==\"}]" \
	"}"
#define BUNDLE(type, material, content)                                                            \
	"{\"mediaType\":\"" type "\",\"verificationMaterial\":" material "," content "}"

static void
bundles_are_written(void **state)
{
	struct dsse_signature signature = {.bytes = SPAN("\x01")};
	struct bundle bundle = {.hint = SPAN("H"),
				.envelope = {SPAN("hi"), SPAN("t"), &signature, 1}};
	struct bundle again;
	struct span text;

	(void)state;
	assert_good(bundle_write(&bundle, arena, &text, err));
	assert_span(text,
		    "{\"dsseEnvelope\":" SIGNED("") ",\"mediaType\":\"" V03
						    "\",\"verificationMaterial\":" KEYED "}\n");
	assert_good(bundle_read(text, arena, &again, err));
	assert_int_equal(again.version, 3);
	assert_span(again.hint, "H");
	assert_span(again.envelope.payload, "hi");

	struct bundle message = {.hint = SPAN("H"),
				 .content = BUNDLE_MESSAGE,
				 .signature = SPAN("\x01"),
				 .has_digest = true};
	assert_good(bundle_write(&message, arena, &text, err));
	assert_good(bundle_read(text, arena, &again, err));
	assert_int_equal(again.content, BUNDLE_MESSAGE);
	assert_true(again.has_digest && digest_equal(&again.digest, &message.digest));
	bundle.envelope.count = 0;
	assert_fails(ERR_INVALID, bundle_write(&bundle, arena, &text, err));
	bundle.material = BUNDLE_CERTIFICATE;
	assert_fails(ERR_UNSUPPORTED, bundle_write(&bundle, arena, &text, err));
}

static void
bundles_of_all_versions_are_read(void **state)
{
	static const char old[] = "application/vnd.dev.sigstore.bundle+json;version=0.";
	struct bundle bundle;

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		struct span text =
			arena_printf(arena,
				     "{\"mediaType\":\"%s%u\",\"verificationMaterial\":" KEYED
				     ",\"dsseEnvelope\":" SIGNED("") ",\"new\":{}}",
				     old, i);

		assert_good(bundle_read(text, arena, &bundle, err));
		assert_int_equal(bundle.version, i);
	}
	assert_good(bundle_read(
		SPAN("{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.2\","
		     "\"verificationMaterial\":{\"x509CertificateChain\":{\"certificates\":[]},"
		     "\"tlogEntries\":[{},{}],\"timestampVerificationData\":{"
		     "\"rfc3161Timestamps\":[{}]}},\"dsseEnvelope\":" SIGNED("") "}"),
		arena, &bundle, err));
	assert_int_equal(bundle.material, BUNDLE_CERTIFICATES);
	assert_int_equal(bundle.log_entries, 2);
	assert_int_equal(bundle.timestamps, 1);
	assert_good(bundle_read(
		SPAN(BUNDLE(V03, KEYED, "\"dsseEnvelope\":" SIGNED("\"keyid\":\"H\","))), arena,
		&bundle, err));
}

static void
bundles_that_are_none(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		BUNDLE(V03, KEYED, "\"x\":1"),
		BUNDLE(V03, "{}", "\"dsseEnvelope\":" SIGNED("")),
		BUNDLE(V03, "{\"publicKey\":{},\"certificate\":{}}",
		       "\"dsseEnvelope\":" SIGNED("")),
		BUNDLE(V03, "{\"x509CertificateChain\":{}}", "\"dsseEnvelope\":" SIGNED("")),
		BUNDLE(V03, "{\"publicKey\":{\"hint\":1}}", "\"dsseEnvelope\":" SIGNED("")),
		BUNDLE(V03, "{\"publicKey\":{},\"tlogEntries\":{}}",
		       "\"dsseEnvelope\":" SIGNED("")),
		BUNDLE(V03, KEYED, "\"dsseEnvelope\":" SIGNED("\"keyid\":\"other\",")),
		BUNDLE(V03, KEYED,
		       "\"dsseEnvelope\":" SIGNED(
			       "") ",\"messageSignature\":{\"signature\":\"AQ==\"}"),
		BUNDLE(V03, KEYED,
		       "\"dsseEnvelope\":{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{"
		       "\"sig\":\"AQ==\"},{\"sig\":\"AQ==\"}]}"),
		BUNDLE(V03, KEYED, "\"messageSignature\":{}"),
		BUNDLE(V03, KEYED, "\"messageSignature\":{\"signature\":\"\"}"),
		BUNDLE(V03, KEYED,
		       "\"messageSignature\":{\"signature\":\"AQ==\",\"messageDigest\":{"
		       "\"algorithm\":\"SHA2_256\",\"digest\":\"AQ==\"}}"),
	};
	struct bundle bundle;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails(ERR_INVALID, bundle_read(span_from(bad[i]), arena, &bundle, err));
	assert_fails(ERR_UNSUPPORTED,
		     bundle_read(SPAN(BUNDLE("application/vnd.dev.sigstore.bundle.v0.4+json", KEYED,
					     "\"dsseEnvelope\":" SIGNED(""))),
				 arena, &bundle, err));
	assert_fails(ERR_LIMIT,
		     bundle_read((struct span){"", BUNDLE_MAX + 1}, arena, &bundle, err));
	static const char whole[] = BUNDLE(V03, KEYED, "\"dsseEnvelope\":" SIGNED(""));
	for (size_t n = 0; n < sizeof(whole) - 1; n++)
		assert_fails(ERR_INVALID,
			     bundle_read((struct span){whole, n}, arena, &bundle, err));
}

static void
payloads_are_written_byte_for_byte(void **state)
{
	struct signing_annotation annotations[] = {
		{SPAN("a<b"), SPAN("x & \"y\"\n\x01")},
		{SPAN("k"), SPAN("caf\xc3\xa9 \xe2\x80\xa8")},
	};
	struct simple_signing payload = {.reference = SPAN("registry.example.com/shop/frontend")};
	struct simple_signing again;
	struct span text;

	(void)state;
	assert_good(digest_parse(SPAN("sha256:" HEX), &payload.digest, err));
	assert_good(simple_signing_write(&payload, arena, &text, err));
	assert_span(text, "{\"critical\":{\"identity\":{\"docker-reference\":"
			  "\"registry.example.com/shop/frontend\"},\"image\":{"
			  "\"docker-manifest-digest\":\"sha256:" HEX "\"},\"type\":"
			  "\"cosign container image signature\"},\"optional\":null}");
	payload.annotations = annotations;
	payload.annotation_count = 2;
	assert_good(simple_signing_write(&payload, arena, &text, err));
	assert_true(span_ends_with(
		text, SPAN("\"optional\":{\"a\\u003cb\":\"x \\u0026 \\\"y\\\"\\n\\u0001\","
			   "\"k\":\"caf\xc3\xa9 \\u2028\"}}")));
	assert_good(simple_signing_read(text, arena, &again, err));
	assert_span(again.reference, "registry.example.com/shop/frontend");
	assert_true(digest_equal(&again.digest, &payload.digest));
	assert_int_equal(again.annotation_count, 2);
	assert_true(span_equal(again.annotations[0].value, annotations[0].value));
	assert_true(span_equal(again.annotations[1].value, annotations[1].value));
	payload.annotations[1].name = SPAN("a<b");
	assert_fails(ERR_INVALID, simple_signing_write(&payload, arena, &text, err));
	payload.annotation_count = 0;
	payload.reference = SPAN("\xff");
	assert_fails(ERR_INVALID, simple_signing_write(&payload, arena, &text, err));
}

#define PAYLOAD(name, digest, type, more)                                                          \
	"{\"Critical\":{\"identity\":{\"docker-reference\":\"r/a\"},\"image\":{\"" name            \
	"\":\"" digest "\"" more "},\"type\":\"" type "\"},\"optional\":{\"n\":1}}"

static void
payloads_are_read_as_go_reads_them(void **state)
{
	struct simple_signing payload;

	(void)state;
	assert_good(simple_signing_read(
		SPAN(PAYLOAD("Docker-manifest-digest", "sha256:" HEX, SIMPLE_SIGNING_TYPE, "")),
		arena, &payload, err));
	assert_span(payload.annotations[0].value, "1");
	assert_fails(ERR_INVALID,
		     simple_signing_read(SPAN(PAYLOAD("Docker-manifest-digest", "sha256:" HEX,
						      SIMPLE_SIGNING_TYPE,
						      ",\"docker-manifest-digest\":\"x\"")),
					 arena, &payload, err));
	assert_fails(ERR_UNSUPPORTED,
		     simple_signing_read(SPAN(PAYLOAD("docker-manifest-digest", "sha256:" HEX,
						      "atomic container signature", "")),
					 arena, &payload, err));
	assert_fails(ERR_INVALID,
		     simple_signing_read(SPAN(PAYLOAD("docker-manifest-digest", "sha256:12",
						      SIMPLE_SIGNING_TYPE, "")),
					 arena, &payload, err));
	assert_fails(ERR_INVALID,
		     simple_signing_read(SPAN("{\"critical\":[]}"), arena, &payload, err));
	assert_fails(ERR_INVALID, simple_signing_read(SPAN("[]"), arena, &payload, err));
	assert_fails(ERR_LIMIT, simple_signing_read((struct span){"", SIGNING_PAYLOAD_MAX + 1},
						    arena, &payload, err));
}

static void
key_files_may_not_ask_for_more(void **state)
{
#define KEY(n, r, p, salt, cipher)                                                                 \
	"{\"kdf\":{\"name\":\"scrypt\",\"params\":{\"N\":" n ",\"r\":" r ",\"p\":" p               \
	"},\"salt\":\"" salt "\"},\"cipher\":{\"name\":\"" cipher "\",\"nonce\":\""                \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"},\"ciphertext\":\"AAAA\"}"
#define SALT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	static const char *const refused[] = {
		KEY("262144", "8", "1", SALT, "nacl/secretbox"),
		KEY("1073741824", "8", "1", SALT, "nacl/secretbox"),
		KEY("16384", "8", "1", SALT, "nacl/secretbox"),
		KEY("65536", "9", "1", SALT, "nacl/secretbox"),
		KEY("65536", "8", "1000", SALT, "nacl/secretbox"),
		KEY("65536", "8", "1", SALT, "none"),
	};
	static const char *const good[] = {"32768", "65536", "131072"};
	struct cosign_key key;
	struct span text;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_fails(ERR_UNSUPPORTED,
			     cosign_key_read(span_from(refused[i]), arena, &key, err));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct span same = arena_printf(
			arena,
			"{\"kdf\":{\"name\":\"scrypt\",\"params\":{\"N\":%s,\"r\":8,\"p\":1},"
			"\"salt\":\"" SALT "\"},\"cipher\":{\"name\":\"nacl/secretbox\",\"nonce\":"
			"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"},\"ciphertext\":\"AAAA\"}",
			good[i]);

		assert_good(cosign_key_read(same, arena, &key, err));
		assert_good(cosign_key_write(&key, arena, &text, err));
		assert_true(span_equal(text, same));
	}
	assert_fails(ERR_INVALID,
		     cosign_key_read(SPAN(KEY("65536", "8", "1", "AAAA", "nacl/secretbox")), arena,
				     &key, err));
	assert_fails(ERR_INVALID, cosign_key_read(SPAN(KEY("-1", "8", "1", SALT, "nacl/secretbox")),
						  arena, &key, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_of_the_rfc),
		cmocka_unit_test(base64_alphabets),
		cmocka_unit_test(base64_that_is_none),
		cmocka_unit_test(pae_of_the_specification),
		cmocka_unit_test(envelopes_are_read),
		cmocka_unit_test(envelopes_that_are_none),
		cmocka_unit_test(statements_are_written_and_read),
		cmocka_unit_test(old_statements_are_read),
		cmocka_unit_test(statements_that_are_none),
		cmocka_unit_test(bundles_are_written),
		cmocka_unit_test(bundles_of_all_versions_are_read),
		cmocka_unit_test(bundles_that_are_none),
		cmocka_unit_test(payloads_are_written_byte_for_byte),
		cmocka_unit_test(payloads_are_read_as_go_reads_them),
		cmocka_unit_test(key_files_may_not_ask_for_more),
	};

	return cmocka_run_group_tests_name("signing_formats", tests, group_arena, group_arena_free);
}
