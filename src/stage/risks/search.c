/* SPDX-License-Identifier: Apache-2.0 */
/* Kept programs, libraries and scripts: what their content can ask for. */
#include "stage/risks/hunter.h"

#include "base/limits.h"
#include "codec/elf.h"
#include "codec/elf_names.h"
#include "codec/imports.h"
#include "codec/shebang.h"

#include <stdlib.h>

/* A file that is being searched. */
struct source {
	struct hunter *hunter;
	uint32_t entry;
	struct span folder; /* of the file, below its root; for relative imports */
};

/* ---- ELF ---- */

static bool
see_name(void *context, struct span name)
{
	struct source *source = context;
	struct hunter *hunter = source->hunter;
	size_t slash = span_find_last(name, '/');

	if (slash == name.n) {
		index_mark(hunter, &hunter->libraries, name, RISK_LIBRARY, source->entry);
	} else if (name.p[0] == '/') {
		uint32_t found = image_resolve(hunter->image, name, true, NULL, NULL);

		if (found != IMAGE_NONE)
			hunter_mark(hunter, found, RISK_LIBRARY, source->entry);
	}
	return true;
}

static bool
see_symbol(void *context, const struct elf_symbol *symbol)
{
	struct source *source = context;
	struct hunter *hunter = source->hunter;
	uint64_t facilities;

	if (symbol->defined || !symbol->dynamic ||
	    !map_get(hunter->imports, symbol->name, &facilities))
		return true;
	for (unsigned i = 0; i < FACILITIES; i++) {
		if ((facilities >> i & 1) && hunter->asks[i] == IMAGE_NONE)
			hunter->asks[i] = source->entry;
	}
	return true;
}

static int
search_elf(struct source *source, struct span content, struct err *err)
{
	elf_names(content, see_name, source);
	return elf_symbols(content, see_symbol, source, err);
}

/* ---- Python ---- */

/* Looks `path` up after each of its components: a package is loaded before its modules. */
static void
mark_modules(struct source *source, const char *path, size_t n)
{
	struct hunter *hunter = source->hunter;

	for (size_t i = 1; i <= n; i++) {
		if (i == n || path[i] == '/')
			index_mark(hunter, &hunter->python, (struct span){path, i}, RISK_PYTHON,
				   source->entry);
	}
}

/* Adds a name with slashes for its points; false when it is too long. */
static bool
add_module(char *path, size_t *n, struct span name)
{
	if (name.n == 0)
		return true;
	if (*n + name.n + 1 > RISKS_MODULE_MAX)
		return false;
	if (*n > 0)
		path[(*n)++] = '/';
	for (size_t i = 0; i < name.n; i++)
		path[(*n)++] = (char)(name.p[i] == '.' ? '/' : name.p[i]);
	return true;
}

static bool
see_import(void *context, unsigned dots, struct span name, struct span member)
{
	struct source *source = context;
	struct span folder = dots ? source->folder : SPAN("");
	char path[RISKS_MODULE_MAX];
	size_t n = 0;

	for (unsigned i = 1; i < dots; i++) {
		size_t slash = span_find_last(folder, '/');

		folder = span_slice(folder, 0, slash < folder.n ? slash : 0);
	}
	if (add_module(path, &n, folder) && add_module(path, &n, name) &&
	    add_module(path, &n, member))
		mark_modules(source, path, n);
	return true;
}

static int
search_python(struct source *source, struct span content, struct err *err)
{
	struct span path = index_python_path(source->hunter, source->entry);
	size_t slash = span_find_last(path, '/');

	(void)err;
	source->folder = span_slice(path, 0, slash < path.n ? slash : 0);
	imports_python(content, see_import, source);
	return 0;
}

/* ---- Perl ---- */

static bool
see_use(void *context, unsigned dots, struct span name)
{
	struct source *source = context;
	struct hunter *hunter = source->hunter;
	char path[RISKS_MODULE_MAX];
	size_t n = 0;

	(void)dots;
	if (name.n + 4 > sizeof(path))
		return true;
	for (size_t i = 0; i < name.n; i++) {
		bool colons = name.p[i] == ':' && i + 1 < name.n && name.p[i + 1] == ':';

		path[n++] = (char)(colons ? '/' : name.p[i]);
		i += colons;
	}
	for (const char *suffix = span_find(name, '.') == name.n ? ".pm" : ""; *suffix; suffix++)
		path[n++] = *suffix;
	index_mark(hunter, &hunter->perl, (struct span){path, n}, RISK_PERL, source->entry);
	return true;
}

static int
search_perl(struct source *source, struct span content, struct err *err)
{
	(void)err;
	imports_perl(content, see_use, source);
	return 0;
}

/* ---- Ruby ---- */

static struct span
without_suffix(struct span path)
{
	bool suffix = span_ends_with(path, SPAN(".rb")) || span_ends_with(path, SPAN(".so"));

	return suffix ? span_slice(path, 0, path.n - 3) : path;
}

