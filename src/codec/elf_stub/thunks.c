/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code of a stub. Each function is 16 bytes that load the address of the symbol's name and jump
 * to what is common to all. That reads PART_WORDS: three texts with a NUL behind each, the path to
 * look up and what the message has before and behind the symbol.
 */
#include "codec/elf_stub/stub.h"

#include "base/bytes.h"
#include "codec/elf_stub.h"

enum {
	THUNK = 16,
	ROOM = 2048, /* on the stack, for the message */
	WORDS_MAX = ROOM - ELF_STUB_NAME_SHOWN,
};

static const uint8_t common_x86_64[] = {
	0x48, 0x8d, 0x1d, 0x00, 0x00, 0x00, 0x00, /* lea words(%rip),%rbx */
	0x48, 0x81, 0xec, 0x00, 0x08, 0x00, 0x00, /* sub $ROOM,%rsp */
	0x48, 0x83, 0xe4, 0xf0,			  /* and $-16,%rsp */
	0xfc,					  /* cld */
	/* openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC) */
	0xbf, 0x9c, 0xff, 0xff, 0xff, /* mov $-100,%edi */
	0x48, 0x89, 0xde,	      /* mov %rbx,%rsi */
	0xba, 0x00, 0x00, 0x08, 0x00, /* mov $0x80000,%edx */
	0x45, 0x31, 0xd2,	      /* xor %r10d,%r10d */
	0xb8, 0x01, 0x01, 0x00, 0x00, /* mov $257,%eax */
	0x0f, 0x05,		      /* syscall */
	/* past the path */
	0x48, 0x89, 0xde, /* mov %rbx,%rsi */
	0xac,		  /* 1: lodsb */
	0x84, 0xc0,	  /* test %al,%al */
	0x75, 0xfb,	  /* jne 1b */
	/* what stands before the symbol */
	0x48, 0x89, 0xe7, /* mov %rsp,%rdi */
	0xac,		  /* 2: lodsb */
	0x84, 0xc0,	  /* test %al,%al */
	0x74, 0x03,	  /* je 3f */
	0xaa,		  /* stosb */
	0xeb, 0xf8,	  /* jmp 2b */
	0x48, 0x89, 0xf3, /* 3: mov %rsi,%rbx */
	/* the symbol */
	0x4c, 0x89, 0xe6,	      /* mov %r12,%rsi */
	0xb9, 0x00, 0x04, 0x00, 0x00, /* mov $ELF_STUB_NAME_SHOWN,%ecx */
	0xac,			      /* 4: lodsb */
	0x84, 0xc0,		      /* test %al,%al */
	0x74, 0x05,		      /* je 5f */
	0xaa,			      /* stosb */
	0xff, 0xc9,		      /* dec %ecx */
	0x75, 0xf6,		      /* jne 4b */
	/* what stands behind it */
	0x48, 0x89, 0xde, /* 5: mov %rbx,%rsi */
	0xac,		  /* 6: lodsb */
	0x84, 0xc0,	  /* test %al,%al */
	0x74, 0x03,	  /* je 7f */
	0xaa,		  /* stosb */
	0xeb, 0xf8,	  /* jmp 6b */
	/* write(2, message, length) */
	0x48, 0x89, 0xe6,	      /* 7: mov %rsp,%rsi */
	0x48, 0x89, 0xfa,	      /* mov %rdi,%rdx */
	0x48, 0x29, 0xe2,	      /* sub %rsp,%rdx */
	0xbf, 0x02, 0x00, 0x00, 0x00, /* mov $2,%edi */
	0xb8, 0x01, 0x00, 0x00, 0x00, /* mov $1,%eax */
	0x0f, 0x05,		      /* syscall */
	/* rt_sigaction(SIGABRT, {SIG_DFL}, NULL, 8) */
	0x31, 0xc0,			    /* xor %eax,%eax */
	0x48, 0x89, 0xe7,		    /* mov %rsp,%rdi */
	0xb9, 0x04, 0x00, 0x00, 0x00,	    /* mov $4,%ecx */
	0xf3, 0x48, 0xab,		    /* rep stosq */
	0xbf, 0x06, 0x00, 0x00, 0x00,	    /* mov $6,%edi */
	0x48, 0x89, 0xe6,		    /* mov %rsp,%rsi */
	0x31, 0xd2,			    /* xor %edx,%edx */
	0x41, 0xba, 0x08, 0x00, 0x00, 0x00, /* mov $8,%r10d */
	0xb8, 0x0d, 0x00, 0x00, 0x00,	    /* mov $13,%eax */
	0x0f, 0x05,			    /* syscall */
	/* rt_sigprocmask(SIG_UNBLOCK, {SIGABRT}, NULL, 8) */
	0x48, 0xc7, 0x04, 0x24, 0x20, 0x00, 0x00, 0x00, /* movq $32,(%rsp) */
	0xbf, 0x01, 0x00, 0x00, 0x00,			/* mov $1,%edi */
	0x48, 0x89, 0xe6,				/* mov %rsp,%rsi */
	0x31, 0xd2,					/* xor %edx,%edx */
	0x41, 0xba, 0x08, 0x00, 0x00, 0x00,		/* mov $8,%r10d */
	0xb8, 0x0e, 0x00, 0x00, 0x00,			/* mov $14,%eax */
	0x0f, 0x05,					/* syscall */
	/* tgkill(getpid(), gettid(), SIGABRT) */
	0xb8, 0x27, 0x00, 0x00, 0x00, /* mov $39,%eax */
	0x0f, 0x05,		      /* syscall */
	0x89, 0xc3,		      /* mov %eax,%ebx */
	0xb8, 0xba, 0x00, 0x00, 0x00, /* mov $186,%eax */
	0x0f, 0x05,		      /* syscall */
	0x89, 0xdf,		      /* mov %ebx,%edi */
	0x89, 0xc6,		      /* mov %eax,%esi */
	0xba, 0x06, 0x00, 0x00, 0x00, /* mov $6,%edx */
	0xb8, 0xea, 0x00, 0x00, 0x00, /* mov $234,%eax */
	0x0f, 0x05,		      /* syscall */
	/* exit_group(134) */
	0xbf, 0x86, 0x00, 0x00, 0x00, /* 8: mov $134,%edi */
	0xb8, 0xe7, 0x00, 0x00, 0x00, /* mov $231,%eax */
	0x0f, 0x05,		      /* syscall */
	0xeb, 0xf2,		      /* jmp 8b */
};

