/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys that stay on a PKCS #11 token, for the rest of port/keys. */
#pragma once

#include "port/keys/internal.h"

#define TOKEN_SCHEME "pkcs11:"

struct token_key;

void token_key_free(struct token_key *key);

/*
 * What an RFC 7512 URI names; is_public_enough: a public key (or a certificate's) will do, and no
 * PIN is asked for when the token shows it without. Errors as in port/keys.h, key_load().
 */
int token_load(struct span text, const struct password_source *source, bool is_public_enough,
	       struct key **ret, struct err *err);

/*
 * Signs a hash, or for Ed25519 the message: ECDSA as DER, RSA as PKCS #1 v1.5 over SHA-256. Threads
 * wait for one another. The caller checks the signature: what the token takes for the public half
 * may be another key's.
 */
int token_sign(struct token_key *key, enum key_kind kind, struct span input, struct arena *arena,
	       struct span *ret, struct err *err);
