/* SPDX-License-Identifier: Apache-2.0 */
/* The public half: from attributes (PKCS #11 2.40, mechanisms, 2.1.2 and 2.3.3) to OpenSSL. */
#include "port/keys/token/internal.h"

#include "base/cleanup.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

static EVP_PKEY *
pkey_of(const char *type, const OSSL_PARAM *params)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (!context || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, (OSSL_PARAM *)params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static EVP_PKEY *
rsa_of(struct span modulus, struct span exponent)
{
	BIGNUM *n = BN_bin2bn((const unsigned char *)modulus.p, (int)modulus.n, NULL);
	BIGNUM *e = BN_bin2bn((const unsigned char *)exponent.p, (int)exponent.n, NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (n && e && builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(builder);
	if (params)
		pkey = pkey_of("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	BN_free(e);
	return pkey;
}

/* The curve by its object identifier; NULL for one that is written out. */
static const char *
curve_of(struct span der)
{
	const unsigned char *p = (const unsigned char *)der.p;
	ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &p, (long)der.n);
	int nid = object ? OBJ_obj2nid(object) : NID_undef;

	ASN1_OBJECT_free(object);
	return nid == NID_undef ? NULL : OBJ_nid2sn(nid);
}

/* The point is in an OCTET STRING, or bare, as some tokens have it. `wrapped` is to be freed. */
static struct span
unwrap(struct span point, ASN1_OCTET_STRING **wrapped)
{
	const unsigned char *p = (const unsigned char *)point.p;

	*wrapped = d2i_ASN1_OCTET_STRING(NULL, &p, (long)point.n);
	if (!*wrapped || p != (const unsigned char *)point.p + point.n)
		return point;
	return (struct span){(const char *)ASN1_STRING_get0_data(*wrapped),
			     (size_t)ASN1_STRING_length(*wrapped)};
}

static EVP_PKEY *
ec_of(struct span curve_der, struct span point)
{
	ASN1_OCTET_STRING *wrapped;
	struct span bytes = unwrap(point, &wrapped);
	const char *curve = curve_of(curve_der);
	EVP_PKEY *pkey = NULL;

	if (curve) {
		const OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
							 (char *)(uintptr_t)curve, 0),
			OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
							  (void *)(uintptr_t)bytes.p, bytes.n),
			OSSL_PARAM_construct_end(),
		};
		pkey = pkey_of("EC", params);
	}
	ASN1_OCTET_STRING_free(wrapped);
	return pkey;
}

/* Ed25519 by the length of its keys: tokens have several names for it, and Ed448 has 57 bytes. */
static EVP_PKEY *
edwards_of(struct span curve, struct span point)
{
	ASN1_OCTET_STRING *wrapped;
	struct span bytes = unwrap(point, &wrapped);
	EVP_PKEY *pkey = NULL;

	(void)curve;
	if (bytes.n == KEY_ED25519_BYTES)
		pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
						      (const unsigned char *)bytes.p, bytes.n);
	ASN1_OCTET_STRING_free(wrapped);
	return pkey;
}

static const struct {
	CK_KEY_TYPE type;
	CK_ATTRIBUTE_TYPE parts[2];
	EVP_PKEY *(*make)(struct span first, struct span second);
} types[] = {
	{CKK_RSA, {CKA_MODULUS, CKA_PUBLIC_EXPONENT}, rsa_of},
	{CKK_EC, {CKA_EC_PARAMS, CKA_EC_POINT}, ec_of},
	{CKK_EC_EDWARDS, {CKA_EC_PARAMS, CKA_EC_POINT}, edwards_of},
};

