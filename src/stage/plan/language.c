/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of languages' packages that are files of their own: kept with their component, and what
 * lists files or packages beside them cut down to what stays. docs/removal.md
 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json_cut.h"
#include "codec/python_record.h"
#include "codec/relation.h"
#include "stage/plan/record.h"

static bool
is_gem(const struct component *component)
{
	return span_equal(component->ecosystem, SPAN("gem"));
}

bool
language_is_own(const struct component *component)
{
	return is_gem(component) || span_equal(component->ecosystem, SPAN("npm")) ||
	       span_equal(component->ecosystem, SPAN("pypi"));
}

/* RubyGems reads every specification there is before it loads the first gem. */
int
language_mark(struct planner *planner, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];
		uint32_t entry = is_gem(component) ? image_find(planner->image, component->database)
						   : IMAGE_NONE;

		if (entry != IMAGE_NONE)
			planner->marks[entry] |= MARK_LISTED;
	}
	return 0;
}

/* ---- gems: what a gem that stays, or a lock file that was read, needs to be on record ---- */

struct gems {
	struct planner *planner;
	struct map *names; /* -> index of the first component of that name; others follow it */
};

/* All of that name that were looked at: one that nobody read was not asked for. */
static int
need_gem(struct gems *gems, struct span name, uint32_t via, struct err *err)
{
	struct planner *planner = gems->planner;
	const struct inventory *inventory = planner->inventory;
	uint64_t first;
	int r = 0;

	if (!map_get(gems->names, name, &first))
		return 0;
	for (size_t i = first; r == 0 && i < inventory->component_count; i++) {
		const struct component *component = &inventory->components[i];
		uint32_t entry = image_find(planner->image, component->database);

		if (!is_gem(component) || !span_equal(component->name, name))
			break;
		if (entry != IMAGE_NONE && (planner->use[entry] & USE_READ))
			r = planner_keep(planner, entry, REASON_METADATA, via, err);
	}
	return r;
}

static int
need_depends(struct gems *gems, size_t number, struct err *err)
{
	const struct component *component = &gems->planner->inventory->components[number];
	struct span rest = component->depends;
	struct span name;
	struct span clause;
	int r = 0;

	while (r == 0 && relation_clause_next(component->ecosystem, &rest, &clause)) {
		while (r == 0 && relation_name_next(component->ecosystem, &clause, &name))
			r = need_gem(gems, name, gems->planner->plan->components[number].because,
				     err);
	}
	return r;
}

/* Bundler starts with exactly what its lock file names: "    rack (3.0.8)". */
static int
need_locked(struct gems *gems, uint32_t entry, struct err *err)
{
	struct span rest;
	int r = record_load(gems->planner, entry, &rest, err);

	while (r == 0 && rest.p) {
		struct span line = span_cut(&rest, '\n');
		struct span name = span_trim(line);

		name.n = span_find(name, ' ');
		if (line.n && line.p[0] == ' ')
			r = need_gem(gems, name, entry, err);
	}
	return r;
}

static bool
is_lock(const struct planner *planner, uint32_t entry)
{
	struct span name = image_name(&planner->image->entries[entry]);

	return (planner->use[entry] & USE_READ) &&
	       (span_equal(name, SPAN("Gemfile.lock")) || span_equal(name, SPAN("gems.locked")));
}

static int
index_gems(struct gems *gems, struct err *err)
{
	const struct inventory *inventory = gems->planner->inventory;
	uint64_t known;
	int r = gems->names ? 0 : err_memory(err);

	for (size_t i = 0; r == 0 && i < inventory->component_count; i++) {
		if (is_gem(&inventory->components[i]) &&
		    !map_get(gems->names, inventory->components[i].name, &known))
			r = map_put(gems->names, inventory->components[i].name, i, err);
	}
	return r;
}

int
language_keep(struct planner *planner, struct err *err)
{
	CLEANUP(map_cleanup) struct map *names = map_new(0);
	struct gems gems = {planner, names};
	int r = index_gems(&gems, err);

	for (size_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		if (is_gem(&planner->inventory->components[i]) &&
		    planner->plan->components[i].fate == FATE_KEPT)
			r = need_depends(&gems, i, err);
	}
	for (uint32_t i = 0; r == 0 && map_count(names) && i < planner->image->entry_count; i++) {
		if (is_lock(planner, i))
			r = need_locked(&gems, i, err);
	}
	return r;
}

/* ---- Python: lists of files ---- */

/* Appends a line when what its path means, below a folder, stays. */
static int
cut_line(struct planner *planner, struct span folder, struct span path, struct span line,
	 struct buf *out, struct err *err)
{
	struct span full = path.n && path.p[0] == '/' ? path : planner_join(planner, folder, path);

	if (!full.p)
		return err_memory(err);
	if (path.n == 0 ||
	    !planner_keeps(planner, image_resolve(planner->image, full, false, NULL, NULL)))
		return 0;
	return buf_append(out, line, err);
}

static int
cut_record(struct planner *planner, struct span folder, struct span text, struct buf *out,
	   struct err *err)
{
	size_t slash = span_find_last(folder, '/');
	struct span site = span_slice(folder, 0, slash < folder.n ? slash : 0);
	struct python_record_line line;
	bool more = true;
	int r = 0;

	while (r == 0) {
		r = python_record_next(&text, planner->arena, &line, &more, err);
		if (r < 0 || !more)
			return r;
		r = cut_line(planner, site, line.path, line.text, out, err);
	}
	return r;
}

static int
cut_lines(struct planner *planner, struct span folder, struct span text, struct buf *out,
	  struct err *err)
{
	int r = 0;

