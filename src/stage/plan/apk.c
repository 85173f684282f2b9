/* SPDX-License-Identifier: Apache-2.0 */
/* An apk database cut down to what stays (apk-package(5), apk-world(5)). docs/removal.md */
#include "stage/plan/record.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/apk_installed.h"
#include "codec/relation.h"

#include <stdio.h>

struct apk_database {
	struct planner *planner;
	struct span path; /* "/lib/apk/db/installed" */
	struct span root; /* what its paths are below */
	struct apk_installed installed;
	struct map *stays; /* name of a package -> 1 when it stays on record, else 0 */
	struct map *named; /* every name that one of those answers to */
};

static void
close_database(struct apk_database *database)
{
	map_free(database->stays);
	map_free(database->named);
}

static bool
stays(const struct apk_database *database, struct span name)
{
	uint64_t value;

	/* A package the inventory does not have stays, so that nothing is hidden. */
	return !map_get(database->stays, name, &value) || value != 0;
}

static int
index_names(struct apk_database *database, const struct component *component, struct err *err)
{
	struct span rest = component->provides;
	struct span clause;
	struct span name;
	int r = map_put(database->named, component->name, 1, err);

	while (r == 0 && relation_clause_next(component->ecosystem, &rest, &clause)) {
		while (r == 0 && relation_name_next(component->ecosystem, &clause, &name))
			r = map_put(database->named, name, 1, err);
	}
	return r;
}

static int
index_components(struct apk_database *database, struct err *err)
{
	const struct planner *planner = database->planner;
	int r = 0;

	for (size_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];
		bool kept = planner->plan->components[i].fate == FATE_KEPT;
		uint64_t before = 0;

		if (!span_equal(component->database, database->path) ||
		    !span_equal(component->ecosystem, SPAN("apk")))
			continue;
		(void)map_get(database->stays, component->name, &before);
		r = map_put(database->stays, component->name, kept || before, err);
		if (r == 0 && kept)
			r = index_names(database, component, err);
	}
	return r;
}

static bool
keeps_item(const struct apk_database *database, const struct apk_item *item)
{
	const struct planner *planner = database->planner;
	const char *slash = item->folder.n > 0 && item->name.n > 0 ? "/" : "";
	char path[IMAGE_PATH_MAX + 1];
	int n = snprintf(path, sizeof(path), "%.*s/%.*s%s%.*s", SPAN_ARG(database->root),
			 SPAN_ARG(item->folder), slash, SPAN_ARG(item->name));

	if (n <= 0 || (size_t)n >= sizeof(path))
		return false;
	return planner_keeps(planner, image_resolve(planner->image, (struct span){path, (size_t)n},
						    false, NULL, NULL));
}

/*
 * A package's lines byte for byte, without the folders and files that are gone. The folder of a
 * file that stays is named in any case: where /usr is merged it is a link that may be gone.
 */
static int
write_package(struct apk_database *database, const struct apk_package *package, struct buf *out,
	      struct err *err)
{
	struct apk_cursor cursor = {package->record, {"", 0}};
	struct span folder = {"", 0}; /* not written yet */
	struct apk_item item;
	int r = 0;

	while (r == 0 && apk_item_next(&cursor, &item)) {
		if (item.kind == APK_FOLDER)
			folder = item.text;
		if (item.kind != APK_FIELD && !keeps_item(database, &item))
			continue;
		if (item.kind != APK_FIELD) {
			r = buf_append(out, folder, err);
			folder = SPAN("");
		}
		if (r == 0 && item.kind != APK_FOLDER)
			r = buf_append(out, item.text, err);
	}
	return r;
}

/* Ends a package as apk does. */
static int
end_package(struct span record, struct buf *out, struct err *err)
{
	bool ended = record.n > 0 && record.p[record.n - 1] == '\n';

	return buf_append(out, ended ? SPAN("\n") : SPAN("\n\n"), err);
}

/* In the order of the file; a package that cannot be read stays, so that nothing is hidden. */
static int
write_installed(struct apk_database *database, struct buf *out, struct err *err)
{
	const struct apk_installed *installed = &database->installed;
	size_t fault = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i <= installed->package_count; i++) {
		const struct apk_package *package = &installed->packages[i];
		bool last = i == installed->package_count;

		while (r == 0 && fault < installed->fault_count &&
		       (last || installed->faults[fault].first_line < package->first_line)) {
			struct span record = installed->faults[fault++].record;

			r = buf_append(out, record, err);
			if (r == 0)
				r = end_package(record, out, err);
		}
		if (r < 0 || last || !stays(database, package->name))
			continue;
		r = write_package(database, package, out, err);
		if (r == 0)
			r = end_package(package->record, out, err);
	}
	return r;
}

/* "Q1... /usr/share": by the checksum of the package that is told of changes there. */
static bool
keeps_trigger(const struct apk_database *database, struct span line)
{
	struct span checksum = span_slice(line, 0, span_find(line, ' '));

	for (size_t i = 0; i < database->installed.package_count; i++) {
		const struct apk_package *package = &database->installed.packages[i];

		if (span_equal(package->checksum, checksum))
			return stays(database, package->name);
	}
	return false;
}

