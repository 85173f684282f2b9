/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How shells were run while profiling -> a table of commands that takes their place, or the reasons
 * why there is none. docs/commands.md
 */
#pragma once

#include "model/commands.h"
#include "model/shells.h"

/* Files of the image that are shells and can be stood before: paths, each inode once. */
int commands_shells(const struct image *image, const struct shells *shells, struct arena *arena,
		    struct span_list *ret, struct err *err);

/*
 * `log`: what the recorder and mohs-commands wrote (codec/shell_log.h), of all runs so far;
 * `host`: the name the container had. What cannot be carried out is in (*ret)->left, and the form
 * is COMMANDS_KEPT then. Fails for want of memory only.
 */
int commands_compile(const struct image *image, struct span log, struct span host,
		     struct commands **ret, struct err *err);
