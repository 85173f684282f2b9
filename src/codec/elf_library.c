/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/elf_library.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "codec/elf.h"

#include <stddef.h>
#include <stdlib.h>

#define FIELD(type, member) offsetof(type, member), sizeof(((type *)0)->member)

static uint64_t
number(const char *record, size_t offset, size_t size)
{
	return bytes_number(record + offset, size, false);
}

static struct span
file_range(struct span file, uint64_t offset, uint64_t size)
{
	if (offset > file.n || size > file.n - offset)
		return (struct span){NULL, 0};
	return (struct span){file.p + offset, (size_t)size};
}

static int
read_header(struct span file, struct elf_library *library, struct err *err)
{
	if (!elf_is(file) || file.n < sizeof(Elf64_Ehdr))
		return err_set(err, ERR_INVALID, "not an ELF file");
	if (file.p[EI_VERSION] != EV_CURRENT ||
	    number(file.p, FIELD(Elf64_Ehdr, e_version)) != EV_CURRENT)
		return err_set(err, ERR_INVALID, "malformed ELF header");
	if (file.p[EI_CLASS] != ELFCLASS64 || file.p[EI_DATA] != ELFDATA2LSB)
		return err_set(err, ERR_UNSUPPORTED, "not a little-endian ELF file of 64 bits");
	library->file = file;
	library->machine = (uint16_t)number(file.p, FIELD(Elf64_Ehdr, e_machine));
	library->os_abi = (uint8_t)file.p[EI_OSABI];
	library->abi_version = (uint8_t)file.p[EI_ABIVERSION];
	library->flags = (uint32_t)number(file.p, FIELD(Elf64_Ehdr, e_flags));
	if (number(file.p, FIELD(Elf64_Ehdr, e_type)) != ET_DYN)
		return err_set(err, ERR_UNSUPPORTED, "not a shared library");
	if (library->machine != EM_X86_64 && library->machine != EM_AARCH64)
		return err_set(err, ERR_UNSUPPORTED, "machine %u, neither x86-64 nor AArch64",
			       library->machine);
	return 0;
}

/* What is known of the program headers so far. */
struct reading {
	struct elf_library *library;
	struct span dynamic;
	uint64_t dynamic_address;
	bool has_dynamic;
	uint64_t memory_end; /* of the segments */
};

/*
 * A loader maps whole pages, each segment over those before: what an address holds is only certain
 * where they ascend (gABI chapter 5) and where those that share a page have its bytes from one
 * place of the file.
 */
static int
check_load(const struct reading *reading, const struct elf_load *load, uint64_t taken,
	   struct err *err)
{
	enum { PAGE = 4096 };
	const struct elf_library *library = reading->library;
	const struct elf_load *before =
		library->load_count ? &library->loads[library->load_count - 1] : NULL;
	uint64_t end = 0;

	if (load->size > taken || __builtin_add_overflow(load->address, taken, &end))
		return err_set(err, ERR_INVALID, "a segment of an impossible size");
	if (load->size && !file_range(library->file, load->offset, load->size).p)
		return err_set(err, ERR_INVALID, "a segment that is not all there");
	if (load->size && (load->address - load->offset) % PAGE != 0)
		return err_set(err, ERR_INVALID, "a segment that cannot be mapped");
	if (taken && load->address < reading->memory_end)
		return err_set(err, ERR_INVALID, "segments that overlap or are not in order");
	if (load->size && before && before->size &&
	    load->address / PAGE == (reading->memory_end - 1) / PAGE &&
	    load->address - load->offset != before->address - before->offset)
		return err_set(err, ERR_INVALID, "segments that overlap in a page");
	return 0;
}

static int
read_load(struct reading *reading, const char *header, struct err *err)
{
	uint64_t flags = number(header, FIELD(Elf64_Phdr, p_flags));
	uint64_t taken = number(header, FIELD(Elf64_Phdr, p_memsz));
	struct elf_load load = {
		.offset = number(header, FIELD(Elf64_Phdr, p_offset)),
		.address = number(header, FIELD(Elf64_Phdr, p_vaddr)),
		.size = number(header, FIELD(Elf64_Phdr, p_filesz)),
		.writable = (flags & PF_W) != 0,
		.executable = (flags & PF_X) != 0,
	};

	int r = check_load(reading, &load, taken, err);
	if (r < 0)
		return r;
	reading->library->loads[reading->library->load_count++] = load;
	if (taken)
		reading->memory_end = load.address + taken;
	return 0;
}

