/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of codec/command_line: the reader, and what its files share. */
#pragma once

#include "base/vec.h"
#include "codec/command_line.h"

enum { LINE_ITEMS_MAX = 4096, LINE_DEPTH_MAX = 3, LINE_WORDS = 4 };

/* Whether a byte is one of these. */
static inline bool
line_is_any(struct span bytes, char byte)
{
	return span_find(bytes, byte) < bytes.n;
}

struct line_reader {
	const char *at;
	const char *end;
	struct arena *arena;
	struct err *err;
	int depth;  /* of subshells */
	bool input; /* one command, to its newline */
};

/* word.c: one word; what is no word (an operator, the end) is not to be there. */
int line_word_read(struct line_reader *reader, struct line_word *ret);

/* The byte that comes next ends a word. */
bool line_at_end_of_word(const struct line_reader *reader);

/* The text of a word that is nothing else; .p NULL when it is more. */
struct span line_word_text(const struct line_word *word);

/* A name a variable may have, at the beginning of the text: its length, or 0. */
size_t line_name_length(struct span text);

/* builtin.c: what the shell would do itself. `words` of the command may be none. */
int line_builtin_judge(struct line_reader *reader, struct line_command *command);
