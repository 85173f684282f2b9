/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of a stub, and the hash tables by which the loader finds them. */
#include "codec/elf_stub/stub.h"

#include "base/bytes.h"
#include "base/limits.h"

#include <stdlib.h>

enum {
	SYMBOL = sizeof(Elf64_Sym),
	THUNK_SIZE = 16,
	BLOOM_SHIFT = 26,
	BLOOM_BITS = 64,
};

static uint32_t
gnu_hash(struct span name)
{
	uint32_t hash = 5381;

	for (size_t i = 0; i < name.n; i++)
		hash = hash * 33 + (uint8_t)name.p[i];
	return hash;
}

/* System V gABI 4.1 figure 5-13 */
static uint32_t
system_v_hash(struct span name)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < name.n; i++) {
		hash = (hash << 4) + (uint8_t)name.p[i];
		hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
	}
	return hash;
}

static int
check_symbol(const struct elf_exported *symbol, struct err *err)
{
	if (symbol->binding == STB_GNU_UNIQUE)
		return err_set(err, ERR_UNSUPPORTED,
			       "it has symbols that are one for the whole process");
	if (symbol->binding != STB_GLOBAL && symbol->binding != STB_WEAK)
		return err_set(err, ERR_UNSUPPORTED, "a symbol of binding %u", symbol->binding);
	if (symbol->name.n > ELF_STUB_NAME_MAX)
		return err_set(err, ERR_UNSUPPORTED, "a symbol with a name of %zu bytes",
			       symbol->name.n);
	return 0;
}

static int
version_of(const struct stub *stub, uint32_t index, uint16_t *ret, struct err *err)
{
	uint64_t table = 0;

	*ret = VER_NDX_GLOBAL;
	if (!elf_library_value(stub->library, DT_VERSYM, &table))
		return 0;
	struct span entry = elf_library_range(stub->library, table + 2ULL * index, 2);
	if (!entry.p)
		return err_set(err, ERR_INVALID, "symbol versions that are cut");
	*ret = bytes_u16(entry.p, false);
	if (!stub_version_is_defined(stub, *ret))
		return err_set(err, ERR_INVALID, "a symbol of a version that is not defined");
	return 0;
}

static int
grow(struct stub *stub, struct err *err)
{
	enum { FIRST = 256 };
	size_t capacity = stub->symbol_capacity ? stub->symbol_capacity * 2 : FIRST;

	if (stub->symbol_count < stub->symbol_capacity)
		return 0;
	if (stub->symbol_count >= ELF_STUB_SYMBOLS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d functions (ELF_STUB_SYMBOLS_MAX)",
			       ELF_STUB_SYMBOLS_MAX);
	void *grown = reallocarray(stub->symbols, capacity, sizeof(*stub->symbols));
	if (!grown)
		return err_memory(err);
	stub->symbols = grown;
	stub->symbol_capacity = capacity;
	return 0;
}

static int
see_export(void *context, const struct elf_exported *exported, struct err *err)
{
	struct stub *stub = context;
	struct stub_symbol symbol = {
		.name = exported->name,
		.hash = gnu_hash(exported->name),
		.order = exported->index,
		.binding = exported->binding,
		.other = exported->other,
	};

	int r = check_symbol(exported, err);
	if (r < 0 || exported->kind != ELF_FUNCTION)
		return r;
	r = version_of(stub, exported->index, &symbol.version, err);
	if (r == 0)
		r = stub_text(stub, symbol.name, &symbol.name_at, err);
	if (r == 0)
		r = grow(stub, err);
	if (r == 0)
		stub->symbols[stub->symbol_count++] = symbol;
	return r;
}

