/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a cosign private key file (go-securesystemslib: encrypted/encrypted.go): how the key
 * is encrypted, and its ciphertext. Nothing here is secret.
 */
#pragma once

#include "codec/json.h"

enum {
	COSIGN_SALT = 32,
	COSIGN_NONCE = 24,
};

struct cosign_key {
	uint64_t n; /* scrypt cost: 32768, 65536 or 131072; r is 8 and p is 1 */
	uint8_t salt[COSIGN_SALT];
	uint8_t nonce[COSIGN_NONCE];
	struct span ciphertext;
};

/*
 * ERR_UNSUPPORTED for another cipher, derivation or cost than the three that cosign takes: a
 * file must not say how much memory and time its reader spends. ERR_INVALID.
 */
int cosign_key_read(struct span text, struct arena *arena, struct cosign_key *ret, struct err *err);

/* Members in cosign's order, without a newline. */
int cosign_key_write(const struct cosign_key *key, struct arena *arena, struct span *ret,
		     struct err *err);
