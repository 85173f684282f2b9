/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/elf.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <gelf.h>
#include <pthread.h>

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void
start_library(void)
{
	(void)elf_version(EV_CURRENT);
}

static void
handle_cleanup(Elf **handle)
{
	(void)elf_end(*handle);
}

bool
elf_is(struct span file)
{
	return span_starts_with(file, (struct span){ELFMAG, SELFMAG});
}

/*
 * The file, its header and the number of its program headers.
 * libelf takes a writable image but only writes on elf_update(), which is never called.
 */
static int
open_file(struct span file, Elf **ret, GElf_Ehdr *ret_header, size_t *ret_count, struct err *err)
{
	union {
		const char *in;
		char *out;
	} image = {.in = file.p};

	(void)pthread_once(&library_once, start_library);
	if (!elf_is(file) || file.n < sizeof(Elf32_Ehdr))
		return err_set(err, ERR_INVALID, "not an ELF file");

	CLEANUP(handle_cleanup) Elf *handle = elf_memory(image.out, file.n);
	if (!handle || elf_kind(handle) != ELF_K_ELF || !gelf_getehdr(handle, ret_header))
		return err_set(err, ERR_INVALID, "malformed ELF header");

	size_t count = 0;
	if (elf_getphdrnum(handle, &count) < 0)
		return err_set(err, ERR_INVALID, "malformed ELF program headers");
	if (count > ELF_HEADERS_MAX)
		return err_set(err, ERR_LIMIT, "%zu ELF program headers (ELF_HEADERS_MAX %d)",
			       count, ELF_HEADERS_MAX);
	*ret_count = count;
	*ret = TAKE(handle);
	return 0;
}

/* The bytes of a range of the file, or an empty span when they are not all there. */
static struct span
file_range(struct span file, uint64_t offset, uint64_t size)
{
	if (offset > file.n || size > file.n - offset)
		return (struct span){NULL, 0};
	return (struct span){file.p + offset, (size_t)size};
}

/* The NUL-terminated text at `offset`; empty when it does not end inside `table`. */
static struct span
text_at(struct span table, uint64_t offset)
{
	if (offset >= table.n)
		return (struct span){NULL, 0};
	struct span rest = span_slice(table, (size_t)offset, table.n);
	size_t end = span_find(rest, '\0');
	return end < rest.n ? span_slice(rest, 0, end) : (struct span){NULL, 0};
}

/* File offset of a virtual address, by the PT_LOAD that holds it; *ret_left: bytes after it there.
 */
