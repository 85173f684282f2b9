/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena and a folder, which is $TMPDIR, for all tests of a program:
 * cmocka_run_group_tests(tests, group_folder, group_folder_remove).
 */
#pragma once

#include "group_arena.h"

extern struct span work;

int group_folder(void **state);
int group_folder_remove(void **state);

/* Temporary folders of sessions that are still there. */
unsigned folders_left(void);
