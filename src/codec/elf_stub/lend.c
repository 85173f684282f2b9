/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stub with all data of the original: its segments without code, where they were in memory, with
 * its symbols, versions and relocations. In the place of the code is room that nobody may touch; a
 * segment behind the others holds a thunk for each function that can be come to: those that are
 * exported, and those that data points to.
 */
#include "codec/elf_stub/lend.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/elf_stub.h"

#include <stddef.h>
#include <stdlib.h>

enum {
	HEADER = sizeof(Elf64_Ehdr),
	PROGRAM_HEADER = sizeof(Elf64_Phdr),
	FILE_PAGE = 4096,
	THUNK = 16,
	NOTE_SIZE = 24,
};

#define ADDRESS_MAX GIB /* what code can name by a distance */
#define UNNAMED	    "a function"

static char *
writable(const struct lend *lend, struct span bytes)
{
	return lend->work + (bytes.p - lend->stub->library->file.p);
}

static char *
header_at(const struct lend *lend, size_t i)
{
	return lend->work + bytes_u64(lend->work + offsetof(Elf64_Ehdr, e_phoff), false) +
	       i * PROGRAM_HEADER;
}

static size_t
header_count(const struct lend *lend)
{
	return bytes_u16(lend->work + offsetof(Elf64_Ehdr, e_phnum), false);
}

static uint64_t
field(const char *header, size_t offset)
{
	return bytes_u64(header + offset, false);
}

static uint32_t
type_of(const char *header)
{
	return bytes_u32(header, false);
}

static bool
is_code(const char *header)
{
	return type_of(header) == PT_LOAD &&
	       (bytes_u32(header + offsetof(Elf64_Phdr, p_flags), false) & PF_X);
}

/* ---- what can be taken along ---- */

static int
check_load(struct lend *lend, const char *header, struct err *err)
{
	uint64_t address = field(header, offsetof(Elf64_Phdr, p_vaddr));
	uint64_t size = field(header, offsetof(Elf64_Phdr, p_memsz));
	uint64_t in_file = field(header, offsetof(Elf64_Phdr, p_filesz));
	uint64_t offset = field(header, offsetof(Elf64_Phdr, p_offset));
	uint64_t length = lend->stub->library->file.n;

	if (address < lend->memory_end || address > ADDRESS_MAX || size > ADDRESS_MAX ||
	    in_file > size || offset > length || in_file > length - offset)
		return err_set(err, ERR_INVALID, "segments that are not in order");
	if (lend->memory_end == 0 && (offset != 0 || address != 0 || is_code(header)))
		return err_set(err, ERR_UNSUPPORTED, "its headers are not loaded as data");
	if (is_code(header) && address % stub_page_size(lend->stub) != 0)
		return err_set(err, ERR_UNSUPPORTED, "its code shares pages with data");
	if (in_file && offset < lend->file_end)
		return err_set(err, ERR_UNSUPPORTED, "its segments overlap");
	lend->memory_end = address + size;
	lend->file_end = offset + in_file;
	return 0;
}

/* The headers lie in front, in the first segment; one of them gives its place to the thunks. */
static int
check_headers(struct lend *lend, struct err *err)
{
	const char *file = lend->work;
	uint64_t at = field(file, offsetof(Elf64_Ehdr, e_phoff));
	size_t seen = 0;

	if (bytes_u16(file + offsetof(Elf64_Ehdr, e_phentsize), false) != PROGRAM_HEADER ||
	    at < HEADER || at > FILE_PAGE || header_count(lend) > FILE_PAGE / PROGRAM_HEADER)
		return err_set(err, ERR_UNSUPPORTED, "its program headers are not in front");
	for (size_t i = 0; i < header_count(lend); i++) {
		const char *header = header_at(lend, i);
		uint64_t address = field(header, offsetof(Elf64_Phdr, p_vaddr));
		uint64_t size = field(header, offsetof(Elf64_Phdr, p_filesz));
		int r = type_of(header) == PT_LOAD ? check_load(lend, header, err) : 0;
		if (r < 0)
			return r;
		if ((type_of(header) == PT_LOAD || type_of(header) == PT_GNU_EH_FRAME) &&
		    lend->frames.p)
			return err_set(err, ERR_UNSUPPORTED, "its segments are in another order");
		if (type_of(header) == PT_LOAD && seen++ == 0 &&
		    size < at + header_count(lend) * PROGRAM_HEADER)
			return err_set(err, ERR_UNSUPPORTED, "its headers are not loaded as data");
		if (type_of(header) != PT_GNU_EH_FRAME)
			continue;
		lend->frames = elf_library_range(lend->stub->library, address, size);
		lend->frames_address = address;
		if (!lend->frames.p)
			break;
	}
	return lend->frames.p ? 0
			      : err_set(err, ERR_UNSUPPORTED,
					"it lends data, and has no table of its functions");
}

