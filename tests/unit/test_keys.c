/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "codec/base64.h"
#include "codec/cosign_key.h"
#include "port/keys.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#define DATA "tests/unit/data/keys/"

static struct arena *arena;
static struct span folder;

static int
set_up(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	arena = arena_new(0);
	return arena ? directory_temporary(arena, &folder, &err) : -1;
}

static int
tear_down(void **state)
{
	struct err err = ERR_INIT;
	int r = tree_remove(folder.p, &err);

	(void)state;
	arena_free(arena);
	return r;
}

static struct secret *
secret_of(const char *text)
{
	struct secret *secret = NULL;

	assert_good(secret_new(strlen(text), &secret, err));
	memcpy(secret->p, text, secret->n);
	return secret;
}

static struct span
load(const char *path)
{
	struct span text;

	assert_good(file_load(path, KEY_FILE_MAX, arena, &text, err));
	return text;
}

static const char *
path_of(const char *name)
{
	return arena_printf(arena, "%s/%s", folder.p, name).p;
}

/* Runs openssl; its exit status. */
static int
openssl(const char *const *argv)
{
	CLEANUP(proc_cleanup) struct proc proc = PROC_INIT;
	struct proc_options options = {.argv = argv, .input = -1, .output = -1, .error = -1};
	int status = -1;

	assert_good(proc_start(&options, &proc, err));
	assert_good(proc_wait(&proc, 60000, &status, err));
	return status;
}

/* Written with another scrypt, another secretbox and another ECDSA. */
static void
keys_of_others_are_opened(void **state)
{
	static const struct {
		const char *name;
		const char *password;
	} keys[] = {{"other", "correct horse"}, {"old", ""}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		CLEANUP(secret_cleanup) struct secret *password = secret_of(keys[i].password);
		CLEANUP(secret_cleanup) struct secret *wrong = secret_of("x");
		CLEANUP(key_cleanup) struct key *key = NULL;
		CLEANUP(key_cleanup) struct key *public = NULL;
		struct span pem = load(arena_printf(arena, DATA "%s.key", keys[i].name).p);
		struct span signature;

		assert_good(key_open(pem, password, &key, err));
		assert_good(key_public(load(arena_printf(arena, DATA "%s.pub", keys[i].name).p),
				       &public, err));
		assert_true(digest_equal(key_id(key), key_id(public)));
		assert_good(base64_decode(
			span_trim(load(arena_printf(arena, DATA "%s.sig", keys[i].name).p)), arena,
			&signature, err));
		assert_good(key_verify(public, SPAN("made elsewhere"), signature, err));
		assert_fails(ERR_MISMATCH,
			     key_verify(public, SPAN("made elsewhere."), signature, err));
		assert_good(key_sign(key, SPAN("made here"), arena, &signature, err));
		assert_good(key_verify(public, SPAN("made here"), signature, err));
		struct key *none = NULL;
		assert_fails(ERR_AUTH, key_open(pem, wrong, &none, err));
		assert_null(none);
	}
}

/* Decrypts with OpenSSL's older scrypt call and looks at the PKCS #8 with the program. */
static void
what_is_written_openssl_reads(void **state)
{
	CLEANUP(secret_cleanup) struct secret *password = secret_of("p\xc3\xa4ss");
	CLEANUP(key_cleanup) struct key *key = NULL;
	CLEANUP(key_cleanup) struct key *again = NULL;
	struct cosign_key box;
	struct span pem;
	struct span json;
	unsigned char secret[crypto_secretbox_KEYBYTES];

	(void)state;
	assert_good(key_generate(KEY_ECDSA_P256, &key, err));
	assert_good(key_write(key, password, arena, &pem, err));
	assert_true(
		span_starts_with(pem, SPAN("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n")));
	assert_good(key_open(pem, password, &again, err));
	assert_true(digest_equal(key_id(key), key_id(again)));

	CLEANUP(buf_cleanup) struct buf body = BUF_INIT(KEY_FILE_MAX);
	struct span rest = pem;
	while (rest.p) {
		struct span line = span_cut(&rest, '\n');

		assert_true(line.n <= 64);
		if (!span_starts_with(line, SPAN("-----")))
			assert_good(buf_append(&body, line, err));
	}
	assert_good(base64_decode(buf_span(&body), arena, &json, err));
	assert_good(cosign_key_read(json, arena, &box, err));
	assert_int_equal(box.n, 65536);
	assert_int_equal(EVP_PBE_scrypt((const char *)password->p, password->n, box.salt,
					sizeof(box.salt), box.n, 8, 1, 256 << 20, secret,
					sizeof(secret)),
			 1);
	size_t n = box.ciphertext.n - crypto_secretbox_MACBYTES;
	unsigned char *der = arena_alloc(arena, n);
	assert_int_equal(crypto_secretbox_open_easy(der, (const unsigned char *)box.ciphertext.p,
						    box.ciphertext.n, box.nonce, secret),
			 0);
	const char *path = path_of("key.der");
	assert_good(file_replace(path, (struct span){(char *)der, n}, 0600, err));
	const char *const argv[] = {"openssl", "pkey",	 "-inform", "DER", "-in",
				    path,      "-check", "-noout",  NULL};
	assert_int_equal(openssl(argv), 0);
}

