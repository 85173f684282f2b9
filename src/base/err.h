/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One error value, owned by the caller, never allocated.
 *
 * A function that can fail returns 0 or -kind and takes `struct err *err` as its
 * last parameter (never NULL). Its `ret_*` outputs are untouched on failure.
 */
#pragma once

#include <stdarg.h>

enum err_kind {
	ERR_NONE = 0,
	ERR_USAGE,	 /* the caller (a person) asked for something that makes no sense */
	ERR_INVALID,	 /* malformed input */
	ERR_LIMIT,	 /* input over a named limit (base/limits.h) */
	ERR_DIGEST,	 /* bytes do not match their digest or size */
	ERR_NOT_FOUND,	 /* a named thing does not exist */
	ERR_UNSUPPORTED, /* well-formed, but not something mohs can handle */
	ERR_MISMATCH,	 /* two inputs do not belong together */
	ERR_IO,		 /* the operating system refused */
	ERR_NETWORK,	 /* no or no usable answer from another host */
	ERR_AUTH,	 /* another host refused our credentials, or wants some */
	ERR_CHILD,	 /* a program mohs started failed */
	ERR_TIMEOUT,
	ERR_CANCELLED, /* interrupted by a signal */
	ERR_MEMORY,
	ERR_KINDS,
};

struct err {
	enum err_kind kind;
	int sys; /* errno behind it, or 0 */
	char text[240];
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		0                                                                                  \
	}

/*
 * Result of the functions below: always negative, and said so to compilers and analysers that do
 * not see into them.
 */
static inline int
err_result(int result)
{
	if (result >= 0)
		__builtin_unreachable();
	return result;
}

/* Sets *err and returns -kind. */
#define err_set(err, kind, ...) err_result(err_record(err, kind, __VA_ARGS__))

/* Like err_set() with ": strerror(error)" appended and `sys` set. */
#define err_sys(err, kind, error, ...) err_result(err_record_sys(err, kind, error, __VA_ARGS__))

/* Puts "context: " before the text that is there; returns -err->kind. */
#define err_wrap(err, ...) err_result(err_prepend(err, __VA_ARGS__))

int err_record(struct err *err, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int err_record_sys(struct err *err, enum err_kind kind, int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int err_prepend(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts what can be done about it, or what else is known, behind the text that is there. */
void err_append(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets ERR_MEMORY; returns -ERR_MEMORY. */
static inline int
err_memory(struct err *err)
{
	return err_set(err, ERR_MEMORY, "out of memory");
}

/* The process exit code for a kind: 2 for ERR_USAGE, else 3; 0 for ERR_NONE. */
int err_exit_code(enum err_kind kind);

/* A stable lower-case word for a kind ("not-found"), for machine-readable output. */
const char *err_name(enum err_kind kind);
