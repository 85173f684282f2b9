/* SPDX-License-Identifier: Apache-2.0 */
/* What was signed, held against what is expected. */
#include "stage/verify/internal.h"

#include "base/limits.h"

static int
check_predicate(struct verifier *verifier, struct err *err)
{
	struct span wanted = verifier->expect->predicate_type;
	struct span actual = verifier->result.predicate_type;

	if (wanted.n == 0)
		return 0;
	if (proof_is_type(actual, wanted)) {
		verify_pass(verifier, VERIFY_PREDICATE);
		return 0;
	}
	if (actual.n == 0)
		return verify_fail(verifier, VERIFY_PREDICATE, err,
				   "it is a signature on an image, not an attestation of type %.*s",
				   SPAN_ARG(wanted));
	return verify_fail(verifier, VERIFY_PREDICATE, err,
			   "it attests %.*s where %.*s is expected", SPAN_ARG(actual),
			   SPAN_ARG(wanted));
}

static int
missing_annotation(struct verifier *verifier, const struct signing_annotation *wanted,
		   struct err *err)
{
	return verify_fail(verifier, VERIFY_ANNOTATIONS, err,
			   "it does not have the annotation %.*s=%.*s", SPAN_ARG(wanted->name),
			   SPAN_ARG(wanted->value));
}

static int
other_digest(struct verifier *verifier, const struct digest *actual, struct err *err)
{
	char is[DIGEST_TEXT];
	char wanted[DIGEST_TEXT];

	digest_format(verifier->expect->digest, wanted);
	if (!actual)
		return verify_fail(verifier, VERIFY_SUBJECT, err,
				   "none of its subjects is the image %s", wanted);
	return verify_fail(verifier, VERIFY_SUBJECT, err, "it is of %s, not of the image %s",
			   digest_format(actual, is), wanted);
}

static bool
subject_has(const struct intoto_subject *subject, const struct signing_annotation *wanted)
{
	for (size_t i = 0; i < subject->annotation_count; i++) {
		if (span_equal(subject->annotations[i].name, wanted->name) &&
		    span_equal(subject->annotations[i].value, wanted->value))
			return true;
	}
	return false;
}

int
verify_statement(struct verifier *verifier, struct span payload, struct err *err)
{
	const struct verify_expect *expect = verifier->expect;
	struct intoto_statement statement;
	int r = intoto_read(payload, verifier->arena, &statement, NULL, err);

	if (r < 0)
		return verify_refuse(verifier, VERIFY_FORM, err);
	verifier->result.predicate_type = statement.predicate_type;
	const struct intoto_subject *subject = intoto_find(&statement, expect->digest);
	if (!subject) {
		const struct intoto_subject *only = &statement.subjects[0];
		bool known = statement.subject_count == 1 && only->has_digest;

		return other_digest(verifier, known ? &only->digest : NULL, err);
	}
	verify_pass(verifier, VERIFY_SUBJECT);
	for (size_t i = 0; i < expect->annotation_count; i++) {
		if (!subject_has(subject, &expect->annotations[i]))
			return missing_annotation(verifier, &expect->annotations[i], err);
	}
	if (expect->annotation_count > 0)
		verify_pass(verifier, VERIFY_ANNOTATIONS);
	return check_predicate(verifier, err);
}

static bool
payload_has(const struct simple_signing *payload, const struct signing_annotation *wanted)
{
	for (size_t i = 0; i < payload->annotation_count; i++) {
		if (span_equal(payload->annotations[i].name, wanted->name) &&
		    span_equal(payload->annotations[i].value, wanted->value))
			return true;
	}
	return false;
}

int
verify_simple(struct verifier *verifier, struct span text, struct err *err)
{
	const struct verify_expect *expect = verifier->expect;
	struct simple_signing payload;

	if (simple_signing_read(text, verifier->arena, &payload, err) < 0)
		return verify_refuse(verifier, VERIFY_FORM, err);
	if (!digest_equal(&payload.digest, expect->digest))
		return other_digest(verifier, &payload.digest, err);
	verify_pass(verifier, VERIFY_SUBJECT);
	for (size_t i = 0; i < expect->annotation_count; i++) {
		if (!payload_has(&payload, &expect->annotations[i]))
			return missing_annotation(verifier, &expect->annotations[i], err);
	}
	if (expect->annotation_count > 0)
		verify_pass(verifier, VERIFY_ANNOTATIONS);
	return check_predicate(verifier, err);
}
