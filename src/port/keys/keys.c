/* SPDX-License-Identifier: Apache-2.0 */
/* Making keys, and telling their kinds apart. */
#include "port/keys/internal.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "port/keys/token.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>

enum {
	SECURE_HEAP = 1 << 18,
	SECURE_HEAP_PIECE = 32,
};

static const struct {
	const char *name;
	const char *type;  /* of EVP_PKEY */
	const char *group; /* EC: as OpenSSL names it */
	int bits;	   /* RSA */
} kinds[KEY_KINDS] = {
	[KEY_ECDSA_P256] = {"ecdsa-p256", "EC", "prime256v1", 0},
	[KEY_ECDSA_P384] = {"ecdsa-p384", "EC", "secp384r1", 0},
	[KEY_ECDSA_P521] = {"ecdsa-p521", "EC", "secp521r1", 0},
	[KEY_RSA_2048] = {"rsa-2048", "RSA", NULL, 2048},
	[KEY_RSA_3072] = {"rsa-3072", "RSA", NULL, 3072},
	[KEY_RSA_4096] = {"rsa-4096", "RSA", NULL, 4096},
	[KEY_ED25519] = {"ed25519", "ED25519", NULL, 0},
};

const char *
key_kind_name(enum key_kind kind)
{
	return kinds[kind].name;
}

bool
key_kind_parse(struct span name, enum key_kind *ret)
{
	for (enum key_kind i = 0; i < KEY_KINDS; i++) {
		if (span_equal(name, span_from(kinds[i].name))) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static void
prepare(void)
{
	(void)CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_HEAP_PIECE);
}

void
keys_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, prepare);
}

void
pkey_cleanup(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
	*pkey = NULL;
}

int
key_error_record(struct err *err, enum err_kind kind, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	int r = reason ? err_set(err, kind, "%s: %s", what, reason)
		       : err_set(err, kind, "%s", what);

	ERR_clear_error();
	return r;
}

void
key_free(struct key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	token_key_free(key->token);
	free(key);
}

void
key_cleanup(struct key **key)
{
	key_free(*key);
	*key = NULL;
}

static bool
is_kind(const EVP_PKEY *pkey, enum key_kind kind)
{
	char group[64] = "";

	if (!EVP_PKEY_is_a(pkey, kinds[kind].type))
		return false;
	if (kinds[kind].bits)
		return EVP_PKEY_get_bits(pkey) == kinds[kind].bits;
	if (kinds[kind].group)
		return EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1 &&
		       strcmp(group, kinds[kind].group) == 0;
	return true;
}

static int
find_kind(const EVP_PKEY *pkey, enum key_kind *ret, struct err *err)
{
	for (enum key_kind i = 0; i < KEY_KINDS; i++) {
		if (is_kind(pkey, i)) {
			*ret = i;
			return 0;
		}
	}
	const char *type = EVP_PKEY_get0_type_name(pkey);
	ERR_clear_error();
	return err_set(err, ERR_UNSUPPORTED,
		       "a key of type %s and %d bits: ECDSA over P-256, P-384 and P-521, RSA of "
		       "2048, 3072 and 4096 bits and Ed25519 are known",
		       type ? type : "?", EVP_PKEY_get_bits(pkey));
}

static int
set_id(struct key *key, struct err *err)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key->pkey, &der);

	if (n <= 0)
		return key_error(err, ERR_INVALID, "the public key cannot be written");
	digest_of((struct span){(const char *)der, (size_t)n}, &key->id);
	OPENSSL_free(der);
	(void)EVP_EncodeBlock((unsigned char *)key->hint, key->id.bytes, DIGEST_BYTES);
	return 0;
}

int
key_wrap(EVP_PKEY **pkey, bool is_private, struct key **ret, struct err *err)
{
	CLEANUP(pkey_cleanup) EVP_PKEY *taken = TAKE(*pkey);
	CLEANUP(key_cleanup) struct key *key = calloc(1, sizeof(*key));

	if (!key)
		return err_memory(err);
	int r = find_kind(taken, &key->kind, err);
	if (r < 0)
		return r;
	key->pkey = TAKE(taken);
	key->is_private = is_private;
	r = set_id(key, err);
	if (r < 0)
		return r;
	*ret = TAKE(key);
	return 0;
}

int
key_generate(enum key_kind kind, struct key **ret, struct err *err)
{
	CLEANUP(pkey_cleanup) EVP_PKEY *pkey = NULL;

	keys_prepare();
	if (kinds[kind].bits)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)kinds[kind].bits);
	else if (kinds[kind].group)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[kind].group);
	else
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!pkey)
		return key_error(err, ERR_IO, "no key could be made");
	return key_wrap(&pkey, true, ret, err);
}

enum key_kind
key_kind(const struct key *key)
{
	return key->kind;
}

const struct digest *
key_id(const struct key *key)
{
	return &key->id;
}

struct span
key_hint(const struct key *key)
{
	return (struct span){key->hint, KEY_HINT};
}
