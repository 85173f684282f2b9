/* SPDX-License-Identifier: Apache-2.0 */
/* One arena for all tests of a program: cmocka_run_group_tests(tests, group_arena,
 * group_arena_free). */
#pragma once

#include "base/arena.h"

extern struct arena *arena;

int group_arena(void **state);
int group_arena_free(void **state);
