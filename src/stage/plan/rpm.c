/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An rpm database cut down to what stays. A package that is partly there says so of its files, as
 * rpm does when it leaves some out; the rest of its header is what was signed. docs/removal.md
 */
#include "stage/plan/record.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/rpm_database.h"
#include "codec/rpm_header.h"

#include <stdio.h>

struct rpm_cut {
	struct planner *planner;
	struct span path; /* "/var/lib/rpm/rpmdb.sqlite" */
	struct span root; /* what the paths of its packages are below */
	const struct rpm_backend *backend;
	struct span file;
	struct span log;
	struct map *fates; /* key of a package -> 1 when it stays on record, else 0 */
	VEC(struct rpm_record) records;
};

static void
cut_cleanup(struct rpm_cut *cut)
{
	map_free(cut->fates);
	vec_free(&cut->records);
}

/* What a component and a package of the same name, version and architecture have in common. */
static struct span
key_of(struct arena *arena, struct span name, struct span version, struct span architecture)
{
	return arena_printf(arena, "%.*s\n%.*s\n%.*s", SPAN_ARG(name), SPAN_ARG(version),
			    SPAN_ARG(architecture));
}

static int
index_components(struct rpm_cut *cut, struct err *err)
{
	const struct planner *planner = cut->planner;
	int r = 0;

	for (size_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];
		uint64_t before = 0;

		if (!span_equal(component->ecosystem, SPAN("rpm")) ||
		    !span_equal(component->database, cut->path))
			continue;
		struct span key = key_of(planner->arena, component->name, component->version,
					 component->architecture);
		if (!key.p)
			return err_memory(err);
		(void)map_get(cut->fates, key, &before);
		r = map_put(cut->fates, key,
			    planner->plan->components[i].fate == FATE_KEPT || before, err);
	}
	return r;
}

/* A package the inventory does not have (a key that rpm trusts) stays, so that nothing is hidden.
 */
static int
stays(const struct rpm_cut *cut, const struct rpm_package *package, bool *ret, struct err *err)
{
	struct arena *arena = cut->planner->arena;
	struct span version =
		rpm_version(package->epoch, package->version, package->release, arena);
	struct span key =
		version.p ? key_of(arena, package->name, version, package->architecture) : version;
	uint64_t fate = 1;

	if (!key.p)
		return err_memory(err);
	(void)map_get(cut->fates, key, &fate);
	*ret = fate != 0;
	return 0;
}

static bool
is_there(const struct rpm_cut *cut, const struct rpm_file *file)
{
	char path[IMAGE_PATH_MAX + 1];
	int n = snprintf(path, sizeof(path), "%.*s%.*s%.*s", SPAN_ARG(cut->root),
			 SPAN_ARG(file->folder), SPAN_ARG(file->name));

	if (n <= 0 || (size_t)n >= sizeof(path))
		return false;
	return planner_keeps(cut->planner,
			     image_resolve(cut->planner->image, (struct span){path, (size_t)n},
					   false, NULL, NULL));
}

/* The header of a package that stays: as it is where all of its files do. */
static int
write_header(struct rpm_cut *cut, const struct rpm_package *package, struct span *ret,
	     struct err *err)
{
	struct rpm_file_cursor cursor = RPM_FILE_CURSOR(package);
	CLEANUP(free_cleanup) uint8_t *states = malloc((size_t)package->file_count + 1);
	struct err problem = ERR_INIT;
	bool changed = false;
	struct rpm_file file;
	size_t n = 0;

	if (!states)
		return err_memory(err);
	while (rpm_file_next(package, &cursor, &file)) {
		states[n] = (uint8_t)file.state;
		if (!is_there(cut, &file) && file.state != RPM_STATE_NOT_INSTALLED) {
			states[n] = RPM_STATE_NOT_INSTALLED;
			changed = true;
		}
		n++;
	}
	if (!changed)
		return 0;
	int r = rpm_package_with_states(package, states, cut->planner->arena, ret, &problem);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	return r == 0 ? 0
		      : planner_gap(cut->planner, package->name, err,
				    "its record lists files that are gone: %s", problem.text);
}

static int
take_record(struct rpm_cut *cut, const struct rpm_record *from, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct rpm_record record = *from;
	struct rpm_package package;
	struct err problem = ERR_INIT;
	bool kept = true;
	int r = arena ? rpm_package_read(from->header, arena, &package, &problem) : -ERR_MEMORY;

	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r == 0)
		r = stays(cut, &package, &kept, err);
	else
		r = planner_gap(cut->planner, cut->path, err,
				"package %u is malformed and stays on record: %s", from->number,
				problem.text);
	if (r == 0 && kept && problem.kind == ERR_NONE)
		r = write_header(cut, &package, &record.header, err);
	return r < 0 || !kept ? r : vec_push(&cut->records, &record, PACKAGES_MAX, err);
}

/* The content of a file that stays or not; .p NULL when it is not there or, with a gap, unread. */
static int
load(const struct rpm_cut *cut, struct span path, struct span *ret, struct err *err)
{
	struct planner *planner = cut->planner;
	uint32_t entry = image_resolve(planner->image, path, true, NULL, NULL);
	struct err problem = ERR_INIT;

	*ret = (struct span){NULL, 0};
	if (entry == IMAGE_NONE || planner->image->entries[entry].type != IMAGE_FILE)
		return 0;
	if (contents_load(planner->contents, planner->image, entry, RPM_DATABASE_MAX,
			  planner->arena, ret, &problem) < 0)
		return planner_gap(planner, path, err, "could not be read, stays as it is: %s",
				   problem.text);
	return 0;
}

