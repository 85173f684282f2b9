/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/report/parts.h"

static const struct component *
component_of(const struct report *report, const struct finding *finding)
{
	return &report->evidence->before.inventory->components[finding->component];
}

/* Said by somebody, so that it is worth telling of each. */
static bool
is_said(const struct aside *aside)
{
	return aside->kind == ASIDE_STATED || aside->kind == ASIDE_IGNORED;
}

bool
report_next(const struct report *report, size_t *state, struct report_item *ret)
{
	const struct findings *findings = report->evidence->before.findings;
	const struct triage *triage = report->evidence->triage;
	size_t total = findings->count + (triage ? triage->aside_count : 0);

	while (*state < total) {
		size_t i = (*state)++;
		const struct aside *aside =
			i >= findings->count ? &triage->asides[i - findings->count] : NULL;
		const struct finding *finding = aside ? &aside->finding : &findings->items[i];

		if (finding->severity < report->least || finding->status == FINDING_UNDETERMINED ||
		    (aside && !is_said(aside)))
			continue;
		*ret = (struct report_item){finding, component_of(report, finding), aside};
		return true;
	}
	return false;
}

size_t
report_aside_count(const struct report *report)
{
	return report->evidence->triage ? report->evidence->triage->aside_count : 0;
}

struct span
report_target(const struct report *report)
{
	const struct evidence_side *side = &report->evidence->before;

	return side->image ? side->image->reference : side->inventory->document.reference;
}

struct span
report_version(const struct report *report)
{
	struct span tool = report->evidence->tool;
	size_t blank = span_find(tool, ' ');

	return blank < tool.n ? span_slice(tool, blank + 1, tool.n) : SPAN("0");
}

struct span
report_fix(const struct report_item *item, struct arena *arena)
{
	const struct finding *finding = item->finding;
	struct span text = SPAN("no fix yet");

	if (finding->status == FINDING_FIXABLE)
		text = arena_printf(arena, "fixed in %.*s", SPAN_ARG(finding->fixed_version));
	else if (finding->status == FINDING_NO_DSA)
		text = arena_printf(arena, "no fix planned%s%.*s", finding->note.n ? ": " : "",
				    SPAN_ARG(finding->note));
	else if (finding->status == FINDING_UNIMPORTANT)
		text = SPAN("unimportant to the distribution, no fix planned");
	return text.p ? text : SPAN("");
}

const char *
report_doubt(const struct component *component)
{
	return component->guessed ? " (guessed)" : "";
}

struct span
report_sentence(const struct report_item *item, struct arena *arena)
{
	const struct component *component = item->component;
	struct span text = arena_printf(arena, "%.*s %.*s%s: %.*s%s", SPAN_ARG(component->name),
					SPAN_ARG(component->version), report_doubt(component),
					SPAN_ARG(report_fix(item, arena)),
					item->finding->exploited ? "; known to be exploited" : "");

	return text.p ? text : SPAN("");
}

const struct gap *
report_next_gap(const struct report *report, size_t *state)
{
	const struct evidence_side *side = &report->evidence->before;
	const struct gap_list none = {NULL, 0};
	const struct gap_list *lists[] = {
		side->image ? &side->image->gaps : &none,
		&side->inventory->gaps,
		&side->findings->gaps,
	};
	size_t i = *state;

	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
		if (i < lists[k]->count) {
			(*state)++;
			return &lists[k]->items[i];
		}
		i -= lists[k]->count;
	}
	return NULL;
}

int
report_take(const struct buf *buf, struct arena *arena, struct span *ret, struct err *err)
{
	struct span text = arena_copy(arena, buf_span(buf));

	if (!text.p)
		return err_memory(err);
	*ret = text;
	return 0;
}
