/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that sign and verify, as cosign has them: ECDSA over P-256, P-384 and P-521 (with SHA-256,
 * -384, -512), RSA of 2048, 3072 and 4096 bits (PKCS #1 v1.5, SHA-256), Ed25519.
 *
 * A key is parsed once and then held; signing and verifying touch no file and start nothing. A
 * key may be used by several threads at once. One on a token signs for one thread at a time, and
 * not in a child that was forked since.
 */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "port/secret.h"

enum key_kind {
	KEY_ECDSA_P256,
	KEY_ECDSA_P384,
	KEY_ECDSA_P521,
	KEY_RSA_2048,
	KEY_RSA_3072,
	KEY_RSA_4096,
	KEY_ED25519,
	KEY_KINDS,
};

const char *key_kind_name(enum key_kind kind); /* "ecdsa-p256" */
bool key_kind_parse(struct span name, enum key_kind *ret);

struct key;

void key_free(struct key *key);
void key_cleanup(struct key **key);

int key_generate(enum key_kind kind, struct key **ret, struct err *err);

/*
 * A private key: cosign's encrypted PEM ("ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN
 * PRIVATE KEY"). ERR_AUTH for a wrong password, ERR_INVALID, ERR_UNSUPPORTED.
 */
int key_open(struct span text, const struct secret *password, struct key **ret, struct err *err);

/* A private key that is not encrypted: PEM "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY". */
int key_import(struct span text, struct key **ret, struct err *err);

/* A public key: PEM "PUBLIC KEY". A private key is refused: ERR_INVALID says so. */
int key_public(struct span text, struct key **ret, struct err *err);

/*
 * A private key by its name: a cosign key file, or a PKCS #11 URI (RFC 7512; docs/trust.md), whose
 * key stays on its token. The password or PIN comes from the source, and only when the file or the
 * token is there; without `of` the prompt names the reference. What key_open() says, and
 * ERR_NOT_FOUND, ERR_IO, ERR_LIMIT over KEY_FILE_MAX, ERR_USAGE for a public key and for a URI that
 * fits several tokens or keys or has a PIN in it, ERR_AUTH for a wrong or locked PIN.
 */
int key_load(struct span reference, const struct password_source *source, struct key **ret,
	     struct err *err);

/*
 * A key to verify with: a file with a public key, which needs no password, or whatever key_load()
 * takes (the key is then private as well).
 */
int key_load_public(struct span reference, const struct password_source *source, struct key **ret,
		    struct err *err);

/* The private key as cosign writes it, encrypted with the password (which may be empty). */
int key_write(const struct key *key, const struct secret *password, struct arena *arena,
	      struct span *ret, struct err *err);
int key_write_public(const struct key *key, struct arena *arena, struct span *ret, struct err *err);

enum key_kind key_kind(const struct key *key);

/* SHA-256 of the public key's SPKI DER, and its base64: the hint of a bundle. */
const struct digest *key_id(const struct key *key);
struct span key_hint(const struct key *key); /* lives as long as the key */

/*
 * ECDSA signatures are DER, over the hash of the curve's size; Ed25519 is pure (RFC 8032, 5.1).
 */
int key_sign(const struct key *key, struct span message, struct arena *arena, struct span *ret,
	     struct err *err);

/*
 * ERR_MISMATCH when the key did not sign this message. What some versions of cosign make is good
 * too: SHA-256 under P-384 and P-521 (before 2.6), Ed25519ph (since).
 */
int key_verify(const struct key *key, struct span message, struct span signature, struct err *err);
