/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that must not stay behind: passwords, private keys as they are on disk. Held in
 * libsodium's guarded memory (locked where the system lets it, out of core dumps) and wiped when
 * freed.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct secret {
	unsigned char *p; /* NUL-terminated behind its last byte */
	size_t n;
};

/* n zero bytes. */
int secret_new(size_t n, struct secret **ret, struct err *err);
void secret_free(struct secret *secret);
void secret_cleanup(struct secret **secret);

static inline struct span
secret_span(const struct secret *secret)
{
	return (struct span){(const char *)secret->p, secret->n};
}

/* A whole file or, to the end, a descriptor. ERR_LIMIT over max, ERR_NOT_FOUND, ERR_IO. */
int secret_load(const char *path, size_t max, struct secret **ret, struct err *err);
int secret_read(int fd, size_t max, struct secret **ret, struct err *err);

struct password_source {
	int fd;		  /* >= 0: its first line is the password */
	bool prompt;	  /* may ask on the terminal */
	bool repeat;	  /* ask twice: for a password that is new */
	const char *of;	  /* what it is for, in the prompt: "cosign.key" */
	const char *what; /* "PIN"; NULL: "password" */
};

/*
 * The descriptor, else $MOHS_PASSWORD, else $COSIGN_PASSWORD, else the terminal (/dev/tty, echo
 * off). A variable is wiped and unset once read, so that no program started later has it. An empty
 * password is a password. ERR_AUTH when there is nowhere to have it from, ERR_MISMATCH for two
 * that differ, ERR_LIMIT over PASSWORD_MAX, ERR_CANCELLED.
 */
int password_get(const struct password_source *source, struct secret **ret, struct err *err);

/* The first line of a file. Errors as secret_load(), ERR_LIMIT over PASSWORD_MAX. */
int password_load(const char *path, struct secret **ret, struct err *err);
