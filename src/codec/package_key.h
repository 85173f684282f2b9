/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name under which advisories know a package of a language: one text for all ways in which its
 * ecosystem lets the name be written.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/*
 * `ecosystem` as in struct component. "pypi": PEP 503; "composer", "nuget" and "generic": lower
 * case; all others: the name itself. In `arena` where it differs; .p NULL without memory.
 */
struct span package_key(struct span ecosystem, struct span name, struct arena *arena);

/* Appends it. */
int package_key_put(struct span ecosystem, struct span name, struct buf *buf, struct err *err);