static void
changed_files_are_refused(void **state)
{
	CLEANUP(secret_cleanup) struct secret *password = secret_of("correct horse");
	struct span pem = load(DATA "other.key");
	struct key *key = NULL;

	(void)state;
	for (size_t n = 0; n < pem.n - 2; n += 37) {
		struct err e = ERR_INIT;

		assert_true(key_open(span_slice(pem, 0, n), password, &key, &e) < 0);
		assert_true(e.text[0] != '\0');
	}
	char *changed =
		arena_copy(arena, pem).p ? (char *)(uintptr_t)arena_copy(arena, pem).p : NULL;
	assert_non_null(changed);
	char *end = strstr(changed, "\n-----END");
	assert_non_null(end);
	end[-12] = end[-12] == 'A' ? 'B' : 'A';
	struct err e = ERR_INIT;
	assert_true(key_open((struct span){changed, pem.n}, password, &key, &e) < 0);
	assert_fails(ERR_LIMIT,
		     key_open((struct span){pem.p, KEY_FILE_MAX + 1}, password, &key, err));
	assert_fails(ERR_UNSUPPORTED, key_open(load(DATA "other.pub"), password, &key, err));
	assert_fails(ERR_INVALID, key_public(pem, &key, err));
	assert_fails(ERR_INVALID, key_public(SPAN(""), &key, err));
	assert_fails(ERR_UNSUPPORTED, key_import(pem, &key, err));
	assert_fails(ERR_UNSUPPORTED, key_import(load(DATA "other.pub"), &key, err));
	assert_null(key);
}

static const char *
path_of_file(const char *name, struct span content)
{
	const char *path = path_of(name);

	assert_good(file_replace(path, content, 0644, err));
	return path;
}

/* As cosign does with keys over larger curves before its version 2.6. */
static void
sha256_under_larger_curves_holds(void **state)
{
	static const char *const curves[] = {"P-384", "P-521"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *pem = path_of("larger.pem");
		const char *pub = path_of("larger.pub");
		const char *sig = path_of("larger.sig");
		const char *data = path_of_file("larger.data", SPAN("a message"));
		CLEANUP(key_cleanup) struct key *key = NULL;
		const char *curve = arena_printf(arena, "ec_paramgen_curve:%s", curves[i]).p;

		assert_int_equal(
			openssl((const char *const[]){"openssl", "genpkey", "-algorithm", "EC",
						      "-pkeyopt", curve, "-out", pem, NULL}),
			0);
		assert_int_equal(openssl((const char *const[]){"openssl", "pkey", "-in", pem,
							       "-pubout", "-out", pub, NULL}),
				 0);
		assert_int_equal(
			openssl((const char *const[]){"openssl", "dgst", "-sha256", "-sign", pem,
						      "-out", sig, data, NULL}),
			0);
		assert_good(key_public(load(pub), &key, err));
		assert_good(key_verify(key, SPAN("a message"), load(sig), err));
		assert_fails(ERR_MISMATCH, key_verify(key, SPAN("a massage"), load(sig), err));
		assert_int_equal(
			openssl((const char *const[]){"openssl", "dgst", "-sha224", "-sign", pem,
						      "-out", sig, data, NULL}),
			0);
		assert_fails(ERR_MISMATCH, key_verify(key, SPAN("a message"), load(sig), err));
	}
}

