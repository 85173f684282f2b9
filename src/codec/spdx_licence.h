/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Licence names of Debian's copyright-format 1.0 and of languages' packages -> identifiers of the
 * SPDX License List.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* Whether it may be a name: not empty, COPYRIGHT_NAME_MAX, no control characters. */
bool spdx_licence_is_name(struct span name);

/* The identifier that means exactly this; empty when there is none. */
struct span spdx_licence_id(struct span name);

/* Told of each LicenseRef- in an expression, with the name it stands for. */
typedef int (*spdx_licence_visit)(void *context, struct span reference, struct span name,
				  struct err *err);

/*
 * An SPDX expression for "NAME", "NAME or NAME", "NAME and NAME": "GPL-2.0-or-later OR
 * LicenseRef-Artistic". A name without an exact identifier becomes a LicenseRef-, which `visit`
 * is told of; names with commas or exceptions do so whole. Into `arena`. ERR_MEMORY, and what
 * `visit` returns.
 */
int spdx_licence_expression(struct span name, struct arena *arena, spdx_licence_visit visit,
			    void *context, struct span *ret, struct err *err);
