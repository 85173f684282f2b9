/* SPDX-License-Identifier: Apache-2.0 */
/* CycloneDX 1.6 with vulnerabilities: the bill of materials, and an entry a finding. */
#include "codec/cyclonedx_json.h"

#include "base/cleanup.h"
#include "codec/report/parts.h"

struct bom {
	const struct report *report;
	struct arena *arena;
	struct span *refs; /* by component of the inventory; empty: not in the document */
};

static void
put_text(json_t **object, const char *name, struct span text)
{
	json_put(object, name, json_span(text));
}

static json_t *
source_json(const struct bom *bom, const struct finding *finding)
{
	const struct inventory *inventory = bom->report->evidence->before.inventory;
	struct span name = report_speaker(inventory, finding);
	struct span link = report_link(inventory, finding, bom->arena);
	json_t *json = json_object();

	put_text(&json, "name", name.n ? name : SPAN("advisories"));
	if (link.n)
		put_text(&json, "url", link);
	return json;
}

static const struct {
	struct span front;
	const char *method;
} methods[] = {
	{SPAN_INIT("CVSS:4.0/"), "CVSSv4"}, {SPAN_INIT("CVSS:3.1/"), "CVSSv31"},
	{SPAN_INIT("CVSS:3.0/"), "CVSSv3"}, {SPAN_INIT("AV:"), "CVSSv2"},
	{SPAN_INIT(""), "other"},
};

static const char *
method(struct span vector)
{
	size_t i = 0;

	while (!span_starts_with(vector, methods[i].front))
		i++;
	return methods[i].method;
}

/* CycloneDX has no word for negligible: "info". */
static json_t *
ratings_json(const struct finding *finding)
{
	json_t *list = json_array();
	json_t *json = json_object();
	json_t *source = json_object();

	put_text(&source, "name",
		 finding->severity_source.n ? finding->severity_source : SPAN("unknown"));
	json_put(&json, "source", source);
	json_put(&json, "severity",
		 json_string(finding->severity == SEVERITY_NEGLIGIBLE
				     ? "info"
				     : severity_name(finding->severity)));
	if (finding->score >= 0)
		json_put(&json, "score", json_real(finding->score));
	if (finding->vector.n) {
		json_put(&json, "method", json_string(method(finding->vector)));
		put_text(&json, "vector", finding->vector);
	}
	json_add(&list, json);
	return list;
}

static json_t *
affects_json(const struct bom *bom, const struct report_item *item)
{
	json_t *list = json_array();
	json_t *json = json_object();
	json_t *versions = json_array();
	json_t *version = json_object();

	put_text(&version, "version", item->component->version);
	put_text(&version, "status",
		 item->aside && item->aside->kind == ASIDE_STATED ? SPAN("unaffected")
								  : SPAN("affected"));
	json_add(&versions, version);
	put_text(&json, "ref", bom->refs[item->finding->component]);
	json_put(&json, "versions", versions);
	json_add(&list, json);
	return list;
}

/* What was accepted is still there: nobody will fix it, which is a response and no state. */
static json_t *
analysis_json(const struct bom *bom, const struct aside *aside)
{
	json_t *json = json_object();
	bool fixed = span_starts_with(aside->reason, SPAN("fixed"));

	if (aside->kind == ASIDE_STATED) {
		json_put(&json, "state", json_string(fixed ? "resolved" : "not_affected"));
	} else {
		json_t *response = json_array();

		json_add(&response, json_string("will_not_fix"));
		json_put(&json, "response", response);
	}
	put_text(&json, "detail",
		 arena_printf(bom->arena, "%.*s (%.*s%s%.*s)", SPAN_ARG(aside->reason),
			      SPAN_ARG(aside->source), aside->approved_by.n ? ", approved by " : "",
			      SPAN_ARG(aside->approved_by)));
	return json;
}

static void
add_property(json_t **list, const char *name, struct span value)
{
	json_t *json = json_object();

	json_put(&json, "name", json_string(name));
	put_text(&json, "value", value);
	json_add(list, json);
}

static json_t *
properties_json(const struct bom *bom, const struct finding *finding)
{
	json_t *list = json_array();

	add_property(&list, "mohs:severity", span_from(severity_name(finding->severity)));
	add_property(&list, "mohs:status", span_from(finding_status_name(finding->status)));
	if (finding->fixed_version.n)
		add_property(&list, "mohs:fixed-version", finding->fixed_version);
	if (finding->exploited)
		add_property(&list, "mohs:exploited", SPAN("true"));
	if (finding->epss >= 0)
		add_property(&list, "mohs:epss", arena_printf(bom->arena, "%.5f", finding->epss));
	return list;
}

