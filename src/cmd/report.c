/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/report.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "cmd/show.h"

static const struct table_column check_columns[] = {
	{"check", FIT_RIGID, false},
	{"result", FIT_RIGID, false},
	{"measured", FIT_WRAP, false},
};

static const enum table_style state_styles[] = {
	[CHECK_PASS] = STYLE_GOOD,    [CHECK_FAIL] = STYLE_BAD,	    [CHECK_WAIVED] = STYLE_WARN,
	[CHECK_NOT_DONE] = STYLE_BAD, [CHECK_OPTIONAL] = STYLE_DIM,
};

/* A line below a row, in its last column. */
static bool
add_below(struct table *table, struct span text, enum table_style style)
{
	static const struct table_cell nothing = {SPAN_INIT(""), STYLE_PLAIN};

	return text.n == 0 ||
	       table_row(table, (struct table_cell[]){nothing, nothing, {text, style}});
}

static bool
add_check(struct table *table, const struct verdict_row *row, struct arena *arena)
{
	/* nothing was measured: the reason stands in its place */
	bool bare = row->state == CHECK_NOT_DONE && row->detail.n > 0;
	struct span waived = SPAN("");
	char date[CLOCK_TEXT];

	if (row->waiver) {
		waived = arena_printf(arena, "waived by %.*s until %.10s: %.*s",
				      SPAN_ARG(row->waiver->approved_by),
				      clock_format(row->waiver->expires - 1, date),
				      SPAN_ARG(row->waiver->reason));
		if (!waived.p)
			return false;
	}
	return table_row(table,
			 (struct table_cell[]){{span_from(check_title(row->check)), STYLE_PLAIN},
					       {span_from(check_state_name(row->state)),
						state_styles[row->state]},
					       {bare ? row->detail : row->measured,
						bare ? STYLE_DIM : STYLE_PLAIN}}) &&
	       add_below(table, bare ? SPAN("") : row->detail, STYLE_DIM) &&
	       add_below(table, waived, STYLE_WARN);
}

static void
print_result(const struct verdict *verdict, FILE *to)
{
	enum table_style style = verdict->passed ? STYLE_GOOD : STYLE_BAD;
	unsigned bad = 0;
	unsigned waived = 0;

	for (enum check i = 0; i < CHECKS; i++) {
		enum check_state state = verdict->rows[i].state;

		bad += state == CHECK_FAIL || state == CHECK_NOT_DONE;
		waived += state == CHECK_WAIVED;
	}
	(void)fprintf(to, "\n%s%s%s", table_style_on(to, style),
		      verdict->passed ? "passed" : "failed", table_style_off(to, style));
	if (bad > 0)
		(void)fprintf(to, ": %u of %d checks", bad, CHECKS);
	if (waived > 0)
		(void)fprintf(to, ", %u waived", waived);
	(void)fputc('\n', to);
}

int
report_checklist(const struct verdict *verdict, FILE *to, size_t width, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct table *table = arena ? table_new(arena, check_columns, 3) : NULL;

	if (!table)
		return err_memory(err);
	for (enum check i = 0; i < CHECKS; i++) {
		if (!add_check(table, &verdict->rows[i], arena))
			return err_memory(err);
	}
	table_print(table, to, width);
	print_result(verdict, to);
	return 0;
}

static const struct table_column left_columns[] = {
	{"package", FIT_SPLIT, false},
	{"findings", FIT_RIGID, true},
	{"worst", FIT_RIGID, false},
	{"stays for", FIT_WRAP, false},
};

struct left {
	uint32_t component; /* in the hardened image's inventory */
	uint32_t count;
	enum severity worst;
};

static int
worst_first(const void *a, const void *b)
{
	const struct left *x = a;
	const struct left *y = b;

	if (x->worst != y->worst)
		return x->worst < y->worst ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->component < y->component ? -1 : x->component > y->component;
}

/* The file that keeps a package of the hardened image on record, and why that file stays. */
static struct span
stays_for(const struct evidence *evidence, const struct component *component, struct arena *arena)
{
	const struct inventory *before = evidence->before.inventory;
	const struct plan *plan = evidence->plan;

	for (size_t i = 0; before && plan && i < before->component_count; i++) {
		const struct component *old = &before->components[i];
		uint32_t because =
			i < plan->component_count ? plan->components[i].because : IMAGE_NONE;

		if (because >= plan->entry_count || !evidence->before.image ||
		    !span_equal(old->name, component->name) ||
		    !span_equal(old->ecosystem, component->ecosystem) ||
		    !span_equal(old->architecture, component->architecture))
			continue;
		return arena_printf(arena, "%.*s: %s",
				    SPAN_ARG(evidence->before.image->entries[because].path),
				    plan_reason_text(plan->entries[because].reason));
	}
	return SPAN("");
}

/* Counts the findings a component; items with none come last. */
static struct left *
count_left(const struct evidence *evidence, struct arena *arena)
{
	const struct findings *findings = evidence->after.findings;
	size_t count = evidence->after.inventory->component_count;
	struct left *left = arena_array(arena, count ? count : 1, sizeof(*left));

	for (size_t i = 0; left && i < count; i++)
		left[i].component = (uint32_t)i;
	for (size_t i = 0; left && i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->component >= count || finding->status == FINDING_UNDETERMINED)
			continue;
		struct left *to = &left[finding->component];
		to->count++;
		to->worst = finding->severity > to->worst ? finding->severity : to->worst;
	}
	if (left)
		qsort(left, count, sizeof(*left), worst_first);
	return left;
}

static bool
add_left(struct table *table, const struct evidence *evidence, const struct left *left,
	 struct arena *arena)
{
	const struct component *component = &evidence->after.inventory->components[left->component];
	struct span count = arena_printf(arena, "%u", left->count);
	struct span why = stays_for(evidence, component, arena);

	return count.p && why.p &&
	       table_row(table, (struct table_cell[]){{component->name, STYLE_PLAIN},
						      {count, STYLE_PLAIN},
						      {span_from(severity_name(left->worst)),
						       show_severity_style(left->worst)},
						      {why, STYLE_PLAIN}});
}

int
report_left(const struct evidence *evidence, FILE *to, size_t width, struct err *err)
{
	const struct findings *findings = evidence->after.findings;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct table *table = arena ? table_new(arena, left_columns, 4) : NULL;
	struct left *left = NULL;
	size_t rows = 0;

	if (!table)
		return err_memory(err);
	if (!findings || !evidence->after.inventory || !findings->matched) {
		(void)fprintf(to, "What is left is not known: the hardened image %s.\n",
			      findings ? "matched no advisories" : "was not scanned");
		return 0;
	}
	left = count_left(evidence, arena);
	if (!left)
		return err_memory(err);
	for (size_t i = 0; i < evidence->after.inventory->component_count; i++) {
		if (left[i].count == 0)
			continue;
		if (!add_left(table, evidence, &left[i], arena))
			return err_memory(err);
		rows++;
	}
	if (rows > 0)
		table_print(table, to, width);
	else
		(void)fprintf(to, "No known vulnerability is left.\n");
	return 0;
}
