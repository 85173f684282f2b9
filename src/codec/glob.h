/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path globs of harden.keep and harden.drop: `*` and `?` stay within one path component, `**`
 * crosses them, `[a-z]` and `[!a-z]` are sets, `\` quotes. A pattern without any of these that
 * names a directory also matches everything below it.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* ERR_INVALID when the pattern is malformed. */
int glob_check(struct span pattern, struct err *err);
bool glob_match(struct span pattern, struct span path);
