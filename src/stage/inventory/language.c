/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/inventory/language.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "codec/package_key.h"

#include <stdlib.h>

/* How an ecosystem writes names; its word is its purl type as well. */
static const struct {
	struct span ecosystem;
	char parts;  /* parts the namespace of the purl from the name, '\0': there is none */
	bool lower;  /* the purl has it in lower case (purl-spec, types) */
	bool dashes; /* and '_' as '-' */
} spellings[] = {
	{SPAN_INIT("cargo"), '\0', false, false}, {SPAN_INIT("composer"), '/', true, false},
	{SPAN_INIT("gem"), '\0', false, false},	  {SPAN_INIT("generic"), '\0', false, false},
	{SPAN_INIT("golang"), '/', false, false}, {SPAN_INIT("maven"), ':', false, false},
	{SPAN_INIT("npm"), '/', false, false},	  {SPAN_INIT("nuget"), '\0', false, false},
	{SPAN_INIT("pypi"), '\0', true, true},
};

enum { SPELLINGS = sizeof(spellings) / sizeof(spellings[0]) };

/* SPELLINGS: not a language's. */
static size_t
spelling_of(struct span ecosystem)
{
	size_t i = 0;

	while (i < SPELLINGS && !span_equal(ecosystem, spellings[i].ecosystem))
		i++;
	return i;
}

/* ---- whose a record is ---- */

static void
mark_files(struct reading *reading, const struct component *component)
{
	for (size_t i = 0; i < component->file_count; i++) {
		if (component->files[i].entry != IMAGE_NONE)
			reading->listed[component->files[i].entry] = true;
	}
}

int
language_is_owned(struct reading *reading, uint32_t entry, bool *ret, struct err *err)
{
	if (!reading->listed)
		reading->listed = calloc(reading->image->entry_count + 1, sizeof(bool));
	if (!reading->listed)
		return err_memory(err);
	for (; reading->seen < reading->components.count; reading->seen++) {
		const struct component *component = &reading->components.items[reading->seen];

		if (component_is_packaged(component) && component->state != COMPONENT_CONFIG_FILES)
			mark_files(reading, component);
	}
	*ret = reading->listed[entry];
	return 0;
}

/* ---- names ---- */

/* As purl-spec writes the names of its type. */
static struct span
purl_case(struct arena *arena, size_t spelling, struct span name)
{
	char *text = arena_alloc(arena, name.n + 1);

	if (!text)
		return (struct span){NULL, 0};
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (spellings[spelling].lower)
			c = ascii_lower(c);
		if (spellings[spelling].dashes && c == '_')
			c = '-';
		text[i] = c;
	}
	return (struct span){text, name.n};
}

static int
make_purl(struct reading *reading, struct component *component,
	  const struct purl_qualifier *qualifiers, size_t count, struct err *err)
{
	size_t spelling = spelling_of(component->ecosystem);
	struct span name = purl_case(reading->arena, spelling, component->name);
	struct purl purl = {
		.type = component->ecosystem,
		.space = SPAN(""),
		.version = component->version,
		.qualifiers = (struct purl_qualifier *)(uintptr_t)qualifiers,
		.qualifier_count = count,
	};

	if (!name.p)
		return err_memory(err);
	size_t cut = spellings[spelling].parts ? span_find_last(name, spellings[spelling].parts)
					       : name.n;
	if (cut < name.n)
		purl.space = span_slice(name, 0, cut);
	purl.name = cut < name.n ? span_slice(name, cut + 1, name.n) : name;
	int r = purl_write(&purl, reading->arena, &component->purl, err);
	if (r != -ERR_LIMIT)
		return r;
	component->purl = SPAN("");
	return 0;
}

int
language_add(struct reading *reading, struct component *component,
	     const struct purl_qualifier *qualifiers, size_t count, struct err *err)
{
	struct span key = package_key(component->ecosystem, component->name, reading->arena);

	if (!key.p)
		return err_memory(err);
	if (spelling_of(component->ecosystem) == SPELLINGS)
		return err_set(err, ERR_INVALID, "no language: %.*s",
			       SPAN_ARG(component->ecosystem));
	if (component->source.n == 0)
		component->source = key;
	component->source_version = component->version;
	component->state = COMPONENT_INSTALLED;
	int r = make_purl(reading, component, qualifiers, count, err);
	return r < 0 ? r : vec_push(&reading->components, component, PACKAGES_MAX, err);
}

/* ---- files ---- */

int
language_file(struct language_files *files, struct span listed, uint32_t entry,
	      struct component_file **ret, struct err *err)
{
	struct component_file file = {.entry = entry, .listed = listed};

