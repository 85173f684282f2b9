/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Markdown (GitHub's and GitLab's flavour) for a comment on a pull request: counts, the worst
 * findings, the rest folded away. At most as long as such a comment may be.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "codec/report/parts.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	COMMENT_MAX = 60000, /* GitHub refuses 65536 characters; room for what follows */
	SHOWN = 20,	     /* rows that are not folded away */
};

struct markdown {
	const struct report *report;
	struct arena *arena;
	struct buf *buf;
	struct err *err;
	int r;
};

static void put(struct markdown *markdown, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
put(struct markdown *markdown, const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		markdown->r = markdown->r < 0 ? markdown->r : err_memory(markdown->err);
	else if (markdown->r == 0)
		markdown->r =
			buf_append(markdown->buf, (struct span){text, (size_t)n}, markdown->err);
	if (n >= 0)
		free(text);
}

/* A character that means something to Markdown or HTML is written as a reference. */
static void
put_text(struct markdown *markdown, struct span text)
{
	static const char special[] = "\\`*_{}[]()#+!|<>&~@\"'";
	bool whole = json_is_text(text);

	for (size_t i = 0; i < text.n; i++) {
		unsigned char byte = (unsigned char)text.p[i];

		if (byte < 0x20 || byte == 0x7f)
			put(markdown, " ");
		else if (byte < 0x80 && strchr(special, byte))
			put(markdown, "&#%u;", byte);
		else
			put(markdown, "%c", byte < 0x80 || whole ? byte : '?');
	}
}

static const enum severity worst_first[] = {
	SEVERITY_CRITICAL, SEVERITY_HIGH,	SEVERITY_MEDIUM,
	SEVERITY_LOW,	   SEVERITY_NEGLIGIBLE, SEVERITY_UNKNOWN,
};

static void
put_summary(struct markdown *markdown)
{
	const struct findings *findings = markdown->report->evidence->before.findings;
	const struct finding_counts *all = &findings->findings;

	put(markdown, "**%u finding%s** (%u distinct), **%u fixable**", all->total,
	    all->total == 1 ? "" : "s", findings->distinct.total, all->fixable);
	if (all->exploited)
		put(markdown, ", **%u known to be exploited**", all->exploited);
	put(markdown, "\n\n| critical | high | medium | low | negligible | unknown |\n"
		      "|---:|---:|---:|---:|---:|---:|\n|");
	for (size_t i = 0; i < sizeof(worst_first) / sizeof(worst_first[0]); i++)
		put(markdown, " %u |", all->by_severity[worst_first[i]]);
	put(markdown, "\n\n");
}

static void
put_id(struct markdown *markdown, const struct finding *finding)
{
	const struct evidence_side *side = &markdown->report->evidence->before;
	struct span link = report_link(side->inventory, finding, markdown->arena);
	struct span id = finding->id;

	if (link.n == 0) {
		put_text(markdown, id);
		return;
	}
	put(markdown, "[");
	put_text(markdown, id);
	put(markdown, "](%.*s)", SPAN_ARG(link));
}

static void
put_row(struct markdown *markdown, const struct report_item *item)
{
	const struct finding *finding = item->finding;

	put(markdown, "| %s%s | ", severity_name(finding->severity),
	    finding->exploited ? ", exploited" : "");
	put_id(markdown, finding);
	put(markdown, " | ");
	put_text(markdown, item->component->name);
	put(markdown, " | ");
	put_text(markdown, item->component->version);
	put(markdown, "%s | ", report_doubt(item->component));
	if (finding->status == FINDING_FIXABLE) {
		put(markdown, "✔ ");
		put_text(markdown, finding->fixed_version);
	} else {
		put_text(markdown, span_from(finding_status_name(finding->status)));
	}
	put(markdown, " |\n");
}

static void
put_head(struct markdown *markdown)
{
	put(markdown, "| severity | CVE | package | version | fixed in |\n|---|---|---|---|---|\n");
}

/* Those that count: the first ones open, the rest folded, as many as a comment may hold. */
static void
put_findings(struct markdown *markdown)
{
	struct report_item item;
	size_t state = 0;
	size_t rows = 0;
	size_t left = 0;

	while (report_next(markdown->report, &state, &item)) {
		if (item.aside)
			continue;
		if (markdown->buf->n > COMMENT_MAX) {
			left++;
			continue;
		}
		if (rows == SHOWN)
			put(markdown, "\n<details><summary>more</summary>\n\n");
		if (rows == 0 || rows == SHOWN)
			put_head(markdown);
		put_row(markdown, &item);
		rows++;
	}
	if (left)
		put(markdown, "\n%zu more are counted and not listed here.\n", left);
	if (rows > SHOWN)
		put(markdown, "\n</details>\n");
	if (rows)
		put(markdown, "\n");
}

static void
put_asides(struct markdown *markdown)
{
	const struct triage *triage = markdown->report->evidence->triage;
	size_t left = 0;

	if (!triage || triage->aside_count == 0)
		return;
	put(markdown, "**%zu not counted**:", triage->aside_count);
	for (enum aside_kind i = 0, first = 1; i < ASIDE_KINDS; i++) {
		if (triage->by_kind[i] == 0)
			continue;
		put(markdown, "%s %u %s", first ? "" : ",", triage->by_kind[i], aside_title(i));
		first = 0;
	}
	put(markdown, "\n\n");
	if (triage->by_kind[ASIDE_STATED] + triage->by_kind[ASIDE_IGNORED] == 0)
		return;
	put(markdown, "<details><summary>reasons</summary>\n\n"
		      "| CVE | package | reason | source |\n|---|---|---|---|\n");
	for (size_t i = 0; i < triage->aside_count; i++) {
		const struct aside *aside = &triage->asides[i];
		const struct evidence_side *side = &markdown->report->evidence->before;

		if (aside->kind != ASIDE_STATED && aside->kind != ASIDE_IGNORED)
			continue;
		if (markdown->buf->n > COMMENT_MAX + 2000) {
			left++;
			continue;
		}
		put(markdown, "| ");
		put_id(markdown, &aside->finding);
		put(markdown, " | ");
		put_text(markdown, side->inventory->components[aside->finding.component].name);
		put(markdown, " | ");
		put_text(markdown, aside->reason);
		put(markdown, " | ");
		put_text(markdown, aside->source);
		put(markdown, " |\n");
	}
	if (left)
		put(markdown, "\n%zu more have reasons that are not listed here.\n", left);
	put(markdown, "\n</details>\n\n");
}

static void
put_gaps(struct markdown *markdown)
{
	enum { GAPS_SHOWN = 5 };
	const struct gap *gap;
	size_t state = 0;
	size_t count = 0;

	while ((gap = report_next_gap(markdown->report, &state))) {
		if (count++ >= GAPS_SHOWN)
			continue;
		put(markdown, "%s- ", count == 1 ? "What could not be read:\n\n" : "");
		put_text(markdown,
			 span_slice(gap->subject, 0, gap->subject.n < 200 ? gap->subject.n : 200));
		put(markdown, ": ");
		put_text(markdown, span_slice(gap->text, 0, gap->text.n < 200 ? gap->text.n : 200));
		put(markdown, "\n");
	}
	if (count > GAPS_SHOWN)
		put(markdown, "- %zu more\n", count - GAPS_SHOWN);
	if (count)
		put(markdown, "\n");
}

static void
put_document(struct markdown *markdown)
{
	const struct evidence *evidence = markdown->report->evidence;
	char date[CLOCK_TEXT];

	put(markdown, "### Known vulnerabilities in ");
	put_text(markdown, report_target(markdown->report));
	put(markdown, "\n\n");
	if (evidence->before.findings->matched) {
		put_summary(markdown);
		put_findings(markdown);
		put_asides(markdown);
	} else {
		put(markdown, "**No advisories could be matched: what is known is not known "
			      "here.**\n\n");
	}
	if (evidence->before.findings->undetermined)
		put(markdown, "%u undetermined, in no count.\n\n",
		    evidence->before.findings->undetermined);
	put_gaps(markdown);
	put(markdown, "<sub>%.*s, advisories of %.10s</sub>\n", SPAN_ARG(evidence->tool),
	    clock_format(evidence->before.findings->database.built, date));
}

int
report_markdown(const struct report *report, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(REPORT_TEXT_MAX);
	struct markdown markdown = {.report = report, .arena = arena, .buf = &buf, .err = err};

	put_document(&markdown);
	return markdown.r < 0 ? markdown.r : report_take(&buf, arena, ret, err);
}
