/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/verify/internal.h"

#include "base/limits.h"
#include "codec/base64.h"
#include "codec/bundle.h"

#include <stdio.h>

int
verify_fail(struct verifier *verifier, enum verify_check check, struct err *err, const char *format,
	    ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	struct span copy = arena_copy(verifier->arena, span_from(text));
	if (!copy.p)
		return err_memory(err);
	verifier->result.rows[check] = (struct verify_row){VERIFY_FAILED, copy};
	return 1;
}

void
verify_pass(struct verifier *verifier, enum verify_check check)
{
	verifier->result.rows[check] = (struct verify_row){VERIFY_PASSED, SPAN("")};
}

int
verify_refuse(struct verifier *verifier, enum verify_check check, struct err *err)
{
	struct err why = *err;

	if (err->kind == ERR_MEMORY)
		return -ERR_MEMORY;
	*err = (struct err)ERR_INIT;
	return verify_fail(verifier, check, err, "%s", why.text);
}

/* Tells a changed payload from another key, as far as the hint lets it. */
static int
explain_signature(struct verifier *verifier, struct span hint, struct err *err)
{
	const struct verify_keys *keys = verifier->keys;

	for (size_t i = 0; i < keys->count; i++) {
		if (hint.n > 0 && span_equal(key_hint(keys->items[i]), hint))
			return verify_fail(
				verifier, VERIFY_SIGNATURE, err,
				"it names the key %.*s, which did not sign this: payload "
				"or signature was changed",
				SPAN_ARG(hint));
	}
	const char *many = keys->count == 1 ? "the key given is another one"
					    : "none of the keys given is that one";
	if (hint.n > 0)
		return verify_fail(verifier, VERIFY_SIGNATURE, err,
				   "it is signed with the key %.*s, and %s",
				   hint.n > 100 ? 100 : (int)hint.n, hint.p, many);
	return verify_fail(
		verifier, VERIFY_SIGNATURE, err,
		"%s made this signature of this payload: it is another key's, or payload "
		"or signature was changed",
		keys->count == 1 ? "the key given has not" : "none of the keys given has");
}

/* Which key made the signature of these bytes; `hint` may be empty. */
static int
check_signature(struct verifier *verifier, struct span message, struct span signature,
		struct span hint, struct err *err)
{
	const struct verify_keys *keys = verifier->keys;

	for (size_t i = 0; i < keys->count; i++) {
		int r = key_verify(keys->items[i], message, signature, err);

		if (r == 0) {
			verifier->result.key = i;
			verify_pass(verifier, VERIFY_SIGNATURE);
			return 0;
		}
		if (r != -ERR_MISMATCH)
			return r;
	}
	*err = (struct err)ERR_INIT;
	return explain_signature(verifier, hint, err);
}

static int
start(struct verifier *verifier, const struct verify_keys *keys, const struct verify_expect *expect,
      struct arena *arena, struct err *err)
{
	if (keys->count == 0)
		return err_set(err, ERR_USAGE, "no key to verify with");
	if (keys->count > KEYS_MAX)
		return err_set(err, ERR_LIMIT, "%zu keys (at most %d)", keys->count, KEYS_MAX);
	if (!expect->digest)
		return err_set(err, ERR_USAGE, "no image that signatures are to be of");
	*verifier = (struct verifier){
		.keys = keys, .expect = expect, .arena = arena, .result = {.key = VERIFY_NO_KEY}};
	return 0;
}

static int
finish(struct verifier *verifier, int r, struct verification *ret)
{
	struct verification *result = &verifier->result;

	if (r < 0)
		return r;
	result->passed = result->rows[VERIFY_FORM].state == VERIFY_PASSED &&
			 result->rows[VERIFY_SIGNATURE].state == VERIFY_PASSED &&
			 result->rows[VERIFY_SUBJECT].state == VERIFY_PASSED;
	for (enum verify_check i = 0; i < VERIFY_CHECKS; i++) {
		if (result->rows[i].state == VERIFY_FAILED)
			result->passed = false;
	}
	*ret = *result;
	return 0;
}

