/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GitHub workflow commands: one line a finding, worst first, and a line that sums up before them,
 * as the service shows only the first few of each kind.
 */
#include "base/cleanup.h"
#include "codec/report/parts.h"

#include <stdio.h>

struct annotations {
	const struct report *report;
	struct arena *arena;
	struct buf *buf;
	struct err *err;
	int r;
};

static void
put(struct annotations *annotations, struct span text)
{
	if (annotations->r == 0)
		annotations->r = buf_append(annotations->buf, text, annotations->err);
}

/* What ends a line or a property is percent-encoded; other control characters have no place. */
static void
put_escaped(struct annotations *annotations, struct span text, bool property)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool special =
			c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
		char encoded[4];

		(void)snprintf(encoded, sizeof(encoded), "%%%02X", (unsigned char)c);
		if (special)
			put(annotations, span_from(encoded));
		else
			put(annotations, (unsigned char)c < 0x20 || c == 0x7f
						 ? SPAN("?")
						 : span_slice(text, i, i + 1));
	}
}

static void
put_command(struct annotations *annotations, const char *command, struct span title,
	    struct span text)
{
	put(annotations, SPAN("::"));
	put(annotations, span_from(command));
	put(annotations, SPAN(" title="));
	put_escaped(annotations, title, true);
	put(annotations, SPAN("::"));
	put_escaped(annotations, text, false);
	put(annotations, SPAN("\n"));
}

static const char *
command(enum severity severity)
{
	if (severity >= SEVERITY_HIGH)
		return "error";
	return severity == SEVERITY_MEDIUM ? "warning" : "notice";
}

static void
put_sum(struct annotations *annotations)
{
	const struct findings *findings = annotations->report->evidence->before.findings;
	const struct finding_counts *all = &findings->findings;
	const uint32_t *by = all->by_severity;
	struct span text = arena_printf(
		annotations->arena,
		"%.*s: %u finding%s (%u critical, %u high, %u medium, %u low, %u negligible, %u "
		"unknown), %u fixable, %zu not counted",
		SPAN_ARG(report_target(annotations->report)), all->total,
		all->total == 1 ? "" : "s", by[SEVERITY_CRITICAL], by[SEVERITY_HIGH],
		by[SEVERITY_MEDIUM], by[SEVERITY_LOW], by[SEVERITY_NEGLIGIBLE],
		by[SEVERITY_UNKNOWN], all->fixable, report_aside_count(annotations->report));

	if (findings->matched)
		put_command(annotations, "notice", SPAN("mohs"), text.p ? text : SPAN(""));
	else
		put_command(annotations, "error", SPAN("mohs"),
			    SPAN("no advisories could be matched"));
}

static void
put_all(struct annotations *annotations)
{
	const struct gap *gap;
	struct report_item item;
	size_t state = 0;

	put_sum(annotations);
	while (report_next(annotations->report, &state, &item)) {
		if (item.aside)
			continue;
		struct span title =
			arena_printf(annotations->arena, "%.*s (%s)", SPAN_ARG(item.finding->id),
				     severity_name(item.finding->severity));
		put_command(annotations, command(item.finding->severity),
			    title.p ? title : SPAN(""), report_sentence(&item, annotations->arena));
	}
	state = 0;
	while ((gap = report_next_gap(annotations->report, &state)))
		put_command(annotations, "warning", gap->subject, gap->text);
}

int
report_annotations(const struct report *report, struct arena *arena, struct span *ret,
		   struct err *err)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(REPORT_TEXT_MAX);
	struct annotations annotations = {
		.report = report, .arena = arena, .buf = &buf, .err = err};

	put_all(&annotations);
	return annotations.r < 0 ? annotations.r : report_take(&buf, arena, ret, err);
}