/* Each kind signs; the openssl program verifies. */
static void
openssl_verifies(void **state)
{
	static const char *const hashes[KEY_KINDS] = {
		[KEY_ECDSA_P256] = "-sha256",
		[KEY_ECDSA_P384] = "-sha384",
		[KEY_ECDSA_P521] = "-sha512",
		[KEY_RSA_2048] = "-sha256",
	};
	struct span message = SPAN("what is signed");

	(void)state;
	for (enum key_kind kind = 0; kind < KEY_KINDS; kind++) {
		CLEANUP(key_cleanup) struct key *key = NULL;
		CLEANUP(key_cleanup) struct key *public = NULL;
		struct span pem;
		struct span signature;

		if (!hashes[kind] && kind != KEY_ED25519)
			continue;
		assert_good(key_generate(kind, &key, err));
		assert_int_equal(key_kind(key), kind);
		assert_good(key_write_public(key, arena, &pem, err));
		assert_good(key_public(pem, &public, err));
		assert_int_equal(key_hint(public).n, 44);
		assert_good(key_sign(key, message, arena, &signature, err));
		assert_good(key_verify(public, message, signature, err));
		assert_fails(ERR_USAGE, key_sign(public, message, arena, &signature, err));
		const char *pub = path_of_file("k.pub", pem);
		const char *sig = path_of_file("k.sig", signature);
		const char *data = path_of_file("k.data", message);
		const char *const with_hash[] = {"openssl",    "dgst", hashes[kind], "-verify", pub,
						 "-signature", sig,    data,	     NULL};
		const char *const pure[] = {"openssl", "pkeyutl",  "-verify", "-pubin",
					    "-inkey",  pub,	   "-rawin",  "-in",
					    data,      "-sigfile", sig,	      NULL};
		assert_int_equal(openssl(kind == KEY_ED25519 ? pure : with_hash), 0);
	}
}

static struct span
hex(const char *text)
{
	size_t n = strlen(text) / 2;
	unsigned char *to = arena_alloc(arena, n);

	assert_int_equal(sodium_hex2bin(to, n, text, 2 * n, NULL, NULL, NULL), 0);
	return (struct span){(char *)to, n};
}

/* RFC 8032, 7.3 (Ed25519ph, "abc", which is verified only) and 7.1 (pure, test 3). */
static void
ed25519_of_the_rfc(void **state)
{
	static const char head[] = "302e020100300506032b657004220420";
	struct span seed = hex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42");
	struct span prehashed =
		hex("98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
		    "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406");
	CLEANUP(key_cleanup) struct key *key = NULL;
	CLEANUP(key_cleanup) struct key *pure = NULL;
	struct span der;
	struct span base64;
	struct span signature;

	(void)state;
	der = arena_printf(arena, "%48s", "");
	memcpy((char *)(uintptr_t)der.p, hex(head).p, 16);
	memcpy((char *)(uintptr_t)der.p + 16, seed.p, 32);
	assert_good(base64_encode(der, arena, &base64, err));
	struct span pem = arena_printf(
		arena, "-----BEGIN PRIVATE KEY-----\n%.*s\n-----END PRIVATE KEY-----\n",
		SPAN_ARG(base64));
	assert_good(key_import(pem, &key, err));
	assert_int_equal(key_kind(key), KEY_ED25519);
	assert_good(key_verify(key, SPAN("abc"), prehashed, err));
	assert_fails(ERR_MISMATCH, key_verify(key, SPAN("abd"), prehashed, err));
	assert_good(key_sign(key, SPAN("abc"), arena, &signature, err));
	assert_false(span_equal(signature, prehashed));
	assert_good(key_verify(key, SPAN("abc"), signature, err));

	struct span public =
		hex("302a300506032b6570032100"
		    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
	assert_good(base64_encode(public, arena, &base64, err));
	pem = arena_printf(arena, "-----BEGIN PUBLIC KEY-----\n%.*s\n-----END PUBLIC KEY-----\n",
			   SPAN_ARG(base64));
	assert_good(key_public(pem, &pure, err));
	struct span old = hex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
			      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
	assert_good(key_verify(pure, hex("af82"), old, err));
	assert_fails(ERR_MISMATCH, key_verify(pure, hex("af83"), old, err));
}

/* What `openssl` writes in all the ways there are. */
static void
pem_of_openssl_is_imported(void **state)
{
	static const char *const ways[][10] = {
		{"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
		 "-out"},
		{"openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
		 "-out"},
		{"openssl", "genrsa", "-traditional", "-out"},
		{"openssl", "ecparam", "-genkey", "-noout", "-name", "secp384r1", "-out"},
		{"openssl", "genpkey", "-algorithm", "ED25519", "-out"},
	};
	static const enum key_kind kinds[] = {KEY_ECDSA_P256, KEY_RSA_2048, KEY_RSA_2048,
					      KEY_ECDSA_P384, KEY_ED25519};
	CLEANUP(secret_cleanup) struct secret *empty = secret_of("");

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		CLEANUP(key_cleanup) struct key *key = NULL;
		CLEANUP(key_cleanup) struct key *again = NULL;
		const char *argv[12] = {NULL};
		const char *path = path_of("any.pem");
		struct span pem;
		size_t n = 0;

		for (; n < 10 && ways[i][n]; n++)
			argv[n] = ways[i][n];
		argv[n++] = path;
		if (strcmp(ways[i][1], "genrsa") == 0)
			argv[n] = "2048";
		assert_int_equal(openssl(argv), 0);
		assert_good(key_import(load(path), &key, err));
		assert_int_equal(key_kind(key), kinds[i]);
		assert_good(key_write(key, empty, arena, &pem, err));
		assert_good(key_open(pem, empty, &again, err));
		assert_true(digest_equal(key_id(key), key_id(again)));
	}
}

