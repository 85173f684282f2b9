/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines of a POSIX shell (POSIX.1-2017, XCU 2) that can be carried out without one: simple
 * commands, lists, pipes, subshells, redirections, quoting. Whatever asks for more of a shell
 * (expansion other than of a plain variable, patterns, functions, jobs) is refused by name.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/*
 * Bytes no UTF-8 has, which mark a place of the line: LINE_WORD and the digit of its number, or
 * LINE_HOST, the host's name. They stand in arguments only.
 */
#define LINE_WORD '\xff'
#define LINE_HOST '\xfe'

enum line_piece_kind { LINE_PIECE_TEXT, LINE_PIECE_WORD, LINE_PIECE_HOST, LINE_PIECE_VARIABLE };

struct line_piece {
	enum line_piece_kind kind;
	struct span text; /* without quotes; the name of a variable */
	uint32_t word;
	bool quoted; /* of a variable */
};

struct line_word {
	struct line_piece *pieces;
	size_t count; /* 0: the empty word */
};

enum line_redirect_mode {
	LINE_READ,
	LINE_WRITE,
	LINE_APPEND,
	LINE_BOTH,
	LINE_COPY,
	LINE_CLOSE,
	LINE_REDIRECT_MODES,
};

struct line_redirect {
	uint32_t fd;
	enum line_redirect_mode mode;
	struct line_word file;
	uint32_t from; /* LINE_COPY */
};

struct line_assignment {
	struct span name;
	struct line_word value;
};

enum line_command_kind {
	LINE_RUN,
	LINE_TEXT,   /* echo, printf: what is written */
	LINE_STATUS, /* true, false, :, exit */
	LINE_CHANGE, /* cd */
	LINE_LIST,   /* ( ) */
};

enum { LINE_STATUS_LAST = 256 /* exit without a status */ };

struct line_sequence;

struct line_command {
	enum line_command_kind kind;
	struct line_word *words; /* LINE_RUN: of the program */
	size_t word_count;
	struct line_assignment *set;
	size_t set_count;
	bool replaces;	       /* exec */
	struct line_word text; /* LINE_TEXT, LINE_CHANGE */
	uint32_t status;
	bool ends; /* exit */
	struct line_redirect *redirects;
	size_t redirect_count;
	struct line_sequence *list;
};

enum line_when { LINE_ALWAYS, LINE_OK, LINE_FAILED };

struct line_pipeline {
	enum line_when when;
	bool negated;
	struct line_command *commands;
	size_t count;
};

struct line_sequence {
	struct line_pipeline *items;
	size_t count;
};

/*
 * `input`: one complete command as a shell reads it from its input, to its newline; *ret_used says
 * how many bytes that are (it may be none but blanks). Else all of the text. Everything lives in
 * `arena`. ERR_UNSUPPORTED names what is not carried out, ERR_INVALID what is no command line,
 * ERR_LIMIT.
 */
int command_line_read(struct span text, bool input, struct arena *arena, struct line_sequence *ret,
		      size_t *ret_used, struct err *err);