	while (r == 0 && text.n) {
		size_t end = span_find(text, '\n');
		struct span line = span_slice(text, 0, end + (end < text.n));

		text = span_slice(text, line.n, text.n);
		r = cut_line(planner, folder, span_trim(line), line, out, err);
	}
	return r;
}

static const struct {
	struct span record; /* what the path of the record ends in */
	struct span list;   /* beside it */
	int (*cut)(struct planner *planner, struct span folder, struct span text, struct buf *out,
		   struct err *err);
} lists[] = {
	{SPAN_INIT(".dist-info/METADATA"), SPAN_INIT("RECORD"), cut_record},
	{SPAN_INIT(".egg-info/PKG-INFO"), SPAN_INIT("installed-files.txt"), cut_lines},
};

/* The folder of a record, and the list beside it; IMAGE_NONE: it is not one with this list. */
static int
find_list(struct planner *planner, const struct component *component, size_t list,
	  struct span *ret_folder, uint32_t *ret, struct err *err)
{
	*ret = IMAGE_NONE;
	if (!span_equal(component->ecosystem, SPAN("pypi")) ||
	    !span_ends_with(component->database, lists[list].record))
		return 0;
	*ret_folder = span_slice(component->database, 0, span_find_last(component->database, '/'));
	struct span path = planner_join(planner, *ret_folder, lists[list].list);
	if (!path.p)
		return err_memory(err);
	uint32_t entry = image_find(planner->image, path);
	if (entry != IMAGE_NONE && planner->image->entries[entry].type == IMAGE_FILE)
		*ret = entry;
	return 0;
}

int
language_keep_lists(struct planner *planner, const struct component *component, uint32_t via,
		    struct err *err)
{
	struct span folder;
	uint32_t entry;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(lists) / sizeof(lists[0]); i++) {
		r = find_list(planner, component, i, &folder, &entry, err);
		if (r == 0)
			r = planner_keep(planner, entry, REASON_METADATA, via, err);
	}
	return r;
}

static int
rewrite_list(struct planner *planner, const struct component *component, size_t list,
	     struct err *err)
{
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(PACKAGE_DATABASE_MAX + 2);
	struct err why = ERR_INIT;
	struct span folder = {"", 0};
	struct span text = {NULL, 0};
	uint32_t entry;

	int r = find_list(planner, component, list, &folder, &entry, err);
	if (r < 0 || !planner_keeps(planner, entry))
		return r;
	r = record_load(planner, entry, &text, err);
	if (r < 0 || !text.p)
		return r;
	r = lists[list].cut(planner, folder, text, &out, &why);
	if (r == -ERR_INVALID)
		return planner_gap(planner, planner->image->entries[entry].path, err,
				   "could not be understood, stays as it is: %s", why.text);
	if (r < 0) {
		*err = why;
		return r;
	}
	return record_put(planner, entry, buf_span(&out), err);
}

/* ---- Node: what npm knows to be installed ---- */

struct tree {
	struct planner *planner;
	struct map *gone;   /* path of a package.json whose component is off the record */
	struct span folder; /* that holds the node_modules */
};

static int
keeps_member(void *context, struct span key, struct span value, bool *ret_keeps, struct err *err)
{
	const struct tree *tree = context;
	uint64_t known;
	struct span path = arena_printf(tree->planner->arena, "%.*s/%.*s/package.json",
					SPAN_ARG(tree->folder), SPAN_ARG(key));

	(void)value;
	if (!path.p)
		return err_memory(err);
	*ret_keeps = !map_get(tree->gone, path, &known);
	return 0;
}

/* FOLDER/node_modules/.package-lock.json. */
static int
rewrite_tree(struct planner *planner, struct map *gone, uint32_t entry, struct err *err)
{
	static const struct span place = SPAN_INIT("/node_modules/.package-lock.json");
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(PACKAGE_DATABASE_MAX + 2);
	struct span path = planner->image->entries[entry].path;
	struct tree tree = {planner, gone, span_slice(path, 0, path.n - place.n)};
	struct err why = ERR_INIT;
	struct span text;
	int r = record_load(planner, entry, &text, err);

	if (r < 0 || !text.p)
		return r;
	r = json_cut(text, SPAN("packages"), keeps_member, &tree, &out, &why);
	if (r == -ERR_INVALID || r == -ERR_LIMIT)
		return planner_gap(planner, path, err,
				   "could not be understood, stays as it is: %s", why.text);
	if (r < 0) {
		*err = why;
		return r;
	}
	return record_put(planner, entry, buf_span(&out), err);
}

static int
rewrite_trees(struct planner *planner, struct err *err)
{
	CLEANUP(map_cleanup) struct map *gone = map_new(0);
	int r = gone ? 0 : err_memory(err);

	for (size_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];

		if (span_equal(component->ecosystem, SPAN("npm")) &&
		    planner->plan->components[i].fate != FATE_KEPT)
			r = map_put(gone, component->database, 1, err);
	}
	for (uint32_t i = 0; r == 0 && map_count(gone) && i < planner->image->entry_count; i++) {
		if (planner_keeps(planner, i) &&
		    span_ends_with(planner->image->entries[i].path,
				   SPAN("/node_modules/.package-lock.json")))
			r = rewrite_tree(planner, gone, i, err);
	}
	return r;
}

int
language_rewrite(struct planner *planner, struct err *err)
{
	int r = rewrite_trees(planner, err);

	for (size_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];

		for (size_t k = 0; r == 0 && k < sizeof(lists) / sizeof(lists[0]) &&
				   planner->plan->components[i].fate == FATE_KEPT;
		     k++)
			r = rewrite_list(planner, component, k, err);
	}
	return r;
}
