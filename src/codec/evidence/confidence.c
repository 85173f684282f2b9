/* SPDX-License-Identifier: Apache-2.0 */
/* How sure it is that nothing needed was removed, and what may be. */
#include "codec/evidence/writer.h"

static void
write_estimates(struct writer *writer, json_t *json, const struct confidence *confidence)
{
	json_t *unseen = json_object();

	write_number(writer, json, "samples", confidence->samples);
	write_number(writer, json, "novel_samples", confidence->novel);
	write_number(writer, json, "observed", confidence->observed);
	write_number(writer, json, "singletons", confidence->singletons);
	write_number(writer, json, "doubletons", confidence->doubletons);
	write_number(writer, json, "incidences", confidence->incidences);
	write_real(writer, json, "coverage", confidence->coverage);
	write_real(writer, json, "expected_unseen", confidence->expected);
	write_real(writer, json, "probability", confidence->probability);
	write_real(writer, json, "risk", confidence->risk);
	write_real(writer, unseen, "at_least", confidence->unseen);
	write_real(writer, unseen, "low", confidence->unseen_bounded ? confidence->unseen_low : -1);
	write_real(writer, unseen, "high",
		   confidence->unseen_bounded ? confidence->unseen_high : -1);
	write_member(writer, json, "unseen", unseen);
}

json_t *
write_confidence(struct writer *writer)
{
	const struct confidence *confidence = writer->evidence->confidence;
	json_t *json = json_object();

	if (!confidence) {
		json_decref(json);
		return json_null();
	}
	write_flag(writer, json, "estimable", confidence->estimable);
	write_number(writer, json, "repetitions", confidence->repetitions);
	write_real(writer, json, "level", CONFIDENCE_LEVEL);
	if (confidence->estimable)
		write_estimates(writer, json, confidence);
	else
		write_text(writer, json, "why_not", confidence->why_not);
	return json;
}

json_t *
write_risks(struct writer *writer)
{
	const struct risks *risks = writer->evidence->risks;
	const struct image *image = writer->evidence->before.image;
	json_t *json = json_object();
	json_t *items = json_array();
	json_t *kinds = json_object();
	uint64_t counts[RISK_KINDS] = {0};

	if (!risks || !image) {
		json_decref(json);
		json_decref(items);
		json_decref(kinds);
		return json_null();
	}
	for (size_t i = 0; i < risks->count; i++) {
		const struct risk *risk = &risks->items[i];
		json_t *item = json_object();

		counts[risk->kind]++;
		write_text(writer, item, "path", image->entries[risk->entry].path);
		write_text(writer, item, "reason", span_from(risk_name(risk->kind)));
		write_text(writer, item, "via", image->entries[risk->via].path);
		write_number(writer, item, "files", risk->files);
		write_item(writer, items, item);
	}
	for (enum risk_kind i = 0; i < RISK_KINDS; i++)
		write_number(writer, kinds, risk_name(i), counts[i]);
	write_number(writer, json, "found", risks->found);
	write_member(writer, json, "by_reason", kinds);
	write_member(writer, json, "items", items);
	write_gaps(writer, "at_risk", &risks->gaps);
	return json;
}
