/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in PEM: plain private ones, public ones. */
#include "port/keys/internal.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "port/keys/pem.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

void
pem_cleanup(struct pem *pem)
{
	OPENSSL_secure_clear_free(pem->name, pem->name ? strlen(pem->name) : 0);
	OPENSSL_secure_clear_free(pem->header, pem->header ? strlen(pem->header) : 0);
	OPENSSL_secure_clear_free(pem->bytes, pem->n);
	*pem = (struct pem){0};
}

int
pem_read(struct span text, struct pem *ret, struct err *err)
{
	long n = 0;

	if (text.n > KEY_FILE_MAX)
		return err_set(err, ERR_LIMIT, "a key file of %zu bytes (at most %lu)", text.n,
			       KEY_FILE_MAX);
	keys_prepare();
	BIO *bio = BIO_new_mem_buf(text.n ? text.p : "", (int)text.n);
	if (!bio)
		return err_memory(err);
	int good = PEM_read_bio_ex(bio, &ret->name, &ret->header, &ret->bytes, &n, PEM_FLAG_SECURE);
	BIO_free(bio);
	if (good != 1)
		return key_error(err, ERR_INVALID, "not a PEM key");
	ret->n = (size_t)n;
	return 0;
}

static void
info_cleanup(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info);
	*info = NULL;
}

int
key_from_der(struct span der, struct key **ret, struct err *err)
{
	const unsigned char *p = (const unsigned char *)der.p;
	CLEANUP(info_cleanup)
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);

	if (!info || p != (const unsigned char *)der.p + der.n)
		return key_error(err, ERR_INVALID, "not a PKCS #8 key");
	CLEANUP(pkey_cleanup) EVP_PKEY *pkey = EVP_PKCS82PKEY(info);
	if (!pkey)
		return key_error(err, ERR_INVALID, "not a private key that can be read");
	return key_wrap(&pkey, true, ret, err);
}

static int
from_traditional(int type, struct span der, struct key **ret, struct err *err)
{
	const unsigned char *p = (const unsigned char *)der.p;
	CLEANUP(pkey_cleanup) EVP_PKEY *pkey = d2i_PrivateKey(type, NULL, &p, (long)der.n);

	if (!pkey || p != (const unsigned char *)der.p + der.n)
		return key_error(err, ERR_INVALID, "not a private key that can be read");
	return key_wrap(&pkey, true, ret, err);
}

static int
from_ec(struct span der, struct key **ret, struct err *err)
{
	return from_traditional(EVP_PKEY_EC, der, ret, err);
}

static int
from_rsa(struct span der, struct key **ret, struct err *err)
{
	return from_traditional(EVP_PKEY_RSA, der, ret, err);
}

int
key_import(struct span text, struct key **ret, struct err *err)
{
	static const struct {
		const char *name;
		int (*read)(struct span der, struct key **ret, struct err *err);
		const char *refusal;
	} known[] = {
		{"PRIVATE KEY", key_from_der, NULL},
		{"EC PRIVATE KEY", from_ec, NULL},
		{"RSA PRIVATE KEY", from_rsa, NULL},
		{"ENCRYPTED PRIVATE KEY", NULL,
		 "it is encrypted: decrypt it with \"openssl pkey\" first"},
		{"ENCRYPTED SIGSTORE PRIVATE KEY", NULL, "it is a cosign key as it is"},
		{"ENCRYPTED COSIGN PRIVATE KEY", NULL, "it is a cosign key as it is"},
		{"PUBLIC KEY", NULL, "it is a public key, a private one is wanted"},
		{"EC PARAMETERS", NULL, "take the EC PARAMETERS off, the key comes after them"},
	};
	CLEANUP(pem_cleanup) struct pem pem = {0};
	int r = pem_read(text, &pem, err);

	if (r < 0)
		return r;
	if (pem.header && pem.header[0])
		return err_set(err, ERR_UNSUPPORTED,
			       "it is encrypted: decrypt it with \"openssl pkey\" first");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(pem.name, known[i].name) != 0)
			continue;
		if (!known[i].read)
			return err_set(err, ERR_UNSUPPORTED, "%s", known[i].refusal);
		return known[i].read((struct span){(const char *)pem.bytes, pem.n}, ret, err);
	}
	return err_set(err, ERR_UNSUPPORTED, "PEM of type \"%.60s\" is no private key", pem.name);
}

int
key_public(struct span text, struct key **ret, struct err *err)
{
	CLEANUP(pem_cleanup) struct pem pem = {0};
	int r = pem_read(text, &pem, err);

	if (r < 0)
		return r;
	if (strcmp(pem.name, "PUBLIC KEY") != 0)
		return err_set(err, ERR_INVALID,
			       "PEM of type \"%.60s\" where \"PUBLIC KEY\" is wanted", pem.name);
	const unsigned char *p = pem.bytes;
	CLEANUP(pkey_cleanup) EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)pem.n);
	if (!pkey || p != pem.bytes + pem.n)
		return key_error(err, ERR_INVALID, "not a public key that can be read");
	return key_wrap(&pkey, false, ret, err);
}

int
pem_write(const char *name, struct span bytes, struct arena *arena, struct span *ret,
	  struct err *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	int r = -ERR_MEMORY;

	if (bio &&
	    PEM_write_bio(bio, name, "", (const unsigned char *)bytes.p, (long)bytes.n) > 0) {
		long n = BIO_get_mem_data(bio, &p);

		*ret = arena_copy(arena, (struct span){p, (size_t)n});
		r = ret->p ? 0 : r;
	}
	BIO_free(bio);
	ERR_clear_error();
	return r < 0 ? err_memory(err) : 0;
}

int
key_write_public(const struct key *key, struct arena *arena, struct span *ret, struct err *err)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key->pkey, &der);

	if (n <= 0)
		return key_error(err, ERR_INVALID, "the public key cannot be written");
	int r = pem_write("PUBLIC KEY", (struct span){(const char *)der, (size_t)n}, arena, ret,
			  err);
	OPENSSL_free(der);
	return r;
}
