/* SPDX-License-Identifier: Apache-2.0 */
/* What a key is made of. */
#pragma once

#include "port/keys.h"

#include <openssl/evp.h>

enum {
	KEY_HINT = 44, /* base64 of 32 bytes */
	KEY_ED25519_BYTES = 32,
};

struct token_key;

struct key {
	EVP_PKEY *pkey;		 /* of a key on a token: its public half */
	struct token_key *token; /* NULL: the key is all in pkey */
	enum key_kind kind;
	bool is_private;
	struct digest id;
	char hint[KEY_HINT + 1];
};

/* OpenSSL's secure heap is there; call before anything private comes into OpenSSL. */
void keys_prepare(void);

/* Takes *pkey over (also on failure). ERR_UNSUPPORTED for a kind of key that is not in the table.
 */
int key_wrap(EVP_PKEY **pkey, bool is_private, struct key **ret, struct err *err);

/* PKCS #8 DER to key. */
int key_from_der(struct span der, struct key **ret, struct err *err);

/* An OpenSSL failure: text, and what OpenSSL says; empties its queue. */
#define key_error(err, kind, what) err_result(key_error_record(err, kind, what))
int key_error_record(struct err *err, enum err_kind kind, const char *what);

void pkey_cleanup(EVP_PKEY **pkey);
