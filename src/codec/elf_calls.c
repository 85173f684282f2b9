/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/elf_calls.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "codec/elf.h"
#include "codec/elf_code.h"
#include "codec/elf_library.h"

#include <stddef.h>
#include <stdlib.h>

enum {
	LINKAGE = 8,	/* sections .plt* */
	BEHIND_MAX = 4, /* bytes of an instruction behind a distance */
	WORD = 8,
};

/* An address that stands for an imported name: a slot, or an entry of the linkage. */
struct place {
	uint64_t address;
	struct span name;
	bool by_linkage; /* a slot that has an entry to be called by */
	bool entered;	 /* and that was found */
};

struct places {
	struct place *items;
	size_t count;
};

struct range {
	uint64_t address;
	struct span bytes;
};

struct hull { /* of addresses that are looked for */
	uint64_t low;
	uint64_t high;
};

struct calls {
	const struct elf_library *library;
	const uint8_t *pages;
	size_t page_count;
	int (*see)(void *context, struct span name, struct err *err);
	void *context;
	struct places slots;
	struct places entries; /* of the procedure linkage */
	struct range linkage[LINKAGE];
	size_t linkage_count;
	size_t sections; /* of any kind */
	bool too_many;	 /* sections of linkage */
	bool elsewhere;	 /* one that is not loaded as code from where the file has it */
	struct hull hulls[2];
	uint64_t table; /* of the slots: DT_PLTGOT, or 0 */
};

static bool
touched(const struct calls *calls, uint64_t page)
{
	return page >= calls->page_count || (calls->pages[page / 8] >> page % 8 & 1) != 0;
}

/* ---- slots ---- */

static struct span
name_of(const struct elf_library *library, uint64_t symbol)
{
	uint64_t at = library->symbols + symbol * sizeof(Elf64_Sym);
	struct span entry = elf_library_range(library, at, sizeof(Elf64_Sym));

	return entry.p && library->symbols ? elf_library_text(library, bytes_u32(entry.p, false))
					   : (struct span){NULL, 0};
}

/* What is bound in any other way than by a slot may have been reached by data. */
static int
see_relocation(struct calls *calls, const char *raw, struct err *err)
{
	uint64_t info = bytes_u64(raw + offsetof(Elf64_Rela, r_info), false);
	struct place place = {.address = bytes_u64(raw, false)};

	if (ELF64_R_SYM(info) == 0)
		return 0;
	place.name = name_of(calls->library, ELF64_R_SYM(info));
	if (place.name.n == 0)
		return 0; /* a section, or nothing that others define */
	if (ELF64_R_TYPE(info) != R_X86_64_GLOB_DAT && ELF64_R_TYPE(info) != R_X86_64_JUMP_SLOT)
		return calls->see(calls->context, place.name, err);
	place.by_linkage = ELF64_R_TYPE(info) == R_X86_64_JUMP_SLOT;
	calls->slots.items[calls->slots.count++] = place;
	return 0;
}

static int
relocations(const struct elf_library *library, uint64_t address_tag, uint64_t size_tag,
	    struct span *ret, struct err *err)
{
	uint64_t address = 0;
	uint64_t size = 0;

	*ret = (struct span){NULL, 0};
	if (!elf_library_value(library, address_tag, &address) ||
	    !elf_library_value(library, size_tag, &size) || size == 0)
		return 0;
	*ret = elf_library_range(library, address, size);
	return ret->p ? 0 : err_set(err, ERR_INVALID, "relocations that are not all there");
}

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static void
sort(struct places *places)
{
	if (places->count)
		qsort(places->items, places->count, sizeof(*places->items), compare_places);
}

