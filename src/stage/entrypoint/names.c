/* SPDX-License-Identifier: Apache-2.0 */
/* Which variables and arguments the start may act on: by the text of what it read. */
#include "stage/entrypoint/compiler.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <stdlib.h>

static bool
read_by_shell(const struct compiler *compiler, const struct profile_path *path)
{
	uint32_t entry = image_find(compiler->input->image, path->program);

	return detect_is_shell(compiler->input->image, entry) ||
	       span_equal(span_base_name(path->program), SPAN("sh"));
}

/* A text of the image that the start read, or nothing. */
static int
load_text(const struct compiler *compiler, const struct profile_path *path, struct arena *arena,
	  struct span *ret, struct err *err)
{
	const struct image *image = compiler->input->image;
	uint32_t entry = image_find(image, path->path);

	*ret = SPAN("");
	if (!(path->use & USE_READ) || entry == IMAGE_NONE ||
	    image_inode(image, entry)->type != IMAGE_FILE ||
	    image_inode(image, entry)->size > SCRIPT_MAX)
		return 0;
	int r = contents_load(compiler->input->contents, image, entry, SCRIPT_MAX, arena, ret, err);
	if (r == 0 && ret->n && memchr(ret->p, '\0', ret->n))
		*ret = SPAN("");
	return r;
}

static int
scan_all(struct compiler *compiler, struct err *err)
{
	struct arena *arena = compiler->arena;
	const struct profile *used = compiler->used;
	int r = 0;

	compiler->scripts.items = arena_array(arena, used->path_count + 1, sizeof(struct span));
	if (!compiler->scripts.items)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < used->path_count; i++) {
		const struct profile_path *path = &used->paths[i];
		struct span text;

		r = load_text(compiler, path, arena, &text, err);
		if (r < 0 || text.n == 0)
			continue;
		bool code = span_starts_with(text, SPAN("#!")) || read_by_shell(compiler, path);
		if (code)
			compiler->scripts.items[compiler->scripts.count++] = text;
		r = script_scan(text, code ? SCRIPT_CODE : SCRIPT_DATA, arena, &compiler->found,
				err);
	}
	/* `sh -c LINE` is a script as well */
	const struct span_list *entrypoint = &compiler->input->image->config.entrypoint;
	const struct span_list *lists[] = {entrypoint, &compiler->arguments};
	for (size_t l = 0; r == 0 && l < 2; l++) {
		for (size_t i = 1; r == 0 && i < lists[l]->count; i++) {
			if (span_equal(lists[l]->items[i - 1], SPAN("-c")))
				r = script_scan(lists[l]->items[i], SCRIPT_CODE, arena,
						&compiler->found, err);
		}
	}
	return r;
}

/* The value in a list of "NAME=value"; .p NULL. */
static struct span
value_in(const struct span_list *list, struct span name)
{
	for (size_t i = 0; i < list->count; i++) {
		struct span item = list->items[i];

		if (item.n > name.n && item.p[name.n] == '=' && span_starts_with(item, name))
			return span_slice(item, name.n + 1, item.n);
	}
	return (struct span){NULL, 0};
}

/* By its name or its length: what should not be read in an image. */
static bool
looks_secret(struct span name, struct span value)
{
	static const struct span words[] = {
		SPAN_INIT("PASS"),   SPAN_INIT("SECRET"),     SPAN_INIT("TOKEN"), SPAN_INIT("KEY"),
		SPAN_INIT("COOKIE"), SPAN_INIT("CREDENTIAL"), SPAN_INIT("AUTH")};
	enum { LONG = 16 };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_contains(name, words[i]))
			return true;
	}
	return value.n >= LONG;
}

static int
add_candidate(struct compiler *compiler, struct span name, struct err *err)
{
	for (size_t i = 0; i < compiler->candidates.count; i++) {
		if (span_equal(compiler->candidates.items[i].name, name))
			return 0;
	}
	struct span given = value_in(&compiler->input->service->environment, name);
	struct candidate candidate = {
		.name = name,
		.value = value_in(&compiler->zero->environment, name),
		.secret = given.p && looks_secret(name, given),
		.host = span_equal(name, SPAN("HOSTNAME")),
	};
	int r = vec_push(&compiler->candidates, &candidate, START_VARIABLES_MAX, err);
	if (r != -ERR_LIMIT)
		return r;
	return compiler_left(compiler, compiler->start->script, err,
			     "it names more than %d variables", START_VARIABLES_MAX);
}

bool
names_is_shells(struct span name)
{
	static const struct span names[] = {SPAN_INIT("_"), SPAN_INIT("OLDPWD"), SPAN_INIT("PWD"),
					    SPAN_INIT("SHLVL")};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_equal(name, names[i]))
			return true;
	}
	return false;
}

/* What the start itself sets, changes or takes away. */
static int
add_changed(struct compiler *compiler, struct err *err)
{
	const struct span_list *lists[] = {&compiler->zero->environment,
					   &compiler->base->environment};
	int r = 0;

	for (size_t l = 0; r == 0 && l < 2; l++) {
		for (size_t i = 0; r == 0 && i < lists[l]->count; i++) {
			struct span item = lists[l]->items[i];
			struct span name = span_slice(item, 0, span_find(item, '='));
			struct span a = value_in(lists[0], name);
			struct span b = value_in(lists[1], name);

			if (!names_is_shells(name) && (!a.p != !b.p || !span_equal(a, b)))
				r = add_candidate(compiler, name, err);
		}
	}
	return r;
}

static bool
has_capitals(struct span name)
{
	return name.n > 0 && name.p[0] >= 'A' && name.p[0] <= 'Z';
}

static int
by_name(const void *a, const void *b)
{
	return span_compare(((const struct candidate *)a)->name,
			    ((const struct candidate *)b)->name);
}

int
names_find(struct compiler *compiler, struct err *err)
{
	struct arena *arena = compiler->arena;
	int r = scan_all(compiler, err);
	const struct span_list *names = &compiler->found.words[SCRIPT_NAME];
	const struct span_list *suffixes = &compiler->found.words[SCRIPT_SUFFIX];

	if (r == -ERR_LIMIT)
		return compiler_left(compiler, compiler->start->script, err, "%s", err->text);
	for (size_t i = 0; r == 0 && i < names->count; i++) {
		r = add_candidate(compiler, names->items[i], err);
		for (size_t k = 0; r == 0 && has_capitals(names->items[i]) && k < suffixes->count;
		     k++) {
			struct span name =
				arena_printf(arena, "%.*s%.*s", SPAN_ARG(names->items[i]),
					     SPAN_ARG(suffixes->items[k]));

			r = name.p ? add_candidate(compiler, name, err) : err_memory(err);
		}
	}
	if (r == 0)
		r = add_changed(compiler, err);
	if (r == 0 && compiler->candidates.count)
		qsort(compiler->candidates.items, compiler->candidates.count,
		      sizeof(struct candidate), by_name);
	return r;
}
