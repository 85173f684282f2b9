/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on tokens: loading and signing. But for Ed25519 the token sees hashes only; the rest is
 * OpenSSL's. */
#include "port/keys/token/internal.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>

struct token_key {
	struct token token;
	CK_OBJECT_HANDLE object;
	struct secret *pin;    /* kept only for a key that asks for it at each signature */
	pthread_mutex_t mutex; /* one session does one thing at a time */
	bool asks_each_time;
};

void
token_key_free(struct token_key *key)
{
	if (!key)
		return;
	token_close(&key->token);
	secret_free(key->pin);
	(void)pthread_mutex_destroy(&key->mutex);
	free(key);
}

static void
token_key_cleanup(struct token_key **key)
{
	token_key_free(*key);
	*key = NULL;
}

/* Takes the token over, also on failure. */
static int
make_key(struct token *token, struct token_key **ret, struct err *err)
{
	struct token_key *key = calloc(1, sizeof(*key));

	if (!key) {
		token_close(token);
		return err_memory(err);
	}
	(void)pthread_mutex_init(&key->mutex, NULL);
	key->token = *token;
	*token = (struct token){.session = CK_INVALID_HANDLE};
	*ret = key;
	return 0;
}

static int
load_private(struct token *token, P11KitUri *uri, const struct password_source *source,
	     struct key **ret, struct err *err)
{
	CLEANUP(token_key_cleanup) struct token_key *on_token = NULL;
	CLEANUP(secret_cleanup) struct secret *pin = NULL;
	CLEANUP(pkey_cleanup) EVP_PKEY *pkey = NULL;
	struct key *key;
	int r = make_key(token, &on_token, err);

	if (r == 0)
		r = token_login(&on_token->token, uri, source, &pin, err);
	if (r == 0)
		r = token_find_private(&on_token->token, uri, &on_token->object, err);
	if (r == 0)
		r = token_public_of(&on_token->token, on_token->object, &pkey, err);
	if (r == 0)
		r = key_wrap(&pkey, true, &key, err);
	if (r != 0)
		return r;
	on_token->asks_each_time =
		token_flag(&on_token->token, on_token->object, CKA_ALWAYS_AUTHENTICATE);
	if (on_token->asks_each_time)
		on_token->pin = TAKE(pin);
	key->token = TAKE(on_token);
	*ret = key;
	return 0;
}

static int
load_public(const struct token *token, P11KitUri *uri, struct key **ret, struct err *err)
{
	CLEANUP(pkey_cleanup) EVP_PKEY *pkey = NULL;
	int r = token_public(token, uri, &pkey, err);

	return r < 0 ? r : key_wrap(&pkey, false, ret, err);
}

int
token_load(struct span text, const struct password_source *source, bool is_public_enough,
	   struct key **ret, struct err *err)
{
	CLEANUP(token_uri_cleanup) P11KitUri *uri = NULL;
	CLEANUP(token_cleanup) struct token token = {.session = CK_INVALID_HANDLE};
	int r = token_uri_parse(text, &uri, err);

	if (r < 0)
		return r;
	const CK_ATTRIBUTE *class = p11_kit_uri_get_attribute(uri, CKA_CLASS);
	CK_OBJECT_CLASS wanted = CKO_PRIVATE_KEY;
	if (class && class->ulValueLen == sizeof(wanted))
		memcpy(&wanted, class->pValue, sizeof(wanted));
	if (wanted != CKO_PRIVATE_KEY && !is_public_enough)
		return err_set(err, ERR_USAGE,
			       "the pkcs11: URI's type is not \"private\", which is wanted here");
	r = token_open(uri, &token, err);
	if (r < 0)
		return r;
	if (is_public_enough) {
		r = load_public(&token, uri, ret, err);
		if (r != -ERR_NOT_FOUND || wanted != CKO_PRIVATE_KEY)
			return r;
	}
	return load_private(&token, uri, source, ret, err);
}