/* ERR_NOT_FOUND when the object does not show the two parts. */
static int
from_parts(const struct token *token, CK_OBJECT_HANDLE object, EVP_PKEY **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span parts[2] = {{NULL, 0}, {NULL, 0}};
	struct span bytes;
	CK_KEY_TYPE type = CK_UNAVAILABLE_INFORMATION;
	size_t i = 0;
	int r = arena ? token_attribute(token, object, CKA_KEY_TYPE, arena, &bytes, err)
		      : err_memory(err);

	if (r < 0)
		return r;
	if (bytes.n == sizeof(type))
		memcpy(&type, bytes.p, sizeof(type));
	while (i < sizeof(types) / sizeof(types[0]) && types[i].type != type)
		i++;
	if (i == sizeof(types) / sizeof(types[0]))
		return err_set(err, ERR_UNSUPPORTED,
			       "token \"%s\": a key that is none of ECDSA, RSA and Ed25519",
			       token->label);
	for (size_t part = 0; r == 0 && part < 2; part++)
		r = token_attribute(token, object, types[i].parts[part], arena, &parts[part], err);
	if (r < 0)
		return r;
	if (!parts[0].p || !parts[1].p)
		return err_set(err, ERR_NOT_FOUND, "token \"%s\" does not show the public key",
			       token->label);
	EVP_PKEY *pkey = types[i].make(parts[0], parts[1]);
	if (!pkey)
		return key_error(err, ERR_INVALID, "the token's public key cannot be read");
	*ret = pkey;
	return 0;
}

static int
from_certificate(const struct token *token, CK_OBJECT_HANDLE object, EVP_PKEY **ret,
		 struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span der;
	int r = arena ? token_attribute(token, object, CKA_VALUE, arena, &der, err)
		      : err_memory(err);

	if (r < 0)
		return r;
	const unsigned char *p = (const unsigned char *)der.p;
	X509 *certificate = p ? d2i_X509(NULL, &p, (long)der.n) : NULL;
	EVP_PKEY *pkey = certificate ? X509_get_pubkey(certificate) : NULL;
	X509_free(certificate);
	if (!pkey)
		return key_error(err, ERR_INVALID, "the token's certificate cannot be read");
	*ret = pkey;
	return 0;
}

static const struct {
	CK_OBJECT_CLASS class;
	int (*read)(const struct token *token, CK_OBJECT_HANDLE object, EVP_PKEY **ret,
		    struct err *err);
} holders[] = {
	{CKO_PUBLIC_KEY, from_parts},
	{CKO_CERTIFICATE, from_certificate},
};

int
token_public(const struct token *token, P11KitUri *uri, EVP_PKEY **ret, struct err *err)
{
	for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
		struct token_objects objects;
		int r = token_find(token, uri, holders[i].class, &objects, err);

		if (r < 0)
			return r;
		if (objects.count > 1)
			return err_set(err, ERR_USAGE,
				       "token \"%s\" has %zu public keys that fit; say which with "
				       "object=NAME or id=%%HH",
				       token->label, objects.count);
		if (objects.count == 1)
			return holders[i].read(token, objects.items[0], ret, err);
	}
	return err_set(err, ERR_NOT_FOUND, "token \"%s\" shows no such public key", token->label);
}

/* The first with the same id, else the same label; several are the same key, or not right. */
static int
find_pair(const struct token *token, CK_OBJECT_HANDLE private, CK_OBJECT_CLASS class,
	  struct token_objects *ret, struct err *err)
{
	static const CK_ATTRIBUTE_TYPE same[] = {CKA_ID, CKA_LABEL};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	int r = arena ? 0 : err_memory(err);

	ret->count = 0;
	for (size_t i = 0; r == 0 && ret->count == 0 && i < sizeof(same) / sizeof(same[0]); i++) {
		struct span value;

		r = token_attribute(token, private, same[i], arena, &value, err);
		if (r == 0 && value.p)
			r = token_find_beside(token, class, same[i], value, ret, err);
	}
	return r;
}

int
token_public_of(const struct token *token, CK_OBJECT_HANDLE object, EVP_PKEY **ret, struct err *err)
{
	for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
		struct token_objects objects;
		int r = find_pair(token, object, holders[i].class, &objects, err);

		if (r < 0)
			return r;
		if (objects.count > 0)
			return holders[i].read(token, objects.items[0], ret, err);
	}
	int r = from_parts(token, object, ret, err);
	if (r != -ERR_NOT_FOUND)
		return r;
	return err_set(err, ERR_NOT_FOUND,
		       "token \"%s\" has the private key, but no public key or certificate with "
		       "its id; put one there (pkcs11-tool --write-object FILE --type pubkey --id "
		       "HH)",
		       token->label);
}
