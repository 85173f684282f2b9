/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of unknown origin on its way to a person: names in images, programs' messages. Terminals
 * act on control characters, so none passes; JSON output has them escaped instead.
 */
#pragma once

#include "base/span.h"

#include <stdio.h>

/*
 * Bytes (at least 1) of the UTF-8 sequence in front of a non-empty text, its code point ('?' for
 * what is no UTF-8: 1 byte), and what to show for it: '?' for a control character (C0, DEL, C1) or
 * one that turns the direction of writing, ' ' for a line's end and a tabulator, else itself.
 */
size_t printable_next(struct span text, uint32_t *ret_shown, uint32_t *ret_code);

/* The text, with '?' and ' ' as above. */
void printable_put(FILE *to, struct span text);

/* printf() of one line: the whole of it as above, and a line's end. */
void printable_line(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
