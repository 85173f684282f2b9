/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures, as cosign makes them (sigstore/sigstore: pkg/signature). */
#include "port/keys/internal.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "port/keys/token.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <sodium.h>

static const char *const hashes[KEY_KINDS] = {
	[KEY_ECDSA_P256] = "SHA256", [KEY_ECDSA_P384] = "SHA384", [KEY_ECDSA_P521] = "SHA512",
	[KEY_RSA_2048] = "SHA256",   [KEY_RSA_3072] = "SHA256",	  [KEY_RSA_4096] = "SHA256",
	[KEY_ED25519] = NULL,
};

static void
context_cleanup(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
	*context = NULL;
}

static const unsigned char *
bytes_of(struct span s)
{
	return (const unsigned char *)(s.n ? s.p : "");
}

/* Checked before anybody gets it: what stands on a token as a pair need not be one. */
static int
sign_on_token(const struct key *key, struct span message, struct arena *arena, struct span *ret,
	      struct err *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	struct span input = {(const char *)bytes_of(message), message.n};
	struct span signature;

	if (hashes[key->kind]) {
		input.p = (const char *)hash;
		if (EVP_Q_digest(NULL, hashes[key->kind], NULL, bytes_of(message), message.n, hash,
				 &input.n) != 1)
			return key_error(err, ERR_MEMORY, "hashing failed");
	}
	int r = token_sign(key->token, key->kind, input, arena, &signature, err);
	if (r < 0)
		return r;
	r = key_verify(key, message, signature, err);
	if (r < 0)
		return err_set(err, ERR_MISMATCH,
			       "the token's signature does not hold: the public key beside the "
			       "private one is another's");
	*ret = signature;
	return 0;
}

int
key_sign(const struct key *key, struct span message, struct arena *arena, struct span *ret,
	 struct err *err)
{
	if (!key->is_private)
		return err_set(err, ERR_USAGE, "a public key cannot sign");
	if (key->token)
		return sign_on_token(key, message, arena, ret, err);

	CLEANUP(context_cleanup) EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t n = SIGNATURE_MAX;
	unsigned char *signature = arena_alloc(arena, n);
	if (!context || !signature)
		return err_memory(err);
	if (EVP_DigestSignInit_ex(context, NULL, hashes[key->kind], NULL, NULL, key->pkey, NULL) !=
		    1 ||
	    EVP_DigestSign(context, signature, &n, bytes_of(message), message.n) != 1)
		return key_error(err, ERR_IO, "signing failed");
	*ret = (struct span){(const char *)signature, n};
	return 0;
}

static bool
verify_ed25519ph(const struct key *key, struct span message, struct span signature)
{
	unsigned char public[KEY_ED25519_BYTES];
	unsigned char copy[crypto_sign_BYTES];
	size_t n = sizeof(public);
	crypto_sign_state state;

	if (signature.n != sizeof(copy) ||
	    EVP_PKEY_get_raw_public_key(key->pkey, public, &n) != 1 || n != sizeof(public))
		return false;
	memcpy(copy, signature.p, sizeof(copy));
	return crypto_sign_init(&state) == 0 &&
	       crypto_sign_update(&state, bytes_of(message), message.n) == 0 &&
	       crypto_sign_final_verify(&state, copy, public) == 0;
}

static bool
verify_with(const struct key *key, const char *hash, struct span message, struct span signature)
{
	CLEANUP(context_cleanup) EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good =
		context &&
		EVP_DigestVerifyInit_ex(context, NULL, hash, NULL, NULL, key->pkey, NULL) == 1 &&
		EVP_DigestVerify(context, bytes_of(signature), signature.n, bytes_of(message),
				 message.n) == 1;

	ERR_clear_error();
	return good;
}

int
key_verify(const struct key *key, struct span message, struct span signature, struct err *err)
{
	bool is_larger_curve = key->kind == KEY_ECDSA_P384 || key->kind == KEY_ECDSA_P521;

	if (verify_with(key, hashes[key->kind], message, signature) ||
	    (is_larger_curve && verify_with(key, "SHA256", message, signature)) ||
	    (key->kind == KEY_ED25519 && verify_ed25519ph(key, message, signature)))
		return 0;
	return err_set(err, ERR_MISMATCH, "the key did not make this signature of these bytes");
}
