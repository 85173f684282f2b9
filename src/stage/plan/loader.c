/* SPDX-License-Identifier: Apache-2.0 */
/* What ELF files bring in: their loader, the libraries they need, what the C library loads. */
#include "stage/plan/loader.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <elf.h>
void
loader_free(struct loader *loader)
{
	if (!loader)
		return;
	free(loader->objects);
	map_free(loader->cache_names);
	vec_free(&loader->directories);
	vec_free(&loader->missing);
	free(loader);
}

static void
loader_cleanup(struct loader **loader)
{
	loader_free(*loader);
	*loader = NULL;
}

int
loader_new(struct planner *planner, struct loader **ret, struct err *err)
{
	CLEANUP(loader_cleanup) struct loader *loader = calloc(1, sizeof(*loader));

	if (!loader)
		return err_memory(err);
	loader->objects = calloc(planner->image->entry_count + 1, sizeof(struct object *));
	loader->cache_names = map_new(0);
	if (!loader->objects || !loader->cache_names)
		return err_memory(err);

	int r = loader_read_configuration(planner, loader, err);
	if (r == 0)
		*ret = TAKE(loader);
	return r;
}

static bool
copy_info(struct arena *arena, const struct elf_info *from, struct elf_info *to)
{
	*to = *from;
	to->interpreter = arena_copy(arena, from->interpreter);
	to->soname = arena_copy(arena, from->soname);
	to->rpath = arena_copy(arena, from->rpath);
	to->runpath = arena_copy(arena, from->runpath);
	to->build_id = (struct span){"", 0};
	to->needed.items = arena_array(arena, from->needed.count, sizeof(struct span));
	if (!to->needed.items || !to->interpreter.p || !to->soname.p || !to->rpath.p ||
	    !to->runpath.p)
		return false;
	for (size_t i = 0; i < from->needed.count; i++) {
		to->needed.items[i] = arena_copy(arena, from->needed.items[i]);
		if (!to->needed.items[i].p)
			return false;
	}
	return true;
}

/* Imports that say what the C library will load at run time. */
static bool
note_import(void *context, const struct elf_symbol *symbol)
{
	static const struct span names[] = {
		SPAN_INIT("getpw"),	SPAN_INIT("getgr"),	  SPAN_INIT("getaddrinfo"),
		SPAN_INIT("gethostby"), SPAN_INIT("getnameinfo"), SPAN_INIT("initgroups"),
		SPAN_INIT("getservby"), SPAN_INIT("getprotoby"),  SPAN_INIT("getspnam"),
	};
	struct object *object = context;

	if (symbol->defined || !symbol->dynamic)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		object->asks_names |= span_starts_with(symbol->name, names[i]);
	object->ends_threads |= span_equal(symbol->name, SPAN("pthread_cancel")) ||
				span_equal(symbol->name, SPAN("pthread_exit"));
	return true;
}

static int
read_object(struct planner *planner, uint32_t entry, struct object *object, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(2 * ELF_FILE_MAX);
	struct elf_info info;
	struct span file;
	int r = arena ? contents_load(planner->contents, planner->image, entry, ELF_FILE_MAX, arena,
				      &file, err)
		      : err_memory(err);

	if (r == 0)
		r = elf_read(file, arena, &info, err);
	if (r == 0 && !copy_info(planner->arena, &info, &object->info))
		r = err_memory(err);
	if (r == 0)
		r = elf_symbols(file, note_import, object, err);
	return r;
}

int
loader_object(struct planner *planner, uint32_t entry, struct object **ret, struct err *err)
{
	struct object **slot = &planner->loader->objects[entry];
	enum file_kind kind;
	int r = planner_kind(planner, entry, &kind, err);

	if (r < 0)
		return r;
	if (!*slot) {
		struct err problem = ERR_INIT;

		*slot = arena_alloc(planner->arena, sizeof(**slot));
		if (!*slot)
			return err_memory(err);
		(*slot)->parent = IMAGE_NONE;
		(*slot)->good = kind == KIND_ELF;
		if (kind == KIND_ELF && read_object(planner, entry, *slot, &problem) < 0) {
			(*slot)->good = false;
			if (problem.kind == ERR_MEMORY)
				return err_memory(err);
			r = planner_gap(planner, planner->image->entries[entry].path, err,
					"what it loads is not known: %s", problem.text);
		}
	}
	*ret = (*slot)->good ? *slot : NULL;
	return r;
}

