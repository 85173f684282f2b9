/* SPDX-License-Identifier: Apache-2.0 */
/* A folder for one test: cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down).
 */
#pragma once

#include "base/arena.h"

struct scratch {
	struct arena *arena;
	struct span folder;
	/* Of a database: no file yet, in a folder whose name a URI would have to escape. */
	const char *path;
};

int scratch_set_up(void **state);
int scratch_tear_down(void **state);
