/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages alone do not tell whether a function ran that shares its page with what runs on loading.
 * Only code that ran can have called: so files of which code ran for certain come first, then those
 * whose functions that code names and whose pages were touched, until nothing is added.
 */
#include "port/lens/code.h"

#include "base/cleanup.h"
#include "base/vec.h"
#include "codec/elf.h"
#include "codec/elf_calls.h"

#include <stdlib.h>

struct lens_code {
	const struct lens *lens;
	struct arena *arena;
	struct map *asked; /* names that code which ran can have called; the value says nothing */
	uint32_t unread;   /* inode of one that ran, of which it is not known what it imports, or
			      IMAGE_NONE */
	bool *ran;	   /* per inode */
	VEC(uint32_t) doubtful; /* inodes of ELF files that are not known to have run */
};

static int
open_file(const struct lens_code *code, uint32_t entry, struct contents_view *ret, struct err *err)
{
	return contents_view(code->lens->contents, code->lens->image, entry, ELF_FILE_MAX, ret,
			     err);
}

/* ---- imports ---- */

struct importing {
	struct lens_code *code;
	struct err *err;
	int result;
};

static int
note_name(void *context, struct span name, struct err *err)
{
	struct lens_code *code = context;
	uint64_t known;

	if (map_get(code->asked, name, &known))
		return 0;
	struct span copy = arena_copy(code->arena, name);
	return copy.p ? map_put(code->asked, copy, 1, err) : err_memory(err);
}

static bool
note_import(void *context, const struct elf_symbol *symbol)
{
	struct importing *importing = context;

	if (!symbol->defined && symbol->dynamic)
		importing->result = note_name(importing->code, symbol->name, importing->err);
	return importing->result == 0;
}

static const uint8_t *
pages_of(const struct lens_code *code, uint32_t inode)
{
	const struct lens_records *records = &code->lens->records;

	return (const void *)(records->pages + records->page_rows[inode]);
}

/* Code of it ran: what that names can have been called; where it cannot be told, all it imports. */
static int
note_run(struct lens_code *code, uint32_t inode, struct span file, struct err *err)
{
	struct importing importing = {code, err, 0};
	struct err ignored = ERR_INIT;

	code->ran[inode] = true;
	int r = elf_calls(file, pages_of(code, inode), file.n / ELF_CODE_PAGE + 1, note_name, code,
			  &ignored);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r == 0)
		return 0;
	if (elf_symbols(file, note_import, &importing, &ignored) < 0)
		code->unread = inode;
	return importing.result;
}

/* ---- who ran ---- */

static bool
is_asked(void *context, struct span name)
{
	const struct lens_code *code = context;
	uint64_t known;

	return code->unread != IMAGE_NONE || map_get(code->asked, name, &known);
}

/* Notes a file of which code ran, as far as is known by now; *ret_ran whether it did. */
static int
judge(struct lens_code *code, uint32_t inode, struct span file, bool *ret_ran, struct err *err)
{
	int r = elf_code_ran(file, pages_of(code, inode), file.n / ELF_CODE_PAGE + 1, is_asked,
			     code, ret_ran, err);

	return r < 0 || !*ret_ran ? r : note_run(code, inode, file, err);
}

/* A file that cannot be read counts as one that ran and imports anything. */
static int
judge_first(struct lens_code *code, uint32_t inode, struct err *err)
{
	CLEANUP(contents_view_cleanup) struct contents_view view = {0};
	struct err ignored = ERR_INIT;
	bool ran = false;

	if (open_file(code, inode, &view, &ignored) < 0) {
		code->unread = inode;
		code->ran[inode] = true;
		return 0;
	}
	if (!elf_is(view.bytes))
		return 0;
	int r = judge(code, inode, view.bytes, &ran, err);
	return r < 0 || ran ? r : vec_push(&code->doubtful, &inode, IMAGE_ENTRIES_MAX, err);
}

/* Those that are left once more; *ret_more: others may have been called now. */
static int
judge_again(struct lens_code *code, bool *ret_more, struct err *err)
{
	size_t left = 0;

	*ret_more = false;
	for (size_t i = 0; i < code->doubtful.count; i++) {
		CLEANUP(contents_view_cleanup) struct contents_view view = {0};
		uint32_t inode = code->doubtful.items[i];
		bool ran = true;
		int r = open_file(code, inode, &view, err);

		if (r == 0)
			r = judge(code, inode, view.bytes, &ran, err);
		if (r < 0)
			return r;
		*ret_more |= ran;
		if (!ran)
			code->doubtful.items[left++] = inode;
	}
	code->doubtful.count = left;
	return 0;
}

static int
judge_all(struct lens_code *code, struct err *err)
{
	const struct lens *lens = code->lens;
	bool more = true;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < lens->image->entry_count; i++) {
		const struct lens_record *record = &lens->records.records[i];
		uint32_t inode = lens->image->entries[i].inode;

		if (lens->image->entries[inode].type == IMAGE_FILE && !code->ran[inode] &&
		    (atomic_load_explicit(&record->use, memory_order_relaxed) & USE_READ))
			r = judge_first(code, inode, err);
	}
	while (r == 0 && more)
		r = judge_again(code, &more, err);
	return r;
}

int
lens_code_open(const struct lens *lens, struct lens_code **ret, struct err *err)
{
	struct lens_code *code = lens->records.pages ? calloc(1, sizeof(*code)) : NULL;

	if (!lens->records.pages)
		return 0;
	if (!code)
		return err_memory(err);
	code->lens = lens;
	code->unread = IMAGE_NONE;
	code->arena = arena_new(0);
	code->asked = map_new(0);
	code->ran = calloc(lens->image->entry_count, sizeof(*code->ran));
	int r = code->arena && code->asked && code->ran ? judge_all(code, err) : err_memory(err);
	if (r < 0) {
		lens_code_free(code);
		return r;
	}
	*ret = code;
	return 0;
}

uint8_t
lens_code_use(const struct lens_code *code, uint32_t entry)
{
	return code && code->ran[code->lens->image->entries[entry].inode] ? USE_RUN : 0;
}

uint32_t
lens_code_unread(const struct lens_code *code)
{
	return code ? code->unread : IMAGE_NONE;
}

void
lens_code_free(struct lens_code *code)
{
	if (!code)
		return;
	map_free(code->asked);
	vec_free(&code->doubtful);
	arena_free(code->arena);
	free(code->ran);
	free(code);
}