static const uint32_t common_aarch64[] = {
	0x90000013, /* adrp x19,words */
	0x91000273, /* add x19,x19,:lo12:words */
	0xd12003ff, /* sub sp,sp,#ROOM */
	/* openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC) */
	0x92800c60, /* mov x0,#-100 */
	0xaa1303e1, /* mov x1,x19 */
	0xd2a00102, /* mov x2,#0x80000 */
	0xd2800003, /* mov x3,#0 */
	0xd2800708, /* mov x8,#56 */
	0xd4000001, /* svc #0 */
	/* past the path */
	0x38401660, /* 1: ldrb w0,[x19],#1 */
	0x35ffffe0, /* cbnz w0,1b */
	/* what stands before the symbol */
	0x910003e1, /* mov x1,sp */
	0x38401660, /* 2: ldrb w0,[x19],#1 */
	0x34000060, /* cbz w0,3f */
	0x38001420, /* strb w0,[x1],#1 */
	0x17fffffd, /* b 2b */
	/* the symbol */
	0xd2808002, /* 3: mov x2,#ELF_STUB_NAME_SHOWN */
	0x38401520, /* 4: ldrb w0,[x9],#1 */
	0x34000080, /* cbz w0,5f */
	0x38001420, /* strb w0,[x1],#1 */
	0xf1000442, /* subs x2,x2,#1 */
	0x54ffff81, /* b.ne 4b */
	/* what stands behind it */
	0x38401660, /* 5: ldrb w0,[x19],#1 */
	0x34000060, /* cbz w0,6f */
	0x38001420, /* strb w0,[x1],#1 */
	0x17fffffd, /* b 5b */
	/* write(2, message, length) */
	0x910003e3, /* 6: mov x3,sp */
	0xcb030022, /* sub x2,x1,x3 */
	0xaa0303e1, /* mov x1,x3 */
	0xd2800040, /* mov x0,#2 */
	0xd2800808, /* mov x8,#64 */
	0xd4000001, /* svc #0 */
	/* rt_sigaction(SIGABRT, {SIG_DFL}, NULL, 8) */
	0xa9007fff, /* stp xzr,xzr,[sp] */
	0xa9017fff, /* stp xzr,xzr,[sp,#16] */
	0xd28000c0, /* mov x0,#6 */
	0x910003e1, /* mov x1,sp */
	0xd2800002, /* mov x2,#0 */
	0xd2800103, /* mov x3,#8 */
	0xd28010c8, /* mov x8,#134 */
	0xd4000001, /* svc #0 */
	/* rt_sigprocmask(SIG_UNBLOCK, {SIGABRT}, NULL, 8) */
	0xd2800400, /* mov x0,#32 */
	0xf90003e0, /* str x0,[sp] */
	0xd2800020, /* mov x0,#1 */
	0x910003e1, /* mov x1,sp */
	0xd2800002, /* mov x2,#0 */
	0xd2800103, /* mov x3,#8 */
	0xd28010e8, /* mov x8,#135 */
	0xd4000001, /* svc #0 */
	/* tgkill(getpid(), gettid(), SIGABRT) */
	0xd2801588, /* mov x8,#172 */
	0xd4000001, /* svc #0 */
	0xaa0003f3, /* mov x19,x0 */
	0xd2801648, /* mov x8,#178 */
	0xd4000001, /* svc #0 */
	0xaa0003e1, /* mov x1,x0 */
	0xaa1303e0, /* mov x0,x19 */
	0xd28000c2, /* mov x2,#6 */
	0xd2801068, /* mov x8,#131 */
	0xd4000001, /* svc #0 */
	/* exit_group(134) */
	0xd28010c0, /* 7: mov x0,#134 */
	0xd2800bc8, /* mov x8,#94 */
	0xd4000001, /* svc #0 */
	0x17fffffd, /* b 7b */
};

