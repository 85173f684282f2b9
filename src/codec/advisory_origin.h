/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an advisory database came from, as it stands behind the database's last page: JSON with
 * sorted keys, at most ADVISORY_ORIGIN_MAX bytes. Pure. docs/shipping.md
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/advisory_origin.h"

/* "file", "registry", and "update" for one that was made here. */
const char *advisory_origin_name(enum advisory_origin_kind kind);

/* Nothing at all is the origin of one that was made here. ERR_INVALID, ERR_LIMIT. */
int advisory_origin_read(struct span text, struct arena *arena, struct advisory_origin *ret,
			 struct err *err);

/* ERR_USAGE for one that was made here: nothing is written then. ERR_LIMIT. */
int advisory_origin_write(const struct advisory_origin *origin, struct arena *arena,
			  struct span *ret, struct err *err);

/* "from FILE, signed with the key HINT"; in `arena`, .p NULL without memory. */
struct span advisory_origin_text(const struct advisory_origin *origin, struct arena *arena);
