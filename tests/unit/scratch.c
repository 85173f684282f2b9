/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "base/fd.h"
#include "test.h"

#include <stdlib.h>

int
scratch_set_up(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	assert_non_null(scratch);
	scratch->arena = arena_new(0);
	assert_good(directory_temporary(scratch->arena, &scratch->folder, err));
	scratch->path =
		arena_printf(scratch->arena, "%s/a%%?#b/advisories.db", scratch->folder.p).p;
	assert_non_null(scratch->path);
	*state = scratch;
	return 0;
}

int
scratch_tear_down(void **state)
{
	struct scratch *scratch = *state;

	assert_good(tree_remove(scratch->folder.p, err));
	arena_free(scratch->arena);
	free(scratch);
	return 0;
}
