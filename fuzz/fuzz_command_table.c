/* SPDX-License-Identifier: Apache-2.0 */
/* The table as mohs-commands reads it, and lines that are held against it. */
#include "launcher/carry.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 8 * 1024 * 1024 };

static const char *const lines[] = {"df -kP /data", "wc -c /tmp/work-12.txt", "(df\n", "", "a 1\n"};

static void
fill(const struct carrying *carrying, const struct sequence *sequence)
{
	for (size_t i = 0; i < sequence->count; i++) {
		for (size_t k = 0; k < sequence->items[i].count; k++) {
			const struct command *command = &sequence->items[i].commands[k];

			for (size_t n = 0; n < command->argv.count; n++)
				(void)carry_fill(carrying, &command->argv.items[n]);
			for (size_t n = 0; n < command->set_count; n++)
				(void)carry_fill(carrying, &command->set[n].value);
			for (size_t n = 0; n < command->redirect_count; n++)
				(void)carry_fill(carrying, &command->redirects[n].file);
			(void)carry_fill(carrying, &command->text);
			if (command->list)
				fill(carrying, command->list);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char room[ROOM];
	struct region region = {room, sizeof(room), 0};
	struct values values = {.host = {"box", 3}};
	struct carrying carrying = {.values = &values, .region = &region};
	struct table table;

	if (!table_read((struct text){(const char *)data, size}, &region, &table))
		return 0;
	for (size_t i = 0; i < table.count; i++) {
		for (size_t k = 0; k < sizeof(lines) / sizeof(lines[0]); k++) {
			if (entry_match(&table.entries[i], text_from(lines[k]), &values) ==
			    MATCH_ALL)
				fill(&carrying, &table.entries[i].run);
		}
	}
	return 0;
}
