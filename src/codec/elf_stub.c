/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/elf_stub.h"

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/elf_crt.h"
#include "codec/elf_stub/stub.h"

/* ---- what stub.h declares for all ---- */

static int
put_number(struct buf *buf, uint64_t value, size_t size, struct err *err)
{
	char bytes[8];

	bytes_put(bytes, value, size, false);
	return buf_append(buf, (struct span){bytes, size}, err);
}

int
stub_u16(struct buf *buf, uint64_t value, struct err *err)
{
	return put_number(buf, value, 2, err);
}

int
stub_u32(struct buf *buf, uint64_t value, struct err *err)
{
	return put_number(buf, value, 4, err);
}

int
stub_u64(struct buf *buf, uint64_t value, struct err *err)
{
	return put_number(buf, value, 8, err);
}

int
stub_zeroes(struct buf *buf, size_t count, struct err *err)
{
	int r = buf_reserve(buf, count, err);
	if (r < 0)
		return r;
	memset(buf->p + buf->n, 0, count + 1);
	buf->n += count;
	return 0;
}

int
stub_text(struct stub *stub, struct span text, uint64_t *ret, struct err *err)
{
	struct buf *strings = &stub->parts[PART_STRINGS].bytes;
	uint64_t at = strings->n;

	if (text.n == 0)
		return err_set(err, ERR_INVALID, "a name that is not there");
	if (text.n > ELF_STUB_NAME_MAX)
		return err_set(err, ERR_LIMIT, "a name of %zu bytes (ELF_STUB_NAME_MAX %lu)",
			       text.n, ELF_STUB_NAME_MAX);
	if (map_get(stub->interned, text, ret))
		return 0;
	int r = buf_append(strings, text, err);
	if (r == 0)
		r = buf_byte(strings, '\0', err);
	if (r == 0)
		r = map_put(stub->interned, text, at, err);
	if (r == 0)
		*ret = at;
	return r;
}

static void
stub_cleanup(struct stub *stub)
{
	for (size_t i = 0; i < PARTS; i++)
		buf_cleanup(&stub->parts[i].bytes);
	map_free(stub->interned);
	free(stub->symbols);
}

/* ---- what a stub can stand in for ---- */

/* Dynamic entries that say nothing that a stub has to keep, or that it has anew. */
static const uint64_t own_tags[] = {
	DT_PLTRELSZ,	 DT_PLTGOT,	   DT_HASH,	    DT_STRTAB,	     DT_SYMTAB,
	DT_RELA,	 DT_RELASZ,	   DT_RELAENT,	    DT_STRSZ,	     DT_SYMENT,
	DT_INIT,	 DT_FINI,	   DT_SYMBOLIC,	    DT_PLTREL,	     DT_DEBUG,
	DT_JMPREL,	 DT_BIND_NOW,	   DT_INIT_ARRAY,   DT_INIT_ARRAYSZ, DT_FINI_ARRAY,
	DT_FINI_ARRAYSZ, DT_FLAGS,	   DT_SYMTAB_SHNDX, DT_RELRSZ,	     DT_RELR,
	DT_RELRENT,	 DT_GNU_HASH,	   DT_TLSDESC_PLT,  DT_TLSDESC_GOT,  DT_RELACOUNT,
	DT_FLAGS_1,	 DT_VERSYM,	   DT_VERDEF,	    DT_VERDEFNUM,    DT_VERNEED,
	DT_VERNEEDNUM,	 DT_GNU_PRELINKED, DT_CHECKSUM,	    DT_GNU_LIBLIST,  DT_GNU_LIBLISTSZ,
	DT_NEEDED,	 DT_SONAME,	   DT_RPATH,	    DT_RUNPATH,
};

/* Of a processor: where the PLT is, and how it calls. */
enum { OWN_TAGS_FROM = DT_LOPROC, OWN_TAGS_TO = DT_LOPROC + 5 };

