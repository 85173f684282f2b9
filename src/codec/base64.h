/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648): written in the standard alphabet with padding. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/*
 * Reads the standard or the URL-safe alphabet (sections 4 and 5), with or without padding. White
 * space, padding of the wrong length and bits left over that are not 0 are ERR_INVALID: bytes
 * have one spelling in each alphabet.
 */
int base64_decode(struct span text, struct arena *arena, struct span *ret, struct err *err);

int base64_encode(struct span bytes, struct arena *arena, struct span *ret, struct err *err);
