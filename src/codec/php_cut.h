/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PHP files that return one literal (vendor/composer/installed.php), with some members taken out
 * and all else byte for byte. Nothing is run.
 */
#pragma once

#include "base/buf.h"

/* `key`: what stands between the quotes. */
typedef bool php_cut_judge(void *context, struct span key);

/*
 * Asks about each member with a quoted key of the array in the member `name` of the array that the
 * file returns, and appends the text without those that do not stay. Understood are arrays of both
 * spellings, strings without escapes but \\ and \', numbers, true, false, null, __DIR__ and `.`:
 * anything else is ERR_UNSUPPORTED, and deeper than LANGUAGE_DEPTH_MAX ERR_LIMIT; *out then holds a
 * part.
 */
int php_cut(struct span text, struct span name, php_cut_judge *judge, void *context,
	    struct buf *out, struct err *err);
