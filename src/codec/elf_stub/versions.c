/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbol versions (LSB Core 5.0 10.7): the definitions a library has and those it needs of others.
 * Both are copied record by record. What is needed stays, because the loader tells a library with
 * needs and without definitions from one without versions.
 */
#include "codec/elf_stub/stub.h"

#include "base/bytes.h"

enum {
	DEFINITION = sizeof(Elf64_Verdef),
	DEFINITION_NAME = sizeof(Elf64_Verdaux),
	NEED = sizeof(Elf64_Verneed),
	NEED_NAME = sizeof(Elf64_Vernaux),
	NUMBER = 0x7fff, /* of a version; the other bit says hidden */
};

/* A record inside the table, `offset` bytes behind its start. */
static int
record_at(struct span table, uint64_t offset, size_t size, const char **ret, struct err *err)
{
	if (offset > table.n || size > table.n - offset)
		return err_set(err, ERR_INVALID, "symbol versions that are cut");
	*ret = table.p + offset;
	return 0;
}

static int
put_text(struct stub *stub, struct buf *out, const char *offset, struct err *err)
{
	struct span text = elf_library_text(stub->library, bytes_u32(offset, false));
	uint64_t at = 0;

	if (text.n == 0)
		return err_set(err, ERR_INVALID, "a symbol version without a name");
	int r = stub_text(stub, text, &at, err);
	return r < 0 ? r : stub_u32(out, at, err);
}

/* Names of one definition: its own, then those of what it inherits. */
static int
copy_names(struct stub *stub, struct span table, uint64_t offset, unsigned count, struct err *err)
{
	struct buf *out = &stub->parts[PART_DEFINITIONS].bytes;
	const char *name = NULL;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < count; i++) {
		r = record_at(table, offset, DEFINITION_NAME, &name, err);
		if (r == 0)
			r = put_text(stub, out, name, err);
		if (r == 0)
			r = stub_u32(out, i + 1 < count ? DEFINITION_NAME : 0, err);
		if (r == 0)
			offset += bytes_u32(name + 4, false);
	}
	return r;
}

static int
copy_definition(struct stub *stub, struct span table, uint64_t offset, bool last,
		const char **ret_record, struct err *err)
{
	struct buf *out = &stub->parts[PART_DEFINITIONS].bytes;
	int r = record_at(table, offset, DEFINITION, ret_record, err);
	if (r < 0)
		return r;
	const char *record = *ret_record;
	unsigned number = bytes_u16(record + 4, false) & NUMBER;
	unsigned count = bytes_u16(record + 6, false);

	if (bytes_u16(record, false) != VER_DEF_CURRENT || count == 0)
		return err_set(err, ERR_INVALID, "a malformed definition of a symbol version");
	stub->defined[number / 8] |= (uint8_t)(1U << number % 8);
	r = buf_append(out, (struct span){record, 12}, err); /* up to and with the hash */
	if (r == 0)
		r = stub_u32(out, DEFINITION, err);
	if (r == 0)
		r = stub_u32(out, last ? 0 : DEFINITION + count * DEFINITION_NAME, err);
	if (r == 0)
		r = copy_names(stub, table, offset + bytes_u32(record + 12, false), count, err);
	return r;
}

static int
copy_definitions(struct stub *stub, uint64_t address, uint64_t count, struct err *err)
{
	struct span table = elf_library_at(stub->library, address);
	const char *record = NULL;
	uint64_t offset = 0;

	if (count > NUMBER)
		return err_set(err, ERR_INVALID, "%llu symbol versions", (unsigned long long)count);
	for (uint64_t i = 0; i < count; i++) {
		int r = copy_definition(stub, table, offset, i + 1 == count, &record, err);
		if (r < 0)
			return r;
		offset += bytes_u32(record + 16, false);
	}
	stub->parts[PART_DEFINITIONS].info = (uint32_t)count;
	return 0;
}

static int
copy_needed_names(struct stub *stub, struct span table, uint64_t offset, unsigned count,
		  struct err *err)
{
	struct buf *out = &stub->parts[PART_NEEDS].bytes;
	const char *name = NULL;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < count; i++) {
		r = record_at(table, offset, NEED_NAME, &name, err);
		if (r == 0)
			r = buf_append(out, (struct span){name, 8}, err); /* hash, flags, number */
		if (r == 0)
			r = put_text(stub, out, name + 8, err);
		if (r == 0)
			r = stub_u32(out, i + 1 < count ? NEED_NAME : 0, err);
		if (r == 0)
			offset += bytes_u32(name + 12, false);
	}
	return r;
}

static int
copy_need(struct stub *stub, struct span table, uint64_t offset, bool last, const char **ret_record,
	  struct err *err)
{
	struct buf *out = &stub->parts[PART_NEEDS].bytes;
	int r = record_at(table, offset, NEED, ret_record, err);
	if (r < 0)
		return r;
	const char *record = *ret_record;
	unsigned count = bytes_u16(record + 2, false);

	if (bytes_u16(record, false) != VER_NEED_CURRENT || count == 0)
		return err_set(err, ERR_INVALID, "a malformed need of symbol versions");
	r = buf_append(out, (struct span){record, 4}, err);
	if (r == 0)
		r = put_text(stub, out, record + 4, err);
	if (r == 0)
		r = stub_u32(out, NEED, err);
	if (r == 0)
		r = stub_u32(out, last ? 0 : NEED + count * NEED_NAME, err);
	if (r == 0)
		r = copy_needed_names(stub, table, offset + bytes_u32(record + 8, false), count,
				      err);
	return r;
}

static int
copy_needs(struct stub *stub, uint64_t address, uint64_t count, struct err *err)
{
	struct span table = elf_library_at(stub->library, address);
	const char *record = NULL;
	uint64_t offset = 0;

	if (count > NUMBER)
		return err_set(err, ERR_INVALID, "symbol versions of %llu files",
			       (unsigned long long)count);
	for (uint64_t i = 0; i < count; i++) {
		int r = copy_need(stub, table, offset, i + 1 == count, &record, err);
		if (r < 0)
			return r;
		offset += bytes_u32(record + 12, false);
	}
	stub->parts[PART_NEEDS].info = (uint32_t)count;
	return 0;
}

int
stub_versions(struct stub *stub, struct err *err)
{
	const struct elf_library *library = stub->library;
	uint64_t address = 0;
	uint64_t count = 0;
	int r = 0;

	if (!elf_library_value(library, DT_VERSYM, &address))
		return 0;
	if (elf_library_value(library, DT_VERDEF, &address) &&
	    elf_library_value(library, DT_VERDEFNUM, &count))
		r = copy_definitions(stub, address, count, err);
	if (r == 0 && elf_library_value(library, DT_VERNEED, &address) &&
	    elf_library_value(library, DT_VERNEEDNUM, &count))
		r = copy_needs(stub, address, count, err);
	return r;
}

bool
stub_version_is_defined(const struct stub *stub, unsigned number)
{
	number &= NUMBER;
	return number <= VER_NDX_GLOBAL || (stub->defined[number / 8] >> number % 8 & 1) != 0;
}