static int
compare_symbols(const void *a, const void *b)
{
	const struct stub_symbol *x = a;
	const struct stub_symbol *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static uint32_t
bucket_count(const struct stub *stub)
{
	return (uint32_t)stub->symbol_count / 2 + 1;
}

static void
sort_symbols(struct stub *stub)
{
	for (size_t i = 0; i < stub->symbol_count; i++)
		stub->symbols[i].bucket = stub->symbols[i].hash % bucket_count(stub);
	if (stub->symbol_count)
		qsort(stub->symbols, stub->symbol_count, sizeof(*stub->symbols), compare_symbols);
}

static int
put_symbols(struct stub *stub, struct err *err)
{
	struct buf *table = &stub->parts[PART_SYMBOLS].bytes;
	struct buf *versions = &stub->parts[PART_VERSIONS].bytes;
	uint64_t any = 0;
	bool versioned = elf_library_value(stub->library, DT_VERSYM, &any);

	int r = stub_zeroes(table, SYMBOL, err);
	if (r == 0 && versioned)
		r = stub_u16(versions, VER_NDX_LOCAL, err);
	for (size_t i = 0; r == 0 && i < stub->symbol_count; i++) {
		const struct stub_symbol *symbol = &stub->symbols[i];
		r = stub_u32(table, symbol->name_at, err);
		if (r == 0)
			r = buf_byte(table, (char)ELF64_ST_INFO(symbol->binding, STT_FUNC), err);
		if (r == 0)
			r = buf_byte(table, (char)symbol->other, err);
		if (r == 0)
			r = stub_zeroes(table, 10, err); /* section and address */
		if (r == 0)
			r = stub_u64(table, THUNK_SIZE, err);
		if (r == 0 && versioned)
			r = stub_u16(versions, symbol->version, err);
	}
	stub->parts[PART_SYMBOLS].info = 1; /* the first that is not local */
	return r;
}

/* Two bits for each name, in a word that its hash tells. */
static int
put_bloom(const struct stub *stub, struct buf *table, uint32_t words, struct err *err)
{
	size_t at = table->n;
	int r = stub_zeroes(table, words * 8ULL, err);

	for (size_t i = 0; r == 0 && i < stub->symbol_count; i++) {
		uint32_t hash = stub->symbols[i].hash;
		char *word = table->p + at + (hash / BLOOM_BITS % words) * 8ULL;
		uint64_t bits =
			1ULL << hash % BLOOM_BITS | 1ULL << (hash >> BLOOM_SHIFT) % BLOOM_BITS;
		bytes_put(word, bytes_u64(word, false) | bits, 8, false);
	}
	return r;
}

static int
put_gnu_hash(struct stub *stub, struct err *err)
{
	enum { FIRST = 1 };
	struct buf *table = &stub->parts[PART_GNU_HASH].bytes;
	uint32_t buckets = bucket_count(stub);
	uint32_t words = 1;

	while (words * 8ULL < stub->symbol_count)
		words *= 2;
	int r = stub_u32(table, buckets, err);
	if (r == 0)
		r = stub_u32(table, FIRST, err);
	if (r == 0)
		r = stub_u32(table, words, err);
	if (r == 0)
		r = stub_u32(table, BLOOM_SHIFT, err);
	if (r == 0)
		r = put_bloom(stub, table, words, err);
	for (size_t bucket = 0, i = 0; r == 0 && bucket < buckets; bucket++) {
		bool some = i < stub->symbol_count && stub->symbols[i].bucket == bucket;
		r = stub_u32(table, some ? i + FIRST : 0, err);
		while (i < stub->symbol_count && stub->symbols[i].bucket == bucket)
			i++;
	}
	for (size_t i = 0; r == 0 && i < stub->symbol_count; i++) {
		const struct stub_symbol *symbol = &stub->symbols[i];
		bool last = i + 1 == stub->symbol_count || symbol[1].bucket != symbol->bucket;
		r = stub_u32(table, (symbol->hash & ~1U) | last, err);
	}
	return r;
}

/* Chains of symbols, the last first. */
static int
put_system_v_hash(struct stub *stub, struct err *err)
{
	enum { HEAD = 8, WORD = 4 };
	struct buf *table = &stub->parts[PART_HASH].bytes;
	size_t buckets = bucket_count(stub);
	size_t chains = stub->symbol_count + 1;

	int r = stub_u32(table, buckets, err);
	if (r == 0)
		r = stub_u32(table, chains, err);
	if (r == 0)
		r = stub_zeroes(table, (buckets + chains) * WORD, err);
	if (r < 0)
		return r;
	char *bucket = table->p + HEAD;
	char *chain = bucket + buckets * WORD;
	for (size_t i = 0; i < stub->symbol_count; i++) {
		char *head = bucket + system_v_hash(stub->symbols[i].name) % buckets * WORD;
		bytes_put_u32(chain + (i + 1) * WORD, bytes_u32(head, false), false);
		bytes_put_u32(head, i + 1, false);
	}
	return 0;
}

int
stub_symbols(struct stub *stub, struct err *err)
{
	uint64_t any = 0;

	int r = elf_library_exports(stub->library, see_export, stub, err);
	if (r < 0)
		return r;
	sort_symbols(stub);
	r = put_symbols(stub, err);
	if (r == 0)
		r = put_gnu_hash(stub, err);
	if (r == 0 && elf_library_value(stub->library, DT_HASH, &any))
		r = put_system_v_hash(stub, err);
	return r;
}