/* `require_relative` is from the file's folder: "../x" goes up. */
static bool
see_require(void *context, unsigned dots, struct span name)
{
	struct source *source = context;
	struct span folder = dots ? source->folder : SPAN("");
	char path[RISKS_MODULE_MAX];
	size_t n = 0;

	while (dots && span_starts_with(name, SPAN("../"))) {
		size_t slash = span_find_last(folder, '/');

		folder = span_slice(folder, 0, slash < folder.n ? slash : 0);
		name = span_slice(name, 3, name.n);
	}
	name = without_suffix(name);
	if (folder.n + name.n + 1 > sizeof(path))
		return true;
	memcpy(path, folder.p, folder.n);
	n = folder.n;
	if (n > 0)
		path[n++] = '/';
	memcpy(path + n, name.p, name.n);
	index_mark(source->hunter, &source->hunter->ruby, (struct span){path, n + name.n},
		   RISK_RUBY, source->entry);
	return true;
}

static int
search_ruby(struct source *source, struct span content, struct err *err)
{
	struct span path = index_ruby_path(source->hunter, source->entry);
	size_t slash = span_find_last(path, '/');

	(void)err;
	source->folder = span_slice(path, 0, slash < path.n ? slash : 0);
	imports_ruby(content, see_require, source);
	return 0;
}

/* ---- all of them ---- */

typedef int (*search)(struct source *source, struct span content, struct err *err);

static const struct {
	struct span suffix;
	struct span program; /* that runs it, by its `#!` line */
	search search;
} languages[] = {
	{SPAN_INIT(".py"), SPAN_INIT("python"), search_python},
	{SPAN_INIT(".pm"), SPAN_INIT("perl"), search_perl},
	{SPAN_INIT(".pl"), SPAN_INIT("perl"), search_perl},
	{SPAN_INIT(".rb"), SPAN_INIT("ruby"), search_ruby},
};

static search
choose(const struct image_entry *entry, struct span head)
{
	struct shebang shebang = {0};

	if (elf_is(head))
		return search_elf;
	if (!shebang_read(head, &shebang))
		shebang.interpreter = shebang.program = SPAN("");
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		if (span_ends_with(entry->path, languages[i].suffix) ||
		    span_starts_with(span_base_name(shebang.interpreter), languages[i].program) ||
		    span_starts_with(span_base_name(shebang.program), languages[i].program))
			return languages[i].search;
	}
	return NULL;
}

static int
note(struct hunter *hunter, struct span subject, struct span text, struct err *err)
{
	struct gap gap = {arena_copy(hunter->arena, subject), arena_copy(hunter->arena, text)};

	if (!gap.subject.p || !gap.text.p)
		return err_memory(err);
	return hunter->gaps.count < RISKS_GAPS_MAX
		       ? vec_push(&hunter->gaps, &gap, RISKS_GAPS_MAX, err)
		       : 0;
}

/* The whole content into the buffer. */
static int
load(struct hunter *hunter, uint32_t index, struct span *ret, struct err *err)
{
	uint64_t size = image_inode(hunter->image, index)->size;
	size_t n = 0;

	if (size > RISKS_FILE_MAX)
		return err_set(err, ERR_LIMIT, "too long to be searched (RISKS_FILE_MAX %lu)",
			       RISKS_FILE_MAX);
	if (size > hunter->capacity) {
		char *larger = realloc(hunter->buffer, (size_t)size);

		if (!larger)
			return err_memory(err);
		hunter->buffer = larger;
		hunter->capacity = (size_t)size;
	}
	int r = contents_read(hunter->contents, hunter->image, index, 0, hunter->buffer,
			      (size_t)size, &n, err);
	if (r == 0)
		*ret = (struct span){hunter->buffer, n};
	return r;
}

static int
search_file(struct hunter *hunter, uint32_t index, struct err *err)
{
	struct source source = {.hunter = hunter, .entry = index, .folder = SPAN("")};
	char head[SHEBANG_MAX];
	struct span content = SPAN("");
	size_t n = 0;
	int r = contents_read(hunter->contents, hunter->image, index, 0, head, sizeof(head), &n,
			      err);

	search how = r == 0 ? choose(&hunter->image->entries[index], (struct span){head, n}) : NULL;
	if (!how)
		return r;
	if (hunter->bytes + image_inode(hunter->image, index)->size > RISKS_BYTES_MAX) {
		hunter->exhausted = true;
		return 0;
	}
	r = load(hunter, index, &content, err);
	if (r < 0)
		return r;
	hunter->bytes += content.n;
	return how(&source, content, err);
}

int
search_kept(struct hunter *hunter, struct err *err)
{
	const struct image *image = hunter->image;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < image->entry_count; i++) {
		uint32_t inode = image->entries[i].inode;
		struct err problem = ERR_INIT;

		if (!plan_has(hunter->plan, i) || image->entries[i].type != IMAGE_FILE ||
		    (inode != i && plan_has(hunter->plan, inode)))
			continue;
		if (search_file(hunter, i, &problem) == 0)
			continue;
		if (problem.kind == ERR_MEMORY)
			return err_memory(err);
		r = note(hunter, image->entries[i].path, span_from(problem.text), err);
	}
	if (r == 0 && hunter->exhausted)
		r = note(hunter, SPAN("kept files"),
			 SPAN("more than RISKS_BYTES_MAX: not all were searched"), err);
	if (r == 0 && hunter->steps >= RISKS_STEPS_MAX)
		r = note(hunter, SPAN("kept files"),
			 SPAN("more names than RISKS_STEPS_MAX: not all were looked up"), err);
	return r;
}
