/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/shells.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/command_table.h"
#include "codec/elf.h"
#include "codec/record_bytes.h"
#include "model/commands.h"
#include "port/launcher.h"
#include "stage/shells/search.h"

#include <stdlib.h>

enum { HEAD_BYTES = 64, ITEMS_MAX = IMAGE_ENTRIES_MAX };

static void
finder_cleanup(struct finder *finder)
{
	scanner_free(finder->scanner);
	free(finder->files);
	free(finder->buffer);
	vec_free(&finder->items);
	vec_free(&finder->gaps);
}

static int
add_gap(struct finder *finder, uint32_t entry, const char *text, struct err *err)
{
	struct gap gap = {
		.subject = arena_copy(finder->arena, finder->image->entries[entry].path),
		.text = arena_copy(finder->arena, span_from(text)),
	};

	if (!gap.subject.p || !gap.text.p)
		return err_memory(err);
	return vec_push(&finder->gaps, &gap, ITEMS_MAX, err);
}

bool
finder_is_executable(const struct image_entry *entry)
{
	return (entry->mode & 0111) != 0;
}

static int
make_room(struct finder *finder, size_t size, struct err *err)
{
	if (size <= finder->room)
		return 0;
	char *bigger = realloc(finder->buffer, size);
	if (!bigger)
		return err_memory(err);
	finder->buffer = bigger;
	finder->room = size;
	return 0;
}

int
finder_load(struct finder *finder, uint32_t entry, uint64_t max, struct span *ret, struct err *err)
{
	uint64_t size = finder->image->entries[entry].size;
	struct err why = ERR_INIT;
	size_t got = 0;

	*ret = (struct span){NULL, 0};
	if (size > max)
		size = max;
	int r = make_room(finder, (size_t)size + 1, err);
	if (r < 0)
		return r;
	r = contents_read(finder->contents, finder->image, entry, 0, finder->buffer, (size_t)size,
			  &got, &why);
	if (r >= 0) {
		*ret = (struct span){finder->buffer, got};
		return 0;
	}
	if (r == -ERR_MEMORY || r == -ERR_CANCELLED) {
		*err = why;
		return r;
	}
	finder->files[entry].unread = true;
	return add_gap(finder, entry,
		       arena_printf(finder->arena,
				    "cannot be read: whether it is a shell is not "
				    "known (%s)",
				    why.text)
			       .p,
		       err);
}

/* What the content of an ELF file says. */
static int
judge_content(struct finder *finder, uint32_t entry, struct span content, struct err *err)
{
	const struct image_entry *image_entry = &finder->image->entries[entry];
	struct file *file = &finder->files[entry];
	struct elf_info info = {0};
	struct err why = ERR_INIT;
	struct scan scan;

	int r = elf_read(content, finder->arena, &info, &why);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	file->program = r < 0 ? finder_is_executable(image_entry) : info.program;
	if (r < 0 && file->program)
		r = add_gap(finder, entry,
			    "its ELF headers are malformed: only its text was looked at", err);
	else
		r = 0;
	if (r < 0 || !file->program)
		return r;
	file->build_id = arena_copy(finder->arena, info.build_id);
	if (!file->build_id.p)
		return err_memory(err);
	file->commands = launcher_commands().n > 0 && span_equal(content, launcher_commands());
	if (file->commands)
		return 0;
	scanner_run(finder->scanner, content, &scan);
	file->signature = signature_find(&scan);
	file->no_shell = scan.counts[MARKS_MULTICALL] && !file->signature;
	if (!file->signature && scan_is_packed(&scan))
		return add_gap(finder, entry,
			       "the program is packed (UPX): whether it is a shell is not known",
			       err);
	return 0;
}

