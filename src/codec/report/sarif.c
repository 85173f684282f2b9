/* SPDX-License-Identifier: Apache-2.0 */
/* SARIF 2.1.0 (OASIS), as code scanning services take it: a rule a CVE, a result a finding. */
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/map.h"
#include "codec/report/parts.h"

struct sarif {
	const struct report *report;
	struct arena *arena;
	struct map *places; /* of rules by id */
	json_t *rules;
	json_t *results;
	double *scores; /* of rules: security-severity; < 0: none */
};

static const char *
level(enum severity severity)
{
	if (severity >= SEVERITY_HIGH)
		return "error";
	return severity == SEVERITY_MEDIUM ? "warning" : "note";
}

/*
 * The score that services rank by. Where severity and CVSS score disagree (the distribution calls
 * it unimportant) the severity's least score stands in; unknown is -1: none.
 */
static double
rank(const struct finding *finding)
{
	static const double least[SEVERITIES] = {
		[SEVERITY_UNKNOWN] = -1, [SEVERITY_NEGLIGIBLE] = 0.0, [SEVERITY_LOW] = 0.1,
		[SEVERITY_MEDIUM] = 4.0, [SEVERITY_HIGH] = 7.0,	      [SEVERITY_CRITICAL] = 9.0,
	};

	if (finding->score >= 0 && severity_of_score(finding->score) == finding->severity)
		return finding->score;
	return least[finding->severity];
}

static json_t *
message(struct span text)
{
	json_t *json = json_object();

	json_put(&json, "text", json_span(text));
	return json;
}

static void
put_text(json_t **object, const char *name, struct span text)
{
	json_put(object, name, json_span(text));
}

/* A pass over all findings says how bad a rule is: the services rank rules, not results. */
static json_t *
rule_properties(const struct sarif *sarif, const struct finding *finding, size_t place)
{
	json_t *json = json_object();
	json_t *tags = json_array();
	double score = sarif->scores[place];

	json_add(&tags, json_string("security"));
	json_add(&tags, json_string("vulnerability"));
	if (finding->exploited)
		json_add(&tags, json_string("known-exploited"));
	json_put(&json, "tags", tags);
	json_put(&json, "precision", json_string("very-high"));
	if (score >= 0)
		put_text(&json, "security-severity", arena_printf(sarif->arena, "%.1f", score));
	if (finding->epss >= 0)
		json_put(&json, "epss", json_real(finding->epss));
	if (finding->vector.n)
		put_text(&json, "cvss", finding->vector);
	return json;
}

static json_t *
rule_json(const struct sarif *sarif, const struct finding *finding, size_t place)
{
	const struct evidence_side *side = &sarif->report->evidence->before;
	struct span link = report_link(side->inventory, finding, sarif->arena);
	struct span words = arena_printf(sarif->arena, "%.*s is known in a package of the image%s",
					 SPAN_ARG(finding->id),
					 finding->exploited ? " and known to be exploited" : "");
	json_t *json = json_object();

	put_text(&json, "id", finding->id);
	put_text(&json, "name", SPAN("KnownVulnerability"));
	json_put(&json, "shortDescription", message(words));
	json_put(&json, "fullDescription", message(words));
	if (link.n) {
		put_text(&json, "helpUri", link);
		json_put(&json, "help",
			 message(arena_printf(sarif->arena, "%.*s", SPAN_ARG(link))));
	}
	json_put(&json, "properties", rule_properties(sarif, finding, place));
	return json;
}

/* Where the package is on record; services show nothing without a file. */
static struct span
location_path(const struct sarif *sarif, const struct component *component)
{
	const struct evidence_side *side = &sarif->report->evidence->before;
	struct span path = side->image ? component->database : SPAN("");

	while (path.n && path.p[0] == '/')
		path = span_slice(path, 1, path.n);
	return path.n ? path : side->image ? SPAN("image") : SPAN("document");
}