struct extent { /* of the file */
	uint64_t start;
	uint64_t end;
};

/* Where the file has what the loader reads at an address. */
static int
extent_of(const struct elf_library *library, uint64_t address, uint64_t size, struct extent *ret,
	  struct err *err)
{
	struct span bytes = elf_library_range(library, address, size);

	if (elf_library_is_code(library, address))
		return err_set(err, ERR_UNSUPPORTED, "its code and its tables lie in one segment");
	if (!bytes.p)
		return err_set(err, ERR_INVALID, "a table that is not all there");
	ret->start = (uint64_t)(bytes.p - library->file.p);
	ret->end = ret->start + size;
	return 0;
}

/* Tables are changed in place: none may lie in another, or in the headers. */
static int
check_apart(const struct extent *extents, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (extents[i].start < extents[k].end && extents[k].start < extents[i].end)
				return err_set(err, ERR_INVALID, "tables that overlap");
		}
	}
	return 0;
}

static int
check_tables(const struct lend *lend, struct err *err)
{
	enum { TABLES = 8 };
	static const struct {
		uint64_t tag;
		uint64_t size_tag;
		uint64_t size; /* without a tag: what is there at least */
	} tables[TABLES] = {
		{DT_SYMTAB, 0, sizeof(Elf64_Sym)},
		{DT_STRTAB, DT_STRSZ, 0},
		{DT_RELA, DT_RELASZ, 0},
		{DT_HASH, 0, 8},
		{DT_GNU_HASH, 0, 16},
		{DT_VERSYM, 0, 2},
		{DT_VERDEF, 0, sizeof(Elf64_Verdef)},
		{DT_VERNEED, 0, sizeof(Elf64_Verneed)},
	};
	const struct elf_library *library = lend->stub->library;
	struct extent extents[TABLES + 2] = {
		{0, field(lend->work, offsetof(Elf64_Ehdr, e_phoff)) +
			    header_count(lend) * PROGRAM_HEADER},
	};
	size_t count = 2;
	int r = extent_of(library, library->dynamic_address, library->dynamic.n, &extents[1], err);

	for (size_t i = 0; r == 0 && i < TABLES; i++) {
		uint64_t address = 0;
		uint64_t size = tables[i].size;
		if (!elf_library_value(library, tables[i].tag, &address) ||
		    (tables[i].size_tag && !elf_library_value(library, tables[i].size_tag, &size)))
			continue;
		if (tables[i].tag == DT_SYMTAB || tables[i].tag == DT_VERSYM)
			size *= library->symbol_count;
		if (size)
			r = extent_of(library, address, size, &extents[count++], err);
	}
	return r < 0 ? r : check_apart(extents, count, err);
}

/* ---- the segment of the thunks ---- */

