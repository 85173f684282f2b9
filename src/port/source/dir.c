/* SPDX-License-Identifier: Apache-2.0 */
/* A plain folder with a root file system in it. */
#include "base/cleanup.h"
#include "port/source/store.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

static int
open_folder(struct span rest, const struct source_options *options, struct source **ret,
	    struct err *err)
{
	CLEANUP(source_cleanup) struct source *source = NULL;
	CLEANUP(free_cleanup) char *real = NULL;
	struct stat st;

	(void)options;
	if (rest.n == 0 || rest.n >= PATH_MAX || memchr(rest.p, '\0', rest.n))
		return err_set(err, ERR_USAGE, "dir: wants the path of a folder");
	int r = source_new(sizeof(*source), &source_dir, SOURCE_ROOTFS, &source, err);
	if (r < 0)
		return r;
	struct span path = arena_copy(source->arena, rest);
	if (!path.p)
		return err_memory(err);
	real = realpath(path.p, NULL);
	if (!real || stat(real, &st) < 0)
		return err_sys(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO,
			       errno, "cannot open folder %s", path.p);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a folder", path.p);
	source->folder = arena_copy(source->arena, span_from(real));
	source->reference = arena_printf(source->arena, "dir:%s", path.p);
	if (!source->folder.p || !source->reference.p)
		return err_memory(err);
	*ret = TAKE(source);
	return 0;
}

const struct source_type source_dir = {"dir", "dir:ROOTFS", open_folder};