static json_t *
location_json(const struct sarif *sarif, const struct report_item *item)
{
	static const char *const numbers[] = {"startLine", "startColumn", "endLine", "endColumn"};
	const struct component *component = item->component;
	json_t *json = json_object();
	json_t *physical = json_object();
	json_t *artifact = json_object();
	json_t *region = json_object();
	json_t *logical = json_object();
	json_t *list = json_array();

	put_text(&artifact, "uri", location_path(sarif, component));
	put_text(&artifact, "uriBaseId", SPAN("ROOTPATH"));
	for (size_t i = 0; i < 4; i++)
		json_put(&region, numbers[i], json_integer(1));
	json_put(&physical, "artifactLocation", artifact);
	json_put(&physical, "region", region);
	put_text(&logical, "kind", SPAN("package"));
	put_text(&logical, "name", component->name);
	if (component->purl.n)
		put_text(&logical, "fullyQualifiedName", component->purl);
	json_add(&list, logical);
	json_put(&json, "physicalLocation", physical);
	json_put(&json, "logicalLocations", list);
	json_put(&json, "message",
		 message(arena_printf(sarif->arena, "%.*s %.*s", SPAN_ARG(component->name),
				      SPAN_ARG(component->version))));
	return json;
}

/* The same for the same vulnerability of the same package in whatever version. */
static json_t *
fingerprint_json(const struct sarif *sarif, const struct report_item *item)
{
	struct span name =
		arena_printf(sarif->arena, "%.*s\n%.*s\n%.*s\n%.*s", SPAN_ARG(item->finding->id),
			     SPAN_ARG(item->component->ecosystem), SPAN_ARG(item->component->name),
			     SPAN_ARG(item->component->architecture));
	char text[DIGEST_TEXT];
	struct digest digest;
	json_t *json = json_object();

	digest_of(name.p ? name : SPAN(""), &digest);
	(void)digest_format(&digest, text);
	json_put(&json, "mohsFinding/v1", name.p ? json_string(text + 7) : NULL);
	return json;
}

static json_t *
suppressions_json(const struct sarif *sarif, const struct aside *aside)
{
	json_t *list = json_array();
	json_t *json = json_object();

	put_text(&json, "kind", SPAN("external"));
	put_text(&json, "status", SPAN("accepted"));
	put_text(&json, "justification",
		 arena_printf(sarif->arena, "%.*s (%.*s%s%.*s)", SPAN_ARG(aside->reason),
			      SPAN_ARG(aside->source), aside->approved_by.n ? ", approved by " : "",
			      SPAN_ARG(aside->approved_by)));
	json_add(&list, json);
	return list;
}

static json_t *
result_json(const struct sarif *sarif, const struct report_item *item, size_t place)
{
	const struct finding *finding = item->finding;
	json_t *json = json_object();
	json_t *locations = json_array();
	json_t *properties = json_object();

	json_add(&locations, location_json(sarif, item));
	put_text(&properties, "severity", span_from(severity_name(finding->severity)));
	put_text(&properties, "status", span_from(finding_status_name(finding->status)));
	if (finding->fixed_version.n)
		put_text(&properties, "fixedVersion", finding->fixed_version);
	put_text(&json, "ruleId", finding->id);
	json_put(&json, "ruleIndex", json_integer((json_int_t)place));
	put_text(&json, "level", span_from(level(finding->severity)));
	json_put(&json, "message",
		 message(arena_printf(sarif->arena, "%.*s in %.*s", SPAN_ARG(finding->id),
				      SPAN_ARG(report_sentence(item, sarif->arena)))));
	json_put(&json, "locations", locations);
	json_put(&json, "partialFingerprints", fingerprint_json(sarif, item));
	json_put(&json, "properties", properties);
	if (item->aside)
		json_put(&json, "suppressions", suppressions_json(sarif, item->aside));
	return json;
}

/* Places of the rules, in the order findings come, and how bad each is at its worst. */
static int
number_rules(struct sarif *sarif, struct err *err)
{
	struct report_item item;
	size_t state = 0;
	size_t count = 0;

	while (report_next(sarif->report, &state, &item)) {
		double score = rank(item.finding);
		uint64_t place = count;

		if (!map_get(sarif->places, item.finding->id, &place)) {
			int r = map_put(sarif->places, item.finding->id, place, err);
			if (r < 0)
				return r;
			sarif->scores[count++] = score;
		} else if (score > sarif->scores[place]) {
			sarif->scores[place] = score;
		}
	}
	return 0;
}

