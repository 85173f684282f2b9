/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/elf_crt.h"

#include "base/ascii.h"
#include "base/bytes.h"

/* What a function of the start files jumps to: where the branch stands in it, and its target. */
struct branch {
	uint8_t at;
	uint8_t size;	  /* of the target; 0: no such branch */
	const char *code; /* how the target starts; NULL: anyhow */
};

/* A function as its bytes in hexadecimal; '.' is a digit that may be any, blanks mean nothing. */
struct shape {
	uint16_t machine;
	const char *code;
	struct branch branches[2];
};

#define ENDBR64 "f30f1efa "
#define PACIASP "3f2303d5 "
#define AUTIASP "bf2303d5 "
#define BTI_C	"5f2403d5 "

#define INIT_64	  "4883ec08 488b05........ 4885c0 7402 ffd0 4883c408 c3"
#define FINI_64	  "4883ec08 4883c408 c3"
#define CLONES_64 "488d3d........ 488d35........ 4829fe"
#define DTORS_64                                                                                   \
	"803d........00 75.. 55 48833d........00 4889e5 740c 488b3d........ e8........ "           \
	"e8........ c605........01 5d c3"
#define OLD_DTORS_64                                                                               \
	"803d........00 75.. 48833d........00 55 4889e5 740c 488b3d........ e8........ "           \
	"e8........ 5d c605........01"
#define UNCLONES_64 "488d3d........ 488d05........ 4839f8"

#define PUSH_A64     "fd7bbfa9 fd030091 "
#define POP_A64	     "fd7bc1a8 "
#define RET_A64	     "c0035fd6"
#define NOP_A64	     "1f2003d5 "
#define WEAK_A64     ".0.....0 00....f9 400000b4 ......1. c0035fd6"
#define CLONES_A64   ".0.....0 00....91 .1.....0 21....91 210000cb"
#define UNCLONES_A64 ".0.....0 00....91 .1.....0 21....91 3f0000eb"
#define DTORS_A64                                                                                  \
	"fd7bbea9 fd030091 f30b00f9 .3.....0 60....39 ......35 .0.....0 00....f9 ......b4 "        \
	".0.....0 00....f9 ......9. ......9. 20008052 60....39 f30b40f9 fd7bc2a8 "

static const struct shape init_shapes[] = {
	{EM_X86_64, INIT_64, {{0}}},
	{EM_X86_64, ENDBR64 INIT_64, {{0}}},
	{EM_X86_64, "50 58 c3", {{0}}},
	{EM_AARCH64, NOP_A64 PUSH_A64 "......9. " POP_A64 RET_A64, {{12, 20, WEAK_A64}}},
	{EM_AARCH64, PACIASP PUSH_A64 "......9. " POP_A64 AUTIASP RET_A64, {{12, 20, WEAK_A64}}},
	{EM_AARCH64, BTI_C PUSH_A64 "......9. " POP_A64 RET_A64, {{12, 20, WEAK_A64}}},
	{EM_AARCH64, PUSH_A64 POP_A64 RET_A64, {{0}}},
	{0},
};

static const struct shape fini_shapes[] = {
	{EM_X86_64, FINI_64, {{0}}},
	{EM_X86_64, ENDBR64 FINI_64, {{0}}},
	{EM_X86_64, "50 58 c3", {{0}}},
	{EM_AARCH64, NOP_A64 PUSH_A64 POP_A64 RET_A64, {{0}}},
	{EM_AARCH64, PACIASP PUSH_A64 POP_A64 AUTIASP RET_A64, {{0}}},
	{EM_AARCH64, BTI_C PUSH_A64 POP_A64 RET_A64, {{0}}},
	{EM_AARCH64, PUSH_A64 POP_A64 RET_A64, {{0}}},
	{0},
};

/* frame_dummy: a jump to register_tm_clones */
static const struct shape constructor_shapes[] = {
	{EM_X86_64, "e9........", {{1, 57, CLONES_64}}},
	{EM_X86_64, ENDBR64 "e9........", {{5, 57, CLONES_64}}},
	{EM_AARCH64, "......1.", {{0, 60, CLONES_A64}}},
	{EM_AARCH64, BTI_C "......1.", {{4, 60, CLONES_A64}}},
	{0},
};

/* __do_global_dtors_aux: calls __cxa_finalize (in the PLT) and deregister_tm_clones */
static const struct shape destructor_shapes[] = {
	{EM_X86_64, DTORS_64, {{31, 16, NULL}, {36, 41, UNCLONES_64}}},
	{EM_X86_64, ENDBR64 DTORS_64, {{35, 16, NULL}, {40, 41, UNCLONES_64}}},
	{EM_X86_64, OLD_DTORS_64, {{31, 16, NULL}, {36, 41, UNCLONES_64}}},
	{EM_AARCH64, DTORS_A64 RET_A64, {{44, 16, NULL}, {48, 48, UNCLONES_A64}}},
	{EM_AARCH64, BTI_C DTORS_A64 RET_A64, {{48, 16, NULL}, {52, 48, UNCLONES_A64}}},
	{EM_AARCH64, PACIASP DTORS_A64 AUTIASP RET_A64, {{48, 16, NULL}, {52, 48, UNCLONES_A64}}},
	{0},
};

/* Whether `bytes` start with that code; *ret_size: how long it is. */
static bool
starts_with_code(struct span bytes, const char *code, size_t *ret_size)
{
	size_t digits = 0;

	for (; *code; code++) {
		if (*code == ' ')
			continue;
		if (digits / 2 >= bytes.n)
			return false;
		uint8_t byte = (uint8_t)bytes.p[digits / 2];
		int digit = digits % 2 ? byte & 15 : byte >> 4;
		if (*code != '.' && ascii_hex_digit(*code) != digit)
			return false;
		digits++;
	}
	*ret_size = digits / 2;
	return true;
}