/* ---- the dynamic section ---- */

static int
compare_tags(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return (*x > *y) - (*x < *y);
}

/* Of two entries of a kind one loader goes by the first, another by the last. */
static int
check_once(const struct elf_library *library, struct arena *arena, struct err *err)
{
	uint64_t *tags = arena_array(arena, library->entry_count + 1, sizeof(*tags));
	size_t count = 0;

	if (!tags)
		return err_memory(err);
	for (size_t i = 0; i < library->entry_count; i++) {
		uint64_t tag = library->entries[i].tag;
		if (tag != DT_NEEDED && tag != DT_AUXILIARY && tag != DT_FILTER)
			tags[count++] = tag;
	}
	if (count)
		qsort(tags, count, sizeof(*tags), compare_tags);
	for (size_t i = 1; i < count; i++) {
		if (tags[i] == tags[i - 1])
			return err_set(err, ERR_INVALID, "two dynamic entries of a kind (0x%llx)",
				       (unsigned long long)tags[i]);
	}
	return 0;
}

/* Loaders find it by its address, tools by its place in the file. */
static int
read_dynamic(const struct reading *reading, struct arena *arena, struct err *err)
{
	struct elf_library *library = reading->library;
	struct span bytes = reading->dynamic;
	size_t room = bytes.n / sizeof(Elf64_Dyn);

	if (!reading->has_dynamic)
		return err_set(err, ERR_UNSUPPORTED, "no dynamic section");
	if (room > ELF_DYNAMIC_MAX)
		return err_set(err, ERR_LIMIT, "%zu dynamic entries (ELF_DYNAMIC_MAX %d)", room,
			       ELF_DYNAMIC_MAX);
	if (!bytes.p || elf_library_range(library, reading->dynamic_address, bytes.n).p != bytes.p)
		return err_set(err, ERR_INVALID, "a dynamic section that is not loaded");
	library->dynamic = bytes;
	library->dynamic_address = reading->dynamic_address;
	library->entries = arena_array(arena, room + 1, sizeof(*library->entries));
	if (!library->entries)
		return err_memory(err);
	for (size_t i = 0; i < room; i++) {
		const char *at = bytes.p + i * sizeof(Elf64_Dyn);
		struct elf_entry entry = {
			.tag = number(at, FIELD(Elf64_Dyn, d_tag)),
			.value = number(at, FIELD(Elf64_Dyn, d_un)),
		};
		if (entry.tag == DT_NULL)
			return check_once(library, arena, err);
		library->entries[library->entry_count++] = entry;
	}
	return err_set(err, ERR_INVALID, "a dynamic section that does not end");
}

/* ---- program headers ---- */

/* NT_GNU_PROPERTY_TYPE_0 as PT_GNU_PROPERTY has it: one note, its properties 8-byte aligned. */
static void
read_features(struct elf_library *library, struct span note)
{
	enum { HEAD = sizeof(Elf64_Nhdr) + 4, PROPERTY = 8 };
	uint64_t wanted = library->machine == EM_X86_64 ? GNU_PROPERTY_X86_FEATURE_1_AND
							: GNU_PROPERTY_AARCH64_FEATURE_1_AND;

	if (note.n < HEAD || memcmp(note.p + sizeof(Elf64_Nhdr), "GNU", 4) != 0)
		return;
	struct span rest = span_slice(note, HEAD, note.n);
	while (rest.n >= PROPERTY) {
		uint64_t type = number(rest.p, 0, 4);
		uint64_t size = number(rest.p, 4, 4);
		if (size > rest.n - PROPERTY)
			return;
		if (type == wanted && size == 4)
			library->features = (uint32_t)number(rest.p, PROPERTY, 4);
		size_t step = PROPERTY + (((size_t)size + 7) & ~(size_t)7);
		if (step > rest.n)
			return;
		rest = span_slice(rest, step, rest.n);
	}
}

static int
read_segment(struct reading *reading, const char *header, struct err *err)
{
	struct elf_library *library = reading->library;
	uint64_t flags = number(header, FIELD(Elf64_Phdr, p_flags));
	struct span bytes = file_range(library->file, number(header, FIELD(Elf64_Phdr, p_offset)),
				       number(header, FIELD(Elf64_Phdr, p_filesz)));

	switch (number(header, FIELD(Elf64_Phdr, p_type))) {
	case PT_LOAD:
		return read_load(reading, header, err);
	case PT_DYNAMIC:
		if (reading->has_dynamic)
			return err_set(err, ERR_INVALID, "two dynamic sections");
		reading->has_dynamic = true;
		reading->dynamic = bytes;
		reading->dynamic_address = number(header, FIELD(Elf64_Phdr, p_vaddr));
		return 0;
	case PT_INTERP:
		library->interpreter = true;
		return 0;
	case PT_GNU_STACK:
		library->executable_stack = (flags & PF_X) != 0;
		return 0;
	case PT_GNU_PROPERTY:
		read_features(library, bytes);
		return 0;
	default:
		return 0;
	}
}

