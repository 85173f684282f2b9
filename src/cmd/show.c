/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/show.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "cmd/printable.h"
#include "codec/report.h"
#include "stage/update.h"

#include <math.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *
show_bytes(uint64_t bytes, char text[24])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 999.95 && unit + 1 < COUNT(units)) {
		value /= 1000;
		unit++;
	}
	(void)snprintf(text, 24, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return text;
}

enum table_style
show_severity_style(enum severity severity)
{
	switch (severity) {
	case SEVERITY_CRITICAL:
	case SEVERITY_HIGH:
		return STYLE_BAD;
	case SEVERITY_MEDIUM:
		return STYLE_WARN;
	case SEVERITY_NEGLIGIBLE:
		return STYLE_DIM;
	default:
		return STYLE_PLAIN;
	}
}

/* " (87 dpkg, 14 pypi)"; empty where all are of one kind. .p NULL without memory. */
static struct span
kinds_text(const struct inventory *inventory, struct arena *arena)
{
	struct span text = SPAN("");
	size_t kinds = 0;

	for (size_t i = 0, first = 0; text.p && i < inventory->component_count; first = i) {
		struct span kind = inventory->components[first].ecosystem;

		while (i < inventory->component_count &&
		       span_equal(inventory->components[i].ecosystem, kind))
			i++;
		text = arena_printf(arena, "%.*s%s%zu %.*s", SPAN_ARG(text),
				    kinds++ > 0 ? ", " : " (", i - first, SPAN_ARG(kind));
	}
	if (kinds < 2)
		return SPAN("");
	return text.p ? arena_printf(arena, "%.*s)", SPAN_ARG(text)) : text;
}

/* "Debian GNU/Linux 12 (bookworm), 87 packages"; never a bare 0 where something was unreadable. */
static void
show_packages_line(const struct inventory *inventory)
{
	const struct os_identity *os = &inventory->os;
	struct span name = !os->known	       ? SPAN("unknown distribution")
			   : os->pretty_name.n ? os->pretty_name
					       : os->id;
	size_t count = inventory->component_count;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span kinds = arena ? kinds_text(inventory, arena) : SPAN("");

	if (!inventory->any_database)
		printable_line(stdout, "%.*s, no package database found", SPAN_ARG(name));
	else if (count == 0 && inventory->gaps.count > 0)
		printable_line(stdout, "%.*s, no package could be read", SPAN_ARG(name));
	else
		printable_line(stdout, "%.*s, %zu package%s%.*s", SPAN_ARG(name), count,
			       count == 1 ? "" : "s", SPAN_ARG(kinds));
}

static void
show_document(const struct inventory_document *document)
{
	printable_line(stdout, "%.*s", SPAN_ARG(document->reference));
	printable_line(stdout, "%.*s, %.*s%s%.*s", SPAN_ARG(document->digest),
		       SPAN_ARG(document->format), document->name.n ? " of " : "",
		       SPAN_ARG(document->name));
}

static void
show_opened(const struct image *image)
{
	char digest[DIGEST_TEXT];
	char compressed[24];
	char inflated[24];
	uint64_t size = 0;
	uint64_t tar = 0;

	for (size_t i = 0; i < image->layer_count; i++) {
		size += image->layers[i].size;
		tar += image->layers[i].inflated;
	}
	printable_line(stdout, "%.*s", SPAN_ARG(image->reference));
	printable_line(stdout, "%s", digest_format(&image->manifest_digest, digest));
	printable_line(stdout, "%.*s/%.*s, %s (%s inflated), %zu path%s",
		       SPAN_ARG(image->config.os), SPAN_ARG(image->config.architecture),
		       show_bytes(size, compressed), show_bytes(tar, inflated), image->entry_count,
		       image->entry_count == 1 ? "" : "s");
}

void
show_image(const struct image *image, const struct inventory *inventory)
{
	if (image)
		show_opened(image);
	else
		show_document(&inventory->document);
	show_packages_line(inventory);
}

