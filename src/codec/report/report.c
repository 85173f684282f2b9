/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/report.h"

#include "codec/evidence_json.h"

#include <stdio.h>

const struct report_format report_formats[] = {
	{"json", false, report_json},	       {"sarif", false, report_sarif},
	{"junit", false, report_junit},	       {"markdown", false, report_markdown},
	{"cyclonedx", true, report_cyclonedx}, {"gitlab", false, report_gitlab},
	{"github", false, report_annotations}, {NULL, false, NULL},
};

const struct report_format *
report_find(struct span name)
{
	for (const struct report_format *format = report_formats; format->name; format++) {
		if (span_equal(name, span_from(format->name)))
			return format;
	}
	return NULL;
}

struct span
report_names(struct arena *arena)
{
	struct span names = SPAN("table");

	for (const struct report_format *format = report_formats; format->name; format++) {
		struct span more = arena_printf(arena, "%.*s, %s", SPAN_ARG(names), format->name);
		names = more.p ? more : names;
	}
	return names;
}

/* All findings, whatever the severity asked for. */
int
report_json(const struct report *report, struct arena *arena, struct span *ret, struct err *err)
{
	return evidence_write(report->evidence, arena, ret, err);
}

static const struct {
	struct span speaker; /* empty: any */
	struct span id;	     /* what ids begin with; empty: any */
	const char *page;
} pages[] = {
	{SPAN_INIT("debian"), SPAN_INIT(""), "https://security-tracker.debian.org/tracker/"},
	{SPAN_INIT("ubuntu"), SPAN_INIT("CVE-"), "https://ubuntu.com/security/"},
	{SPAN_INIT("alpine"), SPAN_INIT("CVE-"), "https://security.alpinelinux.org/vuln/"},
	{SPAN_INIT("rhel"), SPAN_INIT("CVE-"), "https://access.redhat.com/security/cve/"},
	{SPAN_INIT(""), SPAN_INIT("CVE-"), "https://nvd.nist.gov/vuln/detail/"},
	{SPAN_INIT(""), SPAN_INIT("GHSA-"), "https://github.com/advisories/"},
	{SPAN_INIT(""), SPAN_INIT("GO-"), "https://osv.dev/vulnerability/"},
	{SPAN_INIT(""), SPAN_INIT("MAL-"), "https://osv.dev/vulnerability/"},
	{SPAN_INIT(""), SPAN_INIT("PYSEC-"), "https://osv.dev/vulnerability/"},
	{SPAN_INIT(""), SPAN_INIT("RUSTSEC-"), "https://osv.dev/vulnerability/"},
};

struct span
report_speaker(const struct inventory *inventory, const struct finding *finding)
{
	const struct component *component = &inventory->components[finding->component];

	return component_is_packaged(component) ? inventory->os.id : component->ecosystem;
}

/* Of letters, digits and dashes: nothing that would end a URL or mean something in it. */
static bool
is_plain(struct span id)
{
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      c == '-'))
			return false;
	}
	return id.n > 0;
}

struct span
report_link(const struct inventory *inventory, const struct finding *finding, struct arena *arena)
{
	struct span speaker = report_speaker(inventory, finding);
	struct span id = finding->id;

	for (size_t i = 0; is_plain(id) && i < sizeof(pages) / sizeof(pages[0]); i++) {
		if ((pages[i].speaker.n && !span_equal(pages[i].speaker, speaker)) ||
		    !span_starts_with(id, pages[i].id))
			continue;
		struct span link = arena_printf(arena, "%s%.*s", pages[i].page, SPAN_ARG(id));
		return link.p ? link : SPAN("");
	}
	return SPAN("");
}
