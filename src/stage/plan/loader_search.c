/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which library the dynamic loader would take for a DT_NEEDED inside the image: ld.so(8) of glibc
 * ("DESCRIPTION", the order of the search) and, in the same list, what musl looks through.
 */
#include "stage/plan/loader.h"

#include "base/limits.h"

#include <elf.h>
#include <stdio.h>

static const struct machine {
	uint16_t machine;
	uint8_t bits;
	const char *triplet;
	const char *platform; /* $PLATFORM */
} machines[] = {
	{EM_X86_64, 64, "x86_64-linux-gnu", "x86_64"},
	{EM_386, 32, "i386-linux-gnu", "i686"},
	{EM_AARCH64, 64, "aarch64-linux-gnu", "aarch64"},
	{EM_ARM, 32, "arm-linux-gnueabihf", "v7l"},
	{EM_PPC64, 64, "powerpc64le-linux-gnu", "power8"},
	{EM_S390, 64, "s390x-linux-gnu", "z900"},
	{EM_RISCV, 64, "riscv64-linux-gnu", "riscv64"},
};

/* Folders the loaders of distributions look through by themselves. */
static const struct folder {
	const char *path;
	bool multiarch; /* with the machine's triplet below */
} default_folders[] = {
	{"/lib", true},	 {"/usr/lib", true},  {"/lib64", false},	 {"/usr/lib64", false},
	{"/lib", false}, {"/usr/lib", false}, {"/usr/local/lib", false},
};

/* Values $LIB has in distributions. */
static const struct folder lib_values[] = {{"lib", true}, {"lib64", false}, {"lib", false}};

enum { FOLDER_TEXT = 64 };

static const struct machine *
machine_of(const struct object *object)
{
	const struct elf_info *info = object ? &object->info : NULL;

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (info && machines[i].machine == info->machine && machines[i].bits == info->bits)
			return &machines[i];
	}
	return &machines[0];
}

static struct span
folder_text(const struct folder *folder, const struct machine *machine, char text[FOLDER_TEXT])
{
	int n = snprintf(text, FOLDER_TEXT, "%s%s%s", folder->path, folder->multiarch ? "/" : "",
			 folder->multiarch ? machine->triplet : "");

	return (struct span){text, (size_t)n};
}

static int
try_path(struct search *search, struct span path, struct err *err)
{
	struct object *object = NULL;
	uint32_t entry = path.n <= IMAGE_PATH_MAX
				 ? image_resolve(search->planner->image, path, true, NULL, NULL)
				 : IMAGE_NONE;

	if (entry == IMAGE_NONE || search->planner->image->entries[entry].type != IMAGE_FILE)
		return 0;

	int r = loader_object(search->planner, entry, &object, err);
	if (r < 0 || !object)
		return r;
	if (search->wanting && (object->info.machine != search->wanting->info.machine ||
				object->info.bits != search->wanting->info.bits))
		return 0;
	search->found = arena_copy(search->planner->arena, path);
	search->entry = entry;
	return search->found.p ? 0 : err_memory(err);
}

static int
try_directory(struct search *search, struct span directory, struct err *err)
{
	char path[IMAGE_PATH_MAX + 1];
	size_t n = directory.n + 1 + search->name.n;

	if (search->entry != IMAGE_NONE || directory.n == 0 || n > IMAGE_PATH_MAX)
		return 0;
	memcpy(path, directory.p, directory.n);
	path[directory.n] = '/';
	memcpy(path + directory.n + 1, search->name.p, search->name.n);

	int r = try_path(search, (struct span){path, n}, err);
	if (r == 0 && search->entry != IMAGE_NONE)
		search->directory = span_slice(search->found, 0, directory.n);
	return r;
}

/* DIRECTORY/glibc-hwcaps/ANY/NAME, for a library that exists for some processors only. */
static int
try_hwcaps(struct search *search, struct span directory, struct err *err)
{
	static const struct span below = SPAN_INIT("/glibc-hwcaps");
	const struct image_entry *entries = search->planner->image->entries;
	char path[IMAGE_PATH_MAX + 1];
	int r = 0;

	if (search->entry != IMAGE_NONE || directory.n + below.n > IMAGE_PATH_MAX)
		return 0;
	memcpy(path, directory.p, directory.n);
	memcpy(path + directory.n, below.p, below.n);

	uint32_t top = image_resolve(search->planner->image,
				     (struct span){path, directory.n + below.n}, true, NULL, NULL);
	if (top == IMAGE_NONE)
		return 0;
	for (uint32_t i = entries[top].first_child; r == 0 && i != IMAGE_NONE;
	     i = entries[i].next_sibling)
		r = try_directory(search, entries[i].path, err);
	return r;
}

struct token {
	struct span name;
	struct span value;
};

/* The token that stands at text.p[0] == '$', braces allowed; NULL when none does. */
static const struct token *
token_at(struct span text, const struct token *tokens, size_t count, size_t *ret_skip)
{
	bool brace = text.n > 1 && text.p[1] == '{';
	struct span word = span_slice(text, brace ? 2 : 1, text.n);

	for (size_t i = 0; i < count; i++) {
		size_t n = tokens[i].name.n;

		if (!span_starts_with(word, tokens[i].name) ||
		    (brace && (word.n == n || word.p[n] != '}')))
			continue;
		*ret_skip = n + (brace ? 3 : 1);
		return &tokens[i];
	}
	return NULL;
}

/* Into `out` (IMAGE_PATH_MAX bytes); empty when it gets too long. ld.so(8), "Dynamic string
 * tokens".
 */