static const enum severity worst_first[] = {
	SEVERITY_CRITICAL, SEVERITY_HIGH,	SEVERITY_MEDIUM,
	SEVERITY_LOW,	   SEVERITY_NEGLIGIBLE, SEVERITY_UNKNOWN,
};

/* "85.1 %", rounded towards nothing gained; a dash when there was nothing to reduce. */
static struct span
reduction(struct arena *arena, uint32_t before, uint32_t after)
{
	if (before == 0)
		return SPAN("-");
	return arena_printf(arena, "%.1f %%",
			    floor(1000.0 * ((double)before - after) / before) / 10);
}

static struct span
number(struct arena *arena, uint32_t value)
{
	return arena_printf(arena, "%u", value);
}

struct count_line {
	struct span title;
	enum table_style style;
	uint32_t values[4]; /* findings before, after; distinct before, after */
};

static bool
add_line(struct table *table, struct arena *arena, const struct count_line *line, bool both)
{
	const uint32_t *v = line->values;
	struct table_cell cells[7] = {{line->title, line->style}};
	size_t n = 1;

	for (size_t kind = 0; kind < 2; kind++) {
		cells[n++].text = number(arena, v[2 * kind]);
		if (!both)
			continue;
		cells[n++].text = number(arena, v[2 * kind + 1]);
		cells[n++].text = reduction(arena, v[2 * kind], v[2 * kind + 1]);
	}
	return table_row(table, cells);
}

static const struct table_column one_side[] = {
	{"severity", FIT_RIGID, false},
	{"findings", FIT_RIGID, true},
	{"distinct CVEs", FIT_RIGID, true},
};

static const struct table_column two_sides[] = {
	{"severity", FIT_RIGID, false}, {"findings", FIT_RIGID, true}, {"after", FIT_RIGID, true},
	{"less by", FIT_RIGID, true},	{"distinct", FIT_RIGID, true}, {"after", FIT_RIGID, true},
	{"less by", FIT_RIGID, true},
};

static bool
fill_counts(struct table *table, struct arena *arena, const struct findings *before,
	    const struct findings *after)
{
	const struct findings *second = after ? after : before;
	const struct finding_counts *sides[4] = {&before->findings, &second->findings,
						 &before->distinct, &second->distinct};
	struct count_line lines[COUNT(worst_first) + 3] = {0};
	size_t n = 0;
	bool good = true;

	for (size_t i = 0; i < COUNT(worst_first); i++, n++) {
		lines[n].title = span_from(severity_name(worst_first[i]));
		lines[n].style = show_severity_style(worst_first[i]);
		for (int side = 0; side < 4; side++)
			lines[n].values[side] = sides[side]->by_severity[worst_first[i]];
	}
	lines[n].title = SPAN("all");
	lines[n].style = STYLE_BOLD;
	lines[n + 1].title = SPAN("fixable");
	lines[n + 2].title = SPAN("known exploited");
	for (int side = 0; side < 4; side++) {
		lines[n].values[side] = sides[side]->total;
		lines[n + 1].values[side] = sides[side]->fixable;
		lines[n + 2].values[side] = sides[side]->exploited;
	}
	for (size_t i = 0; i < COUNT(lines) && good; i++)
		good = add_line(table, arena, &lines[i], after != NULL);
	return good;
}

/* Said aloud when it is too old to be relied on. */
static void
show_age(const struct advisory_identity *database)
{
	int64_t age = clock_now() - database->built;
	bool stale = age < 0 || age > UPDATE_STALE_S;
	char when[CLOCK_TEXT];
	char text[32];

	(void)printf("advisories of %s", clock_format(database->built, when));
	if (stale)
		(void)printf(", %s%s old: stale, run mohs db update%s",
			     table_style_on(stdout, STYLE_WARN),
			     duration_format(age > 0 ? (uint64_t)age * 1000 : 0, text),
			     table_style_off(stdout, STYLE_WARN));
	(void)putchar('\n');
}