static bool
tag_is_own(uint64_t tag)
{
	if (tag >= OWN_TAGS_FROM && tag <= OWN_TAGS_TO)
		return true;
	for (size_t i = 0; i < sizeof(own_tags) / sizeof(own_tags[0]); i++) {
		if (own_tags[i] == tag)
			return true;
	}
	return false;
}

static int
check_tags(const struct elf_library *library, struct err *err)
{
	const uint64_t kept =
		DF_1_NOW | DF_1_GLOBAL | DF_1_NODELETE | DF_1_NOOPEN | DF_1_ORIGIN | DF_1_NODEFLIB;
	uint64_t flags = 0;

	for (size_t i = 0; i < library->entry_count; i++) {
		uint64_t tag = library->entries[i].tag;
		if (tag == DT_TEXTREL)
			return err_set(err, ERR_UNSUPPORTED, "it relocates its code");
		if (tag == DT_FILTER || tag == DT_AUXILIARY)
			return err_set(err, ERR_UNSUPPORTED, "it is a filter of another library");
		if (!tag_is_own(tag))
			return err_set(err, ERR_UNSUPPORTED,
				       "it has a dynamic entry of an unknown kind (0x%llx)",
				       (unsigned long long)tag);
	}
	if (elf_library_value(library, DT_FLAGS, &flags) && flags & DF_TEXTREL)
		return err_set(err, ERR_UNSUPPORTED, "it relocates its code");
	if (elf_library_value(library, DT_FLAGS_1, &flags) && flags & ~kept)
		return err_set(err, ERR_UNSUPPORTED, "its flags (DT_FLAGS_1) are 0x%llx",
			       (unsigned long long)flags);
	return 0;
}

/* As many as elf_read() takes of the stub. */
static int
check_needed(const struct elf_library *library, struct err *err)
{
	size_t count = 0;

	for (size_t i = 0; i < library->entry_count; i++)
		count += library->entries[i].tag == DT_NEEDED;
	return count <= ELF_NEEDED_MAX
		       ? 0
		       : err_set(err, ERR_LIMIT, "%zu DT_NEEDED entries (ELF_NEEDED_MAX %d)", count,
				 ELF_NEEDED_MAX);
}

static int
check_library(const struct elf_library *library, struct err *err)
{
	if (library->interpreter)
		return err_set(err, ERR_UNSUPPORTED, "it is a program too");
	if (library->executable_stack)
		return err_set(err, ERR_UNSUPPORTED, "it asks for an executable stack");
	int r = check_tags(library, err);
	return r < 0 ? r : check_needed(library, err);
}

static int
read_soname(const struct elf_library *library, struct span *ret, struct err *err)
{
	uint64_t at = 0;

	if (!elf_library_value(library, DT_SONAME, &at))
		return err_set(err, ERR_UNSUPPORTED, "it has no name of its own (DT_SONAME)");
	struct span soname = elf_library_text(library, at);
	if (soname.n == 0 || soname.n > IMAGE_NAME_MAX || span_find(soname, '/') < soname.n ||
	    span_equal(soname, SPAN(".")) || span_equal(soname, SPAN("..")))
		return err_set(err, ERR_UNSUPPORTED, "its name (DT_SONAME) is no file's");
	for (size_t i = 0; i < soname.n; i++) {
		if (soname.p[i] <= ' ' || soname.p[i] > '~')
			return err_set(err, ERR_UNSUPPORTED, "its name (DT_SONAME) is no file's");
	}
	*ret = soname;
	return 0;
}

/* ---- the parts that need no other ---- */

/* Names that .dynamic will ask for: no text may be new once the parts have their places. */
static int
intern_texts(struct stub *stub, struct err *err)
{
	const struct elf_library *library = stub->library;
	uint64_t at = 0;
	int r = buf_byte(&stub->parts[PART_STRINGS].bytes, '\0', err);

	for (size_t i = 0; r == 0 && i < library->entry_count; i++) {
		const struct elf_entry *entry = &library->entries[i];
		if (entry->tag == DT_NEEDED || entry->tag == DT_SONAME || entry->tag == DT_RPATH ||
		    entry->tag == DT_RUNPATH)
			r = stub_text(stub, elf_library_text(library, entry->value), &at, err);
	}
	return r;
}