/* Of what is written beside the database: nothing that was in it is to be taken for newer. */
static int
empty_log(struct rpm_cut *cut, struct span path, struct err *err)
{
	uint32_t entry = image_resolve(cut->planner->image, path, true, NULL, NULL);

	if (cut->backend->log.n == 0 || !planner_keeps(cut->planner, entry))
		return 0;
	return record_put(cut->planner, entry, SPAN(""), err);
}

static int
write_file(struct rpm_cut *cut, struct span log_path, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(2 * RPM_DATABASE_MAX);
	int r = cut->backend->cut(cut->file, cut->log, cut->records.items, cut->records.count, &out,
				  err);

	if (r == 0)
		r = record_put(cut->planner, image_find(cut->planner->image, cut->path),
			       buf_span(&out), err);
	return r < 0 ? r : empty_log(cut, log_path, err);
}

/* What cannot be read could be hidden by a new file: then the old one stays, and a gap says so. */
static int
cut_database(struct rpm_cut *cut, struct err *err)
{
	struct planner *planner = cut->planner;
	struct span log_path = arena_printf(planner->arena, "%.*s%.*s", SPAN_ARG(cut->path),
					    SPAN_ARG(cut->backend->log));
	struct rpm_database database = {0};
	struct err problem = ERR_INIT;
	int r = log_path.p ? load(cut, cut->path, &cut->file, err) : err_memory(err);

	if (r < 0 || !cut->file.p)
		return r;
	if (cut->backend->log.n)
		r = load(cut, log_path, &cut->log, err);
	if (r < 0)
		return r;
	if (!cut->log.p)
		cut->log = SPAN("");
	r = cut->backend->read(cut->file, cut->log, planner->arena, &database, &problem);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r == 0 && database.fault_count)
		r = err_set(&problem, ERR_INVALID, "%.*s", SPAN_ARG(database.faults[0].text));
	if (r < 0)
		return planner_gap(planner, cut->path, err, "stays as it is: %s", problem.text);
	for (size_t i = 0; r == 0 && i < database.record_count; i++)
		r = take_record(cut, &database.records[i], err);
	return r < 0 ? r : write_file(cut, log_path, err);
}

/* The way rpm comes to this file by place i below a root, empty when it does not: one of its
 * folders may be a link to another. */
static int
way_by(struct planner *planner, uint32_t entry, struct span root, size_t i, struct span *ret,
       struct err *err)
{
	struct span name = image_name(&planner->image->entries[entry]);
	struct span way = arena_printf(planner->arena, "%.*s%.*s/%.*s", SPAN_ARG(root),
				       SPAN_ARG(rpm_places[i]), SPAN_ARG(name));
	bool leads = way.p && image_resolve(planner->image, way, true, NULL, NULL) == entry;

	*ret = leads ? way : SPAN("");
	return way.p ? 0 : err_memory(err);
}

/* What the paths of its packages are below: nothing where rpm itself would find it. */
static int
find_root(struct planner *planner, struct span path, struct span *ret, struct err *err)
{
	uint32_t entry = image_find(planner->image, path);
	struct span root = SPAN("");
	struct span way = SPAN("");
	int r = 0;

	for (size_t i = 0; r == 0 && way.n == 0 && i < rpm_place_count; i++)
		r = way_by(planner, entry, SPAN(""), i, &way, err);
	if (r == 0 && way.n == 0)
		(void)rpm_is_database(path, &root);
	*ret = root;
	return r;
}

int
rpm_rewrite(struct planner *planner, struct span path, struct err *err)
{
	uint32_t entry = image_find(planner->image, path);
	CLEANUP(cut_cleanup) struct rpm_cut cut = {.planner = planner, .path = path};

	if (!planner_keeps(planner, entry))
		return 0;
	cut.backend = rpm_backend_find(image_name(&planner->image->entries[entry]));
	cut.fates = map_new(planner->inventory->component_count);
	int r = cut.fates ? index_components(&cut, err) : err_memory(err);
	if (r == 0)
		r = find_root(planner, path, &cut.root, err);
	if (r == 0)
		r = cut_database(&cut, err);
	return r < 0 ? err_wrap(err, "%.*s", SPAN_ARG(path)) : 0;
}

static int
keep_ways(struct planner *planner, struct span path, struct err *err)
{
	uint32_t entry = image_find(planner->image, path);
	struct span root = SPAN("");
	int r = planner_keep_way(planner, path, REASON_METADATA, IMAGE_NONE, NULL, err);

	if (r == 0)
		r = find_root(planner, path, &root, err);
	for (size_t i = 0; r == 0 && i < rpm_place_count; i++) {
		struct span way;

		r = way_by(planner, entry, root, i, &way, err);
		if (r == 0 && way.n)
			r = planner_keep_way(planner, way, REASON_METADATA, IMAGE_NONE, NULL, err);
	}
	return r;
}

/*
 * The logs and indexes beside it go: rpm makes them anew. Scanners tell by what Red Hat puts beside
 * the packages of its images which repositories these are from.
 */
int
rpm_keep(struct planner *planner, struct span path, struct err *err)
{
	static const struct span beside[] = {
		SPAN_INIT("/root/buildinfo/content_manifests"),
		SPAN_INIT("/usr/share/buildinfo"),
	};
	int r = keep_ways(planner, path, err);

	for (size_t i = 0; r == 0 && i < sizeof(beside) / sizeof(beside[0]); i++) {
		uint32_t entry = image_resolve(planner->image, beside[i], true, NULL, NULL);

		if (entry != IMAGE_NONE)
			r = planner_keep_tree(planner, entry, REASON_METADATA, IMAGE_NONE, err);
	}
	return r;
}
