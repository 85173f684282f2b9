/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mohs diff: what changed between two images, either of which may be a bill of materials; or from
 * the original to the hardened image of a run.
 */
#include "base/cleanup.h"
#include "base/map.h"
#include "cmd/common.h"
#include "cmd/show.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "pipeline/pipeline.h"
#include "pipeline/recall.h"
#include "port/advisories.h"

#include <sys/stat.h>

/* By name and architecture: a package on both sides is the same one, maybe in another version. */
static int
component_order(const struct component *a, const struct component *b)
{
	int order = span_compare(a->ecosystem, b->ecosystem);

	if (order == 0)
		order = span_compare(a->name, b->name);
	return order != 0 ? order : span_compare(a->architecture, b->architecture);
}

struct package_change {
	const struct component *before; /* NULL: added */
	const struct component *after;	/* NULL: removed */
};

/* Walks two sorted inventories side by side. */
static bool
next_change(const struct inventory *a, const struct inventory *b, size_t *i, size_t *j,
	    struct package_change *ret)
{
	for (;;) {
		const struct component *left = *i < a->component_count ? &a->components[*i] : NULL;
		const struct component *right = *j < b->component_count ? &b->components[*j] : NULL;

		if (!left && !right)
			return false;
		int order = !left ? 1 : !right ? -1 : component_order(left, right);
		*i += order <= 0;
		*j += order >= 0;
		if (order == 0 && span_equal(left->version, right->version))
			continue;
		*ret = (struct package_change){order <= 0 ? left : NULL, order >= 0 ? right : NULL};
		return true;
	}
}

static int
show_package_changes(const struct inventory *a, const struct inventory *b, struct err *err)
{
	static const struct table_column columns[] = {
		{"package", FIT_SPLIT, false},
		{"before", FIT_SPLIT, false},
		{"after", FIT_SPLIT, false},
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct table *table = arena ? table_new(arena, columns, 3) : NULL;
	struct package_change change;
	size_t i = 0;
	size_t j = 0;
	size_t rows = 0;

	while (table && next_change(a, b, &i, &j, &change)) {
		const struct component *any = change.before ? change.before : change.after;
		struct table_cell cells[] = {
			{any->name, STYLE_PLAIN},
			{change.before ? change.before->version : SPAN("-"), STYLE_PLAIN},
			{change.after ? change.after->version : SPAN("removed"),
			 change.after ? STYLE_PLAIN : STYLE_DIM},
		};

		if (!table_row(table, cells))
			return err_memory(err);
		rows++;
	}
	if (!table)
		return err_memory(err);
	if (rows > 0) {
		table_print(table, stdout, 0);
		(void)putchar('\n');
	}
	return 0;
}

/* ---- findings ---- */

/* Of a component, whatever its version; with `id`, of a finding in it. .p NULL without memory. */
static struct span
key_of(const struct component *component, struct span id, struct arena *arena)
{
	return arena_printf(arena, "%.*s\n%.*s\n%.*s", SPAN_ARG(component->ecosystem),
			    SPAN_ARG(component->name), SPAN_ARG(id));
}

static int
note(struct map *map, struct span key, struct err *err)
{
	return key.p ? map_put(map, key, 1, err) : err_memory(err);
}

/* The keys of all components and findings of one side. */
static int
note_side(const struct subject *side, struct map *map, struct arena *arena, struct err *err)
{
	const struct component *components = side->inventory->components;
	int r = 0;

	for (size_t i = 0; r == 0 && i < side->inventory->component_count; i++)
		r = note(map, key_of(&components[i], SPAN(""), arena), err);
	for (size_t i = 0; r == 0 && i < side->findings->count; i++) {
		const struct finding *finding = &side->findings->items[i];

		r = note(map, key_of(&components[finding->component], finding->id, arena), err);
	}
	return r;
}

/*
 * The findings of `side` that the other side has not. `lone`: how many of those that count are in
 * packages that the other has not either; they are listed only with `all`.
 */
static int
only_here(const struct subject *side, const struct map *other, bool all, struct arena *arena,
	  struct findings *ret, size_t *ret_lone, struct err *err)
{
	const struct findings *findings = side->findings;
	struct finding *items = arena_array(arena, findings->count + 1, sizeof(*items));
	struct findings found = {.items = items, .database = findings->database};
	size_t lone = 0;

	if (!items)
		return err_memory(err);
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		const struct component *component =
			&side->inventory->components[finding->component];
		struct span key = key_of(component, finding->id, arena);
		struct span package = key_of(component, SPAN(""), arena);
		uint64_t ignored;

		if (!key.p || !package.p)
			return err_memory(err);
		if (map_get(other, key, &ignored))
			continue;
		bool there = map_get(other, package, &ignored);
		lone += !there && finding->status != FINDING_UNDETERMINED;
		if (there || all)
			items[found.count++] = *finding;
	}
	*ret = found;
	*ret_lone = lone;
	return 0;
}

