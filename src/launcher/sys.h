/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls without a C library: what runs inside other people's images brings no code but its
 * own along. Results are the kernel's: negative is -errno. syscall(2), "Architecture calling
 * conventions".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

static inline long
sys_call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__)

static inline long
sys_call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
}

#else
#error "the launcher is not written for this architecture"
#endif

#define SYS(number, a, b, c, d, e)                                                                 \
	sys_call((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

static inline long
sys_open(long directory, const char *path, long flags, long mode)
{
	return SYS(SYS_openat, directory, path, flags, mode, 0);
}

static inline long
sys_close(long fd)
{
	return SYS(SYS_close, fd, 0, 0, 0, 0);
}

static inline long
sys_read(long fd, void *p, size_t n)
{
	return SYS(SYS_read, fd, p, n, 0, 0);
}

static inline long
sys_write(long fd, const void *p, size_t n)
{
	return SYS(SYS_write, fd, p, n, 0, 0);
}

static inline _Noreturn void
sys_exit(long status)
{
	for (;;)
		(void)SYS(SYS_exit_group, status, 0, 0, 0, 0);
}
