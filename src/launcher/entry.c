/* SPDX-License-Identifier: Apache-2.0 */
/* Where the kernel begins (System V ABI, "Process Initialization"); a static PIE relocates itself.
 */
#include "launcher/entry.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
__asm__(".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call entry_begin\n"
	"	hlt\n");
#define RELATIVE R_X86_64_RELATIVE
#elif defined(__aarch64__)
__asm__(".globl _start\n"
	".type _start, %function\n"
	"_start:\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x0, sp\n"
	"	and sp, x0, #-16\n"
	"	bl entry_begin\n");
#define RELATIVE R_AARCH64_RELATIVE
#endif

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));
/* NOLINTEND(bugprone-reserved-identifier) */

_Noreturn void entry_begin(const long *stack);

/* Compilers call these by themselves. */
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

void *
memcpy(void *to, const void *from, size_t n)
{
	return memmove(to, from, n);
}

void *
memmove(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	if (t < f) {
		for (size_t i = 0; i < n; i++)
			t[i] = f[i];
	} else {
		while (n-- > 0)
			t[n] = f[n];
	}
	return to;
}

void *
memset(void *to, int byte, size_t n)
{
	char *t = to;

	for (size_t i = 0; i < n; i++)
		t[i] = (char)byte;
	return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
	}
	return 0;
}

const char *
entry_executed(const long *auxiliary)
{
	for (; auxiliary[0] != AT_NULL; auxiliary += 2) {
		if (auxiliary[0] == AT_EXECFN)
			return (const char *)auxiliary[1];
	}
	return "";
}

static void
relocate(void)
{
	uintptr_t base = (uintptr_t)__ehdr_start;
	uintptr_t at = 0;
	size_t size = 0;

	for (const Elf64_Dyn *item = _DYNAMIC; item->d_tag != DT_NULL; item++) {
		if (item->d_tag == DT_RELA)
			at = base + item->d_un.d_ptr;
		else if (item->d_tag == DT_RELASZ)
			size = item->d_un.d_val;
	}
	for (const Elf64_Rela *rela = (const Elf64_Rela *)at; at && size >= sizeof(*rela);
	     rela++, size -= sizeof(*rela)) {
		if (ELF64_R_TYPE(rela->r_info) == RELATIVE)
			*(uintptr_t *)(base + rela->r_offset) = base + (uintptr_t)rela->r_addend;
	}
}

void
entry_begin(const long *stack)
{
	int argc = (int)stack[0];
	const char *const *argv = (const char *const *)(stack + 1);
	const char *const *environment = argv + argc + 1;
	const char *const *end = environment;

	relocate();
	while (*end)
		end++;
	entry_main(argc, argv, environment, (const long *)(end + 1));
}
