/* SPDX-License-Identifier: Apache-2.0 */
/* What is signed and attested of the hardened image, as it was read back. */
#include "codec/evidence/writer.h"

static json_t *
document_json(struct writer *writer, const struct proof_document *document)
{
	static const char *const kinds[] = {
		[PROOF_SIGNATURE] = "signature",
		[PROOF_ATTESTATION] = "attestation",
		[PROOF_OTHER] = "other",
	};
	const struct proof *proof = writer->evidence->proof;
	json_t *json = json_object();

	write_text(writer, json, "place", document->place);
	write_text(writer, json, "kind", span_from(kinds[document->kind]));
	write_text(writer, json, "predicate_type", document->predicate_type);
	write_flag(writer, json, "passed", document->passed);
	write_member(writer, json, "key",
		     document->key < proof->keys.count ? json_span(proof->keys.items[document->key])
						       : json_null());
	write_text(writer, json, "text", document->text);
	return json;
}

json_t *
write_proof(struct writer *writer)
{
	const struct proof *proof = writer->evidence->proof;

	if (!proof)
		return json_null();
	json_t *json = json_object();
	json_t *documents = json_array();

	for (size_t i = 0; i < proof->count; i++)
		write_item(writer, documents, document_json(writer, &proof->documents[i]));
	write_text(writer, json, "reference", proof->reference);
	write_digest(writer, json, "digest", &proof->digest);
	write_flag(writer, json, "signed", proof->is_signed);
	write_number(writer, json, "signers", proof->signers);
	write_text(writer, json, "why_not", proof->why_not);
	write_member(writer, json, "keys", write_texts(writer, &proof->keys));
	write_member(writer, json, "documents", documents);
	write_member(writer, json, "stored", write_texts(writer, &proof->stored));
	write_gaps(writer, "proof", &proof->gaps);
	return json;
}
