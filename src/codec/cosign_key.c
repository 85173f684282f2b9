/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cosign_key.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/base64.h"

struct raw_key {
	json_t *kdf;
	json_t *cipher;
	struct span ciphertext;
};

struct raw_kdf {
	struct span name;
	json_t *params;
	struct span salt;
};

struct raw_params {
	uint64_t n;
	uint64_t r;
	uint64_t p;
};

struct raw_cipher {
	struct span name;
	struct span nonce;
};

static int
read_bytes(struct span text, const char *what, size_t wanted, uint8_t *to, struct arena *arena,
	   struct err *err)
{
	struct span bytes;
	int r = base64_decode(text, arena, &bytes, err);

	if (r < 0)
		return err_wrap(err, "\"%s\"", what);
	if (bytes.n != wanted)
		return err_set(err, ERR_INVALID, "\"%s\" of %zu bytes (it has %zu)", what, bytes.n,
			       wanted);
	memcpy(to, bytes.p, wanted);
	return 0;
}

static int
read_cost(const json_t *json, struct arena *arena, uint64_t *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"N", JSON_FIELD_U64, offsetof(struct raw_params, n), true},
		{"r", JSON_FIELD_U64, offsetof(struct raw_params, r), true},
		{"p", JSON_FIELD_U64, offsetof(struct raw_params, p), true},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	struct raw_params raw = {0};
	int r = json_read(json, fields, &raw, arena, err);

	if (r < 0)
		return err_wrap(err, "\"params\"");
	bool known = raw.n == 32768 || raw.n == 65536 || raw.n == 131072;
	if (!known || raw.r != 8 || raw.p != 1)
		return err_set(err, ERR_UNSUPPORTED,
			       "scrypt with N=%llu, r=%llu, p=%llu is refused: cosign's are "
			       "N=32768, 65536 or 131072 with r=8, p=1",
			       (unsigned long long)raw.n, (unsigned long long)raw.r,
			       (unsigned long long)raw.p);
	*ret = raw.n;
	return 0;
}

static int
read_kdf(const json_t *json, struct arena *arena, struct cosign_key *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"name", JSON_FIELD_SPAN, offsetof(struct raw_kdf, name), true},
		{"params", JSON_FIELD_RAW, offsetof(struct raw_kdf, params), true},
		{"salt", JSON_FIELD_SPAN, offsetof(struct raw_kdf, salt), true},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	struct raw_kdf raw = {0};
	int r = json_read(json, fields, &raw, arena, err);

	if (r < 0)
		return err_wrap(err, "\"kdf\"");
	if (!span_equal(raw.name, SPAN("scrypt")))
		return err_set(err, ERR_UNSUPPORTED, "a key derivation other than scrypt");
	r = read_cost(raw.params, arena, &ret->n, err);
	return r < 0 ? r : read_bytes(raw.salt, "salt", COSIGN_SALT, ret->salt, arena, err);
}

static int
read_cipher(const json_t *json, struct arena *arena, struct cosign_key *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"name", JSON_FIELD_SPAN, offsetof(struct raw_cipher, name), true},
		{"nonce", JSON_FIELD_SPAN, offsetof(struct raw_cipher, nonce), true},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	struct raw_cipher raw = {.name = SPAN("")};
	int r = json_read(json, fields, &raw, arena, err);

	if (r < 0)
		return err_wrap(err, "\"cipher\"");
	if (!span_equal(raw.name, SPAN("nacl/secretbox")))
		return err_set(err, ERR_UNSUPPORTED, "a cipher other than nacl/secretbox");
	return read_bytes(raw.nonce, "nonce", COSIGN_NONCE, ret->nonce, arena, err);
}

int
cosign_key_read(struct span text, struct arena *arena, struct cosign_key *ret, struct err *err)
{
	static const struct json_field fields[] = {
		{"kdf", JSON_FIELD_RAW, offsetof(struct raw_key, kdf), true},
		{"cipher", JSON_FIELD_RAW, offsetof(struct raw_key, cipher), true},
		{"ciphertext", JSON_FIELD_SPAN, offsetof(struct raw_key, ciphertext), true},
		{NULL, JSON_FIELD_SPAN, 0, false},
	};
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct raw_key raw = {0};
	struct cosign_key key = {0};

	if (text.n > KEY_FILE_MAX)
		return err_set(err, ERR_LIMIT, "a key file of %zu bytes (at most %lu)", text.n,
			       KEY_FILE_MAX);
	int r = json_parse(text, &json, err);
	if (r == 0)
		r = json_read(json, fields, &raw, arena, err);
	if (r == 0)
		r = read_kdf(raw.kdf, arena, &key, err);
	if (r == 0)
		r = read_cipher(raw.cipher, arena, &key, err);
	if (r == 0)
		r = base64_decode(raw.ciphertext, arena, &key.ciphertext, err);
	if (r < 0)
		return r;
	*ret = key;
	return 0;
}

int
cosign_key_write(const struct cosign_key *key, struct arena *arena, struct span *ret,
		 struct err *err)
{
	struct span salt;
	struct span nonce;
	struct span ciphertext;
	int r = base64_encode((struct span){(const char *)key->salt, COSIGN_SALT}, arena, &salt,
			      err);

	if (r == 0)
		r = base64_encode((struct span){(const char *)key->nonce, COSIGN_NONCE}, arena,
				  &nonce, err);
	if (r == 0)
		r = base64_encode(key->ciphertext, arena, &ciphertext, err);
	if (r != 0)
		return r;
	struct span text = arena_printf(
		arena,
		"{\"kdf\":{\"name\":\"scrypt\",\"params\":{\"N\":%llu,\"r\":8,\"p\":1},"
		"\"salt\":\"%.*s\"},\"cipher\":{\"name\":\"nacl/secretbox\",\"nonce\":\"%.*s\"},"
		"\"ciphertext\":\"%.*s\"}",
		(unsigned long long)key->n, SPAN_ARG(salt), SPAN_ARG(nonce), SPAN_ARG(ciphertext));
	if (!text.p)
		return err_memory(err);
	*ret = text;
	return 0;
}
