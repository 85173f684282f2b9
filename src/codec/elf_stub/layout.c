/* SPDX-License-Identifier: Apache-2.0 */
/* Where the parts of a stub lie, what refers to that, and the file that they make. */
#include "codec/elf_stub/stub.h"

#include "base/bytes.h"
#include "base/limits.h"

enum {
	HEADER = sizeof(Elf64_Ehdr),
	PROGRAM_HEADER = sizeof(Elf64_Phdr),
	SECTION_HEADER = sizeof(Elf64_Shdr),
	FILE_PAGE = 4096,
	NO_PART = PARTS,
};

struct kind {
	const char *name;
	uint32_t type;
	uint8_t flags;
	uint8_t alignment;
	uint8_t entry;
	uint8_t link;
};

static const struct kind kinds[PARTS] = {
	[PART_NOTE] = {".note.mohs", SHT_NOTE, SHF_ALLOC, 4, 0, NO_PART},
	[PART_PROPERTY] = {".note.gnu.property", SHT_NOTE, SHF_ALLOC, 8, 0, NO_PART},
	[PART_GNU_HASH] = {".gnu.hash", SHT_GNU_HASH, SHF_ALLOC, 8, 0, PART_SYMBOLS},
	[PART_HASH] = {".hash", SHT_HASH, SHF_ALLOC, 8, 4, PART_SYMBOLS},
	[PART_SYMBOLS] = {".dynsym", SHT_DYNSYM, SHF_ALLOC, 8, 24, PART_STRINGS},
	[PART_VERSIONS] = {".gnu.version", SHT_GNU_versym, SHF_ALLOC, 2, 2, PART_SYMBOLS},
	[PART_DEFINITIONS] = {".gnu.version_d", SHT_GNU_verdef, SHF_ALLOC, 8, 0, PART_STRINGS},
	[PART_NEEDS] = {".gnu.version_r", SHT_GNU_verneed, SHF_ALLOC, 8, 0, PART_STRINGS},
	[PART_STRINGS] = {".dynstr", SHT_STRTAB, SHF_ALLOC, 1, 0, NO_PART},
	[PART_WORDS] = {".rodata", SHT_PROGBITS, SHF_ALLOC, 1, 0, NO_PART},
	[PART_TEXT] = {".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 16, 0, NO_PART},
	[PART_DYNAMIC] = {".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE, 8, 16, PART_STRINGS},
	[PART_NAMES] = {".shstrtab", SHT_STRTAB, 0, 1, 0, NO_PART},
};

uint64_t
stub_page_size(const struct stub *stub)
{
	return stub->library->machine == EM_X86_64 ? 4 * KIB : 64 * KIB;
}

static uint64_t
round_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

static struct part *
part_of(struct stub *stub, enum part_name name)
{
	return &stub->parts[name];
}

static uint64_t
end_of(const struct part *part)
{
	return part->address + part->bytes.n;
}

static bool
has_property(const struct stub *stub)
{
	return stub->parts[PART_PROPERTY].bytes.n != 0;
}

static unsigned
program_headers(const struct stub *stub)
{
	return has_property(stub) ? 9 : 7;
}

/* ---- addresses ---- */

/* A segment of its own: behind the one before in memory, congruent with the file. */
static void
place_segment(struct stub *stub, struct part *part, uint64_t file_end, uint64_t memory_end)
{
	uint64_t page = stub_page_size(stub);

	part->offset = round_up(file_end, FILE_PAGE);
	part->address = round_up(memory_end, page) + part->offset % page;
}

/* All but .dynamic and .shstrtab have their sizes by now. */
static void
place_parts(struct stub *stub)
{
	struct part *text = part_of(stub, PART_TEXT);
	uint64_t at = HEADER + program_headers(stub) * PROGRAM_HEADER;

	for (size_t i = 0; i < PART_TEXT; i++) {
		struct part *part = &stub->parts[i];
		if (!part->bytes.n)
			continue;
		part->offset = part->address = round_up(at, kinds[i].alignment);
		at = part->offset + part->bytes.n;
	}
	place_segment(stub, text, at, at);
	uint64_t size = stub_text_size(stub);
	place_segment(stub, part_of(stub, PART_DYNAMIC), text->offset + size, text->address + size);
}

static void
place_symbols(struct stub *stub)
{
	char *table = part_of(stub, PART_SYMBOLS)->bytes.p;

	for (size_t i = 0; i < stub->symbol_count; i++) {
		char *symbol = table + (i + 1) * sizeof(Elf64_Sym);
		bytes_put_u16(symbol + offsetof(Elf64_Sym, st_shndx),
			      part_of(stub, PART_TEXT)->section, false);
		bytes_put(symbol + offsetof(Elf64_Sym, st_value), stub_thunk(stub, i), 8, false);
	}
}

/* ---- the dynamic section ---- */

static int
put_entry(struct stub *stub, uint64_t tag, uint64_t value, struct err *err)
{
	struct buf *out = &part_of(stub, PART_DYNAMIC)->bytes;
	int r = stub_u64(out, tag, err);

	return r < 0 ? r : stub_u64(out, value, err);
}

/* Names of libraries and search paths, as the original has them. */
static int
put_texts(struct stub *stub, struct err *err)
{
	const struct elf_library *library = stub->library;
	uint64_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < library->entry_count; i++) {
		const struct elf_entry *entry = &library->entries[i];
		if (entry->tag != DT_NEEDED && entry->tag != DT_SONAME && entry->tag != DT_RPATH &&
		    entry->tag != DT_RUNPATH)
			continue;
		r = stub_text(stub, elf_library_text(library, entry->value), &at, err);
		if (r == 0)
			r = put_entry(stub, entry->tag, at, err);
	}
	return r;
}

static int
put_address(struct stub *stub, uint64_t tag, enum part_name name, struct err *err)
{
	const struct part *part = part_of(stub, name);

	return part->bytes.n ? put_entry(stub, tag, part->address, err) : 0;
}

static int
put_number(struct stub *stub, uint64_t tag, uint64_t value, struct err *err)
{
	return value ? put_entry(stub, tag, value, err) : 0;
}

/* Flags that say how the loader is to treat the library, and not how its code was linked. */
static int
put_flags(struct stub *stub, struct err *err)
{
	uint64_t flags = 0;
	uint64_t more = 0;
	uint64_t any = 0;

	(void)elf_library_value(stub->library, DT_FLAGS, &flags);
	(void)elf_library_value(stub->library, DT_FLAGS_1, &more);
	if (elf_library_value(stub->library, DT_SYMBOLIC, &any))
		flags |= DF_SYMBOLIC;
	if (elf_library_value(stub->library, DT_BIND_NOW, &any))
		flags |= DF_BIND_NOW;
	int r = put_number(stub, DT_FLAGS, flags & (DF_ORIGIN | DF_SYMBOLIC | DF_BIND_NOW), err);
	return r < 0 ? r : put_number(stub, DT_FLAGS_1, more, err);
}

static int
put_dynamic(struct stub *stub, struct err *err)
{
	static const struct {
		uint64_t tag;
		enum part_name part;
	} tables[] = {
		{DT_HASH, PART_HASH},	    {DT_GNU_HASH, PART_GNU_HASH},
		{DT_STRTAB, PART_STRINGS},  {DT_SYMTAB, PART_SYMBOLS},
		{DT_VERSYM, PART_VERSIONS}, {DT_VERDEF, PART_DEFINITIONS},
		{DT_VERNEED, PART_NEEDS},
	};

	int r = put_texts(stub, err);
	for (size_t i = 0; r == 0 && i < sizeof(tables) / sizeof(tables[0]); i++)
		r = put_address(stub, tables[i].tag, tables[i].part, err);
	if (r == 0)
		r = put_number(stub, DT_STRSZ, part_of(stub, PART_STRINGS)->bytes.n, err);
	if (r == 0)
		r = put_number(stub, DT_SYMENT, sizeof(Elf64_Sym), err);
	if (r == 0)
		r = put_number(stub, DT_VERDEFNUM, part_of(stub, PART_DEFINITIONS)->info, err);
	if (r == 0)
		r = put_number(stub, DT_VERNEEDNUM, part_of(stub, PART_NEEDS)->info, err);
	if (r == 0)
		r = put_flags(stub, err);
	return r < 0 ? r : put_entry(stub, DT_NULL, 0, err);
}

/* ---- headers ---- */

struct segment {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t address;
	uint64_t size;	/* in the file */
	uint64_t taken; /* in memory */
	uint64_t alignment;
};

static int
put_segment(struct buf *out, const struct segment *segment, struct err *err)
{
	const uint64_t words[] = {segment->offset, segment->address, segment->address,
				  segment->size,   segment->taken,   segment->alignment};
	int r = stub_u32(out, segment->type, err);

	if (r == 0)
		r = stub_u32(out, segment->flags, err);
	for (size_t i = 0; r == 0 && i < sizeof(words) / sizeof(words[0]); i++)
		r = stub_u64(out, words[i], err);
	return r;
}

static int
put_part_segment(struct buf *out, const struct part *part, uint32_t type, uint32_t flags,
		 uint64_t alignment, struct err *err)
{
	const struct segment segment = {type,	       flags,	      part->offset, part->address,
					part->bytes.n, part->bytes.n, alignment};

	return put_segment(out, &segment, err);
}

static int
put_segments(struct stub *stub, struct buf *out, struct err *err)
{
	const struct part *dynamic = part_of(stub, PART_DYNAMIC);
	uint64_t page = stub_page_size(stub);
	uint64_t constant = end_of(part_of(stub, PART_WORDS));
	/* whole pages, so that all of them can become read-only */
	uint64_t taken = round_up(end_of(dynamic), page) - dynamic->address;
	const struct segment head = {PT_LOAD, PF_R, 0, 0, constant, constant, page};
	struct segment tail = {
		PT_LOAD, PF_R | PF_W, dynamic->offset, dynamic->address, dynamic->bytes.n,
		taken,	 page};
	const struct segment stack = {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 16};

	int r = put_segment(out, &head, err);
	if (r == 0)
		r = put_part_segment(out, part_of(stub, PART_TEXT), PT_LOAD, PF_R | PF_X, page,
				     err);
	if (r == 0)
		r = put_segment(out, &tail, err);
	if (r == 0)
		r = put_part_segment(out, dynamic, PT_DYNAMIC, PF_R | PF_W, 8, err);
	if (r == 0)
		r = put_part_segment(out, part_of(stub, PART_NOTE), PT_NOTE, PF_R, 4, err);
	if (r == 0 && has_property(stub))
		r = put_part_segment(out, part_of(stub, PART_PROPERTY), PT_NOTE, PF_R, 8, err);
	if (r == 0 && has_property(stub))
		r = put_part_segment(out, part_of(stub, PART_PROPERTY), PT_GNU_PROPERTY, PF_R, 8,
				     err);
	if (r == 0)
		r = put_segment(out, &stack, err);
	tail.type = PT_GNU_RELRO;
	tail.flags = PF_R;
	tail.alignment = 1;
	return r < 0 ? r : put_segment(out, &tail, err);
}

static int
put_header(struct stub *stub, struct buf *out, uint64_t sections_at, uint64_t section_count,
	   struct err *err)
{
	const struct elf_library *library = stub->library;
	char header[HEADER] = ELFMAG;

	header[EI_CLASS] = ELFCLASS64;
	header[EI_DATA] = ELFDATA2LSB;
	header[EI_VERSION] = EV_CURRENT;
	header[EI_OSABI] = (char)library->os_abi;
	header[EI_ABIVERSION] = (char)library->abi_version;
	bytes_put_u16(header + offsetof(Elf64_Ehdr, e_type), ET_DYN, false);
	bytes_put_u16(header + offsetof(Elf64_Ehdr, e_machine), library->machine, false);
	bytes_put_u32(header + offsetof(Elf64_Ehdr, e_version), EV_CURRENT, false);
	bytes_put(header + offsetof(Elf64_Ehdr, e_phoff), HEADER, 8, false);
	bytes_put(header + offsetof(Elf64_Ehdr, e_shoff), sections_at, 8, false);
	bytes_put_u32(header + offsetof(Elf64_Ehdr, e_flags), library->flags, false);
	bytes_put_u16(header + offsetof(Elf64_Ehdr, e_ehsize), HEADER, false);
	bytes_put_u16(header + offsetof(Elf64_Ehdr, e_phentsize), PROGRAM_HEADER, false);
	bytes_put_u16(header + offsetof(Elf64_Ehdr, e_phnum), program_headers(stub), false);
	bytes_put_u16(header + offsetof(Elf64_Ehdr, e_shentsize), SECTION_HEADER, false);
	bytes_put_u16(header + offsetof(Elf64_Ehdr, e_shnum), section_count, false);
	bytes_put_u16(header + offsetof(Elf64_Ehdr, e_shstrndx), section_count - 1, false);
	return buf_append(out, (struct span){header, HEADER}, err);
}

/* ---- sections ---- */

/* Their numbers; returns how many there are. */
static uint32_t
number_sections(struct stub *stub)
{
	uint32_t count = 1;

	for (size_t i = 0; i < PARTS; i++) {
		bool there = stub->parts[i].bytes.n || i >= PART_TEXT;
		stub->parts[i].section = there ? count++ : 0;
	}
	return count;
}

static int
put_section_names(struct stub *stub, struct err *err)
{
	struct buf *names = &part_of(stub, PART_NAMES)->bytes;
	int r = buf_byte(names, '\0', err);

	for (size_t i = 0; r == 0 && i < PARTS; i++) {
		if (!stub->parts[i].section)
			continue;
		r = buf_append(names, span_from(kinds[i].name), err);
		if (r == 0)
			r = buf_byte(names, '\0', err);
	}
	return r;
}

static int
put_section(struct stub *stub, struct buf *out, size_t i, size_t name, struct err *err)
{
	const struct part *part = &stub->parts[i];
	const struct kind *kind = &kinds[i];
	uint64_t link = kind->link == NO_PART ? 0 : stub->parts[kind->link].section;
	const uint64_t words[] = {kind->flags, part->address, part->offset, part->bytes.n};
	int r = stub_u32(out, name, err);

	if (r == 0)
		r = stub_u32(out, kind->type, err);
	for (size_t k = 0; r == 0 && k < sizeof(words) / sizeof(words[0]); k++)
		r = stub_u64(out, words[k], err);
	if (r == 0)
		r = stub_u32(out, link, err);
	if (r == 0)
		r = stub_u32(out, part->info, err);
	if (r == 0)
		r = stub_u64(out, kind->alignment, err);
	return r < 0 ? r : stub_u64(out, kind->entry, err);
}

static int
put_sections(struct stub *stub, struct buf *out, struct err *err)
{
	size_t name = 1;
	int r = stub_zeroes(out, SECTION_HEADER, err);

	for (size_t i = 0; r == 0 && i < PARTS; i++) {
		if (!stub->parts[i].section)
			continue;
		r = put_section(stub, out, i, name, err);
		name += strlen(kinds[i].name) + 1;
	}
	return r;
}

/* ---- the file ---- */

static int
put_part(struct buf *out, const struct part *part, struct err *err)
{
	if (!part->bytes.n)
		return 0;
	int r = stub_zeroes(out, part->offset - out->n, err);
	return r < 0 ? r : buf_append(out, buf_span(&part->bytes), err);
}

int
stub_layout(struct stub *stub, struct buf *ret, struct err *err)
{
	struct part *dynamic = part_of(stub, PART_DYNAMIC);
	struct part *names = part_of(stub, PART_NAMES);
	uint32_t sections = number_sections(stub);

	place_parts(stub);
	place_symbols(stub);
	int r = put_dynamic(stub, err);
	if (r == 0)
		r = stub_thunks(stub, err);
	if (r == 0)
		r = put_section_names(stub, err);
	if (r < 0)
		return r;
	names->offset = dynamic->offset + dynamic->bytes.n;
	uint64_t headers = round_up(names->offset + names->bytes.n, 8);
	r = put_header(stub, ret, headers, sections, err);
	if (r == 0)
		r = put_segments(stub, ret, err);
	for (size_t i = 0; r == 0 && i < PARTS; i++)
		r = put_part(ret, &stub->parts[i], err);
	if (r == 0)
		r = stub_zeroes(ret, headers - ret->n, err);
	return r < 0 ? r : put_sections(stub, ret, err);
}
