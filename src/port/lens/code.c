/* SPDX-License-Identifier: Apache-2.0 */
#include "port/lens/code.h"

#include "base/cleanup.h"
#include "base/vec.h"
#include "codec/elf.h"

#include <stdlib.h>

/* Imported by more than one file. */
#define MANY UINT64_MAX

struct lens_code {
	const struct lens *lens;
	struct arena *arena;
	bool blind;		 /* not all of them could be read: anything may be imported */
	struct map *imports;	 /* name -> index in importers */
	VEC(uint64_t) importers; /* inode of the file that imports it, or MANY */
};

static uint32_t
inode_of(const struct lens_code *code, uint32_t entry)
{
	return code->lens->image->entries[entry].inode;
}

static int
open_file(const struct lens_code *code, uint32_t entry, struct contents_view *ret, struct err *err)
{
	return contents_view(code->lens->contents, code->lens->image, entry, ELF_FILE_MAX, ret,
			     err);
}

struct importing {
	struct lens_code *code;
	uint64_t inode;
	struct err *err;
	int result;
};

static int
add_import(struct importing *importing, struct span name)
{
	struct lens_code *code = importing->code;
	struct span copy = arena_copy(code->arena, name);
	int r = copy.p ? map_put(code->imports, copy, code->importers.count, importing->err)
		       : err_memory(importing->err);

	return r < 0 ? r : vec_push(&code->importers, &importing->inode, SIZE_MAX, importing->err);
}

static bool
note_import(void *context, const struct elf_symbol *symbol)
{
	struct importing *importing = context;
	uint64_t known;

	if (symbol->defined || !symbol->dynamic)
		return true;
	if (!map_get(importing->code->imports, symbol->name, &known)) {
		importing->result = add_import(importing, symbol->name);
	} else if (importing->code->importers.items[known] != importing->inode) {
		importing->code->importers.items[known] = MANY;
	}
	return importing->result == 0;
}

static int
note_imports(struct lens_code *code, uint32_t entry, struct err *err)
{
	CLEANUP(contents_view_cleanup) struct contents_view view = {0};
	struct importing importing = {code, inode_of(code, entry), err, 0};
	struct err ignored = ERR_INIT;

	if (open_file(code, entry, &view, &ignored) < 0 ||
	    (elf_is(view.bytes) && elf_symbols(view.bytes, note_import, &importing, &ignored) < 0))
		code->blind = true;
	return importing.result;
}

static bool
was_read(const struct lens *lens, uint32_t entry)
{
	const struct lens_record *record = &lens->records.records[entry];

	return image_inode(lens->image, entry)->type == IMAGE_FILE &&
	       (atomic_load_explicit(&record->use, memory_order_relaxed) & USE_READ);
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
	code->arena = arena_new(0);
	code->imports = map_new(0);
	int r = code->arena && code->imports ? 0 : err_memory(err);
	for (uint32_t i = 0; r == 0 && i < lens->image->entry_count; i++) {
		if (was_read(lens, i))
			r = note_imports(code, i, err);
	}
	if (r < 0) {
		lens_code_free(code);
		return r;
	}
	*ret = code;
	return 0;
}

struct asking {
	const struct lens_code *code;
	uint64_t inode;
};

static bool
is_asked(void *context, struct span name)
{
	const struct asking *asking = context;
	uint64_t known;

	return map_get(asking->code->imports, name, &known) &&
	       asking->code->importers.items[known] != asking->inode;
}

uint8_t
lens_code_use(const struct lens_code *code, uint32_t entry)
{
	CLEANUP(contents_view_cleanup) struct contents_view view = {0};
	struct err ignored = ERR_INIT;
	bool ran = true;

	if (!code || image_inode(code->lens->image, entry)->type != IMAGE_FILE)
		return 0;

	const struct lens_records *records = &code->lens->records;
	struct asking asking = {code, inode_of(code, entry)};
	const void *pages = (const void *)(records->pages + records->page_rows[asking.inode]);
	if (open_file(code, entry, &view, &ignored) < 0)
		return USE_RUN;
	if (!elf_is(view.bytes))
		return 0;
	if (elf_code_ran_by(view.bytes, pages, view.bytes.n / ELF_CODE_PAGE + 1,
			    code->blind ? NULL : is_asked, &asking, &ran, &ignored) < 0)
		ran = true;
	return ran ? USE_RUN : 0;
}

void
lens_code_free(struct lens_code *code)
{
	if (!code)
		return;
	map_free(code->imports);
	vec_free(&code->importers);
	arena_free(code->arena);
	free(code);
}
