/* SPDX-License-Identifier: Apache-2.0 */
/* The checks on what is beside the image: signature and attestations, bills of materials. */
#include "base/clock.h"
#include "stage/verdict/judge.h"

#include <string.h>

/* What each word of policy.yaml's `formats` is called beside an image. */
static const struct {
	struct span format;
	struct span predicate_type;
	struct span artifact_type;
} formats[] = {
	{SPAN_INIT("spdx"), SPAN_INIT(PROOF_SPDX), SPAN_INIT(PROOF_ARTIFACT_SPDX)},
	{SPAN_INIT("cyclonedx"), SPAN_INIT(PROOF_CYCLONEDX), SPAN_INIT(PROOF_ARTIFACT_CYCLONEDX)},
};

static void
add_attested(const struct proof *proof, struct sentences *measured)
{
	size_t attested = 0;

	for (size_t i = 0; i < proof->count; i++)
		attested +=
			proof->documents[i].passed && proof->documents[i].kind == PROOF_ATTESTATION;
	sentences_add(measured, "signed by %zu of %zu key%s", proof->signers, proof->keys.count,
		      proof->keys.count == 1 ? "" : "s");
	sentences_add(measured, "%zu attestation%s", attested, attested == 1 ? "" : "s");
	sentences_add(measured, "read back from %.*s", SPAN_ARG(proof->reference));
}

/* The first document that does not hold, when nothing better is known. */
static void
add_broken(const struct proof *proof, struct sentences *faults)
{
	for (size_t i = 0; i < proof->count; i++) {
		const struct proof_document *document = &proof->documents[i];

		if (document->passed || document->text.n == 0)
			continue;
		sentences_add(faults, "%.*s: %.*s", SPAN_ARG(document->place),
			      SPAN_ARG(document->text));
		return;
	}
	if (proof->gaps.count > 0)
		sentences_add(faults, "%.*s: %.*s", SPAN_ARG(proof->gaps.items[0].subject),
			      SPAN_ARG(proof->gaps.items[0].text));
}

static void
add_trust_faults(const struct judging *judging, struct sentences *faults)
{
	const struct proof *proof = judging->input->proof;
	uint64_t most = judging->policy->signature_age_max_ms;
	int64_t age = judging->input->now - proof->attested;
	char text[32];

	if (!proof->is_signed)
		sentences_add(faults, "%.*s", SPAN_ARG(proof->why_not));
	if (!proof_find(proof, SPAN(PROOF_HARDENING)))
		sentences_add(faults, "the hardening is not attested by the keys given");
	else if (most > 0 && (age < 0 || (uint64_t)age * 1000 > most))
		sentences_add(faults, "attested more than %s ago: harden it again",
			      duration_format(most, text));
	if (faults->count > 0)
		add_broken(proof, faults);
}

int
judge_signature(const struct judging *judging, struct judgement *ret, struct err *err)
{
	const struct proof *proof = judging->input->proof;
	struct span why = judging->input->unproven;
	struct sentences measured = {.arena = judging->arena, .text = SPAN("")};
	struct sentences faults = measured;

	if (!proof || proof->keys.count == 0)
		return judge_not_done(ret, why.n ? why : SPAN("not signed"));
	add_attested(proof, &measured);
	add_trust_faults(judging, &faults);
	return judge_by_faults(&measured, &faults, ret, err);
}

static bool
is_stored(const struct proof *proof, struct span artifact_type)
{
	for (size_t i = 0; i < proof->stored.count; i++) {
		if (span_equal(proof->stored.items[i], artifact_type))
			return true;
	}
	return false;
}

static void
judge_format(const struct proof *proof, struct span format, struct sentences *measured,
	     struct sentences *faults)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!span_equal(formats[i].format, format))
			continue;
		if (proof_find(proof, formats[i].predicate_type))
			sentences_add(measured, "%.*s attested", SPAN_ARG(format));
		else if (is_stored(proof, formats[i].artifact_type))
			sentences_add(measured, "%.*s stored, not signed", SPAN_ARG(format));
		else
			break;
		return;
	}
	sentences_add(faults, "no %.*s document beside the image that can be trusted",
		      SPAN_ARG(format));
}

int
judge_sbom(const struct judging *judging, struct judgement *ret, struct err *err)
{
	const struct proof *proof = judging->input->proof;
	const struct span_list *wanted = &judging->policy->sbom_formats;
	struct span why = judging->input->unproven;
	struct sentences measured = {.arena = judging->arena, .text = SPAN("")};
	struct sentences faults = measured;

	if (!proof)
		return judge_not_done(ret, why.n ? why : SPAN("not stored beside the image"));
	for (size_t i = 0; i < wanted->count; i++)
		judge_format(proof, wanted->items[i], &measured, &faults);
	sentences_add(&measured, "read back from %.*s", SPAN_ARG(proof->reference));
	if (faults.count > 0)
		add_broken(proof, &faults);
	return judge_by_faults(&measured, &faults, ret, err);
}
