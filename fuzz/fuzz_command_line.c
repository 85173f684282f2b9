/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines, the table that is made of one, and what mohs-commands makes of that. */
#include "base/limits.h"
#include "codec/command_table.h"
#include "codec/json.h"
#include "launcher/table.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 8 * 1024 * 1024 };

/* What is in a table is found by its own text, when that has no places. */
static void
check_table(const struct table_line *line, struct span table)
{
	static char room[ROOM];
	struct region region = {room, sizeof(room), 0};
	struct values values = {.host = {"box", 3}};
	struct table read;

	if (!table_read((struct text){table.p, table.n}, &region, &read) || read.count != 1)
		abort();
	if (json_is_text(line->line) &&
	    entry_match(read.entries, (struct text){line->line.p, line->line.n}, &values) !=
		    MATCH_ALL)
		abort();
}

static void
read_one(struct span text, bool input, struct arena *arena)
{
	struct table_line line = {.input = input, .word_count = 4};
	struct err err = ERR_INIT;
	struct span table;
	size_t used = 0;

	if (command_line_read(text, input, arena, &line.run, &used, &err) < 0) {
		if (!err.text[0])
			abort();
		return;
	}
	if (used > text.n || (text.n > 0 && used == 0 && input))
		abort();
	line.line = span_slice(text, 0, used);
	if (command_table_write(&line, 1, NULL, 0, arena, &table, &err) < 0)
		return;
	if (json_is_text(line.line) && !memchr(line.line.p, '\0', line.line.n))
		check_table(&line, table);
	(void)command_table_words(&line, arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct span text = {(const char *)data, size};

	if (arena) {
		read_one(text, false, arena);
		read_one(text, true, arena);
	}
	arena_free(arena);
	return 0;
}
