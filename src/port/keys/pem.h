/* SPDX-License-Identifier: Apache-2.0 */
/* The first block of a PEM text, in OpenSSL's secure heap; and writing one. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct pem {
	char *name;
	char *header; /* "Proc-Type: ..."; mostly empty */
	unsigned char *bytes;
	size_t n;
};

void pem_cleanup(struct pem *pem);

/* ERR_INVALID, ERR_LIMIT over KEY_FILE_MAX. */
int pem_read(struct span text, struct pem *ret, struct err *err);

/* For what is not secret. */
int pem_write(const char *name, struct span bytes, struct arena *arena, struct span *ret,
	      struct err *err);