static int
read_segments(struct elf_library *library, struct arena *arena, struct err *err)
{
	struct reading reading = {.library = library};
	const char *header = library->file.p;
	uint64_t count = number(header, FIELD(Elf64_Ehdr, e_phnum));
	uint64_t size = number(header, FIELD(Elf64_Ehdr, e_phentsize));
	struct span table =
		file_range(library->file, number(header, FIELD(Elf64_Ehdr, e_phoff)), count * size);

	if (count > ELF_SEGMENTS_MAX)
		return err_set(err, ERR_LIMIT, "%u ELF program headers (ELF_SEGMENTS_MAX %d)",
			       (unsigned)count, ELF_SEGMENTS_MAX);
	if (!table.p || size != sizeof(Elf64_Phdr))
		return err_set(err, ERR_INVALID, "malformed ELF program headers");
	library->executable_stack = true; /* what no PT_GNU_STACK means */
	library->loads = arena_array(arena, count + 1, sizeof(*library->loads));
	if (!library->loads)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		int r = read_segment(&reading, table.p + i * size, err);
		if (r < 0)
			return r;
	}
	return read_dynamic(&reading, arena, err);
}

bool
elf_library_value(const struct elf_library *library, uint64_t tag, uint64_t *ret)
{
	for (size_t i = 0; i < library->entry_count; i++) {
		if (library->entries[i].tag != tag)
			continue;
		*ret = library->entries[i].value;
		return true;
	}
	return false;
}

static const struct elf_load *
load_of(const struct elf_library *library, uint64_t address)
{
	for (size_t i = 0; i < library->load_count; i++) {
		const struct elf_load *load = &library->loads[i];
		if (address >= load->address && address - load->address < load->size)
			return load;
	}
	return NULL;
}

struct span
elf_library_at(const struct elf_library *library, uint64_t address)
{
	const struct elf_load *load = load_of(library, address);

	if (!load)
		return (struct span){NULL, 0};
	uint64_t skipped = address - load->address;
	return file_range(library->file, load->offset + skipped, load->size - skipped);
}

struct span
elf_library_range(const struct elf_library *library, uint64_t address, uint64_t size)
{
	struct span rest = elf_library_at(library, address);

	return !rest.p || rest.n < size ? (struct span){NULL, 0}
					: span_slice(rest, 0, (size_t)size);
}

struct span
elf_library_text(const struct elf_library *library, uint64_t offset)
{
	if (offset >= library->strings.n)
		return (struct span){NULL, 0};
	struct span rest = span_slice(library->strings, (size_t)offset, library->strings.n);
	size_t end = span_find(rest, '\0');
	return end < rest.n ? span_slice(rest, 0, end) : (struct span){NULL, 0};
}

bool
elf_library_is_code(const struct elf_library *library, uint64_t address)
{
	const struct elf_load *load = load_of(library, address);

	return load && load->executable;
}

/* ---- the number of symbols ---- */

/* The chain of the last bucket ends with the last symbol. *ret is 0 when none is defined. */
static int
count_by_gnu_hash(struct span table, uint64_t *ret, struct err *err)
{
	enum { HEAD = 16, WORD = 4, BLOOM = 8 };
	uint64_t last = 0;

	if (table.n < HEAD)
		return err_set(err, ERR_INVALID, "a hash table (DT_GNU_HASH) that is cut");
	uint64_t buckets = number(table.p, 0, WORD);
	uint64_t first = number(table.p, 4, WORD);
	uint64_t chains = HEAD + number(table.p, 8, WORD) * BLOOM + buckets * WORD;
	if (chains > table.n)
		return err_set(err, ERR_INVALID, "a hash table (DT_GNU_HASH) that is cut");
	for (uint64_t i = 0; i < buckets; i++) {
		uint64_t symbol = number(table.p, chains - (buckets - i) * WORD, WORD);
		last = symbol > last ? symbol : last;
	}
	if (last == 0) {
		*ret = 0;
		return 0;
	}
	for (; last >= first && chains + (last - first + 1) * WORD <= table.n; last++) {
		if ((number(table.p, chains + (last - first) * WORD, WORD) & 1) == 0)
			continue;
		*ret = last + 1;
		return 0;
	}
	return err_set(err, ERR_INVALID, "a chain of DT_GNU_HASH that does not end");
}