static void
fill(struct sarif *sarif)
{
	struct report_item item;
	size_t state = 0;
	size_t rules = 0;

	while (report_next(sarif->report, &state, &item)) {
		uint64_t place = 0;

		(void)map_get(sarif->places, item.finding->id, &place);
		if (place == rules) {
			json_add(&sarif->rules, rule_json(sarif, item.finding, rules));
			rules++;
		}
		json_add(&sarif->results, result_json(sarif, &item, (size_t)place));
	}
}

static json_t *
notification(struct sarif *sarif, const char *level, struct span subject, struct span text)
{
	json_t *json = json_object();

	put_text(&json, "level", span_from(level));
	json_put(&json, "message",
		 message(arena_printf(sarif->arena, "%.*s: %.*s", SPAN_ARG(subject),
				      SPAN_ARG(text))));
	return json;
}

/* A scan that matched nothing was not successful. Gaps are said. */
static json_t *
invocations_json(struct sarif *sarif)
{
	const struct findings *findings = sarif->report->evidence->before.findings;
	json_t *list = json_array();
	json_t *json = json_object();
	json_t *notes = json_array();
	const struct gap *gap;
	size_t state = 0;

	while ((gap = report_next_gap(sarif->report, &state)))
		json_add(&notes, notification(sarif, "warning", gap->subject, gap->text));
	if (findings->undetermined)
		json_add(&notes, notification(sarif, "note", SPAN("undetermined"),
					      arena_printf(sarif->arena, "%u, in no count",
							   findings->undetermined)));
	json_put(&json, "executionSuccessful", json_boolean(findings->matched));
	json_put(&json, "toolExecutionNotifications", notes);
	json_add(&list, json);
	return list;
}

static json_t *
driver_json(struct sarif *sarif)
{
	json_t *tool = json_object();
	json_t *driver = json_object();

	put_text(&driver, "name", SPAN("mohs"));
	put_text(&driver, "version", report_version(sarif->report));
	put_text(&driver, "informationUri", SPAN(REPORT_SITE));
	json_put(&driver, "rules", json_incref(sarif->rules));
	json_put(&tool, "driver", driver);
	return tool;
}

static json_t *
run_properties(struct sarif *sarif)
{
	const struct evidence_side *side = &sarif->report->evidence->before;
	char digest[DIGEST_TEXT];
	json_t *json = json_object();

	put_text(&json, "target", report_target(sarif->report));
	put_text(&json, "digest",
		 side->image ? span_from(digest_format(&side->image->manifest_digest, digest))
			     : side->inventory->document.digest);
	json_put(&json, "notCounted", json_integer((json_int_t)report_aside_count(sarif->report)));
	return json;
}

static json_t *
document(struct sarif *sarif)
{
	json_t *json = json_object();
	json_t *runs = json_array();
	json_t *run = json_object();
	json_t *bases = json_object();
	json_t *root = json_object();

	put_text(&root, "uri", SPAN("file:///"));
	json_put(&bases, "ROOTPATH", root);
	json_put(&run, "tool", driver_json(sarif));
	json_put(&run, "invocations", invocations_json(sarif));
	json_put(&run, "results", json_incref(sarif->results));
	json_put(&run, "columnKind", json_string("utf16CodeUnits"));
	json_put(&run, "originalUriBaseIds", bases);
	json_put(&run, "properties", run_properties(sarif));
	json_add(&runs, run);
	json_put(&json, "$schema", json_string("https://json.schemastore.org/sarif-2.1.0.json"));
	json_put(&json, "version", json_string("2.1.0"));
	json_put(&json, "runs", runs);
	return json;
}

int
report_sarif(const struct report *report, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	CLEANUP(map_cleanup) struct map *places = map_new(1024);
	size_t count = report->evidence->before.findings->count + report_aside_count(report) + 1;
	struct sarif sarif = {
		.report = report,
		.arena = arena,
		.places = places,
		.scores = arena_array(arena, count, sizeof(double)),
	};

	if (!places || !sarif.scores)
		return err_memory(err);
	int r = number_rules(&sarif, err);
	if (r < 0)
		return r;
	sarif.rules = json_array();
	sarif.results = json_array();
	fill(&sarif);
	json = document(&sarif);
	json_decref(sarif.rules);
	json_decref(sarif.results);
	return json_text(json, true, arena, ret, err);
}