/* What is new, and what is gone where the package is not; nothing when one side was not matched. */
static int
show_finding_changes(const struct subject *a, const struct subject *b, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(map_cleanup) struct map *before = map_new(a->findings->count);
	CLEANUP(map_cleanup) struct map *after = map_new(b->findings->count);
	struct findings new = {0};
	struct findings gone = {0};
	size_t lone = 0;

	if (!arena || !before || !after)
		return err_memory(err);
	if (!a->findings->matched || !b->findings->matched)
		return 0;
	int r = note_side(a, before, arena, err);
	if (r == 0)
		r = note_side(b, after, arena, err);
	if (r == 0)
		r = only_here(b, before, true, arena, &new, &lone, err);
	if (r == 0 && new.count > 0) {
		(void)printf("New:\n");
		r = show_findings(&new, b->inventory, SEVERITY_UNKNOWN, err);
	}
	if (r == 0)
		r = only_here(a, after, false, arena, &gone, &lone, err);
	if (r == 0 && gone.count > 0) {
		(void)printf("Gone:\n");
		r = show_findings(&gone, a->inventory, SEVERITY_UNKNOWN, err);
	}
	if (r == 0 && lone > 0)
		(void)printf("%zu finding%s gone with %s package\n\n", lone,
			     lone == 1 ? " is" : "s are", lone == 1 ? "its" : "their");
	return r;
}

static int
print_text(const struct subject *a, const struct subject *b, struct err *err)
{
	show_image(a->image, a->inventory);
	(void)putchar('\n');
	show_image(b->image, b->inventory);
	(void)putchar('\n');
	int r = show_package_changes(a->inventory, b->inventory, err);
	if (r == 0)
		r = show_finding_changes(a, b, err);
	if (r == 0)
		r = show_counts(a->findings, b->findings, err);
	if (a->image)
		show_gaps(&a->image->gaps, "first image");
	show_gaps(&a->inventory->gaps, "first inventory");
	show_gaps(&a->findings->gaps, "first findings");
	if (b->image)
		show_gaps(&b->image->gaps, "second image");
	show_gaps(&b->inventory->gaps, "second inventory");
	show_gaps(&b->findings->gaps, "second findings");
	return r;
}

static int
check_digest(const struct subject *subject, const struct digest *wanted, struct err *err)
{
	if (!wanted || !subject->image || digest_equal(wanted, &subject->image->manifest_digest))
		return 0;
	return err_set(err, ERR_MISMATCH, "%.*s is no longer the image of the evidence",
		       SPAN_ARG(subject->image->reference));
}

/* `run`: whose digests the images must have; may be NULL. */
static int
diff(struct span first, struct span second, const struct evidence_recall *run, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(subject_free) struct subject a = {0};
	CLEANUP(subject_free) struct subject b = {0};
	struct image_options options = common_image_options();
	int r = advisories_open(common.database, &advisories, err);

	if (r == 0)
		r = subject_scan(&a, first, &options, advisories, err);
	if (r == 0)
		r = check_digest(&a, run ? &run->digest : NULL, err);
	if (r == 0)
		r = subject_scan(&b, second, &options, advisories, err);
	if (r == 0)
		r = check_digest(&b, run ? &run->hardened_digest : NULL, err);
	if (r != 0)
		return r;
	terminal_clear();
	if (common.json)
		return common_print_evidence(&(struct evidence){.before = subject_evidence(&a),
								.after = subject_evidence(&b)},
					     err);
	return print_text(&a, &b, err);
}

/* Two images, or the two that a run's evidence names. */
static int
diff_words(const struct option_list *words, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct evidence_recall run;
	struct stat about;

	if (!arena)
		return err_memory(err);
	if (words->count == 2)
		return diff(span_from(words->items[0]), span_from(words->items[1]), NULL, err);
	if (stat(words->items[0], &about) < 0 || !S_ISREG(about.st_mode))
		return err_set(err, ERR_USAGE,
			       "two images are compared, or those that one evidence.json names; "
			       "there is no file %s",
			       words->items[0]);
	int r = recall_images(words->items[0], arena, &run, err);
	return r < 0 ? r : diff(run.reference, run.hardened, &run, err);
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct err err = ERR_INIT;
	const struct option_spec specs[] = {COMMON_SPECS};
	enum options_result parsed = options_parse(argc, argv, specs, 1, 2, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	common_catch_signals();
	return diff_words(&rest, &err) < 0 ? terminal_error(argv[0], &err) : 0;
}

const struct verb verb_diff = {"diff", "what changed between two images", run};