/* Says that the code may be called by branches that are checked, as far as the original says so. */
static int
put_property(struct stub *stub, struct err *err)
{
	const struct elf_library *library = stub->library;
	struct buf *note = &stub->parts[PART_PROPERTY].bytes;
	bool x86 = library->machine == EM_X86_64;
	uint32_t features = library->features &
			    (x86 ? GNU_PROPERTY_X86_FEATURE_1_IBT | GNU_PROPERTY_X86_FEATURE_1_SHSTK
				 : GNU_PROPERTY_AARCH64_FEATURE_1_BTI);
	const uint64_t words[] = {
		sizeof(ELF_NOTE_GNU),
		16,
		NT_GNU_PROPERTY_TYPE_0,
		0x554e47, /* "GNU" */
		x86 ? GNU_PROPERTY_X86_FEATURE_1_AND : GNU_PROPERTY_AARCH64_FEATURE_1_AND,
		sizeof(features),
		features,
		0,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && features && i < sizeof(words) / sizeof(words[0]); i++)
		r = stub_u32(note, words[i], err);
	return r;
}

static int
make(struct stub *stub, struct buf *ret, struct err *err)
{
	int r = intern_texts(stub, err);

	if (r == 0)
		r = buf_append(&stub->parts[PART_NOTE].bytes, SPAN(ELF_STUB_NOTE), err);
	if (r == 0)
		r = put_property(stub, err);
	if (r == 0)
		r = stub_versions(stub, err);
	if (r == 0)
		r = stub_symbols(stub, err);
	if (r == 0)
		r = stub_words(stub, err);
	return r < 0 ? r : stub_layout(stub, ret, err);
}

static int
stub_from(struct span original, int (*way)(struct stub *stub, struct buf *ret, struct err *err),
	  struct buf *ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(stub_cleanup) struct stub stub = {0};
	CLEANUP(buf_cleanup) struct buf file = BUF_INIT(ELF_STUB_MAX);
	struct elf_library library = {0};
	struct elf_crt crt = {0};

	stub.interned = map_new(0);
	if (!arena || !stub.interned)
		return err_memory(err);
	for (size_t i = 0; i < PARTS; i++)
		stub.parts[i].bytes.max = ELF_STUB_MAX;
	int r = elf_library_read(original, arena, &library, err);
	if (r == 0)
		r = check_library(&library, err);
	if (r == 0)
		r = read_soname(&library, &stub.soname, err);
	if (r == 0)
		r = elf_crt_read(&library, &crt, err);
	stub.library = &library;
	if (r == 0)
		r = way(&stub, &file, err);
	if (r < 0)
		return r;
	*ret = file;
	file = (struct buf){0};
	return 0;
}

int
elf_stub_make(struct span original, struct buf *ret, struct err *err)
{
	return stub_from(original, make, ret, err);
}

int
elf_stub_lend(struct span original, struct buf *ret, struct err *err)
{
	return stub_from(original, stub_lend, ret, err);
}

/* ---- the rest ---- */

struct showing {
	int (*see)(void *context, struct span name, struct err *err);
	void *context;
};

static int
show_data(void *context, const struct elf_exported *symbol, struct err *err)
{
	const struct showing *showing = context;

	return symbol->kind == ELF_DATA ? showing->see(showing->context, symbol->name, err) : 0;
}

int
elf_stub_data(struct span original, int (*see)(void *context, struct span name, struct err *err),
	      void *context, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct showing showing = {see, context};
	struct elf_library library = {0};

	if (!arena)
		return err_memory(err);
	int r = elf_library_read(original, arena, &library, err);
	return r < 0 ? r : elf_library_exports(&library, show_data, &showing, err);
}
