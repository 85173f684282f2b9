/* SPDX-License-Identifier: Apache-2.0 */
#include "group_folder.h"

#include "test.h"

#include "base/fd.h"

#include <dirent.h>
#include <stdlib.h>

struct span work;

int
group_folder(void **state)
{
	assert_int_equal(group_arena(state), 0);
	assert_good(directory_temporary(arena, &work, err));
	assert_int_equal(setenv("TMPDIR", work.p, 1), 0);
	return 0;
}

int
group_folder_remove(void **state)
{
	assert_good(tree_remove(work.p, err));
	return group_arena_free(state);
}

unsigned
folders_left(void)
{
	unsigned count = 0;
	DIR *directory = opendir(work.p);

	assert_non_null(directory);
	for (const struct dirent *item; (item = readdir(directory)) != NULL;)
		count += strncmp(item->d_name, "mohs-", 5) == 0;
	(void)closedir(directory);
	return count;
}
