/* SPDX-License-Identifier: Apache-2.0 */
/* What is cut can be read again, has no file that does not stay, and stays as it is from then on.
 */
#include "codec/dotnet_deps.h"

#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By the bytes of its name: no order of asking matters. */
static bool
keeps(void *context, struct span file)
{
	(void)context;
	return (span_hash(file, 7) & 1) != 0;
}

static void
check_again(struct span text, struct arena *arena, struct err *err)
{
	struct dotnet_deps deps;
	struct span again;

	if (dotnet_deps_cut(text, keeps, NULL, arena, &again, err) < 0) {
		if (!starved())
			abort();
		return;
	}
	if (again.p != text.p)
		abort();
	if (dotnet_deps_read(text, arena, &deps, err) < 0)
		return;
	for (size_t i = 0; i < deps.count; i++) {
		for (size_t k = 0; k < deps.libraries[i].files.count; k++) {
			if (!keeps(NULL, deps.libraries[i].files.items[k]))
				abort();
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct dotnet_deps deps;
	struct span cut;
	struct err err = ERR_INIT;

	if (arena)
		(void)dotnet_deps_read(text, arena, &deps, &err);
	if (arena && dotnet_deps_cut(text, keeps, NULL, arena, &cut, &err) == 0)
		check_again(cut, arena, &err);
	arena_free(arena);
	return 0;
}
