/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dsse.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/base64.h"

int
dsse_pae(struct span type, struct span body, struct arena *arena, struct span *ret, struct err *err)
{
	struct span head =
		arena_printf(arena, "DSSEv1 %zu %.*s %zu ", type.n, SPAN_ARG(type), body.n);

	if (!head.p)
		return err_memory(err);
	char *to = arena_alloc(arena, head.n + body.n + 1);
	if (!to)
		return err_memory(err);
	memcpy(to, head.p, head.n);
	if (body.n > 0)
		memcpy(to + head.n, body.p, body.n);
	*ret = (struct span){to, head.n + body.n};
	return 0;
}

struct raw_signature {
	struct span keyid;
	struct span sig;
};

static int
read_signature(const json_t *json, struct arena *arena, struct dsse_signature *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"keyid", JSON_FIELD_SPAN, offsetof(struct raw_signature, keyid), false},
		{"sig", JSON_FIELD_SPAN, offsetof(struct raw_signature, sig), true},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	struct raw_signature raw = {.keyid = SPAN("")};
	int r = json_read(json, fields, &raw, arena, err);

	if (r < 0)
		return r;
	r = base64_decode(raw.sig, arena, &ret->bytes, err);
	if (r < 0)
		return err_wrap(err, "\"sig\"");
	if (ret->bytes.n == 0)
		return err_set(err, ERR_INVALID, "\"sig\" is empty");
	if (ret->bytes.n > SIGNATURE_MAX)
		return err_set(err, ERR_LIMIT, "a signature of %zu bytes (at most %d)",
			       ret->bytes.n, SIGNATURE_MAX);
	ret->keyid = raw.keyid;
	return 0;
}

struct raw_envelope {
	json_t *payload;
	struct span type;
	json_t *signatures;
};

static int
read_signatures(const json_t *list, struct arena *arena, struct dsse *ret, struct err *err)
{
	size_t count = json_array_size(list);

	if (!json_is_array(list) || count == 0)
		return err_set(err, ERR_INVALID, "an envelope without signatures");
	if (count > ENVELOPE_SIGNATURES_MAX)
		return err_set(err, ERR_LIMIT, "an envelope with %zu signatures (at most %d)",
			       count, ENVELOPE_SIGNATURES_MAX);
	ret->signatures = arena_array(arena, count, sizeof(*ret->signatures));
	if (!ret->signatures)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		int r = read_signature(json_array_get(list, i), arena, &ret->signatures[i], err);

		if (r < 0)
			return err_wrap(err, "signature %zu", i + 1);
	}
	ret->count = count;
	return 0;
}

int
dsse_read_json(const json_t *json, struct arena *arena, struct dsse *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"payload", JSON_FIELD_RAW, offsetof(struct raw_envelope, payload), true},
		{"payloadType", JSON_FIELD_SPAN, offsetof(struct raw_envelope, type), true},
		{"signatures", JSON_FIELD_RAW, offsetof(struct raw_envelope, signatures), true},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	struct raw_envelope raw = {0};
	struct dsse envelope = {0};
	int r = json_read(json, fields, &raw, arena, err);

	if (r < 0)
		return err_wrap(err, "DSSE envelope");
	if (!json_is_string(raw.payload))
		return err_set(err, ERR_INVALID, "DSSE envelope: \"payload\" is not a string");
	if (raw.type.n > STATEMENT_TYPE_MAX)
		return err_set(err, ERR_LIMIT, "a payload type of %zu bytes (at most %d)",
			       raw.type.n, STATEMENT_TYPE_MAX);
	r = base64_decode(json_string_span(raw.payload), arena, &envelope.payload, err);
	if (r < 0)
		return err_wrap(err, "DSSE envelope: \"payload\"");
	r = read_signatures(raw.signatures, arena, &envelope, err);
	if (r < 0)
		return r;
	envelope.payload_type = raw.type;
	*ret = envelope;
	return 0;
}

int
dsse_read(struct span text, struct arena *arena, struct dsse *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;

	if (text.n > BUNDLE_MAX)
		return err_set(err, ERR_LIMIT, "a DSSE envelope of %zu bytes (at most %lu)", text.n,
			       BUNDLE_MAX);
	int r = json_parse(text, &json, err);
	if (r < 0)
		return err_wrap(err, "DSSE envelope");
	return dsse_read_json(json, arena, ret, err);
}

int
dsse_json(const struct dsse *envelope, struct arena *arena, json_t **ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *signatures = json_array();
	struct span text;
	int r = base64_encode(envelope->payload, arena, &text, err);

	for (size_t i = 0; r == 0 && i < envelope->count; i++) {
		const struct dsse_signature *signature = &envelope->signatures[i];
		struct span sig;

		r = base64_encode(signature->bytes, arena, &sig, err);
		if (r < 0)
			break;
		json_t *one = json_pack("{s:o}", "sig", json_span(sig));
		bool failed = signature->keyid.n > 0 &&
			      json_object_set_new(one, "keyid", json_span(signature->keyid)) < 0;
		if (json_array_append_new(signatures, one) < 0 || failed)
			r = err_memory(err);
	}
	if (r < 0)
		return r;
	json_t *json = json_pack("{s:o, s:o, s:O}", "payload", json_span(text), "payloadType",
				 json_span(envelope->payload_type), "signatures", signatures);
	if (!json)
		return err_memory(err);
	*ret = json;
	return 0;
}

int
dsse_write(const struct dsse *envelope, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	int r = dsse_json(envelope, arena, &json, err);

	return r < 0 ? r : json_text(json, false, arena, ret, err);
}
