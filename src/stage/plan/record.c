/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of what stays. A database with a row here is cut down to it; a record that is a file of
 * its own (distroless status.d, a language's metadata) stays or goes with its component; a database
 * of another kind stays whole, and a gap says so.
 */
#include "stage/plan/record.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <stdlib.h>

static const struct record_cutter cutters[] = {
	{SPAN_INIT("apk"), SPAN_INIT("/installed"), apk_keep, apk_rewrite},
	{SPAN_INIT("composer"), SPAN_INIT("/installed.json"), composer_keep, composer_rewrite},
	{SPAN_INIT("dpkg"), SPAN_INIT("/status"), dpkg_keep, dpkg_rewrite},
	{SPAN_INIT("nuget"), SPAN_INIT(".deps.json"), dotnet_keep, dotnet_rewrite},
	{SPAN_INIT("rpm"), SPAN_INIT("/rpmdb.sqlite"), rpm_keep, rpm_rewrite},
	{SPAN_INIT("rpm"), SPAN_INIT("/Packages.db"), rpm_keep, rpm_rewrite},
	{SPAN_INIT("rpm"), SPAN_INIT("/Packages"), rpm_keep, rpm_rewrite},
};

/* NULL: its database is not one that is cut. */
static const struct record_cutter *
cutter_of(const struct component *component)
{
	for (size_t i = 0; i < sizeof(cutters) / sizeof(cutters[0]); i++) {
		if (span_equal(component->ecosystem, cutters[i].ecosystem) &&
		    span_ends_with(component->database, cutters[i].suffix))
			return &cutters[i];
	}
	return NULL;
}

/* Distinct databases of components that this one cuts. */
static int
list_databases(const struct planner *planner, const struct record_cutter *cutter, struct vec *ret,
	       struct err *err)
{
	CLEANUP(map_cleanup) struct map *seen = map_new(0);
	uint64_t known;
	int r = seen ? 0 : err_memory(err);

	for (size_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];

		if (cutter_of(component) != cutter || map_get(seen, component->database, &known))
			continue;
		r = map_put(seen, component->database, i, err);
		if (r == 0)
			r = vec_push_raw(ret, &component->database, sizeof(struct span),
					 PACKAGES_MAX, err);
	}
	return r;
}

/* NAME.md5sums and NAME.list lie beside a record of status.d. */
static int
keep_beside(struct planner *planner, struct span database, uint32_t via, struct err *err)
{
	static const char *const kinds[] = {"md5sums", "list", "preserve"};
	int r = 0;

	if (!span_contains(database, SPAN("/status.d/")))
		return 0;
	for (size_t i = 0; r == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct span path =
			arena_printf(planner->arena, "%.*s.%s", SPAN_ARG(database), kinds[i]);

		r = path.p ? planner_keep_way(planner, path, REASON_METADATA, via, NULL, err)
			   : err_memory(err);
	}
	return r;
}

static int
keep_other(struct planner *planner, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];
		const struct plan_component *plan = &planner->plan->components[i];

		if (plan->fate != FATE_KEPT || component->database.n == 0 || cutter_of(component))
			continue;
		r = planner_keep_way(planner, component->database, REASON_METADATA, plan->because,
				     NULL, err);
		if (r == 0)
			r = keep_beside(planner, component->database, plan->because, err);
		if (r == 0)
			r = language_keep_lists(planner, component, plan->because, err);
	}
	return r;
}

static int
cut(struct planner *planner, const struct record_cutter *cutter, bool rewrite, struct err *err)
{
	struct vec databases = {0};
	int r = list_databases(planner, cutter, &databases, err);
	const struct span *paths = databases.items;

	for (size_t i = 0; r == 0 && i < databases.count; i++)
		r = rewrite ? cutter->rewrite(planner, paths[i], err)
			    : cutter->keep(planner, paths[i], err);
	vec_free_raw(&databases);
	return r;
}

static int
cut_all(struct planner *planner, bool rewrite, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(cutters) / sizeof(cutters[0]); i++)
		r = cut(planner, &cutters[i], rewrite, err);
	return r;
}

int
record_keep(struct planner *planner, struct err *err)
{
	int r = cut_all(planner, false, err);

	if (r == 0)
		r = keep_other(planner, err);
	return r < 0 ? r : language_keep(planner, err);
}

int
record_load(struct planner *planner, uint32_t entry, struct span *ret, struct err *err)
{
	struct err problem = ERR_INIT;

	*ret = (struct span){NULL, 0};
	if (entry == IMAGE_NONE || planner->image->entries[entry].type != IMAGE_FILE)
		return 0;
	if (contents_load(planner->contents, planner->image, entry, PACKAGE_DATABASE_MAX,
			  planner->arena, ret, &problem) < 0)
		return planner_gap(planner, planner->image->entries[entry].path, err,
				   "could not be read, stays as it is: %s", problem.text);
	return 0;
}

int
record_put(struct planner *planner, uint32_t entry, struct span content, struct err *err)
{
	struct plan_rewrite rewrite = {entry, arena_copy(planner->arena, content)};

	return rewrite.content.p ? vec_push(&planner->rewrites, &rewrite, IMAGE_ENTRIES_MAX, err)
				 : err_memory(err);
}

/* Records that go, in a file that also holds others and cannot be cut. */
static int
report_uncut(struct planner *planner, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];
		uint32_t entry = component->database.n && !cutter_of(component)
					 ? image_resolve(planner->image, component->database, true,
							 NULL, NULL)
					 : IMAGE_NONE;

		if (planner->plan->components[i].fate != FATE_KEPT && planner_keeps(planner, entry))
			r = planner_gap(planner, component->database, err,
					"still holds records of components that are no longer "
					"there: this kind of database is not cut");
	}
	return r;
}

static int
compare_rewrites(const void *a, const void *b)
{
	const struct plan_rewrite *x = a;
	const struct plan_rewrite *y = b;

	return (x->entry > y->entry) - (x->entry < y->entry);
}

int
record_rewrite(struct planner *planner, struct err *err)
{
	struct plan *plan = planner->plan;
	int r = cut_all(planner, true, err);

	if (r == 0)
		r = language_rewrite(planner, err);
	if (r == 0)
		r = report_uncut(planner, err);
	if (r < 0)
		return r;
	plan->rewrites =
		arena_array(planner->arena, planner->rewrites.count, sizeof(*plan->rewrites));
	if (!plan->rewrites)
		return err_memory(err);
	if (planner->rewrites.count) {
		memcpy(plan->rewrites, planner->rewrites.items,
		       planner->rewrites.count * sizeof(*plan->rewrites));
		qsort(plan->rewrites, planner->rewrites.count, sizeof(*plan->rewrites),
		      compare_rewrites);
	}
	plan->rewrite_count = planner->rewrites.count;
	return 0;
}