int
show_counts(const struct findings *before, const struct findings *after, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);

	if (!before->matched || (after && !after->matched)) {
		(void)printf("No advisories could be matched%s; the gaps say why.\n",
			     !after	       ? ""
			     : before->matched ? " for the second image"
			     : after->matched  ? " for the first image"
					       : " for either image");
		return 0;
	}
	struct table *table = !arena  ? NULL
			      : after ? table_new(arena, two_sides, COUNT(two_sides))
				      : table_new(arena, one_side, COUNT(one_side));
	if (!table || !fill_counts(table, arena, before, after))
		return err_memory(err);
	table_print(table, stdout, 0);
	if (after && before->undetermined + after->undetermined > 0)
		(void)printf("%u undetermined before and %u after, in no count\n",
			     before->undetermined, after->undetermined);
	else if (before->undetermined)
		(void)printf("%u undetermined, in no count\n", before->undetermined);
	show_age(&before->database);
	return 0;
}

static const struct table_column finding_columns[] = {
	{"severity", FIT_RIGID, false}, {"CVE", FIT_RIGID, false},
	{"package", FIT_SPLIT, false},	{"version", FIT_SPLIT, false},
	{"fixed in", FIT_SPLIT, false},
};

/* With a word where the program's own bytes alone say so. .p NULL without memory. */
static struct span
version_text(struct arena *arena, const struct component *component)
{
	return component->guessed
		       ? arena_printf(arena, "%.*s (guessed)", SPAN_ARG(component->version))
		       : component->version;
}

static bool
add_finding(struct table *table, struct arena *arena, const struct finding *finding,
	    const struct inventory *inventory)
{
	const struct component *component = &inventory->components[finding->component];
	bool fixable = finding->status == FINDING_FIXABLE;
	struct span fix =
		fixable ? finding->fixed_version : span_from(finding_status_name(finding->status));
	struct table_cell cells[] = {
		{span_from(severity_name(finding->severity)),
		 show_severity_style(finding->severity)},
		{finding->id, STYLE_PLAIN},
		{component->name, STYLE_PLAIN},
		{version_text(arena, component), STYLE_PLAIN},
		{fix, fixable ? STYLE_PLAIN : STYLE_DIM},
	};

	if (finding->exploited)
		cells[4] = (struct table_cell){
			arena_printf(arena, "%.*s (exploited)", SPAN_ARG(fix)), STYLE_BAD};
	if (!cells[3].text.p || !cells[4].text.p || !table_row(table, cells))
		return false;
	table_link(table, 1, report_link(inventory, finding, arena));
	return true;
}

/* Those that count, or those that are undetermined and do not. */
static int
list_findings(const struct findings *findings, const struct inventory *inventory,
	      enum severity least, bool undetermined, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct table *table =
		arena ? table_new(arena, finding_columns, COUNT(finding_columns)) : NULL;
	size_t rows = 0;

	if (!table)
		return err_memory(err);
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->severity < least ||
		    (finding->status == FINDING_UNDETERMINED) != undetermined)
			continue;
		if (!add_finding(table, arena, finding, inventory))
			return err_memory(err);
		rows++;
	}
	if (rows == 0)
		return 0;
	if (undetermined)
		(void)printf("Undetermined, in no count:\n");
	table_print(table, stdout, 0);
	(void)putchar('\n');
	return 0;
}

int
show_findings(const struct findings *findings, const struct inventory *inventory,
	      enum severity least, struct err *err)
{
	int r = list_findings(findings, inventory, least, false, err);

	return r < 0 ? r : list_findings(findings, inventory, least, true, err);
}

static const struct table_column aside_columns[] = {
	{"CVE", FIT_RIGID, false},
	{"package", FIT_SPLIT, false},
	{"source", FIT_SPLIT, false},
	{"reason", FIT_WRAP, false},
};