/* The very bytes that were verified are what is read afterwards (protocol.md of DSSE). */
static int
run_envelope(struct verifier *verifier, const struct dsse *envelope, struct span hint,
	     struct err *err)
{
	struct span pae;

	if (!span_equal(envelope->payload_type, SPAN(DSSE_TYPE_STATEMENT)))
		return verify_fail(verifier, VERIFY_FORM, err,
				   "its payload is \"%.*s\", not an in-toto statement",
				   SPAN_ARG(envelope->payload_type));
	verify_pass(verifier, VERIFY_FORM);
	if (dsse_pae(envelope->payload_type, envelope->payload, verifier->arena, &pae, err) < 0)
		return err_memory(err);
	int r = 1;
	for (size_t i = 0; r == 1 && i < envelope->count; i++) {
		const struct dsse_signature *one = &envelope->signatures[i];

		r = check_signature(verifier, pae, one->bytes, hint.n ? hint : one->keyid, err);
	}
	if (r != 0)
		return r;
	verifier->result.payload = envelope->payload;
	return verify_statement(verifier, envelope->payload, err);
}

static int
run_bundle(struct verifier *verifier, struct span text, struct err *err)
{
	struct bundle bundle;

	if (bundle_read(text, verifier->arena, &bundle, err) < 0)
		return verify_refuse(verifier, VERIFY_FORM, err);
	if (bundle.material != BUNDLE_PUBLIC_KEY)
		return verify_fail(verifier, VERIFY_FORM, err,
				   "it is signed with a certificate; only keys are verified");
	if (bundle.content == BUNDLE_DSSE)
		return run_envelope(verifier, &bundle.envelope, bundle.hint, err);
	verify_pass(verifier, VERIFY_FORM);
	return verify_fail(verifier, VERIFY_SUBJECT, err,
			   "it is a signature over bytes, not of an image");
}

int
verify_bundle(struct span text, const struct verify_keys *keys, const struct verify_expect *expect,
	      struct arena *arena, struct verification *ret, struct err *err)
{
	struct verifier verifier;
	int r = start(&verifier, keys, expect, arena, err);

	return r < 0 ? r : finish(&verifier, run_bundle(&verifier, text, err), ret);
}

int
verify_envelope(struct span text, const struct verify_keys *keys,
		const struct verify_expect *expect, struct arena *arena, struct verification *ret,
		struct err *err)
{
	struct verifier verifier;
	struct dsse envelope;
	int r = start(&verifier, keys, expect, arena, err);

	if (r < 0)
		return r;
	if (dsse_read(text, arena, &envelope, err) < 0)
		r = verify_refuse(&verifier, VERIFY_FORM, err);
	else
		r = run_envelope(&verifier, &envelope, SPAN(""), err);
	return finish(&verifier, r, ret);
}

static int
run_payload(struct verifier *verifier, struct span payload, struct span base64, struct err *err)
{
	struct span signature;

	if (payload.n > SIGNING_PAYLOAD_MAX || base64.n > 2UL * SIGNATURE_MAX)
		return verify_fail(verifier, VERIFY_FORM, err,
				   "a payload of %zu bytes with a signature of %zu is too large",
				   payload.n, base64.n);
	if (base64_decode(base64, verifier->arena, &signature, err) < 0)
		return verify_refuse(verifier, VERIFY_FORM, err);
	verify_pass(verifier, VERIFY_FORM);
	int r = check_signature(verifier, payload, signature, SPAN(""), err);
	if (r != 0)
		return r;
	verifier->result.payload = payload;
	return verify_simple(verifier, payload, err);
}

int
verify_payload(struct span payload, struct span signature, const struct verify_keys *keys,
	       const struct verify_expect *expect, struct arena *arena, struct verification *ret,
	       struct err *err)
{
	struct verifier verifier;
	int r = start(&verifier, keys, expect, arena, err);

	return r < 0 ? r : finish(&verifier, run_payload(&verifier, payload, signature, err), ret);
}
