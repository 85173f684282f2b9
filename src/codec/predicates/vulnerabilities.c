/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan of the hardened image, as cosign (sigstore/cosign:
 * specs/COSIGN_VULN_ATTESTATION_SPEC.md) and in-toto (in-toto/attestation:
 * spec/predicates/vulns_02.md) want it.
 */
#include "codec/predicates/parts.h"

#define SCANNER_URI  "https://mohs.dev"
#define DATABASE_URI "https://mohs.dev/advisories/v1"

/* A scan that matched nothing says nothing: its empty list would read as a clean image. */
static bool
is_scanned(const struct predicate_writer *writer)
{
	const struct findings *findings = writer->evidence->after.findings;

	return findings && findings->matched;
}

static json_t *
scanner_json(struct predicate_writer *writer, bool with_update)
{
	const struct advisory_identity *database = &writer->evidence->after.findings->database;
	struct writer *out = &writer->writer;
	json_t *json = json_object();
	json_t *source = json_object();
	struct span version;

	(void)predicate_tool(writer, &version);
	write_text(out, source, "uri", SPAN(DATABASE_URI));
	write_text(out, source, "version", database->digest);
	if (with_update)
		write_time(out, source, "lastUpdate", database->built);
	write_text(out, json, "uri", SPAN(SCANNER_URI));
	write_text(out, json, "version", version);
	write_member(out, json, "db", source);
	return json;
}

/* A run keeps one time, that of its evidence: the scan was over by then. */
static json_t *
metadata_json(struct predicate_writer *writer)
{
	json_t *json = json_object();

	write_time(&writer->writer, json, "scanStartedOn", writer->evidence->created);
	write_time(&writer->writer, json, "scanFinishedOn", writer->evidence->created);
	return json;
}

json_t *
predicate_vuln(struct predicate_writer *writer)
{
	struct writer *out = &writer->writer;

	if (!is_scanned(writer))
		return NULL;
	json_t *json = json_object();
	json_t *invocation = json_object();
	json_t *scanner = scanner_json(writer, false);
	json_t *result = write_scan(out, &writer->evidence->after, "rescan");
	write_member(out, result, "gaps", json_incref(out->gaps));
	write_member(out, scanner, "result", result);
	write_member(out, invocation, "parameters", json_array());
	write_text(out, invocation, "uri", SPAN(""));
	write_text(out, invocation, "event_id", SPAN(""));
	write_text(out, invocation, "builder.id", SPAN(""));
	write_member(out, json, "invocation", invocation);
	write_member(out, json, "scanner", scanner);
	write_member(out, json, "metadata", metadata_json(writer));
	return json;
}

static void
add_severity(struct writer *out, json_t *list, struct span method, struct span score)
{
	json_t *json = json_object();

	write_text(out, json, "method", method);
	write_text(out, json, "score", score);
	write_item(out, list, json);
}

/* Tenths, without the locale's idea of a decimal point. */
static struct span
score_text(struct predicate_writer *writer, double score)
{
	unsigned tenths = (unsigned)(score * 10 + 0.5);
	struct span text = arena_printf(writer->arena, "%u.%u", tenths / 10, tenths % 10);

	writer->writer.failed |= !text.p;
	return text.p ? text : SPAN("");
}

static json_t *
severities_json(struct predicate_writer *writer, const struct finding *finding)
{
	struct writer *out = &writer->writer;
	json_t *list = json_array();

	add_severity(out, list,
		     finding->severity_source.n ? finding->severity_source : SPAN("mohs"),
		     span_from(severity_name(finding->severity)));
	if (finding->score >= 0 && finding->score <= 10)
		add_severity(out, list, SPAN("cvss_score"), score_text(writer, finding->score));
	return list;
}

/* The package that has it, and what is known of a fix there. */
static json_t *
annotation_json(struct predicate_writer *writer, const struct finding *finding)
{
	const struct inventory *inventory = writer->evidence->after.inventory;
	struct writer *out = &writer->writer;
	json_t *json = json_object();

	if (inventory && finding->component < inventory->component_count) {
		const struct component *component = &inventory->components[finding->component];

		write_text(out, json, "package", component->name);
		write_text(out, json, "version", component->version);
		write_text(out, json, "purl", component->purl);
	}
	write_text(out, json, "severity", span_from(severity_name(finding->severity)));
	write_text(out, json, "status", span_from(finding_status_name(finding->status)));
	if (finding->fixed_version.n)
		write_text(out, json, "fixed_version", finding->fixed_version);
	write_flag(out, json, "exploited", finding->exploited);
	return json;
}

/* A result without annotations yet, put in the list; returns those, borrowed, or NULL. */
static json_t *
add_result(struct predicate_writer *writer, json_t *list, const struct finding *finding)
{
	struct writer *out = &writer->writer;
	json_t *result = json_object();
	json_t *annotations = json_array();

	write_text(out, result, "id", finding->id);
	write_member(out, result, "severity", severities_json(writer, finding));
	write_member(out, result, "annotations", annotations);
	write_item(out, list, result);
	return out->failed ? NULL : annotations;
}

/* One result a vulnerability, at its worst severity: findings come worst first. */
static json_t *
results_json(struct predicate_writer *writer)
{
	const struct findings *findings = writer->evidence->after.findings;
	struct writer *out = &writer->writer;
	json_t *list = json_array();
	json_t *known = json_object(); /* id -> its annotations */

	for (size_t i = 0; i < findings->count && !out->failed; i++) {
		const struct finding *finding = &findings->items[i];
		json_t *annotations = json_object_getn(known, finding->id.p, finding->id.n);

		if (!annotations) {
			annotations = add_result(writer, list, finding);
			write_named(out, known, finding->id, json_incref(annotations));
		}
		write_item(out, annotations, annotation_json(writer, finding));
	}
	json_decref(known);
	return list;
}

json_t *
predicate_vulns(struct predicate_writer *writer)
{
	struct writer *out = &writer->writer;

	if (!is_scanned(writer))
		return NULL;
	json_t *json = json_object();
	json_t *scanner = scanner_json(writer, true);
	write_member(out, scanner, "result", results_json(writer));
	write_member(out, json, "scanner", scanner);
	write_member(out, json, "metadata", metadata_json(writer));
	write_gaps(out, "rescan", &writer->evidence->after.findings->gaps);
	/* The type has no room for them, and consumers ignore members they do not know. */
	if (json_array_size(out->gaps) > 0)
		write_member(out, json, "mohs_gaps", json_incref(out->gaps));
	return json;
}
