/* SPDX-License-Identifier: Apache-2.0 */
/* Every library and module of the image by the name it is asked for. */
#include "stage/risks/hunter.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "codec/elf_names.h"

#include <stdlib.h>

/* A folder that Python looks for modules in, wherever it is. */
static bool
is_python_root(struct span name)
{
	return span_equal(name, SPAN("site-packages")) || span_equal(name, SPAN("dist-packages")) ||
	       span_equal(name, SPAN("lib-dynload")) ||
	       (span_starts_with(name, SPAN("python")) && name.n > 6 && ascii_is_digit(name.p[6]));
}

static bool
is_perl_root(const struct image *image, uint32_t folder)
{
	static const struct span names[] = {SPAN_INIT("perl5"), SPAN_INIT("perl-base"),
					    SPAN_INIT("site_perl"), SPAN_INIT("vendor_perl"),
					    SPAN_INIT("lib")};
	const struct image_entry *entry = &image->entries[folder];
	struct span name = image_name(entry);
	struct span above = image_name(&image->entries[entry->parent]);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_equal(name, names[i]))
			return true;
	}
	return span_equal(entry->path, SPAN("/etc/perl")) ||
	       (ascii_is_digit(name.p[0]) && span_starts_with(above, SPAN("perl")));
}

/* Of the distribution ("vendor_ruby", "ruby/3.1.0"), or of a gem ("lib"). */
static bool
is_ruby_root(const struct image *image, uint32_t folder)
{
	static const struct span names[] = {SPAN_INIT("vendor_ruby"), SPAN_INIT("site_ruby"),
					    SPAN_INIT("lib")};
	struct span name = image_name(&image->entries[folder]);
	struct span above = image_name(&image->entries[image->entries[folder].parent]);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_equal(name, names[i]))
			return true;
	}
	return ascii_is_digit(name.p[0]) && span_ends_with(above, SPAN("ruby"));
}

/* What follows the folder in the entry's path. */
static struct span
path_below(const struct image *image, uint32_t entry, uint32_t folder)
{
	struct span path = image->entries[entry].path;

	return span_slice(path, folder ? image->entries[folder].path.n + 1 : 1, path.n);
}

static uint32_t
python_root(const struct hunter *hunter, uint32_t entry, bool *ret_named)
{
	const struct image_entry *entries = hunter->image->entries;
	uint32_t folder = entries[entry].parent;

	*ret_named = true;
	for (uint32_t at = folder; at != 0; at = entries[at].parent) {
		if (is_python_root(image_name(&entries[at])))
			return at;
	}
	*ret_named = false;
	while (folder != 0 && hunter->has_init[folder])
		folder = entries[folder].parent;
	return folder;
}

struct span
index_python_path(const struct hunter *hunter, uint32_t entry)
{
	bool named;

	return path_below(hunter->image, entry, python_root(hunter, entry, &named));
}

bool
index_is_below_python(const struct hunter *hunter, uint32_t entry)
{
	bool named;

	(void)python_root(hunter, entry, &named);
	return named;
}

struct span
index_ruby_path(const struct hunter *hunter, uint32_t entry)
{
	const struct image *image = hunter->image;

	for (uint32_t at = image->entries[entry].parent; at != 0; at = image->entries[at].parent) {
		if (is_ruby_root(image, at))
			return path_below(image, entry, at);
	}
	return SPAN("");
}

static int
add(struct names *names, struct span name, uint32_t entry, struct err *err)
{
	uint64_t first;

	if (map_get(names->first, name, &first)) {
		names->next[entry] = names->next[first];
		names->next[first] = entry;
		return 0;
	}
	return map_put(names->first, name, entry, err);
}

/* "a/b/__init__.py", "a/b.py" and "a/b.cpython-311-x86_64-linux-gnu.so" are a/b. */
static struct span
python_module(struct span path)
{
	static const struct span package = SPAN_INIT("/__init__.py");
	size_t slash = span_find_last(path, '/');
	size_t from = slash < path.n ? slash + 1 : 0;

	if (span_ends_with(path, package))
		return span_slice(path, 0, path.n - package.n);
	if (!span_ends_with(path, SPAN(".py")) && !span_ends_with(path, SPAN(".so")))
		return SPAN("");
	return span_slice(path, 0, from + span_find(span_slice(path, from, path.n), '.'));
}