static json_t *
vulnerability_json(const struct bom *bom, const struct report_item *item)
{
	const struct finding *finding = item->finding;
	json_t *json = json_object();

	put_text(&json, "bom-ref",
		 arena_printf(bom->arena, "%.*s/%.*s", SPAN_ARG(finding->id),
			      SPAN_ARG(bom->refs[finding->component])));
	put_text(&json, "id", finding->id);
	json_put(&json, "source", source_json(bom, finding));
	json_put(&json, "ratings", ratings_json(finding));
	json_put(&json, "affects", affects_json(bom, item));
	json_put(&json, "properties", properties_json(bom, finding));
	if (finding->status == FINDING_FIXABLE)
		put_text(&json, "recommendation",
			 arena_printf(bom->arena, "upgrade %.*s to %.*s",
				      SPAN_ARG(item->component->name),
				      SPAN_ARG(finding->fixed_version)));
	if (item->aside)
		json_put(&json, "analysis", analysis_json(bom, item->aside));
	return json;
}

/* Of a document: what it lists, without licences and dependencies, which are not read of it. */
static int
make_sbom(const struct report *report, struct arena *arena, struct sbom *ret, struct err *err)
{
	const struct inventory *inventory = report->evidence->before.inventory;
	struct sbom_component *items =
		arena_array(arena, inventory->component_count + 1, sizeof(*items));

	if (!items)
		return err_memory(err);
	*ret = (struct sbom){
		.arena = arena,
		.scope = SBOM_IMAGE,
		.inventory = inventory,
		.tool = report_version(report),
		.created = report->evidence->created,
		.components = items,
		.gaps = inventory->gaps,
	};
	for (size_t i = 0; i < inventory->component_count; i++)
		items[ret->component_count++].component = &inventory->components[i];
	return 0;
}

/*
 * What could not be matched, in a word of its own: gaps of the components (mohs:gap) hold for
 * whoever reads them back, these for the vulnerabilities listed here alone.
 */
static int
put_gaps(const struct bom *bom, json_t *json, struct err *err)
{
	const struct gap_list *gaps = &bom->report->evidence->before.findings->gaps;
	json_t *metadata = json_object_get(json, "metadata");
	json_t *list = json_incref(json_object_get(metadata, "properties"));

	for (size_t i = 0; i < gaps->count; i++)
		add_property(&list, "mohs:match-gap",
			     arena_printf(bom->arena, "%.*s: %.*s",
					  SPAN_ARG(gaps->items[i].subject),
					  SPAN_ARG(gaps->items[i].text)));
	json_decref(list);
	return list ? 0 : err_memory(err);
}

static int
write_bom(const struct report *report, const struct sbom *sbom, struct arena *arena,
	  struct span *ret, struct err *err)
{
	const struct inventory *inventory = report->evidence->before.inventory;
	CLEANUP(json_cleanup) json_t *json = NULL;
	json_t *list = json_array();
	struct bom bom = {
		.report = report,
		.arena = arena,
		.refs = arena_array(arena, inventory->component_count + 1, sizeof(struct span)),
	};
	struct span *refs = NULL;
	struct report_item item;
	size_t state = 0;
	int r = bom.refs ? cyclonedx_make(sbom, CYCLONEDX_1_6, arena, &json, &refs, err)
			 : err_memory(err);

	for (size_t i = 0; r == 0 && i < sbom->component_count; i++)
		bom.refs[sbom->components[i].component - inventory->components] = refs[i];
	while (r == 0 && report_next(report, &state, &item)) {
		if (bom.refs[item.finding->component].n)
			json_add(&list, vulnerability_json(&bom, &item));
	}
	if (r == 0)
		r = put_gaps(&bom, json, err);
	json_put(&json, "vulnerabilities", list);
	return r < 0 ? r : json_text(json, true, arena, ret, err);
}

int
report_cyclonedx(const struct report *report, struct arena *arena, struct span *ret,
		 struct err *err)
{
	struct sbom made;
	int r = report->sbom ? 0 : make_sbom(report, arena, &made, err);

	return r < 0 ? r : write_bom(report, report->sbom ? report->sbom : &made, arena, ret, err);
}