static void
add_range(struct elf_crt *crt, uint64_t address, uint64_t size)
{
	if (crt->count < ELF_CRT_RANGES)
		crt->ranges[crt->count++] = (struct elf_range){address, size};
}

/* Where a branch leads: rel32 of x86-64, imm26 of B and BL of AArch64. */
static uint64_t
target_of(uint16_t machine, struct span code, size_t at, uint64_t address)
{
	uint32_t word = bytes_u32(code.p + at, false);

	if (machine == EM_X86_64)
		return address + at + 4 + (uint64_t)(int64_t)(int32_t)word;
	return address + at + (uint64_t)((int64_t)(int32_t)(word << 6) >> 4);
}

static bool
fits(const struct elf_library *library, uint64_t address, const struct shape *shape,
     struct elf_crt *crt)
{
	struct span code = elf_library_at(library, address);
	struct elf_crt found = *crt;
	size_t size = 0;

	if (!elf_library_is_code(library, address) || !starts_with_code(code, shape->code, &size))
		return false;
	add_range(&found, address, size);
	for (size_t i = 0; i < 2 && shape->branches[i].size; i++) {
		const struct branch *branch = &shape->branches[i];
		uint64_t target = target_of(library->machine, code, branch->at, address);
		struct span there = elf_library_at(library, target);
		if (!elf_library_is_code(library, target) || there.n < branch->size ||
		    (branch->code && !starts_with_code(there, branch->code, &size)))
			return false;
		add_range(&found, target, branch->size);
	}
	*crt = found;
	return true;
}

static int
read_function(const struct elf_library *library, uint64_t address, const struct shape *shapes,
	      const char *what, struct elf_crt *crt, struct err *err)
{
	for (; shapes->machine; shapes++) {
		if (shapes->machine == library->machine && fits(library, address, shapes, crt))
			return 0;
	}
	return err_set(err, ERR_UNSUPPORTED, "its %s is not that of the compiler's start files",
		       what);
}

enum { SLOT = 8 }; /* bytes of a pointer */

/* Relocations of one table that write into a slot; false: others than one relative one do. */
static bool
see_relocations(const struct elf_library *library, uint64_t address_tag, uint64_t size_tag,
		uint64_t slot, bool *found, uint64_t *ret)
{
	uint64_t relative = library->machine == EM_X86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
	uint64_t table = 0;
	uint64_t size = 0;

	if (!elf_library_value(library, address_tag, &table) ||
	    !elf_library_value(library, size_tag, &size))
		return true;
	struct span entries = elf_library_range(library, table, size);
	if (!entries.p)
		return size == 0;
	for (size_t at = 0; entries.n - at >= sizeof(Elf64_Rela); at += sizeof(Elf64_Rela)) {
		uint64_t to = bytes_u64(entries.p + at, false);
		if (to - slot >= SLOT && slot - to >= SLOT)
			continue;
		if (*found || to != slot || bytes_u64(entries.p + at + 8, false) != relative)
			return false;
		*found = true;
		*ret = bytes_u64(entries.p + at + 16, false);
	}
	return true;
}

/* What the loader writes into a slot: by one relative relocation, else what is there. */
static bool
slot_value(const struct elf_library *library, uint64_t slot, uint64_t *ret)
{
	struct span there = elf_library_range(library, slot, SLOT);
	bool found = false;

	if (!there.p)
		return false;
	*ret = bytes_u64(there.p, false);
	return see_relocations(library, DT_RELA, DT_RELASZ, slot, &found, ret) &&
	       see_relocations(library, DT_JMPREL, DT_PLTRELSZ, slot, &found, ret);
}

/* An array of functions that holds at most the one of the start files. */
static int
read_array(const struct elf_library *library, uint64_t array_tag, uint64_t size_tag,
	   const struct shape *shapes, const char *what, struct elf_crt *crt, struct err *err)
{
	uint64_t array = 0;
	uint64_t size = 0;
	uint64_t function = 0;

	if (!elf_library_value(library, array_tag, &array) ||
	    !elf_library_value(library, size_tag, &size) || size == 0)
		return 0;
	if (size > 8)
		return err_set(err, ERR_UNSUPPORTED, "it has %llu %ss",
			       (unsigned long long)size / 8, what);
	if (size != 8 || !slot_value(library, array, &function))
		return err_set(err, ERR_INVALID, "its %s is not to be found", what);
	return read_function(library, function, shapes, what, crt, err);
}

/* What ends a library: others than those of the start files are no fault. */
static void
read_ends(const struct elf_library *library, struct elf_crt *crt)
{
	struct err why = ERR_INIT;
	uint64_t address = 0;

	if (elf_library_value(library, DT_FINI, &address) &&
	    read_function(library, address, fini_shapes, "_fini", crt, &why) < 0)
		crt->destructors = true;
	if (read_array(library, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, destructor_shapes, "destructor",
		       crt, &why) < 0)
		crt->destructors = true;
}

int
elf_crt_read(const struct elf_library *library, struct elf_crt *ret, struct err *err)
{
	struct elf_crt crt = {0};
	uint64_t address = 0;
	int r = 0;

	if (elf_library_value(library, DT_PREINIT_ARRAY, &address))
		return err_set(err, ERR_UNSUPPORTED, "it has constructors of a program");
	if (elf_library_value(library, DT_INIT, &address))
		r = read_function(library, address, init_shapes, "_init", &crt, err);
	if (r == 0)
		r = read_array(library, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, constructor_shapes,
			       "constructor", &crt, err);
	if (r < 0)
		return r;
	read_ends(library, &crt);
	*ret = crt;
	return 0;
}
