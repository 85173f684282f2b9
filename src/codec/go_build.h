/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Go program is made of, as the toolchain writes it into every one (package debug/buildinfo
 * and runtime/debug of Go): the version of the toolchain, and a text of lines
 *
 *	path	MAIN PACKAGE
 *	mod	MODULE	VERSION	SUM
 *	dep	MODULE	VERSION	SUM
 *	=>	MODULE	VERSION	SUM		instead of the one above
 *	build	KEY=VALUE
 *
 * Found in a section or in the writable data, behind a magic: 14 bytes, the size of a pointer,
 * flags (1: big-endian, 2: inline). Inline, both strings follow at byte 32, each with its length in
 * LEB128; else two addresses follow, of a string header (address, length) each.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct go_module {
	struct span path;
	struct span version; /* "v1.2.3"; "(devel)" or empty: it has none */
	struct span instead; /* of another module or a folder ("./x"); empty: not replaced */
	struct span instead_version;
};

struct go_build {
	struct span go;	       /* "go1.22.3", as it is written */
	struct span main_path; /* the package: "example.com/app/cmd/app" */
	struct go_module main; /* empty: a program of the standard distribution, or old */
	struct go_module *modules;
	size_t module_count;
	struct span flags; /* -ldflags of the build, where they are recorded */
};

/*
 * Strings go to `arena`, of which none points into `file`. ERR_NOT_FOUND: an ELF file without it.
 * ERR_INVALID: no ELF file, or it is there and cannot be read; ERR_LIMIT, ERR_MEMORY.
 */
int go_build_read(struct span file, struct arena *arena, struct go_build *ret, struct err *err);

/*
 * The toolchain as advisories count: "1.22.3" of "go1.22.3 X:boringcrypto", "1.21.0-rc.2" of
 * "go1.21rc2"; empty: of no release. .p NULL without memory.
 */
struct span go_version(struct span go, struct arena *arena);

/* The one version that -ldflags set by "-X NAME.version=v1.2.3"; empty: none, or several. */
struct span go_flags_version(struct span flags);
