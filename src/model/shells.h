/* SPDX-License-Identifier: Apache-2.0 */
/* Interactive shells found in an image, and interpreters that could stand in for one. */
#pragma once

#include "model/image.h"

enum shell_kind {
	SHELL_SHELL,	   /* sh, bash, dash, zsh, ksh, mksh, fish, csh, tcsh, ash, ... */
	SHELL_MULTICALL,   /* busybox, toybox: holds one */
	SHELL_INTERPRETER, /* python, perl, ...: gives a prompt; listed apart, does not fail the
			      check */
	SHELL_COMMANDS,	   /* mohs-commands, byte for byte: no shell, but stands where one did */
};

/* Whether it counts as a shell. */
static inline bool
shell_counts(enum shell_kind kind)
{
	return kind == SHELL_SHELL || kind == SHELL_MULTICALL;
}

enum shell_proof {
	SHELL_BY_NAME,
	SHELL_BY_LINK,	  /* hard or symbolic link to one */
	SHELL_BY_CONTENT, /* ELF build-id, symbols or strings of one, under any name */
};

struct shell {
	uint32_t entry;
	enum shell_kind kind;
	enum shell_proof proof;
	struct span what; /* "dash", "busybox" */
};

struct shells {
	struct arena *arena;
	struct shell *items; /* by path */
	size_t count;
	uint32_t shell_count; /* those that count */
	struct gap_list gaps; /* executables that could not be read */
};

/* How many are of a kind. */
size_t shells_count(const struct shells *shells, enum shell_kind kind);

void shells_free(struct shells *shells);
void shells_cleanup(struct shells **shells);
