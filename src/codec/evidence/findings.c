/* SPDX-License-Identifier: Apache-2.0 */
/* Findings before and after, and how much they were reduced. */
#include "codec/evidence/writer.h"

static json_t *
counts_json(struct writer *writer, const struct finding_counts *counts)
{
	json_t *json = json_object();

	for (enum severity i = 0; i < SEVERITIES; i++)
		write_number(writer, json, severity_name(i), counts->by_severity[i]);
	write_number(writer, json, "total", counts->total);
	write_number(writer, json, "fixable", counts->fixable);
	write_number(writer, json, "exploited", counts->exploited);
	return json;
}

static json_t *
finding_json(struct writer *writer, const struct finding *finding,
	     const struct inventory *inventory)
{
	json_t *json = json_object();

	if (inventory && finding->component < inventory->component_count) {
		const struct component *component = &inventory->components[finding->component];

		write_text(writer, json, "package", component->name);
		write_text(writer, json, "version", component->version);
		write_text(writer, json, "purl", component->purl);
	}
	write_text(writer, json, "id", finding->id);
	write_text(writer, json, "status", span_from(finding_status_name(finding->status)));
	write_text(writer, json, "severity", span_from(severity_name(finding->severity)));
	write_text(writer, json, "severity_source", finding->severity_source);
	write_text(writer, json, "fixed_version", finding->fixed_version);
	if (finding->note.n > 0)
		write_text(writer, json, "note", finding->note);
	if (finding->vector.n > 0)
		write_text(writer, json, "vector", finding->vector);
	write_real(writer, json, "score", finding->score);
	write_real(writer, json, "epss", finding->epss);
	write_flag(writer, json, "exploited", finding->exploited);
	return json;
}

static json_t *
database_json(struct writer *writer, const struct advisory_identity *database)
{
	json_t *json = json_object();

	write_text(writer, json, "digest", database->digest);
	write_time(writer, json, "built", database->built);
	write_number(writer, json, "advisories", database->advisories);
	return json;
}

static json_t *
aside_json(struct writer *writer, const struct aside *aside, const struct inventory *inventory)
{
	json_t *json = finding_json(writer, &aside->finding, inventory);

	write_text(writer, json, "why", span_from(aside_name(aside->kind)));
	write_text(writer, json, "reason", aside->reason);
	write_text(writer, json, "source", aside->source);
	if (aside->approved_by.n)
		write_text(writer, json, "approved_by", aside->approved_by);
	if (aside->expires)
		write_time(writer, json, "expires", aside->expires);
	return json;
}

static json_t *
triage_json(struct writer *writer, const struct evidence_side *side)
{
	const struct triage *triage = writer->evidence->triage;
	json_t *json = json_object();
	json_t *by_kind = json_object();
	json_t *items = json_array();

	for (enum aside_kind i = 0; i < ASIDE_KINDS; i++)
		write_number(writer, by_kind, aside_name(i), triage->by_kind[i]);
	for (size_t i = 0; i < triage->aside_count; i++)
		write_item(writer, items, aside_json(writer, &triage->asides[i], side->inventory));
	write_member(writer, json, "by_reason", by_kind);
	write_number(writer, json, "total", triage->aside_count);
	write_member(writer, json, "items", items);
	write_member(writer, json, "notes", write_texts(writer, &triage->notes));
	return json;
}

json_t *
write_scan(struct writer *writer, const struct evidence_side *side, const char *step)
{
	const struct findings *findings = side->findings;
	json_t *json = json_object();
	json_t *items = json_array();

	if (!findings) {
		json_decref(json);
		json_decref(items);
		return json_null();
	}
	for (size_t i = 0; i < findings->count; i++)
		write_item(writer, items,
			   finding_json(writer, &findings->items[i], side->inventory));
	write_flag(writer, json, "matched", findings->matched);
	write_member(writer, json, "findings", counts_json(writer, &findings->findings));
	write_member(writer, json, "distinct", counts_json(writer, &findings->distinct));
	write_number(writer, json, "undetermined", findings->undetermined);
	write_member(writer, json, "database", database_json(writer, &findings->database));
	write_member(writer, json, "items", items);
	if (writer->evidence->triage && side == &writer->evidence->before)
		write_member(writer, json, "not_counted", triage_json(writer, side));
	write_gaps(writer, step, &findings->gaps);
	return json;
}

/* null where there is nothing to divide, or where a scan matched nothing. */
static json_t *
ratio_json(struct writer *writer, const struct finding_counts *before,
	   const struct finding_counts *after, bool matched)
{
	json_t *json = json_object();
	double ratio =
		before->total ? ((double)before->total - (double)after->total) / before->total : 0;

	write_number(writer, json, "before", before->total);
	write_number(writer, json, "after", after->total);
	write_member(writer, json, "ratio",
		     matched && before->total ? json_real(ratio) : json_null());
	return json;
}

json_t *
write_findings(struct writer *writer)
{
	const struct evidence *evidence = writer->evidence;
	const struct findings *before = evidence->before.findings;
	const struct findings *after = evidence->after.findings;
	json_t *json = json_object();
	json_t *reduction = before && after ? json_object() : json_null();

	write_member(writer, json, "before", write_scan(writer, &evidence->before, "scan"));
	write_member(writer, json, "after", write_scan(writer, &evidence->after, "rescan"));
	if (before && after) {
		bool matched = before->matched && after->matched;

		write_member(writer, reduction, "findings",
			     ratio_json(writer, &before->findings, &after->findings, matched));
		write_member(writer, reduction, "distinct",
			     ratio_json(writer, &before->distinct, &after->distinct, matched));
	}
	write_member(writer, json, "reduction", reduction);
	return json;
}
