/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/script.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every word is of the text, once, in order. */
static void
check(const struct span_list *words, struct span text)
{
	for (size_t i = 0; i < words->count; i++) {
		if (words->items[i].n == 0 || !span_contains(text, words->items[i]) ||
		    (i > 0 && span_compare(words->items[i - 1], words->items[i]) >= 0))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct script_found found = {0};
	struct err err = ERR_INIT;
	struct span values[4];

	if (!arena)
		return 0;
	(void)script_scan(text, SCRIPT_DATA, arena, &found, &err);
	(void)script_scan(text, SCRIPT_CODE, arena, &found, &err);
	for (size_t kind = 0; kind < SCRIPT_WORDS; kind++)
		check(&found.words[kind], text);
	for (size_t i = 0; i < found.words[SCRIPT_NAME].count && i < 4; i++) {
		(void)script_values(text, found.words[SCRIPT_NAME].items[i], values, 4);
		(void)script_assigns(text, found.words[SCRIPT_NAME].items[i]);
	}
	arena_free(arena);
	return 0;
}