size_t
stub_common_size(const struct stub *stub)
{
	size_t size = stub->library->machine == EM_X86_64 ? sizeof(common_x86_64)
							  : sizeof(common_aarch64);

	return (size + THUNK - 1) / THUNK * THUNK;
}

size_t
stub_text_size(const struct stub *stub)
{
	return stub_common_size(stub) + stub->symbol_count * THUNK;
}

uint64_t
stub_thunk(const struct stub *stub, size_t symbol)
{
	return stub->parts[PART_TEXT].address + stub_common_size(stub) + symbol * THUNK;
}

int
stub_words(struct stub *stub, struct err *err)
{
	struct buf *words = &stub->parts[PART_WORDS].bytes;

	int r = buf_printf(words, err, ELF_STUB_CALLED "%.*s%cmohs: %.*s: %c",
			   SPAN_ARG(stub->soname), '\0', SPAN_ARG(stub->soname), '\0');
	if (r == 0)
		r = buf_append(words,
			       SPAN(" was called: its code is not in this image, as nothing called "
				    "it while profiling\n"),
			       err);
	if (r == 0)
		r = buf_byte(words, '\0', err);
	if (r == 0 && words->n > WORDS_MAX)
		return err_set(err, ERR_UNSUPPORTED, "a soname that is too long for a message");
	return r;
}

/* ---- x86-64 ---- */

