/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that programs of an image run through a shell, and what takes the shell's place: a
 * table of them. docs/commands.md. Const once built.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/image.h"

/* The program that carries commands out, and its table, in an image. */
#define COMMANDS_PATH	    "/.mohs/commands"
#define COMMANDS_TABLE_PATH "/.mohs/commands.json"

enum commands_form {
	COMMANDS_NONE,	/* no program ran a shell */
	COMMANDS_KEPT,	/* the shell stays: `left` says why */
	COMMANDS_TABLE, /* mohs-commands with a table */
};

const char *commands_form_name(enum commands_form form); /* "table" */

/* A command line, with places that may differ. */
struct command_seen {
	struct span line;	   /* for people: "{digits}" and the like in such places */
	struct span from;	   /* the program that ran it; may be empty */
	uint32_t runs;		   /* how often it was seen */
	bool input;		   /* a shell read it */
	struct span_list programs; /* that it executes, as it names them */
};

struct commands {
	struct arena *arena; /* NULL: part of another record's */
	enum commands_form form;
	uint32_t runs;		 /* of shells */
	struct span_list shells; /* paths at which shells were run, links on the way resolved */
	struct command_seen *seen;
	size_t seen_count;
	struct span table; /* /.mohs/commands.json; empty unless COMMANDS_TABLE */
	struct gap_list left;
};

/* A copy with everything in `arena`, which it does not own. */
int commands_copy(const struct commands *commands, struct arena *arena, struct commands **ret,
		  struct err *err);

/*
 * The image as it is with the table in the shells' place: `view` is a copy of `image` that shares
 * all but its entries, which live in `arena`.
 */
int commands_view(const struct commands *commands, const struct image *image, struct arena *arena,
		  struct image *view, struct err *err);

/* Whether an entry is what stands in a shell's place. */
bool commands_is_link(const struct image_entry *entry);

void commands_free(struct commands *commands);
void commands_cleanup(struct commands **commands);
