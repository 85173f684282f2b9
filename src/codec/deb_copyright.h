/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of licences in /usr/share/doc/PACKAGE/copyright: the first lines of the License fields
 * of a machine-readable one (Debian's copyright-format 1.0), else the texts of
 * /usr/share/common-licenses it refers to.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/*
 * Names in byte order, each once: "GPL-2+ or Artistic" as a License field writes it, or
 * "common-licenses/GPL-2" for what is only referred to (which says no more than that). Names longer
 * than COPYRIGHT_NAME_MAX or with control characters are left out. An empty list: the text names
 * none this reader understands. Strings go to `arena`. ERR_LIMIT: COPYRIGHT_MAX,
 * COPYRIGHT_LICENCES_MAX; ERR_MEMORY.
 */
int deb_copyright_read(struct span text, struct arena *arena, struct span_list *ret,
		       struct err *err);
