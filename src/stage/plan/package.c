/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Granularity package: a package any of whose files is in use stays whole, with what it depends on
 * (codec/relation.h; versions are taken as satisfied, they were at installation).
 */
#include "stage/plan/planner.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/relation.h"

/* Reasons by which a file's package counts as used. */
static const bool uses_package[REASONS] = {
	[REASON_USED] = true,	[REASON_EXTENDED] = true,    [REASON_DECLARED] = true,
	[REASON_CONFIG] = true, [REASON_NEEDED] = true,	     [REASON_TARGET] = true,
	[REASON_NSS] = true,	[REASON_INTERPRETER] = true, [REASON_COMMAND] = true,
};

struct packages {
	struct planner *planner;
	struct map *names;    /* "ecosystem name" of installed packages: first component of it */
	struct map *provides; /* likewise, of virtual names */
	bool *whole;	      /* per component */
	VEC(uint32_t) queue;
};

static bool
is_installed(const struct component *component)
{
	return component->state != COMPONENT_CONFIG_FILES;
}

static struct span
key_of(const struct packages *packages, const struct component *of, struct span name)
{
	return arena_printf(packages->planner->arena, "%.*s %.*s", SPAN_ARG(of->ecosystem),
			    SPAN_ARG(name));
}

static int
put_name(const struct packages *packages, struct map *map, size_t number, struct span name,
	 struct err *err)
{
	struct span key = key_of(packages, &packages->planner->inventory->components[number], name);

	return key.p ? map_put(map, key, number, err) : err_memory(err);
}

static int
index_provides(struct packages *packages, const struct component *component, size_t number,
	       struct err *err)
{
	struct span rest = component->provides;
	struct span clause;
	struct span name;
	int r = 0;

	while (r == 0 && relation_clause_next(component->ecosystem, &rest, &clause)) {
		while (r == 0 && relation_name_next(component->ecosystem, &clause, &name)) {
			if (name.n)
				r = put_name(packages, packages->provides, number, name, err);
		}
	}
	return r;
}

static int
index_names(struct packages *packages, struct err *err)
{
	const struct inventory *inventory = packages->planner->inventory;
	int r = 0;

	for (size_t i = inventory->component_count; r == 0 && i-- > 0;) {
		const struct component *component = &inventory->components[i];

		if (!is_installed(component))
			continue;
		r = put_name(packages, packages->names, i, component->name, err);
		if (r == 0)
			r = index_provides(packages, component, i, err);
	}
	return r;
}

/* Of several architectures of one name, the asking package's own. COMPONENT_NONE: none has it. */
static int
find_package(const struct packages *packages, struct span name, uint32_t asking, uint32_t *ret,
	     struct err *err)
{
	const struct inventory *inventory = packages->planner->inventory;
	const struct component *from = &inventory->components[asking];
	struct span key = key_of(packages, from, name);
	uint64_t at;

	if (!key.p)
		return err_memory(err);
	if (!map_get(packages->names, key, &at)) {
		*ret = map_get(packages->provides, key, &at) ? (uint32_t)at : COMPONENT_NONE;
		return 0;
	}
	*ret = (uint32_t)at;
	for (size_t i = (size_t)at;
	     i < inventory->component_count && span_equal(inventory->components[i].name, name) &&
	     span_equal(inventory->components[i].ecosystem, from->ecosystem);
	     i++) {
		if (is_installed(&inventory->components[i]) &&
		    span_equal(inventory->components[i].architecture, from->architecture)) {
			*ret = (uint32_t)i;
			break;
		}
	}
	return 0;
}

static int
mark_whole(struct packages *packages, uint32_t component, struct err *err)
{
	if (packages->whole[component])
		return 0;
	packages->whole[component] = true;
	return vec_push(&packages->queue, &component, PACKAGES_MAX, err);
}

/* Of a language several versions of one name may be there: which is meant is not worked out. */
static int
mark_alike(struct packages *packages, uint32_t component, struct err *err)
{
	const struct inventory *inventory = packages->planner->inventory;
	const struct component *first = &inventory->components[component];
	int r = mark_whole(packages, component, err);

	for (uint32_t i = component + 1;
	     r == 0 && !component_is_packaged(first) && i < inventory->component_count; i++) {
		if (!span_equal(inventory->components[i].name, first->name) ||
		    !span_equal(inventory->components[i].ecosystem, first->ecosystem))
			break;
		r = mark_whole(packages, i, err);
	}
	return r;
}

static int
mark_dependencies(struct packages *packages, uint32_t component, struct err *err)
{
	const struct component *asking = &packages->planner->inventory->components[component];
	struct span rest = asking->depends;
	struct span alternatives;
	struct span name;

	while (relation_clause_next(asking->ecosystem, &rest, &alternatives)) {
		while (relation_name_next(asking->ecosystem, &alternatives, &name)) {
			uint32_t found = COMPONENT_NONE;
			int r = name.n ? find_package(packages, name, component, &found, err) : 0;

			if (r == 0 && found == COMPONENT_NONE)
				continue;
			if (r == 0)
				r = mark_alike(packages, found, err);
			if (r < 0)
				return r;
			break;
		}
	}
	return 0;
}

static int
keep_files(struct packages *packages, uint32_t component, uint32_t via, struct err *err)
{
	const struct component *c = &packages->planner->inventory->components[component];

	for (size_t i = 0; i < c->file_count; i++) {
		int r = planner_keep(packages->planner, c->files[i].entry, REASON_PACKAGE, via,
				     err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The file for which a package counts as used, or IMAGE_NONE. */
static uint32_t
used_file(const struct planner *planner, const struct component *component)
{
	for (size_t i = 0; i < component->file_count; i++) {
		uint32_t entry = component->files[i].entry;

		if (planner_keeps(planner, entry) && !planner_is_folder(planner, entry) &&
		    !commands_is_link(&planner->image->entries[entry]) &&
		    uses_package[planner->plan->entries[entry].reason])
			return entry;
	}
	return IMAGE_NONE;
}

static int
keep_used(struct packages *packages, bool *ret_any, struct err *err)
{
	const struct inventory *inventory = packages->planner->inventory;
	int r = 0;

	*ret_any = false;
	for (uint32_t i = 0; r == 0 && i < inventory->component_count; i++) {
		uint32_t via = packages->whole[i]
				       ? IMAGE_NONE
				       : used_file(packages->planner, &inventory->components[i]);

		if (via == IMAGE_NONE)
			continue;
		*ret_any = true;
		r = mark_whole(packages, i, err);
		while (r == 0 && packages->queue.count) {
			uint32_t at = packages->queue.items[--packages->queue.count];

			r = keep_files(packages, at, via, err);
			if (r == 0)
				r = mark_dependencies(packages, at, err);
		}
	}
	return r;
}

int
package_keep_whole(struct planner *planner, struct err *err)
{
	struct packages packages = {.planner = planner};
	bool any = true;

	if (planner->service->granularity != GRANULARITY_PACKAGE)
		return 0;
	packages.names = map_new(planner->inventory->component_count);
	packages.provides = map_new(0);
	packages.whole = calloc(planner->inventory->component_count + 1, sizeof(bool));

	int r = packages.names && packages.provides && packages.whole ? index_names(&packages, err)
								      : err_memory(err);
	/* What a whole package's programs need may lie in a further package. */
	while (r == 0 && any) {
		r = keep_used(&packages, &any, err);
		if (r == 0)
			r = closure_run(planner, err);
	}
	vec_free(&packages.queue);
	free(packages.whole);
	map_free(packages.provides);
	map_free(packages.names);
	return r;
}
