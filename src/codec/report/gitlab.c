/* SPDX-License-Identifier: Apache-2.0 */
/* GitLab's container scanning report (security-report-schemas 15). */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "codec/report/parts.h"

static const char *const severities[SEVERITIES] = {
	[SEVERITY_UNKNOWN] = "Unknown", [SEVERITY_NEGLIGIBLE] = "Info",
	[SEVERITY_LOW] = "Low",		[SEVERITY_MEDIUM] = "Medium",
	[SEVERITY_HIGH] = "High",	[SEVERITY_CRITICAL] = "Critical",
};

static json_t *
tool_json(const struct report *report)
{
	json_t *json = json_object();
	json_t *vendor = json_object();

	json_put(&vendor, "name", json_string("mohs"));
	json_put(&json, "id", json_string("mohs"));
	json_put(&json, "name", json_string("mohs"));
	json_put(&json, "url", json_string(REPORT_SITE));
	json_put(&json, "version", json_span(report_version(report)));
	json_put(&json, "vendor", vendor);
	return json;
}

static json_t *
messages_json(const struct report *report, struct arena *arena)
{
	const struct gap *gap;
	json_t *list = json_array();
	size_t state = 0;

	while ((gap = report_next_gap(report, &state))) {
		json_t *json = json_object();

		json_put(&json, "level", json_string("warn"));
		json_put(&json, "value",
			 json_span(arena_printf(arena, "%.*s: %.*s", SPAN_ARG(gap->subject),
						SPAN_ARG(gap->text))));
		json_add(&list, json);
	}
	return list;
}

/* Times have no zone in this format: they are UTC. */
static json_t *
scan_json(const struct report *report, struct arena *arena)
{
	char text[CLOCK_TEXT];
	struct span time = span_from(clock_format(report->evidence->created, text));
	bool matched = report->evidence->before.findings->matched;
	json_t *json = json_object();

	time.n -= time.n && time.p[time.n - 1] == 'Z';
	json_put(&json, "analyzer", tool_json(report));
	json_put(&json, "scanner", tool_json(report));
	json_put(&json, "type", json_string("container_scanning"));
	json_put(&json, "start_time", json_span(time));
	json_put(&json, "end_time", json_span(time));
	json_put(&json, "status", json_string(matched ? "success" : "failure"));
	json_put(&json, "messages", messages_json(report, arena));
	return json;
}

static json_t *
location_json(const struct report *report, const struct report_item *item, struct arena *arena)
{
	const struct os_identity *os = &report->evidence->before.inventory->os;
	json_t *json = json_object();
	json_t *dependency = json_object();
	json_t *package = json_object();
	struct span system = os->known ? arena_printf(arena, "%.*s:%.*s", SPAN_ARG(os->id),
						      SPAN_ARG(os->version_id))
				       : SPAN("unknown");

	json_put(&package, "name", json_span(item->component->name));
	json_put(&dependency, "package", package);
	json_put(&dependency, "version", json_span(item->component->version));
	json_put(&json, "dependency", dependency);
	json_put(&json, "image", json_span(report_target(report)));
	json_put(&json, "operating_system", json_span(system));
	return json;
}

static json_t *
identifiers_json(const struct finding *finding, struct span link)
{
	bool cve = span_starts_with(finding->id, SPAN("CVE-"));
	json_t *list = json_array();
	json_t *json = json_object();

	json_put(&json, "type", json_string(cve ? "cve" : "advisory"));
	json_put(&json, "name", json_span(finding->id));
	json_put(&json, "value", json_span(finding->id));
	if (link.n)
		json_put(&json, "url", json_span(link));
	json_add(&list, json);
	return list;
}

/* The same for the same vulnerability of the same package of the same image. */
static json_t *
id_json(const struct report *report, const struct report_item *item, struct arena *arena)
{
	struct span name =
		arena_printf(arena, "%.*s\n%.*s\n%.*s\n%.*s", SPAN_ARG(report_target(report)),
			     SPAN_ARG(item->finding->id), SPAN_ARG(item->component->name),
			     SPAN_ARG(item->component->architecture));
	char text[DIGEST_TEXT];
	struct digest digest;

	if (!name.p)
		return NULL;
	digest_of(name, &digest);
	(void)digest_format(&digest, text);
	return json_string(text + sizeof("sha256:") - 1);
}

static json_t *
vulnerability_json(const struct report *report, const struct report_item *item, struct arena *arena)
{
	const struct finding *finding = item->finding;
	struct span link = report_link(report->evidence->before.inventory, finding, arena);
	json_t *json = json_object();

	json_put(&json, "id", id_json(report, item, arena));
	json_put(&json, "name",
		 json_span(arena_printf(arena, "%.*s in %.*s", SPAN_ARG(finding->id),
					SPAN_ARG(item->component->name))));
	json_put(&json, "description", json_span(report_sentence(item, arena)));
	json_put(&json, "severity", json_string(severities[finding->severity]));
	if (finding->status == FINDING_FIXABLE)
		json_put(&json, "solution",
			 json_span(arena_printf(arena, "Upgrade %.*s to %.*s",
						SPAN_ARG(item->component->name),
						SPAN_ARG(finding->fixed_version))));
	json_put(&json, "location", location_json(report, item, arena));
	json_put(&json, "identifiers", identifiers_json(finding, link));
	if (link.n) {
		json_t *links = json_array();
		json_t *url = json_object();

		json_put(&url, "url", json_span(link));
		json_add(&links, url);
		json_put(&json, "links", links);
	}
	return json;
}

int
report_gitlab(const struct report *report, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = json_object();
	json_t *list = json_array();
	struct report_item item;
	size_t state = 0;

	while (report_next(report, &state, &item)) {
		if (!item.aside)
			json_add(&list, vulnerability_json(report, &item, arena));
	}
	json_put(&json, "version", json_string("15.0.7"));
	json_put(&json, "scan", scan_json(report, arena));
	json_put(&json, "vulnerabilities", list);
	json_put(&json, "remediations", json_array());
	return json_text(json, true, arena, ret, err);
}