/* The thunk for a function that is on the list; 0: it is not. */
static uint64_t
thunk_for(const struct lend *lend, uint64_t address)
{
	size_t low = 0;
	size_t high = lend->functions.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lend->functions.items[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < lend->functions.count && lend->functions.items[low].address == address
		       ? lend->first + low * THUNK
		       : 0;
}

static uint64_t
round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

/* The note, texts, common code, thunks; in the file at the start of a page too. */
static void
place_thunks(struct lend *lend)
{
	struct stub *stub = lend->stub;

	lend->segment = round_up(lend->memory_end, stub_page_size(stub));
	lend->words = lend->segment + NOTE_SIZE;
	lend->unnamed = lend->words + stub->parts[PART_WORDS].bytes.n;
	lend->common = round_up(lend->unnamed + sizeof(UNNAMED), THUNK);
	lend->first = lend->common + stub_common_size(stub);
}

static int
put_thunks(struct lend *lend, struct buf *out, struct err *err)
{
	struct stub *stub = lend->stub;
	int r = buf_append(out, SPAN(ELF_STUB_NOTE), err);

	if (r == 0)
		r = buf_append(out, buf_span(&stub->parts[PART_WORDS].bytes), err);
	if (r == 0)
		r = buf_append(out, (struct span){UNNAMED, sizeof(UNNAMED)}, err);
	if (r == 0)
		r = stub_zeroes(out, lend->common - (lend->unnamed + sizeof(UNNAMED)), err);
	if (r == 0)
		r = stub_put_common(stub, out, lend->common, lend->words, err);
	for (size_t i = 0; r == 0 && i < lend->functions.count; i++) {
		uint64_t name = lend->functions.items[i].name;
		r = stub_put_thunk(stub, out, lend->first + i * THUNK, name ? name : lend->unnamed,
				   lend->common, err);
	}
	return r;
}

/* ---- changes in place ---- */

static int
change_symbol(void *context, const struct elf_exported *symbol, struct err *err)
{
	struct lend *lend = context;
	const struct elf_library *library = lend->stub->library;
	uint64_t at = library->symbols + symbol->index * sizeof(Elf64_Sym);
	char *raw = writable(lend, elf_library_range(library, at, sizeof(Elf64_Sym)));

	(void)err;
	if (symbol->kind != ELF_FUNCTION)
		return 0;
	raw[offsetof(Elf64_Sym, st_info)] = (char)ELF64_ST_INFO(symbol->binding, STT_FUNC);
	bytes_put(raw + offsetof(Elf64_Sym, st_value), thunk_for(lend, symbol->address), 8, false);
	bytes_put(raw + offsetof(Elf64_Sym, st_size), THUNK, 8, false);
	return 0;
}

static int
change_relocations(struct lend *lend, struct err *err)
{
	struct relocation one;
	struct span table;
	int r = lend_relocations(lend->stub->library, &table, err);

	for (size_t at = 0; r == 0 && table.n - at >= sizeof(Elf64_Rela);
	     at += sizeof(Elf64_Rela)) {
		r = lend_read_relocation(lend, table.p + at, &one, err);
		if (r == 0 && one.to_code)
			bytes_put(writable(lend, table) + at + 16, thunk_for(lend, one.addend), 8,
				  false);
	}
	return r;
}

/* Without what is run on loading and unloading, and without the slots of the code. */
static void
change_dynamic(struct lend *lend)
{
	static const uint64_t gone[] = {
		DT_INIT,       DT_FINI,		DT_INIT_ARRAY,	DT_INIT_ARRAYSZ,
		DT_FINI_ARRAY, DT_FINI_ARRAYSZ, DT_JMPREL,	DT_PLTREL,
		DT_PLTRELSZ,   DT_PLTGOT,	DT_TLSDESC_PLT, DT_TLSDESC_GOT,
	};
	const struct elf_library *library = lend->stub->library;
	size_t n = 0;

	char *table = writable(lend, library->dynamic);

	memset(table, 0, library->dynamic.n);
	for (size_t i = 0; i < library->entry_count; i++) {
		const struct elf_entry *entry = &library->entries[i];
		bool kept = entry->tag < DT_LOPROC || entry->tag > DT_HIPROC;
		for (size_t k = 0; k < sizeof(gone) / sizeof(gone[0]); k++)
			kept = kept && gone[k] != entry->tag;
		if (!kept)
			continue;
		bytes_put(table + n * sizeof(Elf64_Dyn), entry->tag, 8, false);
		bytes_put(table + n * sizeof(Elf64_Dyn) + 8, entry->value, 8, false);
		n++;
	}
}

/* ---- the file ---- */

static void
put_field(char *header, size_t offset, uint64_t value)
{
	bytes_put(header + offset, value, 8, false);
}

/* Nothing of the file, and nobody may touch it. */
static void
close_code(char *header, uint64_t page)
{
	bytes_put_u32(header + offsetof(Elf64_Phdr, p_flags), 0, false);
	put_field(header, offsetof(Elf64_Phdr, p_offset), 0);
	put_field(header, offsetof(Elf64_Phdr, p_filesz), 0);
	put_field(header, offsetof(Elf64_Phdr, p_align), page);
}

static int
put_data(struct lend *lend, struct buf *out, char *header, struct err *err)
{
	uint64_t page = stub_page_size(lend->stub);
	uint64_t address = field(header, offsetof(Elf64_Phdr, p_vaddr));
	uint64_t size = field(header, offsetof(Elf64_Phdr, p_filesz));
	uint64_t from = field(header, offsetof(Elf64_Phdr, p_offset));
	uint64_t skip = (address % page + page - out->n % page) % page;
	int r = stub_zeroes(out, size ? skip : 0, err);

	if (r < 0)
		return r;
	put_field(header, offsetof(Elf64_Phdr, p_offset), size ? out->n : address % page);
	put_field(header, offsetof(Elf64_Phdr, p_align), page);
	return buf_append(out, (struct span){lend->work + from, size}, err);
}

/* Where the file now has an address that it had; false: it was in no segment of data. */
static bool
moved(const struct lend *lend, uint64_t address, uint64_t *ret)
{
	for (size_t i = 0; i < header_count(lend); i++) {
		const char *header = header_at(lend, i);
		uint64_t start = field(header, offsetof(Elf64_Phdr, p_vaddr));
		if (type_of(header) != PT_LOAD || address < start ||
		    address - start > field(header, offsetof(Elf64_Phdr, p_filesz)))
			continue;
		*ret = field(header, offsetof(Elf64_Phdr, p_offset)) + (address - start);
		return true;
	}
	return false;
}

static void
point_to_thunks(const struct lend *lend, char *header, uint64_t thunks_at, uint64_t size)
{
	put_field(header, offsetof(Elf64_Phdr, p_offset), thunks_at);
	put_field(header, offsetof(Elf64_Phdr, p_vaddr), lend->segment);
	put_field(header, offsetof(Elf64_Phdr, p_paddr), lend->segment);
	put_field(header, offsetof(Elf64_Phdr, p_filesz), size);
	put_field(header, offsetof(Elf64_Phdr, p_memsz), size);
}

/*
 * Headers that are no PT_LOAD. The one that found unwind tables finds the thunks, that of notes on
 * fours the stub's: the build of the original is another.
 */
static void
move_header(const struct lend *lend, char *header, uint64_t thunks_at, uint64_t size)
{
	uint64_t address = field(header, offsetof(Elf64_Phdr, p_vaddr));
	uint64_t offset = 0;

	if (type_of(header) == PT_GNU_EH_FRAME) {
		bytes_put_u32(header, PT_LOAD, false);
		bytes_put_u32(header + offsetof(Elf64_Phdr, p_flags), PF_R | PF_X, false);
		put_field(header, offsetof(Elf64_Phdr, p_align), stub_page_size(lend->stub));
		point_to_thunks(lend, header, thunks_at, size);
	} else if (type_of(header) == PT_NOTE &&
		   field(header, offsetof(Elf64_Phdr, p_align)) == 4) {
		point_to_thunks(lend, header, thunks_at, NOTE_SIZE);
	} else if (type_of(header) != PT_GNU_STACK && type_of(header) != PT_LOAD) {
		if (field(header, offsetof(Elf64_Phdr, p_filesz)) == 0 ||
		    moved(lend, address, &offset))
			put_field(header, offsetof(Elf64_Phdr, p_offset), offset);
		else
			bytes_put_u32(header, PT_NULL, false);
	}
}

static int
put_file(struct lend *lend, struct buf *out, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < header_count(lend); i++) {
		char *header = header_at(lend, i);
		if (is_code(header))
			close_code(header, stub_page_size(lend->stub));
		else if (type_of(header) == PT_LOAD)
			r = put_data(lend, out, header, err);
	}
	if (r == 0)
		r = stub_zeroes(out, round_up(out->n, stub_page_size(lend->stub)) - out->n, err);
	size_t thunks_at = out->n;
	if (r == 0)
		r = put_thunks(lend, out, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < header_count(lend); i++)
		move_header(lend, header_at(lend, i), thunks_at, out->n - thunks_at);
	put_field(lend->work, offsetof(Elf64_Ehdr, e_shoff), 0);
	bytes_put_u16(lend->work + offsetof(Elf64_Ehdr, e_shnum), 0, false);
	bytes_put_u16(lend->work + offsetof(Elf64_Ehdr, e_shstrndx), 0, false);
	memcpy(out->p, lend->work,
	       field(lend->work, offsetof(Elf64_Ehdr, e_phoff)) +
		       header_count(lend) * PROGRAM_HEADER);
	return 0;
}