/* Looks at one regular file, the first of its inode. */
static int
judge(struct finder *finder, uint32_t entry, struct err *err)
{
	const struct image_entry *image_entry = &finder->image->entries[entry];
	struct file *file = &finder->files[entry];
	struct span content;

	file->seen = true;
	if (image_entry->size == 0)
		return 0;
	int r = finder_load(finder, entry, HEAD_BYTES, &content, err);
	if (r < 0 || !content.p)
		return r;
	file->script = span_starts_with(content, SPAN("#!"));
	if (!elf_is(content))
		return 0;
	if (image_entry->size > ELF_FILE_MAX) {
		file->unread = true;
		return add_gap(finder, entry,
			       "is bigger than ELF_FILE_MAX: whether it is a shell is not known",
			       err);
	}
	r = finder_load(finder, entry, ELF_FILE_MAX, &content, err);
	return r < 0 || !content.p ? r : judge_content(finder, entry, content, err);
}

static int
judge_all(struct finder *finder, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < finder->image->entry_count; i++) {
		const struct image_entry *entry = &finder->image->entries[i];

		if (entry->type == IMAGE_FILE && entry->inode == i)
			r = judge(finder, i, err);
	}
	return r;
}

const struct shell_name *
finder_name_of(const struct finder *finder, uint32_t entry, uint32_t target)
{
	const struct image_entry *inode = image_inode(finder->image, target);
	const struct file *file = &finder->files[finder->image->entries[target].inode];
	const struct shell_name *name = shell_name_find(image_name(&finder->image->entries[entry]));

	if (!name || inode->type != IMAGE_FILE || !finder_is_executable(inode) || file->no_shell ||
	    file->commands)
		return NULL;
	if (name->program_only ? !file->program : !(file->program || file->script || file->unread))
		return NULL;
	return name;
}

/* ---- the list ---- */

static int
add_shell(struct finder *finder, uint32_t entry, enum shell_kind kind, enum shell_proof proof,
	  struct span what, struct err *err)
{
	struct shell shell = {.entry = entry, .kind = kind, .proof = proof, .what = what};

	return vec_push(&finder->items, &shell, ITEMS_MAX, err);
}

static int
list_entry(struct finder *finder, uint32_t entry, uint32_t target, struct err *err)
{
	uint32_t inode = finder->image->entries[target].inode;
	const struct file *file = &finder->files[inode];
	const struct shell_name *name = finder_name_of(finder, entry, target);
	bool link = entry != inode || (file->named && !name);
	enum shell_proof proof = name ? SHELL_BY_NAME : link ? SHELL_BY_LINK : SHELL_BY_CONTENT;

	if (file->commands)
		return add_shell(finder, entry, SHELL_COMMANDS,
				 link ? SHELL_BY_LINK : SHELL_BY_CONTENT, finder->table, err);
	if (file->signature) {
		/* The names a multi-call program goes by are no shells, but for those of one. */
		if (proof == SHELL_BY_LINK && file->signature->kind == SHELL_MULTICALL)
			return 0;
		return add_shell(finder, entry, file->signature->kind, proof, file->signature->what,
				 err);
	}
	if (name)
		return add_shell(finder, entry, name->kind, proof, name->name, err);
	if (file->named)
		return add_shell(finder, entry, file->named->kind, proof, file->named->name, err);
	if (file->copy_of.n)
		return add_shell(finder, entry, file->copy_kind, proof, file->copy_of, err);
	return 0;
}

/* "command table of 3 commands" */
static int
describe_table(struct finder *finder, struct err *err)
{
	uint32_t entry = image_find(finder->image, SPAN(COMMANDS_TABLE_PATH));
	struct span text = {NULL, 0};
	struct err ignored = ERR_INIT;
	size_t count = 0;
	int r = 0;

	if (entry != IMAGE_NONE && finder->image->entries[entry].type == IMAGE_FILE)
		r = finder_load(finder, entry, COMMAND_TABLE_MAX, &text, err);
	if (r < 0)
		return r;
	if (text.p && command_table_count(text, &count, &ignored) == 0)
		finder->table = arena_printf(finder->arena, "command table of %zu command%s", count,
					     count == 1 ? "" : "s");
	else
		finder->table = arena_printf(finder->arena, "mohs-commands without a table");
	return finder->table.p ? 0 : err_memory(err);
}