	if (files->reading->files >= PACKAGE_FILES_MAX)
		return err_set(err, ERR_LIMIT, "too many files of packages (PACKAGE_FILES_MAX %d)",
			       PACKAGE_FILES_MAX);
	int r = vec_push(&files->list, &file, PACKAGE_FILES_MAX, err);
	if (r < 0)
		return r;
	files->reading->files++;
	if (ret)
		*ret = &files->list.items[files->list.count - 1];
	return 0;
}

/* The entry behind this one and all below it; `top` itself at the end. */
static uint32_t
next_beside(const struct image_entry *entries, uint32_t top, uint32_t entry)
{
	while (entry != top && entries[entry].next_sibling == IMAGE_NONE)
		entry = entries[entry].parent;
	return entry == top ? top : entries[entry].next_sibling;
}

int
language_tree(struct language_files *files, uint32_t top,
	      bool (*skips)(void *context, uint32_t entry), void *context, struct err *err)
{
	const struct image_entry *entries = files->reading->image->entries;
	uint32_t entry = top;
	int r = 0;

	if (top == IMAGE_NONE)
		return 0;
	do {
		bool skipped = entry != top && skips && skips(context, entry);

		if (!skipped)
			r = language_file(files, entries[entry].path, entry, NULL, err);
		entry = !skipped && entries[entry].first_child != IMAGE_NONE
				? entries[entry].first_child
				: next_beside(entries, top, entry);
	} while (r >= 0 && entry != top);
	return r;
}

int
language_take(struct language_files *files, struct component *component, struct err *err)
{
	size_t count = files->list.count;

	component->files = vec_keep(&files->list, files->reading->arena);
	if (!component->files)
		return err_memory(err);
	component->file_count = count;
	files->list.count = 0;
	return 0;
}

void
language_files_cleanup(struct language_files *files)
{
	vec_free(&files->list);
}

uint32_t
language_child(const struct reading *reading, uint32_t directory, struct span name)
{
	char path[IMAGE_PATH_MAX + IMAGE_NAME_MAX + 2];
	struct span folder = reading->image->entries[directory].path;
	size_t n = folder.n == 1 ? 0 : folder.n;

	if (n + 1 + name.n > sizeof(path))
		return IMAGE_NONE;
	memcpy(path, folder.p, n);
	path[n] = '/';
	memcpy(path + n + 1, name.p, name.n);
	return image_find(reading->image, (struct span){path, n + 1 + name.n});
}

struct span
language_folder(struct span path)
{
	size_t slash = span_find_last(path, '/');

	return span_slice(path, 0, slash < path.n ? slash : 0);
}

struct span
language_path(struct arena *arena, struct span folder, struct span path)
{
	bool absolute = path.n && path.p[0] == '/';
	char *text = arena_alloc(arena, (absolute ? 0 : folder.n) + path.n + 3);
	size_t n = absolute ? 0 : folder.n;
	struct span rest = path;

	if (!text)
		return (struct span){NULL, 0};
	if (n)
		memcpy(text, folder.p, n);
	while (rest.p) {
		struct span part = span_cut(&rest, '/');

		if (part.n == 0 || span_equal(part, SPAN(".")))
			continue;
		if (span_equal(part, SPAN(".."))) {
			while (n && text[--n] != '/')
				;
			continue;
		}
		text[n++] = '/';
		memcpy(text + n, part.p, part.n);
		n += part.n;
	}
	text[n] = '\0';
	return (struct span){text, n};
}

/* The gap for a record that could not be read; fails only where that was without memory. */
static int
add_fault(struct reading *reading, uint32_t entry, const struct err *why, struct err *err)
{
	if (why->kind == ERR_MEMORY || why->kind == ERR_CANCELLED) {
		*err = *why;
		return -(int)why->kind;
	}
	return reading_gap(reading, err, reading->image->entries[entry].path,
			   "cannot be read (%s): a package recorded here is not in the inventory",
			   why->text);
}

int
language_read(struct reading *reading, uint32_t entry, language_codec *codec, struct arena *arena,
	      void *ret, struct err *err)
{
	struct err why = ERR_INIT;
	struct span text;

	if (!arena)
		return err_memory(err);
	int r = contents_load(reading->contents, reading->image, entry, LANGUAGE_RECORD_MAX, arena,
			      &text, &why);
	if (r == 0)
		r = codec(text, arena, ret, &why);
	return r == 0 ? 1 : add_fault(reading, entry, &why, err);
}