static int
count_symbols(struct elf_library *library, struct err *err)
{
	uint64_t table = 0;
	uint64_t count = 0;
	uint64_t size = sizeof(Elf64_Sym);
	int r = 0;

	if (!elf_library_value(library, DT_SYMTAB, &library->symbols))
		return 0;
	if (elf_library_value(library, DT_SYMENT, &size) && size != sizeof(Elf64_Sym))
		return err_set(err, ERR_INVALID, "dynamic symbols of another size");
	if (elf_library_value(library, DT_GNU_HASH, &table)) {
		r = count_by_gnu_hash(elf_library_at(library, table), &count, err);
	} else if (elf_library_value(library, DT_HASH, &table)) {
		struct span head = elf_library_range(library, table, 8);
		if (!head.p)
			return err_set(err, ERR_INVALID, "a hash table (DT_HASH) that is cut");
		count = number(head.p, 4, 4);
	} else {
		return err_set(err, ERR_UNSUPPORTED, "no hash table that mohs knows");
	}
	if (r < 0)
		return r;
	if (count > ELF_SYMBOLS_MAX)
		return err_set(err, ERR_LIMIT, "%llu dynamic symbols (ELF_SYMBOLS_MAX %d)",
			       (unsigned long long)count, ELF_SYMBOLS_MAX);
	if (count && !elf_library_range(library, library->symbols, count * size).p)
		return err_set(err, ERR_INVALID, "dynamic symbols that are not all there");
	library->symbol_count = (uint32_t)count;
	return 0;
}

int
elf_library_read(struct span file, struct arena *arena, struct elf_library *ret, struct err *err)
{
	struct elf_library library = {0};
	uint64_t strings = 0;
	uint64_t size = 0;

	int r = read_header(file, &library, err);
	if (r == 0)
		r = read_segments(&library, arena, err);
	if (r < 0)
		return r;
	if (elf_library_value(&library, DT_STRTAB, &strings) &&
	    elf_library_value(&library, DT_STRSZ, &size))
		library.strings = elf_library_range(&library, strings, size);
	r = count_symbols(&library, err);
	if (r < 0)
		return r;
	*ret = library;
	return 0;
}

/* ---- exported symbols ---- */

static bool
kind_of(const struct elf_library *library, unsigned type, unsigned section, uint64_t address,
	enum elf_export *ret)
{
	*ret = ELF_DATA;
	switch (type) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
		*ret = ELF_FUNCTION;
		return true;
	case STT_NOTYPE:
		if (section != SHN_ABS && elf_library_is_code(library, address))
			*ret = ELF_FUNCTION;
		return true;
	case STT_OBJECT:
		return section != SHN_ABS;
	case STT_SECTION:
	case STT_FILE:
		return false;
	default:
		return true;
	}
}

int
elf_library_exports(const struct elf_library *library, elf_exported_visit visit, void *context,
		    struct err *err)
{
	struct span table = elf_library_range(library, library->symbols,
					      library->symbol_count * sizeof(Elf64_Sym));

	for (uint32_t i = 1; table.p && i < library->symbol_count; i++) {
		const char *raw = table.p + i * sizeof(Elf64_Sym);
		uint8_t info = (uint8_t)raw[offsetof(Elf64_Sym, st_info)];
		unsigned section = (unsigned)number(raw, FIELD(Elf64_Sym, st_shndx));
		struct elf_exported symbol = {
			.name = elf_library_text(library, number(raw, FIELD(Elf64_Sym, st_name))),
			.address = number(raw, FIELD(Elf64_Sym, st_value)),
			.index = i,
			.binding = ELF64_ST_BIND(info),
			.other = (uint8_t)raw[offsetof(Elf64_Sym, st_other)],
		};
		if (section == SHN_UNDEF || symbol.binding == STB_LOCAL ||
		    !kind_of(library, ELF64_ST_TYPE(info), section, symbol.address, &symbol.kind))
			continue;
		if (symbol.name.n == 0)
			return err_set(err, ERR_INVALID, "a dynamic symbol without a name");
		int r = visit(context, &symbol, err);
		if (r < 0)
			return r;
	}
	return 0;
}
