/* SPDX-License-Identifier: Apache-2.0 */
/* What .NET applications and frameworks are made of: NAME.deps.json, also inside a program. */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/dotnet_bundle.h"
#include "codec/dotnet_deps.h"
#include "stage/inventory/programs.h"

static const struct span suffix = SPAN_INIT(".deps.json");

/* The document that is read, and the folder its files lie below. */
struct dotnet {
	struct reading *reading;
	struct span path;
	struct span folder;
	struct language_files files;
};

static int
collect_files(struct dotnet *dotnet, const struct dotnet_library *library, struct err *err)
{
	struct reading *reading = dotnet->reading;

	for (size_t i = 0; i < library->files.count; i++) {
		struct span path =
			arena_printf(reading->arena, "%.*s/%.*s", SPAN_ARG(dotnet->folder),
				     SPAN_ARG(library->files.items[i]));
		uint32_t entry = IMAGE_NONE;

		if (!path.p)
			return err_memory(err);
		int r = reading_entry(reading, SPAN(""), path, &entry, err);
		if (r >= 0)
			r = language_file(&dotnet->files, path, entry, NULL, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What has no file of its own is a name for others, or was needed to build alone. */
static bool
is_there(const struct dotnet_library *library)
{
	return (library->kind == DOTNET_PACKAGE || library->kind == DOTNET_RUNTIME) &&
	       library->files.count > 0;
}

static int
add_library(struct dotnet *dotnet, const struct dotnet_library *library, struct err *err)
{
	struct component component = {
		.ecosystem = SPAN("nuget"),
		.name = library->name,
		.version = library->version,
		.database = dotnet->path,
		.record = SPAN(""),
	};

	if (!is_there(library))
		return 0;
	int r = collect_files(dotnet, library, err);
	if (r >= 0)
		r = language_take(&dotnet->files, &component, err);
	return r < 0 ? r : language_add(dotnet->reading, &component, NULL, 0, err);
}

static void
dotnet_cleanup(struct dotnet *dotnet)
{
	language_files_cleanup(&dotnet->files);
}

static int
read_document(struct reading *reading, uint32_t entry, struct err *err)
{
	struct span path = reading->image->entries[entry].path;
	CLEANUP(dotnet_cleanup)
	struct dotnet dotnet = {reading, path, language_folder(path), {.reading = reading}};
	struct dotnet_deps deps;
	struct span text;
	struct err why = ERR_INIT;
	bool good = false;
	int r = reading_load(reading, entry, path, PACKAGE_DATABASE_MAX, &text, &good, err);

	if (r < 0 || !good)
		return r;
	if (dotnet_deps_read(text, reading->arena, &deps, &why) < 0)
		return why.kind == ERR_MEMORY
			       ? err_memory(err)
			       : reading_gap(reading, err, path, "cannot be read: %s", why.text);
	for (size_t i = 0; r >= 0 && i < deps.count; i++)
		r = add_library(&dotnet, &deps.libraries[i], err);
	return r;
}

int
dotnet_read(struct reading *reading, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < reading->image->entry_count; i++) {
		const struct image_entry *entry = &reading->image->entries[i];
		bool owned = false;

		if (entry->type != IMAGE_FILE || !span_ends_with(entry->path, suffix))
			continue;
		r = language_is_owned(reading, i, &owned, err);
		if (r >= 0 && !owned)
			r = read_document(reading, i, err);
	}
	return r;
}

int
dotnet_program(struct reading *reading, const struct program *program, struct err *err)
{
	struct dotnet_deps deps = {.count = 0};
	struct span text;
	struct err why = ERR_INIT;
	int r = dotnet_bundle_deps(program->bytes, reading->arena, &text, &why);

	if (r == 0)
		r = dotnet_deps_read(text, reading->arena, &deps, &why);
	if (r < 0)
		return program_failed(reading, program, &why, err);
	for (size_t i = 0; r >= 0 && i < deps.count; i++) {
		struct component component = program_component(program, SPAN("nuget"));

		component.name = deps.libraries[i].name;
		component.version = deps.libraries[i].version;
		if (is_there(&deps.libraries[i]))
			r = language_add(reading, &component, NULL, 0, err);
	}
	return r;
}
