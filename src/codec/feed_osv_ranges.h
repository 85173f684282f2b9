/* SPDX-License-Identifier: Apache-2.0 */
/* Which versions a member of an OSV record's `affected` means. Part of feed_osv.h. */
#pragma once

#include "base/buf.h"
#include "codec/feed_osv.h"

/*
 * Appends text of codec/affected.h: the intervals of its ranges by version, and those of the
 * versions it lists that lie in none of them. ERR_INVALID: it makes no sense, or names no version.
 * ERR_LIMIT, ERR_MEMORY.
 */
int feed_osv_ranges(struct json_view affected, const struct feed_osv_rules *rules, struct buf *text,
		    struct err *err);

/* Whether it says of a version that it is one of a module: ".module" of Red Hat's build system. */
bool feed_osv_modular(struct json_view affected);