static void
other_kinds_are_refused(void **state)
{
	static const char *const ways[][8] = {
		{"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
		 "ec_paramgen_curve:secp256k1", "-out"},
		{"openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024",
		 "-out"},
		{"openssl", "genpkey", "-algorithm", "X25519", "-out"},
	};
	struct key *key = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const char *argv[9] = {NULL};
		const char *path = path_of("other.pem");
		size_t n = 0;

		for (; n < 8 && ways[i][n]; n++)
			argv[n] = ways[i][n];
		argv[n] = path;
		assert_int_equal(openssl(argv), 0);
		assert_fails(ERR_UNSUPPORTED, key_import(load(path), &key, err));
		assert_null(key);
	}
}

static void
passwords_come_from_where_they_may(void **state)
{
	struct password_source source = {.fd = -1, .of = "a.key"};
	struct secret *password = NULL;
	int ends[2];

	(void)state;
	(void)unsetenv("MOHS_PASSWORD");
	(void)unsetenv("COSIGN_PASSWORD");
	assert_fails(ERR_AUTH, password_get(&source, &password, err));
	assert_int_equal(setenv("COSIGN_PASSWORD", "", 1), 0);
	assert_good(password_get(&source, &password, err));
	assert_span(secret_span(password), "");
	secret_free(password);
	assert_null(getenv("COSIGN_PASSWORD"));
	assert_int_equal(setenv("COSIGN_PASSWORD", "theirs", 1), 0);
	assert_int_equal(setenv("MOHS_PASSWORD", "ours", 1), 0);
	assert_good(password_get(&source, &password, err));
	assert_span(secret_span(password), "ours");
	secret_free(password);
	assert_null(getenv("MOHS_PASSWORD"));
	assert_int_equal(pipe(ends), 0);
	assert_good(fd_write_full(ends[1], SPAN("from a pipe\r\nmore"), err));
	close(ends[1]);
	source.fd = ends[0];
	assert_good(password_get(&source, &password, err));
	assert_span(secret_span(password), "from a pipe");
	secret_free(password);
	close(ends[0]);
	(void)unsetenv("COSIGN_PASSWORD");
	password = NULL;
	assert_fails(ERR_IO, password_get(&source, &password, err));
}

static void
keys_are_loaded_by_name(void **state)
{
	struct password_source source = {.fd = -1};
	struct key *key = NULL;
	struct key *public = NULL;
	struct span signature;

	(void)state;
	assert_good(key_load_public(SPAN(DATA "other.pub"), &source, &public, err));
	assert_fails(ERR_USAGE, key_sign(public, SPAN("x"), arena, &signature, err));
	assert_fails(ERR_AUTH, key_load(SPAN(DATA "other.key"), &source, &key, err));
	assert_int_equal(setenv("MOHS_PASSWORD", "correct horse", 1), 0);
	assert_fails(ERR_NOT_FOUND, key_load(SPAN(DATA "none.key"), &source, &key, err));
	assert_fails(ERR_USAGE, key_load(SPAN(DATA "other.pub"), &source, &key, err));
	/* The span ends where it says. */
	assert_good(key_load(span_slice(SPAN(DATA "other.key2"), 0, strlen(DATA "other.key")),
			     &source, &key, err));
	assert_true(digest_equal(key_id(key), key_id(public)));
	key_cleanup(&key);
	assert_int_equal(setenv("MOHS_PASSWORD", "correct horse", 1), 0);
	assert_good(key_load_public(SPAN(DATA "other.key"), &source, &key, err));
	assert_true(digest_equal(key_id(key), key_id(public)));
	key_free(key);
	key_free(public);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_others_are_opened),
		cmocka_unit_test(what_is_written_openssl_reads),
		cmocka_unit_test(changed_files_are_refused),
		cmocka_unit_test(openssl_verifies),
		cmocka_unit_test(sha256_under_larger_curves_holds),
		cmocka_unit_test(ed25519_of_the_rfc),
		cmocka_unit_test(pem_of_openssl_is_imported),
		cmocka_unit_test(other_kinds_are_refused),
		cmocka_unit_test(passwords_come_from_where_they_may),
		cmocka_unit_test(keys_are_loaded_by_name),
	};

	return cmocka_run_group_tests_name("keys", tests, set_up, tear_down);
}