/* "nginx>1.2@edge": what was asked for, as far as it stays; conflicts stay. */
static bool
keeps_wish(const struct apk_database *database, struct span line)
{
	struct span name;
	uint64_t value;

	if (!relation_name_next(SPAN("apk"), &line, &name))
		return false;
	name = span_slice(name, 0, span_find(name, '@'));
	return name.n == 0 || map_get(database->named, name, &value);
}

static int
write_lines(const struct apk_database *database, struct span old,
	    bool (*keeps)(const struct apk_database *database, struct span line), struct buf *out,
	    struct err *err)
{
	int r = 0;

	while (r == 0 && old.n) {
		struct span line = span_cut(&old, '\n');

		if (span_trim(line).n == 0 || !keeps(database, line))
			continue;
		r = buf_append(out, line, err);
		if (r == 0)
			r = buf_byte(out, '\n', err);
	}
	return r;
}

static int
open_database(struct planner *planner, struct span path, struct apk_database *ret, struct err *err)
{
	struct apk_database database = {
		.planner = planner,
		.path = path,
		.root = apk_database_root(path),
		.stays = map_new(planner->inventory->component_count),
		.named = map_new(0),
	};
	struct span text;
	int r = database.stays && database.named ? index_components(&database, err)
						 : err_memory(err);

	if (r == 0)
		r = record_load(planner, image_find(planner->image, path), &text, err);
	if (r == 0 && text.p)
		r = apk_installed_read(text, planner->arena, &database.installed, err);
	if (r < 0)
		close_database(&database);
	else
		*ret = database;
	return r;
}

/* Files of lines beside the database. */
static const struct {
	struct span path; /* below the root; empty: beside `installed` */
	struct span name;
	bool (*keeps)(const struct apk_database *database, struct span line);
} lists[] = {
	{SPAN_INIT(""), SPAN_INIT("triggers"), keeps_trigger},
	{SPAN_INIT("/etc/apk/"), SPAN_INIT("world"), keeps_wish},
};

static struct span
list_path(const struct apk_database *database, size_t i)
{
	struct span folder = span_slice(database->path, 0, span_find_last(database->path, '/') + 1);

	if (lists[i].path.n)
		return arena_printf(database->planner->arena, "%.*s%.*s%.*s",
				    SPAN_ARG(database->root), SPAN_ARG(lists[i].path),
				    SPAN_ARG(lists[i].name));
	return arena_printf(database->planner->arena, "%.*s%.*s", SPAN_ARG(folder),
			    SPAN_ARG(lists[i].name));
}

static int
rewrite_list(struct apk_database *database, size_t i, struct err *err)
{
	struct planner *planner = database->planner;
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(PACKAGE_DATABASE_MAX + 2);
	struct span path = list_path(database, i);
	struct span old;

	if (!path.p)
		return err_memory(err);
	uint32_t entry = image_resolve(planner->image, path, true, NULL, NULL);
	if (!planner_keeps(planner, entry))
		return 0;
	int r = record_load(planner, entry, &old, err);
	if (r < 0 || !old.p)
		return r;
	r = write_lines(database, old, lists[i].keeps, &out, err);
	return r < 0 ? r : record_put(planner, entry, buf_span(&out), err);
}

static int
rewrite_all(struct apk_database *database, struct err *err)
{
	struct planner *planner = database->planner;
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(PACKAGE_DATABASE_MAX + 2);
	uint32_t entry = image_find(planner->image, database->path);
	int r = 0;

	if (planner_keeps(planner, entry) && database->installed.packages) {
		r = write_installed(database, &out, err);
		if (r == 0)
			r = record_put(planner, entry, buf_span(&out), err);
	}
	for (size_t i = 0; r == 0 && i < sizeof(lists) / sizeof(lists[0]); i++)
		r = rewrite_list(database, i, err);
	return r;
}

int
apk_rewrite(struct planner *planner, struct span path, struct err *err)
{
	struct apk_database database;
	int r = open_database(planner, path, &database, err);

	if (r < 0)
		return r;
	r = rewrite_all(&database, err);
	close_database(&database);
	return r < 0 ? err_wrap(err, "%.*s", SPAN_ARG(path)) : 0;
}

/*
 * What apk itself wants to see. Scripts and triggers go: nothing that would run them is left.
 * Scanners tell the branch by the repositories.
 */
int
apk_keep(struct planner *planner, struct span path, struct err *err)
{
	static const struct span beside[] = {
		SPAN_INIT("/etc/apk/arch"),
		SPAN_INIT("/etc/apk/repositories"),
		SPAN_INIT("/etc/apk/world"),
	};
	struct span root = apk_database_root(path);
	int r = planner_keep_way(planner, path, REASON_METADATA, IMAGE_NONE, NULL, err);

	for (size_t i = 0; r == 0 && i < sizeof(beside) / sizeof(beside[0]); i++) {
		struct span full = arena_printf(planner->arena, "%.*s%.*s", SPAN_ARG(root),
						SPAN_ARG(beside[i]));

		r = full.p ? planner_keep_way(planner, full, REASON_METADATA, IMAGE_NONE, NULL, err)
			   : err_memory(err);
	}
	return r;
}
