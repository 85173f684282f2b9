/* SPDX-License-Identifier: Apache-2.0 */
/* mohs diff: what changed between two images, either of which may be a bill of materials. */
#include "base/cleanup.h"
#include "cmd/common.h"
#include "cmd/show.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "pipeline/pipeline.h"
#include "port/advisories.h"

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
		{"package", FIT_CUT, false},
		{"before", FIT_CUT, false},
		{"after", FIT_CUT, false},
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

static int
print_text(const struct subject *a, const struct subject *b, struct err *err)
{
	show_image(a->image, a->inventory);
	(void)putchar('\n');
	show_image(b->image, b->inventory);
	(void)putchar('\n');
	int r = show_package_changes(a->inventory, b->inventory, err);
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
diff(const char *first, const char *second, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(subject_free) struct subject a = {0};
	CLEANUP(subject_free) struct subject b = {0};
	struct image_options options = common_image_options();
	int r = advisories_open(common.database, &advisories, err);

	if (r == 0)
		r = subject_scan(&a, span_from(first), &options, advisories, err);
	if (r == 0)
		r = subject_scan(&b, span_from(second), &options, advisories, err);
	if (r != 0)
		return r;
	terminal_clear();
	if (common.json)
		return common_print_evidence(&(struct evidence){.before = subject_evidence(&a),
								.after = subject_evidence(&b)},
					     err);
	return print_text(&a, &b, err);
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct err err = ERR_INIT;
	const struct option_spec specs[] = {COMMON_SPECS};
	enum options_result parsed = options_parse(argc, argv, specs, 2, 2, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	common_catch_signals();
	return diff(rest.items[0], rest.items[1], &err) < 0 ? terminal_error(argv[0], &err) : 0;
}

const struct verb verb_diff = {"diff", "what changed between two images", run};
