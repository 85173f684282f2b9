/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command table, /.mohs/commands.json, which mohs-commands (src/launcher/table.h) carries out.
 */
#pragma once

#include "codec/command_line.h"

/* What may stand in the place of a word, smallest first. */
enum table_word { TABLE_DIGITS, TABLE_ALPHANUMERIC, TABLE_NAME, TABLE_WORD_CLASSES };

const char *table_word_name(enum table_word word); /* "digits" */

struct table_line {
	struct span line; /* marked as codec/command_line.h says */
	bool input;
	enum table_word words[4];
	size_t word_count;
	struct line_sequence run;
};

/* `inputs`: the arguments of shells that were seen to read commands. ERR_LIMIT. */
int command_table_write(const struct table_line *lines, size_t count,
			const struct span_list *inputs, size_t input_count, struct arena *arena,
			struct span *ret, struct err *err);

/* A marked line for people: "ps -p {digits}"; .p NULL without memory. */
struct span command_table_words(const struct table_line *line, struct arena *arena);

/* How many commands a table has; ERR_INVALID when it is none. */
int command_table_count(struct span text, size_t *ret, struct err *err);
