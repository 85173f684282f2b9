/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command table (/.mohs/commands.json): the command lines that are carried out, each with what
 * it comes to. docs/commands.md has the document; everything points into the region it was read to.
 */
#pragma once

#include "launcher/tree.h"

enum {
	TABLE_VERSION = 1,
	TABLE_WORDS = 4,	/* places of one line that may differ */
	TABLE_WORD_MAX = 255,	/* bytes in such a place */
	TABLE_LINE_MAX = 65536, /* bytes of a command line */
};

enum piece_kind { PIECE_TEXT, PIECE_WORD, PIECE_HOST, PIECE_VARIABLE };

struct piece {
	enum piece_kind kind;
	struct text text; /* itself, or the name of the variable */
	uint32_t word;	  /* its number */
	bool quoted;	  /* any value; else one that is a word as it is */
};

struct pieces {
	struct piece *items;
	size_t count;
};

struct pieces_list {
	struct pieces *items;
	size_t count;
};

/* What may stand in the place of a word, smallest first. */
enum word_class { WORD_DIGITS, WORD_ALPHANUMERIC, WORD_NAME, WORD_CLASSES };

bool word_has(enum word_class class, char byte);

enum redirect_mode {
	REDIRECT_READ,
	REDIRECT_WRITE,
	REDIRECT_APPEND,
	REDIRECT_BOTH,
	REDIRECT_COPY,
	REDIRECT_CLOSE,
	REDIRECT_MODES,
};

struct redirect {
	uint32_t fd;
	enum redirect_mode mode;
	struct pieces file;
	uint32_t from; /* REDIRECT_COPY */
};

struct assignment {
	struct text name;
	struct pieces value;
};

enum command_kind { COMMAND_RUN, COMMAND_WRITE, COMMAND_STATUS, COMMAND_CHANGE, COMMAND_LIST };

enum { STATUS_LAST = 256 }; /* that of what ran last */

struct sequence;

struct command {
	enum command_kind kind;
	struct pieces_list argv; /* COMMAND_RUN */
	struct assignment *set;
	size_t set_count;
	bool replaces;	    /* exec: nothing comes after it */
	struct pieces text; /* COMMAND_WRITE: what; COMMAND_CHANGE: the directory */
	uint32_t status;    /* COMMAND_STATUS */
	bool ends;	    /* COMMAND_STATUS: exit */
	struct redirect *redirects;
	size_t redirect_count;
	const struct sequence *list; /* COMMAND_LIST: in a process of its own */
};

enum pipeline_when { WHEN_ALWAYS, WHEN_OK, WHEN_FAILED };

struct pipeline {
	enum pipeline_when when; /* by the status so far */
	bool negated;
	struct command *commands;
	size_t count;
};

struct sequence {
	struct pipeline *items;
	size_t count;
};

struct entry {
	struct pieces line;
	bool input; /* read from standard input; ends with a newline */
	enum word_class words[TABLE_WORDS];
	size_t word_count;
	struct sequence run;
};

struct table {
	struct entry *entries;
	size_t count;
	struct texts *inputs; /* arguments of shells that read commands */
	size_t input_count;
};

/* False when it is no table of this version. */
bool table_read(struct text document, struct region *region, struct table *ret);

enum match { MATCH_NONE, MATCH_BEGINS, MATCH_ALL };

/* What a line has in the places of words. */
struct values {
	struct text words[TABLE_WORDS]; /* .p NULL: not met yet */
	struct text host;
};

/* Whether the text is the line, or only how it begins. `values->host` is given. */
enum match entry_match(const struct entry *entry, struct text text, struct values *values);