/* r and s side by side (PKCS #11 2.40, mechanisms, 2.3.1) as DER. */
static int
to_der(struct span raw, struct arena *arena, struct span *ret, struct err *err)
{
	const unsigned char *p = (const unsigned char *)raw.p;
	int half = (int)(raw.n / 2);
	struct span copy = {NULL, 0};
	unsigned char *der = NULL;

	if (raw.n == 0 || raw.n % 2 != 0)
		return err_set(err, ERR_INVALID, "the token made a signature of %zu bytes", raw.n);
	ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(p, half, NULL);
	BIGNUM *s = BN_bin2bn(p + half, half, NULL);
	if (signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1) {
		r = s = NULL;
		int n = i2d_ECDSA_SIG(signature, &der);

		copy = (struct span){(const char *)der, n > 0 ? (size_t)n : 0};
	}
	if (copy.p)
		copy = arena_copy(arena, copy);
	OPENSSL_free(der);
	ECDSA_SIG_free(signature);
	BN_free(r);
	BN_free(s);
	if (!copy.p)
		return err_memory(err);
	*ret = copy;
	return 0;
}

/* DigestInfo of a SHA-256 (RFC 8017, 9.2, note 1). */
static int
digest_info(struct span hash, struct arena *arena, struct span *ret, struct err *err)
{
	static const unsigned char prefix[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
					       0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
					       0x01, 0x05, 0x00, 0x04, 0x20};
	char *bytes = arena_alloc(arena, sizeof(prefix) + hash.n);

	if (!bytes)
		return err_memory(err);
	memcpy(bytes, prefix, sizeof(prefix));
	memcpy(bytes + sizeof(prefix), hash.p, hash.n);
	*ret = (struct span){bytes, sizeof(prefix) + hash.n};
	return 0;
}

/* With the mutex held. */
static int
sign_locked(struct token_key *key, CK_MECHANISM_TYPE how, struct span input, CK_BYTE *signature,
	    CK_ULONG *n, struct err *err)
{
	CK_FUNCTION_LIST *module = key->token.module;
	CK_MECHANISM mechanism = {how, NULL, 0};
	CK_RV rv = module->C_SignInit(key->token.session, &mechanism, key->object);

	if (rv == CKR_OK && key->asks_each_time) {
		int r = token_login_again(&key->token, key->pin, err);

		if (r < 0)
			return r;
	}
	if (rv == CKR_OK)
		rv = module->C_Sign(key->token.session, (CK_BYTE *)(uintptr_t)input.p, input.n,
				    signature, n);
	return rv == CKR_OK ? 0 : token_error(err, rv, &key->token, "not signed");
}

static const struct {
	CK_MECHANISM_TYPE mechanism;
	int (*prepare)(struct span hash, struct arena *arena, struct span *ret, struct err *err);
	int (*finish)(struct span raw, struct arena *arena, struct span *ret, struct err *err);
} ways[KEY_KINDS] = {
	[KEY_ECDSA_P256] = {CKM_ECDSA, NULL, to_der},
	[KEY_ECDSA_P384] = {CKM_ECDSA, NULL, to_der},
	[KEY_ECDSA_P521] = {CKM_ECDSA, NULL, to_der},
	[KEY_RSA_2048] = {CKM_RSA_PKCS, digest_info, NULL},
	[KEY_RSA_3072] = {CKM_RSA_PKCS, digest_info, NULL},
	[KEY_RSA_4096] = {CKM_RSA_PKCS, digest_info, NULL},
	[KEY_ED25519] = {CKM_EDDSA, NULL, NULL},
};

int
token_sign(struct token_key *key, enum key_kind kind, struct span input, struct arena *arena,
	   struct span *ret, struct err *err)
{
	CK_BYTE *signature = arena_alloc(arena, SIGNATURE_MAX);
	CK_ULONG n = SIGNATURE_MAX;
	int r = signature ? 0 : err_memory(err);

	if (r == 0 && ways[kind].prepare)
		r = ways[kind].prepare(input, arena, &input, err);
	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&key->mutex);
	r = sign_locked(key, ways[kind].mechanism, input, signature, &n, err);
	(void)pthread_mutex_unlock(&key->mutex);
	if (r < 0)
		return r;
	struct span raw = {(const char *)signature, n};
	if (ways[kind].finish)
		return ways[kind].finish(raw, arena, ret, err);
	*ret = raw;
	return 0;
}