static int
add_perl(struct hunter *hunter, uint32_t index, struct err *err)
{
	const struct image *image = hunter->image;

	for (uint32_t at = image->entries[index].parent; at != 0; at = image->entries[at].parent) {
		if (is_perl_root(image, at))
			return add(&hunter->perl, path_below(image, index, at), index, err);
	}
	return 0;
}

/* Without the suffix, as it is required. */
static int
add_ruby(struct hunter *hunter, uint32_t index, struct err *err)
{
	struct span path = index_ruby_path(hunter, index);

	return path.n > 3 ? add(&hunter->ruby, span_slice(path, 0, path.n - 3), index, err) : 0;
}

static int
add_entry(struct hunter *hunter, uint32_t index, struct err *err)
{
	const struct image_entry *entry = &hunter->image->entries[index];
	struct span name = image_name(entry);
	int r = 0;

	if (entry->type != IMAGE_FILE && entry->type != IMAGE_SYMLINK)
		return 0;
	if (elf_is_library_name(name))
		r = add(&hunter->libraries, name, index, err);
	if (r == 0 && (span_ends_with(name, SPAN(".py")) || span_ends_with(name, SPAN(".so")))) {
		struct span module = python_module(index_python_path(hunter, index));

		if (module.n)
			r = add(&hunter->python, module, index, err);
	}
	if (r == 0 && (span_ends_with(name, SPAN(".rb")) || span_ends_with(name, SPAN(".so"))))
		r = add_ruby(hunter, index, err);
	if (r == 0 && (span_ends_with(name, SPAN(".pm")) || span_ends_with(name, SPAN(".pl"))))
		r = add_perl(hunter, index, err);
	return r;
}

static int
names_make(struct names *names, size_t count, struct err *err)
{
	names->first = map_new(0);
	names->next = calloc(count + 1, sizeof(*names->next));
	if (!names->first || !names->next)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		names->next[i] = IMAGE_NONE;
	return 0;
}

int
index_make(struct hunter *hunter, struct err *err)
{
	const struct image *image = hunter->image;
	int r = names_make(&hunter->libraries, image->entry_count, err);

	if (r == 0)
		r = names_make(&hunter->python, image->entry_count, err);
	if (r == 0)
		r = names_make(&hunter->perl, image->entry_count, err);
	if (r == 0)
		r = names_make(&hunter->ruby, image->entry_count, err);
	hunter->has_init = calloc(image->entry_count + 1, sizeof(*hunter->has_init));
	if (r == 0 && !hunter->has_init)
		r = err_memory(err);
	for (size_t i = 0; r == 0 && i < image->entry_count; i++) {
		if (span_equal(image_name(&image->entries[i]), SPAN("__init__.py")))
			hunter->has_init[image->entries[i].parent] = true;
	}
	for (uint32_t i = 0; r == 0 && i < image->entry_count; i++)
		r = add_entry(hunter, i, err);
	return r;
}

static void
names_free(struct names *names)
{
	map_free(names->first);
	free(names->next);
}

void
index_free(struct hunter *hunter)
{
	names_free(&hunter->libraries);
	names_free(&hunter->python);
	names_free(&hunter->perl);
	names_free(&hunter->ruby);
	free(hunter->has_init);
}

void
index_mark(struct hunter *hunter, const struct names *names, struct span name, enum risk_kind kind,
	   uint32_t via)
{
	uint64_t first;

	if (hunter->steps++ >= RISKS_STEPS_MAX || !map_get(names->first, name, &first))
		return;
	for (uint32_t i = (uint32_t)first; i != IMAGE_NONE; i = names->next[i]) {
		hunter->steps++;
		if (plan_has(hunter->plan, i))
			return;
	}
	for (uint32_t i = (uint32_t)first; i != IMAGE_NONE; i = names->next[i])
		hunter_mark(hunter, i, kind, via);
}
