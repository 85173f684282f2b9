/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 128 bits (XXH3, with a key) by which bytes are told from others that this machine saw before. Not
 * for anything that somebody else states, signs or verifies: that is what digest.h is for. Who does
 * not know the key cannot make two that have the same; docs/decisions/0032-fingerprints.md
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { FINGERPRINT_BYTES = 16, FINGERPRINT_KEY = 192, FINGERPRINT_PARTS_MAX = 8 };

struct fingerprint {
	uint8_t bytes[FINGERPRINT_BYTES];
};

struct fingerprint_key {
	uint8_t bytes[FINGERPRINT_KEY];
};

/* A random one. ERR_IO. */
int fingerprint_key_new(struct fingerprint_key *ret, struct err *err);

/* Of up to FINGERPRINT_PARTS_MAX texts, each apart: "a", "bc" are others than "ab", "c". */
void fingerprint_of(const struct fingerprint_key *key, const struct span *parts, size_t count,
		    struct fingerprint *ret);

/* Of all that a file has, read by position from its start. ERR_IO, ERR_MEMORY. */
int fingerprint_of_file(const struct fingerprint_key *key, int fd, struct fingerprint *ret,
			struct err *err);
