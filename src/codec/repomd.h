/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of an rpm repository, repodata/repomd.xml (createrepo_c):
 * repomd/data[type=updateinfo]/location[href].
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/*
 * The place of a document of this type, relative to the repository; in `arena`. ERR_NOT_FOUND:
 * there is none. ERR_INVALID: no such index, or a place that lies outside of the repository.
 */
int repomd_find(struct span text, const char *type, struct arena *arena, struct span *ret,
		struct err *err);