static int
lea(struct buf *text, struct span opcode, uint64_t here, uint64_t target, struct err *err)
{
	int r = buf_append(text, opcode, err);

	return r < 0 ? r : stub_u32(text, target - (here + opcode.n + 4), err);
}

static int
common_code_x86_64(struct buf *text, uint64_t here, uint64_t words, struct err *err)
{
	enum { HEAD = 7 };
	struct span all = {(const char *)common_x86_64, sizeof(common_x86_64)};

	int r = lea(text, SPAN("\x48\x8d\x1d"), here, words, err);
	return r < 0 ? r : buf_append(text, span_slice(all, HEAD, all.n), err);
}

/* endbr64; lea name(%rip),%r12; jmp common */
static int
thunk_x86_64(struct buf *text, uint64_t here, uint64_t name, uint64_t common, struct err *err)
{
	int r = buf_append(text, SPAN("\xf3\x0f\x1e\xfa"), err);
	if (r == 0)
		r = lea(text, SPAN("\x4c\x8d\x25"), here + 4, name, err);
	if (r == 0)
		r = lea(text, SPAN("\xe9"), here + 11, common, err);
	return r;
}

/* ---- AArch64 ---- */

/* adrp reg,target; add reg,reg,:lo12:target */
static int
address_aarch64(struct buf *text, unsigned reg, uint64_t here, uint64_t target, struct err *err)
{
	uint64_t pages = (target >> 12) - (here >> 12);
	uint64_t adrp = 0x90000000U | (pages & 3) << 29 | (pages >> 2 & 0x7ffff) << 5 | reg;
	uint64_t add = 0x91000000U | (target & 0xfff) << 10 | reg << 5 | reg;

	int r = stub_u32(text, adrp, err);
	return r < 0 ? r : stub_u32(text, add, err);
}

static int
common_code_aarch64(struct buf *text, uint64_t here, uint64_t words, struct err *err)
{
	enum { HEAD = 2 };
	int r = address_aarch64(text, 19, here, words, err);

	for (size_t i = HEAD; r == 0 && i < sizeof(common_aarch64) / sizeof(uint32_t); i++)
		r = stub_u32(text, common_aarch64[i], err);
	return r;
}

/* bti c; x9 = name; b common */
static int
thunk_aarch64(struct buf *text, uint64_t here, uint64_t name, uint64_t common, struct err *err)
{
	int r = stub_u32(text, 0xd503245f, err);
	if (r == 0)
		r = address_aarch64(text, 9, here + 4, name, err);
	if (r == 0)
		r = stub_u32(text, 0x14000000U | ((common - (here + 12)) >> 2 & 0x3ffffff), err);
	return r;
}

/* ---- both ---- */

int
stub_put_common(const struct stub *stub, struct buf *out, uint64_t here, uint64_t words,
		struct err *err)
{
	size_t end = out->n + stub_common_size(stub);
	int r = stub->library->machine == EM_X86_64 ? common_code_x86_64(out, here, words, err)
						    : common_code_aarch64(out, here, words, err);

	return r < 0 ? r : stub_zeroes(out, end - out->n, err);
}

int
stub_put_thunk(const struct stub *stub, struct buf *out, uint64_t here, uint64_t name,
	       uint64_t common, struct err *err)
{
	return stub->library->machine == EM_X86_64 ? thunk_x86_64(out, here, name, common, err)
						   : thunk_aarch64(out, here, name, common, err);
}

int
stub_thunks(struct stub *stub, struct err *err)
{
	struct part *text = &stub->parts[PART_TEXT];
	uint64_t names = stub->parts[PART_STRINGS].address;
	uint64_t words = stub->parts[PART_WORDS].address;

	int r = stub_put_common(stub, &text->bytes, text->address, words, err);
	for (size_t i = 0; r == 0 && i < stub->symbol_count; i++)
		r = stub_put_thunk(stub, &text->bytes, stub_thunk(stub, i),
				   names + stub->symbols[i].name_at, text->address, err);
	return r;
}