static struct span
expand(char *out, struct span text, const struct token *tokens, size_t count)
{
	size_t n = 0;

	while (text.n) {
		size_t skip = 1;
		struct span part = span_slice(text, 0, 1);
		const struct token *token =
			part.p[0] == '$' ? token_at(text, tokens, count, &skip) : NULL;

		if (token)
			part = token->value;
		if (n + part.n > IMAGE_PATH_MAX)
			return (struct span){"", 0};
		if (part.n)
			memcpy(out + n, part.p, part.n);
		n += part.n;
		text = span_slice(text, skip, text.n);
	}
	return (struct span){out, n};
}

static struct span
directory_of(struct span path)
{
	size_t slash = span_find_last(path, '/');

	return slash == 0 || slash == path.n ? SPAN("/") : span_slice(path, 0, slash);
}

/* One element of a search path for one value of $ORIGIN, with every value $LIB can take. */
static int
try_origin(struct search *search, struct span element, struct span origin,
	   const struct machine *machine, struct err *err)
{
	char out[IMAGE_PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(lib_values) / sizeof(lib_values[0]); i++) {
		char lib[FOLDER_TEXT];
		struct token tokens[] = {
			{SPAN("ORIGIN"), origin},
			{SPAN("LIB"), folder_text(&lib_values[i], machine, lib)},
			{SPAN("PLATFORM"), span_from(machine->platform)},
		};
		struct span directory =
			expand(out, element, tokens, sizeof(tokens) / sizeof(tokens[0]));

		r = try_directory(search, directory, err);
		if (r == 0)
			r = try_hwcaps(search, directory, err);
		if (search->entry != IMAGE_NONE || !span_contains(element, SPAN("LIB")))
			break;
	}
	return r;
}

static int
try_element(struct search *search, struct span element, uint32_t holder, struct err *err)
{
	struct planner *planner = search->planner;
	const struct object *object = planner->loader->objects[holder];
	const struct machine *machine = machine_of(object);

	if (element.n > IMAGE_PATH_MAX)
		return 0;
	if (element.n == 0 || (element.p[0] != '/' && element.p[0] != '$'))
		element = planner_join(planner, planner_directory(planner), element);
	if (!element.p)
		return err_memory(err);

	int r = try_origin(search, element, directory_of(planner->image->entries[holder].path),
			   machine, err);
	if (r == 0 && object->found_in.n && span_find(element, '$') < element.n)
		r = try_origin(search, element, object->found_in, machine, err);
	return r;
}

static int
try_path_list(struct search *search, struct span list, const char *separators, uint32_t holder,
	      struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < LD_DIRECTORIES_MAX && list.n; i++) {
		size_t at = 0;

		while (at < list.n && !strchr(separators, list.p[at]))
			at++;
		if (search->entry != IMAGE_NONE)
			break;
		r = try_element(search, span_slice(list, 0, at), holder, err);
		list = span_slice(list, at < list.n ? at + 1 : at, list.n);
	}
	return r;
}

static int
try_cache(struct search *search, struct err *err)
{
	const struct loader *loader = search->planner->loader;
	uint64_t at;
	int r = 0;

	/* What every processor can load first: an image may run on another machine. */
	for (int pass = 0; pass < 2 && search->entry == IMAGE_NONE; pass++) {
		if (!map_get(loader->cache_names, search->name, &at))
			return 0;
		for (; r == 0 && at < loader->cache_count && search->entry == IMAGE_NONE;
		     at = loader->cache_next[at]) {
			const struct ld_cache_entry *entry = &loader->cache[at];

			if ((entry->hwcap != 0) != (pass == 1))
				continue;
			r = try_path(search, entry->path, err);
			if (r == 0 && search->entry != IMAGE_NONE)
				search->directory = directory_of(search->found);
		}
	}
	return r;
}

static int
try_defaults(struct search *search, struct err *err)
{
	const struct loader *loader = search->planner->loader;
	const struct machine *machine = machine_of(search->wanting);
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(default_folders) / sizeof(default_folders[0]);
	     i++) {
		char text[FOLDER_TEXT];
		struct span directory = folder_text(&default_folders[i], machine, text);

		r = try_directory(search, directory, err);
		if (r == 0)
			r = try_hwcaps(search, directory, err);
	}
	for (size_t i = 0; r == 0 && i < loader->directories.count; i++) {
		r = try_directory(search, loader->directories.items[i], err);
		if (r == 0)
			r = try_hwcaps(search, loader->directories.items[i], err);
	}
	return r;
}

/* DT_RPATH of the object and of those that loaded it; an object with DT_RUNPATH has none. */
static int
try_rpaths(struct search *search, uint32_t holder, struct err *err)
{
	int r = 0;

	for (int depth = 0; r == 0 && holder != IMAGE_NONE && depth < PLAN_CHAIN_MAX; depth++) {
		const struct object *object = search->planner->loader->objects[holder];

		if (object->info.runpath.n == 0)
			r = try_path_list(search, object->info.rpath, ":", holder, err);
		holder = object->parent;
	}
	return r;
}

int
loader_search(struct search *search, uint32_t holder, struct err *err)
{
	struct planner *planner = search->planner;
	struct span path = image_environment(&planner->image->config, SPAN("LD_LIBRARY_PATH"));
	int r = 0;

	if (span_find(search->name, '/') != search->name.n) {
		struct span name =
			search->name.p[0] == '/'
				? search->name
				: planner_join(planner, planner_directory(planner), search->name);
		return name.p ? try_path(search, name, err) : err_memory(err);
	}
	if (holder != IMAGE_NONE) {
		r = try_rpaths(search, holder, err);
		if (r == 0)
			r = try_path_list(search, path, ":;", holder, err);
		if (r == 0)
			r = try_path_list(search, search->wanting->info.runpath, ":", holder, err);
	}
	if (r == 0)
		r = try_cache(search, err);
	return r < 0 ? r : try_defaults(search, err);
}
