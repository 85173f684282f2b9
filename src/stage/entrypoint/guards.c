/* SPDX-License-Identifier: Apache-2.0 */
/* What the start looked at, and so what must be as it was: files, names, directories. */
#include "stage/entrypoint/compiler.h"

#include "base/cleanup.h"
#include "base/limits.h"

/* Places of programs, libraries and their data: looked at by every program that starts. */
static const struct span common[] = {
	SPAN_INIT("/bin"),
	SPAN_INIT("/dev"),
	SPAN_INIT("/etc/ld.so.cache"),
	SPAN_INIT("/etc/ld.so.preload"),
	SPAN_INIT("/etc/ld.so.nohwcap"),
	SPAN_INIT("/lib"),
	SPAN_INIT("/lib32"),
	SPAN_INIT("/lib64"),
	SPAN_INIT("/libx32"),
	SPAN_INIT("/proc"),
	SPAN_INIT("/sbin"),
	SPAN_INIT("/sys"),
	SPAN_INIT("/usr/bin"),
	SPAN_INIT("/usr/lib"),
	SPAN_INIT("/usr/lib32"),
	SPAN_INIT("/usr/lib64"),
	SPAN_INIT("/usr/libx32"),
	SPAN_INIT("/usr/local/lib"),
	SPAN_INIT("/usr/sbin"),
	SPAN_INIT("/usr/share/locale"),
	SPAN_INIT("/usr/share/zoneinfo"),
	SPAN_INIT("/usr/local/bin"),
	SPAN_INIT("/usr/local/sbin"),
	SPAN_INIT("/.mohs"),
	SPAN_INIT("/.mohs-probe"),
	SPAN_INIT("/etc/localtime"),
};

static bool
is_below(struct span path, struct span top)
{
	return span_starts_with(path, top) && (path.n == top.n || path.p[top.n] == '/');
}

static bool
is_common(struct span path)
{
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		if (is_below(path, common[i]))
			return true;
	}
	return false;
}

/* In a folder whose content makes no difference, or made by the start itself. */
static bool
is_settled(const struct compiler *compiler, struct span path)
{
	for (size_t i = 0; i < compiler->settled.count; i++) {
		if (is_below(path, compiler->settled.items[i]))
			return true;
	}
	for (size_t i = 0; i < compiler->base->change_count; i++) {
		const struct start_change *change = &compiler->base->changes[i];
		bool whole = change->kind == CHANGE_DIRECTORY;

		if (whole ? is_below(path, change->path) : span_equal(path, change->path))
			return true;
	}
	for (size_t i = 0; i < compiler->cleared.count; i++) {
		if (span_equal(compiler->cleared.items[i], path))
			return true;
	}
	return false;
}

static bool
is_utf8_path(struct span path)
{
	return json_is_text(path) && path.n > 1;
}

/* Below a name that is guarded already. */
static bool
is_guarded(const json_t *list, struct span path)
{
	size_t index;
	const json_t *item;

	json_array_foreach(list, index, item)
	{
		struct span known = {json_string_value(item), json_string_length(item)};

		if (is_below(path, known))
			return true;
	}
	return false;
}

static json_t *
missing_make(const struct compiler *compiler)
{
	const struct profile *used = compiler->used;
	json_t *list = json_array();

	for (size_t i = 0; i < used->missing_count; i++) {
		struct span path = used->missing[i].path;

		if (is_utf8_path(path) && !is_common(path) && !is_settled(compiler, path) &&
		    !is_guarded(list, path))
			json_add(&list, json_span(path));
	}
	return list;
}

static bool
is_program(const struct compiler *compiler, uint32_t entry)
{
	static const char magic[] = "\177ELF";
	char head[4] = "";
	struct err ignored = ERR_INIT;
	size_t n = 0;

	return contents_read(compiler->input->contents, compiler->input->image, entry, 0, head,
			     sizeof(head), &n, &ignored) == 0 &&
	       n == 4 && memcmp(head, magic, 4) == 0;
}