static int
list_all(struct finder *finder, struct err *err)
{
	const struct image *image = finder->image;
	int r = describe_table(finder, err);

	for (uint32_t i = 0; r >= 0 && i < image->entry_count; i++) {
		uint32_t target = i;

		if (image->entries[i].type == IMAGE_SYMLINK)
			target = image_resolve(image, image->entries[i].path, true, NULL, NULL);
		if (target != IMAGE_NONE && image->entries[target].type == IMAGE_FILE)
			r = list_entry(finder, i, target, err);
	}
	return r;
}

/* ---- the result ---- */

struct sort_key {
	struct span path;
	struct shell shell;
};

static int
compare_keys(const void *left, const void *right)
{
	return span_compare(((const struct sort_key *)left)->path,
			    ((const struct sort_key *)right)->path);
}

static int
sort_items(struct finder *finder, struct shell *to, struct err *err)
{
	size_t count = finder->items.count;
	struct sort_key *keys = calloc(count + 1, sizeof(*keys));

	if (!keys)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		const struct shell *shell = &finder->items.items[i];

		keys[i] = (struct sort_key){finder->image->entries[shell->entry].path, *shell};
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < count; i++)
		to[i] = keys[i].shell;
	free(keys);
	return 0;
}

static int
finish(struct finder *finder, struct shells *shells, struct err *err)
{
	shells->arena = finder->arena;
	shells->count = finder->items.count;
	shells->items = arena_array(finder->arena, shells->count + 1, sizeof(struct shell));
	shells->gaps.count = finder->gaps.count;
	shells->gaps.items = arena_array(finder->arena, shells->gaps.count + 1, sizeof(struct gap));
	if (!shells->items || !shells->gaps.items)
		return err_memory(err);
	if (finder->gaps.count)
		memcpy(shells->gaps.items, finder->gaps.items,
		       finder->gaps.count * sizeof(struct gap));
	int r = sort_items(finder, shells->items, err);
	for (size_t i = 0; i < shells->count; i++)
		shells->shell_count += shell_counts(shells->items[i].kind);
	return r;
}

static int
find_here(const struct image *image, const struct contents *contents, struct shells **ret,
	  struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(finder_cleanup)
	struct finder finder = {
		.image = image,
		.contents = contents,
		.arena = arena,
		.scanner = scanner_new(),
		.files = calloc(image->entry_count + 1, sizeof(struct file)),
	};
	struct shells *shells = arena ? arena_alloc(arena, sizeof(*shells)) : NULL;

	if (!shells || !finder.scanner || !finder.files)
		return err_memory(err);
	int r = judge_all(&finder, err);
	if (r >= 0)
		r = finder_copies(&finder, err);
	if (r >= 0)
		r = list_all(&finder, err);
	if (r >= 0)
		r = finish(&finder, shells, err);
	if (r < 0)
		return r;
	*ret = shells;
	(void)TAKE(arena);
	return 0;
}

struct question {
	const struct image *image;
	const struct contents *contents;
};

/* In the child. */
static int
answer(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	const struct question *question = context;
	CLEANUP(shells_cleanup) struct shells *shells = NULL;
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(ANALYSIS_RESULT_MAX);
	int r = find_here(question->image, question->contents, &shells, err);

	*ret_answer = 0; /* the bytes say it all */
	if (r == 0)
		r = shells_bytes_put(shells, &bytes, err);
	return r < 0 ? r : fd_write_full(out, buf_span(&bytes), err);
}

int
shells_find(const struct image *image, const struct contents *contents, struct shells **ret,
	    struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(ANALYSIS_RESULT_MAX);
	struct question question = {image, contents};

	if (!arena)
		return err_memory(err);
	int r = contents_confine(contents, "the process that looks for shells", answer, &question,
				 &bytes, err);
	if (r == 0)
		r = shells_bytes_get(buf_span(&bytes), image->entry_count, arena, ret, err);
	if (r < 0)
		return err_wrap(err, "shells");
	(void)TAKE(arena);
	return 0;
}
