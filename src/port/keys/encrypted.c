/* SPDX-License-Identifier: Apache-2.0 */
/* cosign's private key files: PKCS #8 in a secretbox whose key scrypt makes from a password. */
#include "port/keys/internal.h"

#include "base/cleanup.h"
#include "codec/cosign_key.h"
#include "port/keys/pem.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/x509.h>
#include <sodium.h>

#define PEM_SIGSTORE "ENCRYPTED SIGSTORE PRIVATE KEY"
#define PEM_COSIGN   "ENCRYPTED COSIGN PRIVATE KEY"

enum { SCRYPT_DEFAULT = 65536 };

/* 128 * N * r, and some, for the largest N that codec/cosign_key.h lets pass. */
static const uint64_t scrypt_memory = 192UL << 20;

static int
derive(const struct secret *password, const struct cosign_key *key, struct secret *to,
       struct err *err)
{
	uint64_t n = key->n;
	uint64_t memory = scrypt_memory;
	uint32_t r = 8;
	uint32_t p = 1;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, password->p,
						  password->n),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)key->salt,
						  COSIGN_SALT),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	int good = context ? EVP_KDF_derive(context, to->p, to->n, params) : 0;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return good == 1 ? 0 : key_error(err, ERR_MEMORY, "scrypt failed");
}

static int
decrypt(const struct cosign_key *box, const struct secret *password, struct key **ret,
	struct err *err)
{
	CLEANUP(secret_cleanup) struct secret *key = NULL;
	CLEANUP(secret_cleanup) struct secret *der = NULL;
	struct span sealed = box->ciphertext;

	if (sealed.n <= crypto_secretbox_MACBYTES)
		return err_set(err, ERR_INVALID, "a ciphertext of %zu bytes is cut short",
			       sealed.n);
	int r = secret_new(crypto_secretbox_KEYBYTES, &key, err);
	if (r == 0)
		r = secret_new(sealed.n - crypto_secretbox_MACBYTES, &der, err);
	if (r == 0)
		r = derive(password, box, key, err);
	if (r != 0)
		return r;
	if (crypto_secretbox_open_easy(der->p, (const unsigned char *)sealed.p, sealed.n,
				       box->nonce, key->p) != 0)
		return err_set(err, ERR_AUTH, "wrong password (or the key file was changed)");
	return key_from_der(secret_span(der), ret, err);
}

int
key_open(struct span text, const struct secret *password, struct key **ret, struct err *err)
{
	CLEANUP(pem_cleanup) struct pem pem = {0};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct cosign_key box;
	int r = arena ? pem_read(text, &pem, err) : err_memory(err);

	if (r < 0)
		return r;
	if (strcmp(pem.name, PEM_SIGSTORE) != 0 && strcmp(pem.name, PEM_COSIGN) != 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "PEM of type \"%.60s\" is not a cosign key; \"mohs key import\" "
			       "makes one of a private key",
			       pem.name);
	r = cosign_key_read((struct span){(const char *)pem.bytes, pem.n}, arena, &box, err);
	return r < 0 ? err_wrap(err, "cosign key") : decrypt(&box, password, ret, err);
}

/* PKCS #8 DER. */
static int
write_der(const struct key *key, struct secret **ret, struct err *err)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pkey);
	int n = info ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1;
	int r = n > 0 ? secret_new((size_t)n, ret, err)
		      : key_error(err, ERR_INVALID, "the private key cannot be written");

	if (r == 0) {
		unsigned char *p = (*ret)->p;
		(void)i2d_PKCS8_PRIV_KEY_INFO(info, &p);
	}
	PKCS8_PRIV_KEY_INFO_free(info);
	return r;
}

int
key_write(const struct key *key, const struct secret *password, struct arena *arena,
	  struct span *ret, struct err *err)
{
	CLEANUP(secret_cleanup) struct secret *der = NULL;
	CLEANUP(secret_cleanup) struct secret *box_key = NULL;
	struct cosign_key box = {.n = SCRYPT_DEFAULT};
	struct span text;

	if (!key->is_private)
		return err_set(err, ERR_USAGE, "a public key has no private part to write");
	if (key->token)
		return err_set(err, ERR_USAGE, "a private key on a token stays there");
	int r = write_der(key, &der, err);
	if (r == 0)
		r = secret_new(crypto_secretbox_KEYBYTES, &box_key, err);
	if (r != 0)
		return r;
	randombytes_buf(box.salt, sizeof(box.salt));
	randombytes_buf(box.nonce, sizeof(box.nonce));
	r = derive(password, &box, box_key, err);
	if (r < 0)
		return r;
	size_t size = der->n + crypto_secretbox_MACBYTES;
	unsigned char *sealed = arena_alloc(arena, size);
	if (!sealed)
		return err_memory(err);
	(void)crypto_secretbox_easy(sealed, der->p, der->n, box.nonce, box_key->p);
	box.ciphertext = (struct span){(const char *)sealed, size};
	r = cosign_key_write(&box, arena, &text, err);
	return r < 0 ? r : pem_write(PEM_SIGSTORE, text, arena, ret, err);
}