static int
lend_all(struct lend *lend, struct buf *out, struct err *err)
{
	const struct elf_library *library = lend->stub->library;
	int r = check_headers(lend, err);

	if (r == 0)
		r = check_tables(lend, err);
	if (r == 0)
		r = lend_functions(lend, err);
	if (r == 0)
		r = stub_words(lend->stub, err);
	if (r < 0)
		return r;
	place_thunks(lend);
	r = elf_library_exports(library, change_symbol, lend, err);
	if (r == 0)
		r = change_relocations(lend, err);
	if (r < 0)
		return r;
	change_dynamic(lend);
	return put_file(lend, out, err);
}

int
stub_lend(struct stub *stub, struct buf *ret, struct err *err)
{
	CLEANUP(free_cleanup) char *work = NULL;
	struct span file = stub->library->file;
	struct lend lend = {.stub = stub};

	if (file.n > ELF_STUB_MAX)
		return err_set(err, ERR_LIMIT, "a library of %zu bytes (ELF_STUB_MAX %lu)", file.n,
			       ELF_STUB_MAX);
	lend.work = work = malloc(file.n);
	if (!work)
		return err_memory(err);
	memcpy(work, file.p, file.n);
	int r = lend_all(&lend, ret, err);
	vec_free(&lend.functions);
	return r;
}
