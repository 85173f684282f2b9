/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit XML: a case a finding. What counts failed; what was set aside by somebody is skipped, with
 * the reason. A scan that could match nothing is an error, one that found nothing a passed case.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "codec/report/parts.h"

#include <stdio.h>

struct junit {
	const struct report *report;
	struct arena *arena;
	struct buf *buf;
	struct err *err;
	int r; /* of the first that failed */
};

static const struct {
	char byte;
	const char *written;
} escapes[] = {
	{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"},
};

static void
put(struct junit *junit, struct span text)
{
	if (junit->r == 0)
		junit->r = buf_append(junit->buf, text, junit->err);
}

/*
 * XML 1.0, 2.2 allows no control characters, not even written as references, and not the two last
 * code points of the plane: both are '?'. The text is UTF-8.
 */
static void
put_clean(struct junit *junit, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char byte = (unsigned char)text.p[i];
		struct span one = span_slice(text, i, i + 1);

		for (size_t k = 0; k < sizeof(escapes) / sizeof(escapes[0]); k++) {
			if (text.p[i] == escapes[k].byte)
				one = span_from(escapes[k].written);
		}
		if (byte < 0x20 || byte == 0x7f)
			one = byte == '\n' || byte == '\t' ? SPAN(" ") : SPAN("?");
		if (i + 2 < text.n && byte == 0xef && (unsigned char)text.p[i + 1] == 0xbf &&
		    ((unsigned char)text.p[i + 2] | 1) == 0xbf) {
			one = SPAN("?");
			i += 2;
		}
		put(junit, one);
	}
}

static void
put_escaped(struct junit *junit, struct span text)
{
	if (!text.p) { /* of an arena that is full */
		junit->r = junit->r < 0 ? junit->r : err_memory(junit->err);
		return;
	}
	if (json_is_text(text)) {
		put_clean(junit, text);
		return;
	}
	for (size_t i = 0; i < text.n; i++) /* byte by byte what can be */
		put_clean(junit,
			  (unsigned char)text.p[i] < 0x80 ? span_slice(text, i, i + 1) : SPAN("?"));
}

static void
put_attribute(struct junit *junit, const char *name, struct span value)
{
	put(junit, SPAN(" "));
	put(junit, span_from(name));
	put(junit, SPAN("=\""));
	put_escaped(junit, value);
	put(junit, SPAN("\""));
}

static void
put_number(struct junit *junit, const char *name, size_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%zu", value);
	put_attribute(junit, name, span_from(text));
}

static struct span
print_name(struct junit *junit, const struct report_item *item)
{
	return arena_printf(junit->arena, "[%s] %.*s", severity_name(item->finding->severity),
			    SPAN_ARG(item->finding->id));
}

static void
put_case(struct junit *junit, const struct report_item *item)
{
	const struct component *component = item->component;
	const struct evidence_side *side = &junit->report->evidence->before;
	struct span sentence = report_sentence(item, junit->arena);
	struct span said = !item->aside ? SPAN("")
					: arena_printf(junit->arena, "%.*s (%.*s)",
						       SPAN_ARG(item->aside->reason),
						       SPAN_ARG(item->aside->source));

	put(junit, SPAN("    <testcase"));
	put_attribute(junit, "classname",
		      arena_printf(junit->arena, "%.*s %.*s", SPAN_ARG(component->name),
				   SPAN_ARG(component->version)));
	put_attribute(junit, "name", print_name(junit, item));
	put_attribute(junit, "time", SPAN("0"));
	put(junit, SPAN(">\n      <"));
	put(junit, item->aside ? SPAN("skipped") : SPAN("failure"));
	put_attribute(junit, "message", item->aside ? said : sentence);
	if (!item->aside)
		put_attribute(junit, "type", span_from(severity_name(item->finding->severity)));
	put(junit, SPAN(">"));
	put_escaped(junit, report_link(side->inventory, item->finding, junit->arena));
	put(junit, item->aside ? SPAN("</skipped>\n") : SPAN("</failure>\n"));
	put(junit, SPAN("    </testcase>\n"));
}

struct totals {
	size_t tests;
	size_t failures;
	size_t errors;
	size_t skipped;
};

static struct totals
count(const struct report *report)
{
	const struct findings *findings = report->evidence->before.findings;
	struct totals totals = {0};
	struct report_item item;
	size_t state = 0;

	while (report_next(report, &state, &item)) {
		totals.failures += !item.aside;
		totals.skipped += item.aside != NULL;
	}
	totals.errors = !findings->matched;
	totals.tests = totals.failures + totals.skipped + totals.errors;
	return totals;
}

static void
put_totals(struct junit *junit, const struct totals *totals)
{
	put_attribute(junit, "name", report_target(junit->report));
	put_number(junit, "tests", totals->tests ? totals->tests : 1);
	put_number(junit, "failures", totals->failures);
	put_number(junit, "errors", totals->errors);
	put_number(junit, "skipped", totals->skipped);
	put_attribute(junit, "time", SPAN("0"));
	put(junit, SPAN(">\n"));
}

static void
put_gaps(struct junit *junit)
{
	const struct gap *gap;
	size_t state = 0;
	bool any = false;

	while ((gap = report_next_gap(junit->report, &state))) {
		put(junit, any ? SPAN("") : SPAN("    <system-err>"));
		any = true;
		put_escaped(junit, gap->subject);
		put(junit, SPAN(": "));
		put_escaped(junit, gap->text);
		put(junit, SPAN("\n"));
	}
	put(junit, any ? SPAN("</system-err>\n") : SPAN(""));
}

static void
put_document(struct junit *junit)
{
	const struct totals totals = count(junit->report);
	char time[CLOCK_TEXT];
	struct report_item item;
	size_t state = 0;

	put(junit, SPAN("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites"));
	put_totals(junit, &totals);
	put(junit, SPAN("  <testsuite"));
	put_attribute(junit, "timestamp",
		      span_slice(span_from(clock_format(junit->report->evidence->created, time)), 0,
				 CLOCK_TEXT - 2)); /* without a zone: the schema has none */
	put_totals(junit, &totals);
	while (report_next(junit->report, &state, &item))
		put_case(junit, &item);
	if (totals.errors)
		put(junit, SPAN("    <testcase classname=\"mohs\" name=\"advisories\" time=\"0\">\n"
				"      <error message=\"no advisories could be matched\" "
				"type=\"gap\"></error>\n    </testcase>\n"));
	else if (totals.tests == 0)
		put(junit, SPAN("    <testcase classname=\"mohs\" name=\"no known vulnerability "
				"counts\" time=\"0\"></testcase>\n"));
	put_gaps(junit);
	put(junit, SPAN("  </testsuite>\n</testsuites>\n"));
}

int
report_junit(const struct report *report, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(REPORT_TEXT_MAX);
	struct junit junit = {.report = report, .arena = arena, .buf = &buf, .err = err};

	put_document(&junit);
	return junit.r < 0 ? junit.r : report_take(&buf, arena, ret, err);
}