static bool
add_aside(struct table *table, struct arena *arena, const struct aside *aside,
	  const struct inventory *inventory)
{
	const struct component *component = &inventory->components[aside->finding.component];
	char date[CLOCK_TEXT];
	struct span reason = aside->reason;

	if (aside->kind == ASIDE_IGNORED)
		reason = arena_printf(arena, "%.*s (%.*s, until %.10s)", SPAN_ARG(aside->reason),
				      SPAN_ARG(aside->approved_by),
				      clock_format(aside->expires - 1, date));
	if (!reason.p || !table_row(table, (struct table_cell[]){{aside->finding.id, STYLE_PLAIN},
								 {component->name, STYLE_PLAIN},
								 {aside->source, STYLE_DIM},
								 {reason, STYLE_PLAIN}}))
		return false;
	table_link(table, 0, report_link(inventory, &aside->finding, arena));
	return true;
}

/* What the baseline or want of a fix explains needs no line each. */
static int
list_asides(const struct triage *triage, const struct inventory *inventory, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct table *table = arena ? table_new(arena, aside_columns, COUNT(aside_columns)) : NULL;
	size_t rows = 0;

	if (!table)
		return err_memory(err);
	for (size_t i = 0; i < triage->aside_count; i++) {
		const struct aside *aside = &triage->asides[i];

		if (aside->kind != ASIDE_STATED && aside->kind != ASIDE_IGNORED)
			continue;
		if (!add_aside(table, arena, aside, inventory))
			return err_memory(err);
		rows++;
	}
	if (rows > 0)
		table_print(table, stdout, 0);
	return 0;
}

int
show_asides(const struct triage *triage, const struct inventory *inventory, struct err *err)
{
	const char *separator = ":";

	if (!triage)
		return 0;
	(void)printf("%zu not counted", triage->aside_count);
	for (enum aside_kind i = 0; i < ASIDE_KINDS; i++) {
		if (triage->by_kind[i] == 0)
			continue;
		(void)printf("%s %u %s", separator, triage->by_kind[i], aside_title(i));
		separator = ",";
	}
	(void)putchar('\n');
	int r = list_asides(triage, inventory, err);
	for (size_t i = 0; i < triage->notes.count; i++)
		printable_line(stdout, "%.*s", SPAN_ARG(triage->notes.items[i]));
	return r;
}

/* The last one is an image's alone: documents know of no files. */
static const struct table_column package_columns[] = {
	{"package", FIT_SPLIT, false}, {"version", FIT_SPLIT, false}, {"kind", FIT_RIGID, false},
	{"arch", FIT_RIGID, false},    {"source", FIT_SPLIT, false},  {"files", FIT_RIGID, true},
};

/* The package another one was made from. A library's is no other: its key in advisories. */
static struct span
other_source(const struct component *component)
{
	return component_is_packaged(component) ? component->source : SPAN("");
}

int
show_packages(const struct inventory *inventory, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	size_t columns = COUNT(package_columns) - (inventory->document.format.n > 0);
	struct table *table = arena ? table_new(arena, package_columns, columns) : NULL;

	if (!table)
		return err_memory(err);
	for (size_t i = 0; i < inventory->component_count; i++) {
		const struct component *c = &inventory->components[i];

		if (!table_row(table, (struct table_cell[]){
					      {c->name, STYLE_PLAIN},
					      {version_text(arena, c), STYLE_PLAIN},
					      {c->ecosystem, STYLE_DIM},
					      {c->architecture, STYLE_DIM},
					      {other_source(c), STYLE_DIM},
					      {number(arena, (uint32_t)c->file_count), STYLE_DIM},
				      }))
			return err_memory(err);
	}
	table_print(table, stdout, 0);
	return 0;
}

void
show_gaps(const struct gap_list *gaps, const char *of)
{
	if (gaps->count == 0)
		return;
	(void)printf("Gaps (%s):\n", of);
	for (size_t i = 0; i < gaps->count; i++)
		printable_line(stdout, "  %.*s: %.*s", SPAN_ARG(gaps->items[i].subject),
			       SPAN_ARG(gaps->items[i].text));
}
