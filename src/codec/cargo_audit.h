/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Rust program built with cargo-auditable says it is made of: zlib-compressed JSON in the
 * ELF section ".dep-v0" (cargo-auditable, PARSING.md and cargo-auditable.schema.json).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct cargo_package {
	struct span name;
	struct span version;
	struct span source; /* "crates.io", "git", "local", "registry" or another word */
	bool root;	    /* the program itself */
};

struct cargo_audit {
	struct cargo_package *packages; /* in the program: what only built it is left out */
	size_t count;
};

/*
 * Strings go to `arena`. ERR_NOT_FOUND: an ELF file without that section; ERR_INVALID: no ELF file,
 * or the section cannot be read; ERR_LIMIT, ERR_MEMORY.
 */
int cargo_audit_read(struct span file, struct arena *arena, struct cargo_audit *ret,
		     struct err *err);
