/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/bundle.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/base64.h"

enum { HINT_MAX = 1024 };

struct raw_bundle {
	struct span media_type;
	json_t *material;
	json_t *envelope;
	json_t *message;
};

struct raw_material {
	json_t *key;
	json_t *certificate;
	json_t *chain;
	json_t *log;
	json_t *timestamps;
};

struct raw_message {
	json_t *digest;
	struct span signature;
};

struct raw_digest {
	struct span algorithm;
	struct span digest;
};

static int
read_version(struct span media_type, uint32_t *ret, struct err *err)
{
	static const struct {
		struct span media_type;
		uint32_t version;
	} known[] = {
		{SPAN_INIT(BUNDLE_MEDIA_TYPE), 3},
		{SPAN_INIT("application/vnd.dev.sigstore.bundle+json;version=0.3"), 3},
		{SPAN_INIT("application/vnd.dev.sigstore.bundle+json;version=0.2"), 2},
		{SPAN_INIT("application/vnd.dev.sigstore.bundle+json;version=0.1"), 1},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (span_equal(known[i].media_type, media_type)) {
			*ret = known[i].version;
			return 0;
		}
	}
	return err_set(err, ERR_UNSUPPORTED,
		       "media type \"%.*s\" is not a sigstore bundle of v0.1 to v0.3",
		       media_type.n > 100 ? 100 : (int)media_type.n, media_type.p);
}

/* An absent list is an empty one, as everywhere in protojson. */
static int
count_list(const json_t *list, const char *name, uint32_t *ret, struct err *err)
{
	size_t count = json_array_size(list);

	if (list && !json_is_array(list))
		return err_set(err, ERR_INVALID, "\"%s\" is not a list", name);
	if (count > BUNDLE_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "%zu \"%s\" (at most %d)", count, name,
			       BUNDLE_ENTRIES_MAX);
	*ret = (uint32_t)count;
	return 0;
}

static int
read_hint(const json_t *json, struct arena *arena, struct span *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"hint", JSON_FIELD_SPAN, 0, false},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	struct span hint = SPAN("");
	int r = json_read(json, fields, &hint, arena, err);

	if (r < 0)
		return err_wrap(err, "\"publicKey\"");
	if (hint.n > HINT_MAX)
		return err_set(err, ERR_LIMIT, "a key hint of %zu bytes (at most %d)", hint.n,
			       HINT_MAX);
	*ret = hint;
	return 0;
}

static int
read_timestamps(const json_t *json, struct bundle *ret, struct err *err)
{
	if (json && !json_is_object(json))
		return err_set(err, ERR_INVALID, "\"timestampVerificationData\" is not an object");
	return count_list(json_object_get(json, "rfc3161Timestamps"), "rfc3161Timestamps",
			  &ret->timestamps, err);
}

static int
read_material(const json_t *json, struct arena *arena, struct bundle *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"publicKey", JSON_FIELD_RAW, offsetof(struct raw_material, key), false},
		{"certificate", JSON_FIELD_RAW, offsetof(struct raw_material, certificate), false},
		{"x509CertificateChain", JSON_FIELD_RAW, offsetof(struct raw_material, chain),
		 false},
		{"tlogEntries", JSON_FIELD_RAW, offsetof(struct raw_material, log), false},
		{"timestampVerificationData", JSON_FIELD_RAW,
		 offsetof(struct raw_material, timestamps), false},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	struct raw_material raw = {0};
	int r = json_read(json, fields, &raw, arena, err);

	if (r < 0)
		return err_wrap(err, "\"verificationMaterial\"");
	if (!!raw.key + !!raw.certificate + !!raw.chain != 1)
		return err_set(err, ERR_INVALID,
			       "there must be one of \"publicKey\", \"certificate\" and "
			       "\"x509CertificateChain\"");
	if (raw.chain && ret->version == 3)
		return err_set(err, ERR_INVALID, "a certificate chain in a v0.3 bundle");
	ret->material = raw.key		  ? BUNDLE_PUBLIC_KEY
			: raw.certificate ? BUNDLE_CERTIFICATE
					  : BUNDLE_CERTIFICATES;
	r = raw.key ? read_hint(raw.key, arena, &ret->hint, err) : 0;
	if (r == 0)
		r = count_list(raw.log, "tlogEntries", &ret->log_entries, err);
	return r < 0 ? r : read_timestamps(raw.timestamps, ret, err);
}

static int
read_digest(const json_t *json, struct arena *arena, struct bundle *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"algorithm", JSON_FIELD_SPAN, offsetof(struct raw_digest, algorithm), true},
		{"digest", JSON_FIELD_SPAN, offsetof(struct raw_digest, digest), true},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	struct raw_digest raw = {.algorithm = SPAN("")};
	struct span bytes;
	int r = json_read(json, fields, &raw, arena, err);

	if (r == 0)
		r = base64_decode(raw.digest, arena, &bytes, err);
	if (r < 0)
		return err_wrap(err, "\"messageDigest\"");
	if (!span_equal(raw.algorithm, SPAN("SHA2_256")))
		return err_set(err, ERR_UNSUPPORTED, "a message digest by other than SHA2_256");
	if (bytes.n != DIGEST_BYTES)
		return err_set(err, ERR_INVALID, "a message digest of %zu bytes", bytes.n);
	memcpy(ret->digest.bytes, bytes.p, DIGEST_BYTES);
	ret->has_digest = true;
	return 0;
}