static int
keep_library(struct planner *planner, uint32_t holder, struct span name, bool must, struct err *err)
{
	struct search search = {.planner = planner,
				.wanting = planner->loader->objects[holder],
				.name = name,
				.entry = IMAGE_NONE};
	int r = loader_search(&search, holder, err);

	if (r < 0)
		return r;
	if (search.entry == IMAGE_NONE) {
		struct missing missing = {holder, name};

		return must ? vec_push(&planner->loader->missing, &missing, PLAN_GAPS_MAX, err) : 0;
	}

	struct object *object = planner->loader->objects[search.entry];
	if (object->parent == IMAGE_NONE && search.entry != holder) {
		object->parent = holder;
		object->found_in = search.directory;
	}
	return planner_keep_way(planner, search.found, REASON_NEEDED, holder, NULL, err);
}

static int
keep_interpreter(struct planner *planner, uint32_t entry, struct span path, struct err *err)
{
	static const struct span configuration[] = {SPAN_INIT("/etc/ld.so.cache"),
						    SPAN_INIT("/etc/ld.so.preload")};
	uint32_t interpreter = IMAGE_NONE;
	int r = planner_keep_way(planner, path, REASON_INTERPRETER, entry, &interpreter, err);

	if (r == 0 && interpreter == IMAGE_NONE)
		return planner_gap(planner, planner->image->entries[entry].path, err,
				   "its loader %.*s is not in the image: it cannot start",
				   SPAN_ARG(path));
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = planner_keep_way(planner, configuration[i], REASON_LOADER, interpreter, NULL,
				     err);
	for (size_t i = 0; r == 0 && i < planner->loader->musl_count; i++)
		r = planner_keep(planner, planner->loader->musl_files[i], REASON_LOADER,
				 interpreter, err);
	return r;
}

int
loader_apply(struct planner *planner, uint32_t entry, struct err *err)
{
	struct object *object = NULL;
	int r = loader_object(planner, entry, &object, err);

	if (r < 0 || !object)
		return r;
	planner->names_used |= object->asks_names;
	if (object->info.interpreter.n && object->info.type != ET_REL)
		r = keep_interpreter(planner, entry, object->info.interpreter, err);
	for (size_t i = 0; r == 0 && i < object->info.needed.count; i++)
		r = keep_library(planner, entry, object->info.needed.items[i], true, err);

	/* glibc loads it by name to unwind a thread that ends; without it the process aborts. */
	if (r == 0 && object->ends_threads)
		r = keep_library(planner, entry, SPAN("libgcc_s.so.1"), false, err);
	return r;
}

uint32_t
loader_find(struct planner *planner, struct span name, struct err *err)
{
	struct search search = {.planner = planner, .name = name, .entry = IMAGE_NONE};

	return loader_search(&search, IMAGE_NONE, err) < 0 ? IMAGE_NONE : search.entry;
}

static int
preload_list(struct planner *planner, struct span list, struct err *err)
{
	int r = 0;

	while (r == 0 && list.n) {
		size_t at = 0;

		while (at < list.n && !strchr(": \t\r\n", list.p[at]))
			at++;

		struct search search = {
			.planner = planner, .name = span_slice(list, 0, at), .entry = IMAGE_NONE};
		if (at)
			r = loader_search(&search, IMAGE_NONE, err);
		if (r == 0 && search.entry != IMAGE_NONE)
			r = planner_keep_way(planner, search.found, REASON_NEEDED, IMAGE_NONE, NULL,
					     err);
		list = span_slice(list, at < list.n ? at + 1 : at, list.n);
	}
	return r;
}

int
loader_preload(struct planner *planner, struct err *err)
{
	int r = preload_list(planner,
			     image_environment(&planner->image->config, SPAN("LD_PRELOAD")), err);

	return r < 0 ? r : preload_list(planner, planner->loader->preload, err);
}

/* Names of everything kept that could be loaded already when it is asked for: file and soname. */
static int
collect_names(struct planner *planner, struct map *names, struct err *err)
{
	for (uint32_t i = 0; i < planner->image->entry_count; i++) {
		const struct object *object = planner->loader->objects[i];
		int r = 0;

		if (!planner_keeps(planner, i))
			continue;
		r = map_put(names, image_name(&planner->image->entries[i]), i, err);
		if (r == 0 && object && object->good && object->info.soname.n)
			r = map_put(names, object->info.soname, i, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int
loader_report(struct planner *planner, struct err *err)
{
	CLEANUP(map_cleanup) struct map *names = map_new(0);
	uint64_t known;
	int r = names ? collect_names(planner, names, err) : err_memory(err);

	for (size_t i = 0; r == 0 && i < planner->loader->missing.count; i++) {
		const struct missing *missing = &planner->loader->missing.items[i];

		if (!map_get(names, missing->name, &known))
			r = planner_gap(planner, planner->image->entries[missing->holder].path, err,
					"needs %.*s, which is nowhere the loader would look in "
					"this image",
					SPAN_ARG(missing->name));
	}
	return r;
}