/* 1 when it is a file whose content must be as it is. */
static int
digest_read(const struct compiler *compiler, const struct profile_path *path, struct digest *ret,
	    struct err *err)
{
	const struct image *image = compiler->input->image;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	uint32_t entry = image_find(image, path->path);
	struct span content;

	if (!arena)
		return err_memory(err);
	if (!(path->use & USE_READ) || entry == IMAGE_NONE || !is_utf8_path(path->path) ||
	    image_inode(image, entry)->type != IMAGE_FILE || is_settled(compiler, path->path) ||
	    is_program(compiler, entry))
		return 0;
	/* scripts count wherever they are; other files only where somebody would change them */
	char head[2] = "";
	size_t n = 0;
	int r = contents_read(compiler->input->contents, image, entry, 0, head, 2, &n, err);
	if (r < 0 || (is_common(path->path) && (n < 2 || memcmp(head, "#!", 2) != 0)))
		return r;
	r = contents_load(compiler->input->contents, image, entry, START_READ_MAX, arena, &content,
			  err);
	if (r < 0)
		return r;
	digest_of(content, ret);
	return 1;
}

static int
same_make(struct compiler *compiler, json_t **ret, struct err *err)
{
	const struct profile *used = compiler->used;
	char text[DIGEST_TEXT];
	struct digest digest;

	for (size_t i = 0; i < used->path_count; i++) {
		int r = digest_read(compiler, &used->paths[i], &digest, err);

		if (r == -ERR_LIMIT)
			r = compiler_left(compiler, used->paths[i].path, err,
					  "the start reads it, and it is too big to be compared");
		if (r < 0)
			return r;
		if (r > 0)
			json_add(ret,
				 json_pack("{s:o, s:s}", "path", json_span(used->paths[i].path),
					   "sha256", digest_format(&digest, text) + 7));
	}
	return 0;
}

/* Names that may be there: the image's, and those the start makes. */
static json_t *
names_make(const struct compiler *compiler, uint32_t directory)
{
	const struct image_entry *entries = compiler->input->image->entries;
	struct span top = entries[directory].path;
	json_t *names = json_array();

	for (uint32_t i = entries[directory].first_child; i != IMAGE_NONE;
	     i = entries[i].next_sibling)
		json_add(&names, json_span(image_name(&entries[i])));
	for (size_t i = 0; i < compiler->base->change_count; i++) {
		struct span path = compiler->base->changes[i].path;

		if (path.n > top.n + 1 && is_below(path, top) && span_find_last(path, '/') == top.n)
			json_add(&names, json_span(span_slice(path, top.n + 1, path.n)));
	}
	return names;
}

static json_t *
listed_make(const struct compiler *compiler)
{
	const struct image *image = compiler->input->image;
	const struct profile *used = compiler->used;
	json_t *list = json_array();

	for (size_t i = 0; i < used->path_count; i++) {
		struct span path = used->paths[i].path;
		uint32_t entry = image_find(image, path);

		if (!(used->paths[i].use & USE_LIST) || entry == IMAGE_NONE ||
		    !is_utf8_path(path) || is_common(path) || is_settled(compiler, path))
			continue;
		json_add(&list, json_pack("{s:o, s:o}", "path", json_span(path), "names",
					  names_make(compiler, entry)));
	}
	return list;
}

int
guards_make(struct compiler *compiler, json_t **ret, struct err *err)
{
	json_t *present = json_array();
	json_t *same = json_array();
	json_t *guards = json_object();
	int r = same_make(compiler, &same, err);

	for (size_t i = 0; i < compiler->present.count; i++)
		json_add(&present, json_span(compiler->present.items[i]));
	json_put(&guards, "present", present);
	json_put(&guards, "same", same);
	json_put(&guards, "missing", missing_make(compiler));
	json_put(&guards, "listed", listed_make(compiler));
	if (r == 0 && guards &&
	    json_array_size(json_object_get(guards, "missing")) > START_GUARDS_MAX)
		r = compiler_left(compiler, compiler->start->script, err,
				  "it looks for more than %d names", START_GUARDS_MAX);
	if (r == 0 && !guards)
		r = err_memory(err);
	if (r < 0) {
		json_decref(guards);
		return r;
	}
	*ret = guards;
	return 0;
}
