/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/shells: an image that is searched. */
#pragma once

#include "stage/shells/finder.h"

/* What is known of one inode (kept at its first entry). */
struct file {
	bool seen;
	bool program; /* an ELF program, or a file that is executable and could not be judged */
	bool script;  /* starts with #! */
	bool unread;
	bool commands; /* mohs's own program, which carries out a table */
	bool no_shell; /* calls itself a multi-call program, and holds no shell */
	const struct signature *signature;
	const struct shell_name *named; /* what one of its entries is called */
	struct span build_id;
	struct span copy_of; /* `what` of the shell it is a copy of */
	enum shell_kind copy_kind;
	struct digest digest;
	bool digested;
};

struct finder {
	const struct image *image;
	const struct contents *contents;
	struct arena *arena;
	struct scanner *scanner;
	struct file *files; /* per entry */
	char *buffer;	    /* content being looked at */
	size_t room;
	struct span table; /* what is said of the table of commands */
	VEC(struct shell) items;
	VEC(struct gap) gaps;
};

/*
 * Up to `max` bytes of a file, valid until the next are asked for; .p NULL, and a gap, when they
 * cannot be read.
 */
int finder_load(struct finder *finder, uint32_t entry, uint64_t max, struct span *ret,
		struct err *err);

bool finder_is_executable(const struct image_entry *entry);

/* The name an entry goes by, when what is behind it can be such a thing; else NULL. */
const struct shell_name *finder_name_of(const struct finder *finder, uint32_t entry,
					uint32_t target);

/*
 * Notes which files are copies of shells that have no signature: by build-id, else by digest. Each
 * file is hashed at most once, and only when one of its size is known.
 */
int finder_copies(struct finder *finder, struct err *err);