static int
read_message(const json_t *json, struct arena *arena, struct bundle *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"messageDigest", JSON_FIELD_RAW, offsetof(struct raw_message, digest), false},
		{"signature", JSON_FIELD_SPAN, offsetof(struct raw_message, signature), true},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	struct raw_message raw = {0};
	int r = json_read(json, fields, &raw, arena, err);

	if (r == 0)
		r = base64_decode(raw.signature, arena, &ret->signature, err);
	if (r < 0)
		return err_wrap(err, "\"messageSignature\"");
	if (ret->signature.n == 0 || ret->signature.n > SIGNATURE_MAX)
		return err_set(err, ERR_INVALID, "a signature of %zu bytes", ret->signature.n);
	return raw.digest ? read_digest(raw.digest, arena, ret, err) : 0;
}

static int
read_envelope(const json_t *json, struct arena *arena, struct bundle *ret, struct err *err)
{
	int r = dsse_read_json(json, arena, &ret->envelope, err);

	if (r < 0)
		return r;
	if (ret->envelope.count != 1)
		return err_set(err, ERR_INVALID, "%zu signatures where a bundle has one",
			       ret->envelope.count);
	struct span keyid = ret->envelope.signatures[0].keyid;
	if (keyid.n > 0 && ret->hint.n > 0 && !span_equal(keyid, ret->hint))
		return err_set(err, ERR_INVALID,
			       "the envelope names another key than the bundle does");
	return 0;
}

static int
read_parsed(const json_t *json, struct arena *arena, struct bundle *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"mediaType", JSON_FIELD_SPAN, offsetof(struct raw_bundle, media_type), true},
		{"verificationMaterial", JSON_FIELD_RAW, offsetof(struct raw_bundle, material),
		 true},
		{"dsseEnvelope", JSON_FIELD_RAW, offsetof(struct raw_bundle, envelope), false},
		{"messageSignature", JSON_FIELD_RAW, offsetof(struct raw_bundle, message), false},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	struct raw_bundle raw = {0};
	struct bundle bundle = {.hint = SPAN("")};
	int r = json_read(json, fields, &raw, arena, err);

	if (r == 0)
		r = read_version(raw.media_type, &bundle.version, err);
	if (r == 0)
		r = read_material(raw.material, arena, &bundle, err);
	if (r < 0)
		return r;
	if (!raw.envelope == !raw.message)
		return err_set(err, ERR_INVALID,
			       "there must be one of \"dsseEnvelope\" and \"messageSignature\"");
	bundle.content = raw.envelope ? BUNDLE_DSSE : BUNDLE_MESSAGE;
	r = raw.envelope ? read_envelope(raw.envelope, arena, &bundle, err)
			 : read_message(raw.message, arena, &bundle, err);
	if (r < 0)
		return r;
	*ret = bundle;
	return 0;
}

int
bundle_read(struct span text, struct arena *arena, struct bundle *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;

	if (text.n > BUNDLE_MAX)
		return err_set(err, ERR_LIMIT, "a bundle of %zu bytes (at most %lu)", text.n,
			       BUNDLE_MAX);
	int r = json_parse(text, &json, err);
	if (r == 0)
		r = read_parsed(json, arena, ret, err);
	return r < 0 ? err_wrap(err, "sigstore bundle") : 0;
}

static int
message_json(const struct bundle *bundle, struct arena *arena, json_t **ret, struct err *err)
{
	struct span bytes = {(const char *)bundle->digest.bytes, DIGEST_BYTES};
	struct span digest;
	struct span signature;
	int r = base64_encode(bytes, arena, &digest, err);

	if (r == 0)
		r = base64_encode(bundle->signature, arena, &signature, err);
	if (r != 0)
		return r;
	json_t *json = json_pack("{s:o}", "signature", json_span(signature));
	if (json && bundle->has_digest &&
	    json_object_set_new(json, "messageDigest",
				json_pack("{s:s, s:o}", "algorithm", "SHA2_256", "digest",
					  json_span(digest))) < 0) {
		json_decref(json);
		json = NULL;
	}
	if (!json)
		return err_memory(err);
	*ret = json;
	return 0;
}

int
bundle_write(const struct bundle *bundle, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *content = NULL;
	bool dsse = bundle->content == BUNDLE_DSSE;

	if (bundle->material != BUNDLE_PUBLIC_KEY)
		return err_set(err, ERR_UNSUPPORTED, "only bundles with a key are written");
	if (dsse && bundle->envelope.count != 1)
		return err_set(err, ERR_INVALID, "a bundle has one signature, not %zu",
			       bundle->envelope.count);
	int r = dsse ? dsse_json(&bundle->envelope, arena, &content, err)
		     : message_json(bundle, arena, &content, err);
	if (r < 0)
		return r;
	CLEANUP(json_cleanup)
	json_t *json =
		json_pack("{s:s, s:{s:{s:o}}, s:O}", "mediaType", BUNDLE_MEDIA_TYPE,
			  "verificationMaterial", "publicKey", "hint", json_span(bundle->hint),
			  dsse ? "dsseEnvelope" : "messageSignature", content);
	return json ? json_text(json, false, arena, ret, err) : err_memory(err);
}