static bool
offset_of_address(Elf *handle, size_t headers, uint64_t address, uint64_t *ret_offset,
		  uint64_t *ret_left)
{
	GElf_Phdr header;

	for (size_t i = 0; i < headers; i++) {
		if (!gelf_getphdr(handle, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		if (address < header.p_vaddr || address - header.p_vaddr >= header.p_filesz)
			continue;
		*ret_left = header.p_filesz - (address - header.p_vaddr);
		return !__builtin_add_overflow(header.p_offset, address - header.p_vaddr,
					       ret_offset);
	}
	return false;
}

static struct span
range_of_address(Elf *handle, size_t headers, struct span file, uint64_t address, uint64_t size)
{
	uint64_t offset = 0;
	uint64_t left = 0;

	if (!offset_of_address(handle, headers, address, &offset, &left))
		return (struct span){NULL, 0};
	if (size > left)
		size = left;
	return file_range(file, offset, size);
}

/* The entries of PT_DYNAMIC up to DT_NULL. */
struct dynamic {
	Elf_Data *data;
	size_t count;
	uint64_t strings; /* addresses */
	uint64_t strings_size;
	uint64_t symbols;
	uint64_t flags_1;
};

static void
note_dynamic(struct dynamic *dynamic, const GElf_Dyn *entry)
{
	switch (entry->d_tag) {
	case DT_STRTAB:
		dynamic->strings = entry->d_un.d_ptr;
		break;
	case DT_STRSZ:
		dynamic->strings_size = entry->d_un.d_val;
		break;
	case DT_SYMTAB:
		dynamic->symbols = entry->d_un.d_ptr;
		break;
	case DT_FLAGS_1:
		dynamic->flags_1 = entry->d_un.d_val;
		break;
	default:
		break;
	}
}

static void
load_dynamic(Elf *handle, const GElf_Phdr *header, struct dynamic *ret)
{
	size_t size = gelf_fsize(handle, ELF_T_DYN, 1, EV_CURRENT);
	size_t room = size ? (size_t)(header->p_filesz / size) : 0;
	GElf_Dyn entry;

	if (room > ELF_DYNAMIC_MAX)
		room = ELF_DYNAMIC_MAX;
	if (room == 0 || header->p_offset > INT64_MAX)
		return;
	ret->data = elf_getdata_rawchunk(handle, (int64_t)header->p_offset, room * size, ELF_T_DYN);
	if (!ret->data)
		return;
	for (; ret->count < room; ret->count++) {
		if (!gelf_getdyn(ret->data, (int)ret->count, &entry) || entry.d_tag == DT_NULL)
			return;
		note_dynamic(ret, &entry);
	}
}

static size_t
count_needed(const struct dynamic *dynamic)
{
	size_t count = 0;
	GElf_Dyn entry;

	for (size_t i = 0; i < dynamic->count; i++)
		count += gelf_getdyn(dynamic->data, (int)i, &entry) && entry.d_tag == DT_NEEDED;
	return count;
}

static int
read_dynamic(const struct dynamic *dynamic, struct span strings, struct arena *arena,
	     struct elf_info *info, struct err *err)
{
	size_t count = count_needed(dynamic);
	GElf_Dyn entry;

	if (count > ELF_NEEDED_MAX)
		return err_set(err, ERR_LIMIT, "%zu DT_NEEDED entries (ELF_NEEDED_MAX %d)", count,
			       ELF_NEEDED_MAX);
	info->needed.items = arena_array(arena, count + 1, sizeof(struct span));
	if (!info->needed.items)
		return err_memory(err);
	for (size_t i = 0; i < dynamic->count; i++) {
		if (!gelf_getdyn(dynamic->data, (int)i, &entry))
			continue;
		struct span text = text_at(strings, entry.d_un.d_val);
		if (entry.d_tag == DT_NEEDED && text.n)
			info->needed.items[info->needed.count++] = text;
		else if (entry.d_tag == DT_SONAME)
			info->soname = text;
		else if (entry.d_tag == DT_RPATH)
			info->rpath = text;
		else if (entry.d_tag == DT_RUNPATH)
			info->runpath = text;
	}
	return 0;
}

/* The build-id in a note segment or section; empty when it holds none. */
static struct span
find_build_id(Elf *handle, struct span file, uint64_t offset, uint64_t size, Elf_Type type)
{
	struct span all = file_range(file, offset, size);
	size_t name_at = 0;
	size_t value_at = 0;
	GElf_Nhdr note;

	if (!all.n || offset > INT64_MAX)
		return (struct span){NULL, 0};
	Elf_Data *data = elf_getdata_rawchunk(handle, (int64_t)offset, all.n, type);
	for (size_t at = 0, next; data; at = next) {
		next = gelf_getnote(data, at, &note, &name_at, &value_at);
		if (next <= at || value_at > all.n || note.n_descsz > all.n - value_at ||
		    name_at > all.n || note.n_namesz > all.n - name_at)
			break;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    memcmp(all.p + name_at, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0)
			return span_slice(all, value_at, value_at + note.n_descsz);
	}
	return (struct span){NULL, 0};
}

static void
read_program_header(Elf *handle, struct span file, const GElf_Phdr *header, struct dynamic *dynamic,
		    struct elf_info *info)
{
	switch (header->p_type) {
	case PT_INTERP:
		info->interpreter =
			text_at(file_range(file, header->p_offset, header->p_filesz), 0);
		break;
	case PT_DYNAMIC:
		if (!dynamic->data)
			load_dynamic(handle, header, dynamic);
		break;
	case PT_NOTE:
		if (!info->build_id.n)
			info->build_id =
				find_build_id(handle, file, header->p_offset, header->p_filesz,
					      header->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
		break;
	default:
		break;
	}
}

int
elf_read(struct span file, struct arena *arena, struct elf_info *ret, struct err *err)
{
	CLEANUP(handle_cleanup) Elf *handle = NULL;
	struct elf_info info = {0};
	struct dynamic dynamic = {0};
	GElf_Ehdr header;
	GElf_Phdr segment;
	size_t count = 0;

	int r = open_file(file, &handle, &header, &count, err);
	if (r < 0)
		return r;
	info.bits = header.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
	info.big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
	info.machine = header.e_machine;
	info.type = header.e_type;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(handle, (int)i, &segment))
			return err_set(err, ERR_INVALID, "ELF program header %zu is not there", i);
		read_program_header(handle, file, &segment, &dynamic, &info);
	}
	if (dynamic.data) {
		struct span strings = range_of_address(handle, count, file, dynamic.strings,
						       dynamic.strings_size);
		r = read_dynamic(&dynamic, strings, arena, &info, err);
		if (r < 0)
			return r;
	}
	info.program =
		info.type == ET_EXEC ||
		(info.type == ET_DYN && (info.interpreter.n || (dynamic.flags_1 & DF_1_PIE) != 0));
	info.is_static = info.program && info.interpreter.n == 0;
	*ret = info;
	return 0;
}

/* ---- symbols ---- */

struct symbols {
	elf_symbol_visit visit;
	void *context;
	size_t shown;
	bool stopped;
};

static void
show_symbols(struct symbols *symbols, Elf_Data *data, size_t count, struct span strings,
	     bool dynamic)
{
	GElf_Sym raw;

	for (size_t i = 1; i < count && !symbols->stopped; i++) {
		if (!gelf_getsym(data, (int)i, &raw))
			return;
		struct elf_symbol symbol = {
			.name = text_at(strings, raw.st_name),
			.defined = raw.st_shndx != SHN_UNDEF,
			.dynamic = dynamic,
			.function = GELF_ST_TYPE(raw.st_info) == STT_FUNC,
		};
		if (symbol.name.n == 0)
			continue;
		symbols->stopped = symbols->shown++ >= ELF_SYMBOLS_MAX ||
				   !symbols->visit(symbols->context, &symbol);
	}
}

/* Section headers: true when there was a symbol table among them. */
static bool
section_symbols(Elf *handle, struct span file, struct symbols *symbols)
{
	size_t size = gelf_fsize(handle, ELF_T_SYM, 1, EV_CURRENT);
	size_t seen = 0;
	bool any = false;
	GElf_Shdr header;
	GElf_Shdr names;

	for (Elf_Scn *section = NULL; (section = elf_nextscn(handle, section)) != NULL;) {
		if (++seen > ELF_HEADERS_MAX || symbols->stopped)
			break;
		if (!gelf_getshdr(section, &header) ||
		    (header.sh_type != SHT_DYNSYM && header.sh_type != SHT_SYMTAB))
			continue;
		Elf_Scn *linked = elf_getscn(handle, header.sh_link);
		struct span bytes = file_range(file, header.sh_offset, header.sh_size);
		if (!size || !bytes.n || !linked || !gelf_getshdr(linked, &names))
			continue;
		Elf_Data *data =
			elf_getdata_rawchunk(handle, (int64_t)header.sh_offset, bytes.n, ELF_T_SYM);
		if (!data)
			continue;
		any = true;
		show_symbols(symbols, data, bytes.n / size,
			     file_range(file, names.sh_offset, names.sh_size),
			     header.sh_type == SHT_DYNSYM);
	}
	return any;
}

/*
 * Without section headers nothing states the number of dynamic symbols. Link editors put the
 * string table behind the symbols: what lies between is taken for symbols, names that do not lie
 * in the string table are left out.
 */
static void
segment_symbols(Elf *handle, struct span file, size_t headers, struct symbols *symbols)
{
	size_t size = gelf_fsize(handle, ELF_T_SYM, 1, EV_CURRENT);
	struct dynamic dynamic = {0};
	uint64_t offset = 0;
	uint64_t left = 0;
	GElf_Phdr header;

	for (size_t i = 0; i < headers && !dynamic.data; i++) {
		if (gelf_getphdr(handle, (int)i, &header) && header.p_type == PT_DYNAMIC)
			load_dynamic(handle, &header, &dynamic);
	}
	if (!dynamic.data || dynamic.strings <= dynamic.symbols || !size)
		return;
	struct span strings =
		range_of_address(handle, headers, file, dynamic.strings, dynamic.strings_size);
	struct span bytes = range_of_address(handle, headers, file, dynamic.symbols,
					     dynamic.strings - dynamic.symbols);
	if (!bytes.n || !offset_of_address(handle, headers, dynamic.symbols, &offset, &left))
		return;
	bytes.n -= bytes.n % size;
	Elf_Data *data = elf_getdata_rawchunk(handle, (int64_t)offset, bytes.n, ELF_T_SYM);
	if (data)
		show_symbols(symbols, data, bytes.n / size, strings, true);
}

int
elf_symbols(struct span file, elf_symbol_visit visit, void *context, struct err *err)
{
	CLEANUP(handle_cleanup) Elf *handle = NULL;
	struct symbols symbols = {.visit = visit, .context = context};
	GElf_Ehdr header;
	size_t count = 0;

	int r = open_file(file, &handle, &header, &count, err);
	if (r < 0)
		return r;
	if (!section_symbols(handle, file, &symbols))
		segment_symbols(handle, file, count, &symbols);
	return 0;
}

/* ---- sections and segments ---- */

int
elf_sections(struct span file, elf_section_visit visit, void *context, struct err *err)
{
	CLEANUP(handle_cleanup) Elf *handle = NULL;
	GElf_Ehdr elf_header;
	GElf_Shdr header;
	struct span names = {NULL, 0};
	size_t count = 0;
	size_t where = 0;
	size_t seen = 0;

	int r = open_file(file, &handle, &elf_header, &count, err);
	if (r < 0)
		return r;
	if (elf_getshdrstrndx(handle, &where) < 0 ||
	    !gelf_getshdr(elf_getscn(handle, where), &header))
		return 0;
	names = file_range(file, header.sh_offset, header.sh_size);
	for (Elf_Scn *section = NULL; (section = elf_nextscn(handle, section)) != NULL;) {
		if (++seen > ELF_HEADERS_MAX)
			break;
		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		const struct elf_section shown = {
			.name = text_at(names, header.sh_name),
			.bytes = file_range(file, header.sh_offset, header.sh_size),
			.address = header.sh_addr,
		};
		if (shown.bytes.n && !visit(context, &shown))
			break;
	}
	return 0;
}

int
elf_segments(struct span file, struct arena *arena, struct elf_segment **ret, size_t *ret_count,
	     struct err *err)
{
	CLEANUP(handle_cleanup) Elf *handle = NULL;
	GElf_Ehdr elf_header;
	GElf_Phdr header;
	size_t count = 0;
	size_t loaded = 0;

	int r = open_file(file, &handle, &elf_header, &count, err);
	if (r < 0)
		return r;
	if (count > ELF_SEGMENTS_MAX)
		return err_set(err, ERR_LIMIT, "%zu ELF program headers (ELF_SEGMENTS_MAX %d)",
			       count, ELF_SEGMENTS_MAX);
	struct elf_segment *segments = arena_array(arena, count + 1, sizeof(*segments));
	if (!segments)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(handle, (int)i, &header) || header.p_type != PT_LOAD ||
		    header.p_offset > file.n)
			continue;
		uint64_t left = file.n - header.p_offset;
		uint64_t size = header.p_filesz < left ? header.p_filesz : left;
		segments[loaded++] = (struct elf_segment){
			.bytes = file_range(file, header.p_offset, size),
			.address = header.p_vaddr,
			.writable = (header.p_flags & PF_W) != 0,
			.executable = (header.p_flags & PF_X) != 0,
		};
	}
	*ret = segments;
	*ret_count = loaded;
	return 0;
}
