/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user an image config names, found in the image's own passwd(5) and group(5) files, by the
 * rules of OCI image-spec config.md ("User") as Docker applies them.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct passwd_user {
	uint32_t uid;
	uint32_t gid;
	uint32_t *groups; /* supplementary: those that list the user; none when a group was named */
	size_t group_count;
	struct span home; /* "/" when the user is in no file */
};

/*
 * `user`: "", NAME, UID, NAME:GROUP, UID:GID and mixtures. A number is always an id and need not
 * be in a file; a name must be. `passwd`, `group`: the files' bytes, empty when there is none;
 * lines that are malformed are skipped, as the C library does.
 * ERR_NOT_FOUND (the text says which name), ERR_INVALID for an id of 2^31 or more.
 */
int passwd_resolve(struct span user, struct span passwd, struct span group, struct arena *arena,
		   struct passwd_user *ret, struct err *err);
