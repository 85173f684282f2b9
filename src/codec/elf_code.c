/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/elf_code.h"

#include "base/cleanup.h"
#include "codec/elf.h"
#include "codec/elf_crt.h"

struct reading {
	const struct elf_library *library;
	const uint8_t *pages; /* that were touched */
	size_t page_count;
	bool (*asked)(void *context, struct span name);
	void *context;
	uint8_t *known; /* pages with what runs on loading and unloading; as `pages` */
	bool ran;
};

static bool
bit(const uint8_t *bits, size_t i)
{
	return (bits[i / 8] >> i % 8 & 1) != 0;
}

static bool
page_touched(const struct reading *reading, uint64_t offset)
{
	uint64_t page = offset / ELF_CODE_PAGE;

	return page >= reading->page_count || bit(reading->pages, (size_t)page);
}

/* Whether a page with one of those bytes of the file was touched; what is not there was. */
static bool
bytes_touched(const struct reading *reading, struct span bytes)
{
	if (!bytes.n)
		return true;
	uint64_t first = (uint64_t)(bytes.p - reading->library->file.p);
	for (uint64_t at = first; at < first + bytes.n; at += ELF_CODE_PAGE) {
		if (page_touched(reading, at))
			return true;
	}
	return page_touched(reading, first + bytes.n - 1);
}

static void
note_known(struct reading *reading, struct span bytes)
{
	if (!bytes.n)
		return;
	size_t first = (size_t)(bytes.p - reading->library->file.p);
	for (size_t page = first / ELF_CODE_PAGE;
	     page <= (first + bytes.n - 1) / ELF_CODE_PAGE && page < reading->page_count; page++)
		reading->known[page / 8] |= (uint8_t)(1U << page % 8);
}

static bool
note_linkage(void *context, const struct elf_section *section)
{
	struct reading *reading = context;

	if (span_equal(section->name, SPAN(".plt")) ||
	    span_starts_with(section->name, SPAN(".plt.")))
		note_known(reading, section->bytes);
	return true;
}

/* Code in a segment with what the loader reads: every page of it may have been touched for that. */
static bool
code_is_apart(const struct elf_library *library)
{
	static const uint64_t tables[] = {DT_SYMTAB,   DT_STRTAB, DT_HASH,
					  DT_GNU_HASH, DT_VERSYM, DT_RELA};
	uint64_t address = 0;

	for (size_t i = 0; i < library->load_count; i++) {
		const struct elf_load *load = &library->loads[i];
		if (load->executable && (load->writable || load->offset == 0))
			return false;
	}
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (elf_library_value(library, tables[i], &address) &&
		    elf_library_is_code(library, address))
			return false;
	}
	return true;
}

/* Whether somebody can have bound a function: else none of its code was entered there. */
static bool
was_asked_for(const struct reading *reading, const struct elf_exported *symbol)
{
	const struct elf_library *library = reading->library;
	uint64_t entry = library->symbols + symbol->index * sizeof(Elf64_Sym);

	return bytes_touched(reading, elf_library_range(library, entry, sizeof(Elf64_Sym))) &&
	       bytes_touched(reading, symbol->name) &&
	       (!reading->asked || reading->asked(reading->context, symbol->name));
}

static int
see_export(void *context, const struct elf_exported *symbol, struct err *err)
{
	struct reading *reading = context;
	struct span start = elf_library_range(reading->library, symbol->address, 1);

	(void)err;
	if (symbol->kind == ELF_FUNCTION && bytes_touched(reading, start) &&
	    was_asked_for(reading, symbol))
		reading->ran = true;
	return 0;
}

/* Counts pages of code that were touched; true when they are all known ones. */
static bool
only_known(const struct reading *reading, size_t *ret_touched)
{
	const struct elf_library *library = reading->library;
	size_t touched = 0;

	for (size_t i = 0; i < library->load_count; i++) {
		const struct elf_load *load = &library->loads[i];
		if (!load->executable || load->size == 0)
			continue;
		uint64_t last = (load->offset + load->size - 1) / ELF_CODE_PAGE;
		for (uint64_t page = load->offset / ELF_CODE_PAGE; page <= last; page++) {
			if (!page_touched(reading, page * ELF_CODE_PAGE))
				continue;
			if (page >= reading->page_count || !bit(reading->known, (size_t)page))
				return false;
			touched++;
		}
	}
	*ret_touched = touched;
	return true;
}

static void
judge(struct reading *reading)
{
	struct elf_crt crt = {0};
	struct err why = ERR_INIT;
	size_t touched = 0;

	if (reading->library->interpreter || !code_is_apart(reading->library))
		return;
	if (only_known(reading, &touched) && touched == 0) {
		reading->ran = false;
		return;
	}
	if (elf_crt_read(reading->library, &crt, &why) < 0)
		return;
	for (size_t i = 0; i < crt.count; i++)
		note_known(reading, elf_library_range(reading->library, crt.ranges[i].address,
						      crt.ranges[i].size));
	(void)elf_sections(reading->library->file, note_linkage, reading, &why);
	if (!crt.destructors && !only_known(reading, &touched))
		return;
	reading->ran = false;
	if (elf_library_exports(reading->library, see_export, reading, &why) < 0)
		reading->ran = true;
}

int
elf_code_ran(struct span file, const uint8_t *pages, size_t page_count,
	     bool (*asked)(void *context, struct span name), void *context, bool *ret,
	     struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct elf_library library = {0};
	struct reading reading = {
		.library = &library,
		.pages = pages,
		.page_count = page_count,
		.asked = asked,
		.context = context,
		.ran = true,
	};
	struct err why = ERR_INIT;

	if (arena)
		reading.known = arena_alloc(arena, page_count / 8 + 1);
	if (!arena || !reading.known)
		return err_memory(err);
	int r = elf_library_read(file, arena, &library, &why);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r == 0)
		judge(&reading);
	*ret = reading.ran;
	return 0;
}

int
elf_code_tells(struct span file, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct elf_library library = {0};
	struct elf_crt crt = {0};

	if (!arena)
		return err_memory(err);
	int r = elf_library_read(file, arena, &library, err);
	if (r < 0)
		return r;
	if (library.interpreter)
		return err_set(err, ERR_UNSUPPORTED, "it is a program too");
	if (!code_is_apart(&library))
		return err_set(err, ERR_UNSUPPORTED, "its code and its tables lie in one segment");
	return elf_crt_read(&library, &crt, err);
}