/* The first at this address or behind it. */
static size_t
find(const struct places *places, uint64_t address)
{
	size_t low = 0;
	size_t high = places->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (places->items[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
read_slots(struct calls *calls, struct arena *arena, struct err *err)
{
	struct span tables[2];
	int r = relocations(calls->library, DT_RELA, DT_RELASZ, &tables[0], err);

	if (r == 0)
		r = relocations(calls->library, DT_JMPREL, DT_PLTRELSZ, &tables[1], err);
	if (r < 0)
		return r;
	calls->slots.items = arena_array(
		arena, (tables[0].n + tables[1].n) / sizeof(Elf64_Rela) + 1, sizeof(struct place));
	if (!calls->slots.items)
		return err_memory(err);
	for (size_t i = 0; i < 2; i++) {
		for (size_t at = 0; r == 0 && tables[i].n - at >= sizeof(Elf64_Rela);
		     at += sizeof(Elf64_Rela))
			r = see_relocation(calls, tables[i].p + at, err);
	}
	sort(&calls->slots);
	return r;
}

/* ---- procedure linkage ---- */

static bool
note_linkage(void *context, const struct elf_section *section)
{
	struct calls *calls = context;

	calls->sections++;
	if (!span_equal(section->name, SPAN(".plt")) &&
	    !span_starts_with(section->name, SPAN(".plt.")))
		return true;
	calls->elsewhere |=
		!elf_library_is_code(calls->library, section->address) ||
		elf_library_range(calls->library, section->address, section->bytes.n).p !=
			section->bytes.p;
	calls->too_many |= calls->linkage_count == LINKAGE;
	if (!calls->too_many)
		calls->linkage[calls->linkage_count++] =
			(struct range){section->address, section->bytes};
	return !calls->too_many;
}

static bool
is_linkage(const struct calls *calls, uint64_t address)
{
	for (size_t i = 0; i < calls->linkage_count; i++) {
		const struct range *range = &calls->linkage[i];
		if (address >= range->address && address - range->address < range->bytes.n)
			return true;
	}
	return false;
}

/*
 * Where the entry starts that has this jump: there, or at what may stand before it ("bnd", endbr64,
 * both). Entries are 8 bytes or a multiple of that. 0: it is another kind of entry.
 */
static uint64_t
entry_of(uint64_t jump)
{
	static const bool before[8] = {[0] = true, [1] = true, [4] = true, [5] = true};

	return before[jump % 8] ? jump - jump % 8 : 0;
}

/* Each jmp *slot(%rip). */
static int
find_entries(struct calls *calls, const struct range *range, struct err *err)
{
	for (size_t at = 0; at + 6 <= range->bytes.n; at++) {
		const char *code = range->bytes.p + at;
		uint64_t target = range->address + at + 6 +
				  (uint64_t)(int64_t)(int32_t)bytes_u32(code + 2, false);

		if ((uint8_t)code[0] != 0xff || (uint8_t)code[1] != 0x25)
			continue;
		size_t i = find(&calls->slots, target);
		if (i == calls->slots.count || calls->slots.items[i].address != target)
			continue;
		struct place entry = {entry_of(range->address + at), calls->slots.items[i].name,
				      false, false};
		if (!entry.address)
			return err_set(err, ERR_UNSUPPORTED,
				       "its procedure linkage is of an unknown kind");
		calls->slots.items[i].entered = true;
		calls->entries.items[calls->entries.count++] = entry;
	}
	return 0;
}

static int
check_entries(const struct calls *calls, struct err *err)
{
	for (size_t i = 0; i < calls->slots.count; i++) {
		const struct place *slot = &calls->slots.items[i];
		if (slot->by_linkage && !slot->entered)
			return err_set(err, ERR_UNSUPPORTED,
				       "its procedure linkage is of an unknown kind");
	}
	return 0;
}

static int
read_linkage(struct calls *calls, struct arena *arena, struct err *err)
{
	size_t room = 1;
	int r = elf_sections(calls->library->file, note_linkage, calls, err);

	if (r < 0)
		return r;
	if (calls->sections == 0 || calls->too_many || calls->elsewhere)
		return err_set(err, ERR_UNSUPPORTED, "its procedure linkage is not to be found");
	for (size_t i = 0; i < calls->linkage_count; i++)
		room += calls->linkage[i].bytes.n / 6 + 1;
	calls->entries.items = arena_array(arena, room, sizeof(struct place));
	if (!calls->entries.items)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < calls->linkage_count; i++)
		r = find_entries(calls, &calls->linkage[i], err);
	sort(&calls->entries);
	return r < 0 ? r : check_entries(calls, err);
}

/* ---- what refers to them ---- */

static int
see_place(struct calls *calls, const struct places *places, uint64_t address, struct err *err)
{
	int r = 0;

	for (size_t i = find(places, address);
	     r == 0 && i < places->count && places->items[i].address == address; i++)
		r = calls->see(calls->context, places->items[i].name, err);
	return r;
}

/* Something that is used names this address. */
static int
see_address(struct calls *calls, uint64_t address, struct err *err)
{
	if (calls->table && address == calls->table)
		return err_set(err, ERR_UNSUPPORTED, "its code takes the address of its slots");
	int r = see_place(calls, &calls->slots, address, err);
	return r < 0 ? r : see_place(calls, &calls->entries, address, err);
}

/* Whether an address up to BEHIND_MAX bytes on may be one that is looked for. */
static bool
is_near(const struct calls *calls, uint64_t address)
{
	for (size_t i = 0; i < sizeof(calls->hulls) / sizeof(calls->hulls[0]); i++) {
		const struct hull *hull = &calls->hulls[i];
		if (address + BEHIND_MAX >= hull->low && address <= hull->high)
			return true;
	}
	return false;
}

/* Four bytes of code as a distance; an immediate value of 1, 2 or 4 bytes may stand behind it. */
static int
see_code(struct calls *calls, uint64_t address, const char *code, struct err *err)
{
	static const uint8_t behind[] = {0, 1, 2, BEHIND_MAX};
	uint64_t target = address + 4 + (uint64_t)(int64_t)(int32_t)bytes_u32(code, false);
	int r = 0;

	if (!is_near(calls, target) || is_linkage(calls, address))
		return 0;
	for (size_t i = 0; r == 0 && i < sizeof(behind); i++)
		r = see_address(calls, target + behind[i], err);
	return r;
}

static void
widen(struct hull *hull, uint64_t address)
{
	hull->low = address < hull->low ? address : hull->low;
	hull->high = address > hull->high ? address : hull->high;
}

static void
draw_hulls(struct calls *calls)
{
	const struct places *both[] = {&calls->slots, &calls->entries};

	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
		calls->hulls[i] = (struct hull){UINT64_MAX, 0};
		if (!both[i]->count)
			continue;
		widen(&calls->hulls[i], both[i]->items[0].address);
		widen(&calls->hulls[i], both[i]->items[both[i]->count - 1].address);
	}
	if (calls->table)
		widen(&calls->hulls[0], calls->table);
}

static int
scan_page(struct calls *calls, const struct elf_load *load, uint64_t page, struct err *err)
{
	uint64_t from = page * ELF_CODE_PAGE > load->offset ? page * ELF_CODE_PAGE : load->offset;
	uint64_t end = load->offset + load->size;
	uint64_t to = (page + 1) * ELF_CODE_PAGE;
	int r = 0;

	for (uint64_t at = from; r == 0 && at < to && end - at >= 4 && at < end; at++) {
		uint64_t address = load->address + (at - load->offset);
		r = see_code(calls, address, calls->library->file.p + at, err);
	}
	return r;
}

static int
scan_code(struct calls *calls, const struct elf_load *load, struct err *err)
{
	uint64_t last = load->size ? (load->offset + load->size - 1) / ELF_CODE_PAGE : 0;
	int r = 0;

	for (uint64_t page = load->offset / ELF_CODE_PAGE; load->size && r == 0 && page <= last;
	     page++) {
		if (touched(calls, page))
			r = scan_page(calls, load, page, err);
	}
	return r;
}

/* Pointers to linkage in data: as they stand there (DT_RELR). A slot that is not bound points so
 * too. */
static int
scan_data(struct calls *calls, const struct elf_load *load, struct err *err)
{
	struct span bytes = elf_library_at(calls->library, load->address);
	const struct places *slots = &calls->slots;
	int r = 0;

	for (size_t at = 0; r == 0 && bytes.n - at >= WORD; at += WORD) {
		uint64_t value = bytes_u64(bytes.p + at, false);
		if (!is_linkage(calls, value))
			continue;
		size_t i = find(slots, load->address + at);
		if (i == slots->count || slots->items[i].address != load->address + at)
			r = see_address(calls, value, err);
	}
	return r;
}

/* And as relocations write them. */
static int
scan_relocations(struct calls *calls, struct err *err)
{
	struct span table;
	int r = relocations(calls->library, DT_RELA, DT_RELASZ, &table, err);

	for (size_t at = 0; r == 0 && table.n - at >= sizeof(Elf64_Rela);
	     at += sizeof(Elf64_Rela)) {
		uint64_t value = bytes_u64(table.p + at + offsetof(Elf64_Rela, r_addend), false);
		if (is_linkage(calls, value))
			r = see_address(calls, value, err);
	}
	return r;
}

static int
see_all(struct calls *calls, struct arena *arena, struct err *err)
{
	const struct elf_library *library = calls->library;
	uint64_t any = 0;
	int r = read_slots(calls, arena, err);

	if (r == 0)
		r = read_linkage(calls, arena, err);
	draw_hulls(calls);
	if (r == 0)
		r = scan_relocations(calls, err);
	for (size_t i = 0; r == 0 && i < library->load_count; i++) {
		const struct elf_load *load = &library->loads[i];
		if (load->executable)
			r = scan_code(calls, load, err);
		else if (load->writable && elf_library_value(library, DT_RELR, &any))
			r = scan_data(calls, load, err);
	}
	return r;
}

static int
check(const struct elf_library *library, struct err *err)
{
	uint64_t flags = 0;

	if (library->machine != EM_X86_64)
		return err_set(err, ERR_UNSUPPORTED, "code of another machine than x86-64");
	if (elf_library_value(library, DT_TEXTREL, &flags) ||
	    (elf_library_value(library, DT_FLAGS, &flags) && (flags & DF_TEXTREL)))
		return err_set(err, ERR_UNSUPPORTED, "it relocates its code");
	return 0;
}

int
elf_calls(struct span file, const uint8_t *pages, size_t page_count,
	  int (*see)(void *context, struct span name, struct err *err), void *context,
	  struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct elf_library library = {0};
	struct calls calls = {
		.library = &library,
		.pages = pages,
		.page_count = page_count,
		.see = see,
		.context = context,
	};

	if (!arena)
		return err_memory(err);
	int r = elf_library_read(file, arena, &library, err);
	if (r == 0)
		r = check(&library, err);
	if (r < 0)
		return r;
	(void)elf_library_value(&library, DT_PLTGOT, &calls.table);
	return see_all(&calls, arena, err);
}
