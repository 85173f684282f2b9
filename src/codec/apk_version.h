/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alpine version numbers and their order, as apk-tools 3 compares them (apk-package(5)):
 * number{.number}...{letter}{_suffix{number}}...{~hash}{-rNUMBER}
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* ERR_INVALID says which part is wrong. */
int apk_version_check(struct span text, struct err *err);

/*
 * <0, 0, >0. A total preorder over all texts: what follows the last good part of a malformed one
 * counts as one part that is older than nothing at all and newer than a pre-release. "1.0" and
 * "01.0" are equal, "1.0" and "1.00" are not.
 */
int apk_version_compare(struct span a, struct span b);
