/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/elf_calls.h"
#include "codec/elf_code.h"
#include "starved.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NAMES = 8192 };

struct seen {
	uint8_t names[NAMES]; /* one for each hash of a name */
	int r;
};

static int
see(void *context, struct span name, struct err *err)
{
	(void)err;
	((struct seen *)context)->names[span_hash(name, 0) % NAMES] = 1;
	return 0;
}

static bool
is_odd(void *context, struct span name)
{
	(void)context;
	return span_hash(name, 0) % 2 != 0;
}

/* Where more was touched, or more is asked for, nothing that ran or was called is left out. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct seen seen[2];
	struct span file = {(const char *)data, size};
	size_t count = size / ELF_CODE_PAGE + 1;
	uint8_t *none = calloc(1, count / 8 + 1);
	/* the file itself says which of its pages were touched, and as if none was */
	const uint8_t *pages[] = {none, data};
	bool ran[3] = {false, false, false};
	struct err err = ERR_INIT;
	int r = 0;

	if (size == 0 || !none) {
		free(none);
		return 0;
	}
	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < 2; i++) {
		r |= elf_code_ran(file, pages[i], count, NULL, NULL, &ran[i], &err);
		seen[i].r = elf_calls(file, pages[i], count, see, &seen[i], &err);
	}
	r |= elf_code_ran(file, data, count, is_odd, NULL, &ran[2], &err);
	if (!starved() && (r < 0 || ran[0] > ran[1] || ran[2] > ran[1]))
		abort();
	if (!starved() && seen[0].r < seen[1].r)
		abort();
	for (size_t i = 0; seen[1].r == 0 && i < NAMES; i++) {
		if (seen[0].names[i] > seen[1].names[i] && !starved())
			abort();
	}
	if (elf_code_tells(file, &err) == 0 && ran[0] && !starved())
		abort();
	free(none);
	return 0;
}
