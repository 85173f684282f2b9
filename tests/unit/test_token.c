/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on PKCS #11 tokens, with SoftHSM (tests/tools/make-token). */
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "port/keys.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 4, SIGNATURES = 25 };

static struct arena *arena;
static struct span folder;
static const char *faulty; /* the module of tests/tools/token_faults.c */

static int
set_up(void **state)
{
	struct err err = ERR_INIT;
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));

	(void)state;
	arena = arena_new(0);
	if (!arena || n <= 0 || directory_temporary(arena, &folder, &err) < 0)
		return -1;
	struct span program = {self, (size_t)n};
	program.n = span_find_last(program, '/');
	faulty = arena_printf(arena, "%.*s/../tools/token_faults.so", SPAN_ARG(program)).p;
	struct span conf = arena_printf(arena, "%s/softhsm2.conf", folder.p);
	const struct proc_options options = {
		.argv = (const char *const[]){"tests/tools/make-token", folder.p, NULL},
		.input = -1,
		.output = -1,
		.error = STDERR_FILENO,
	};
	(void)setenv("SOFTHSM2_CONF", conf.p, 1);
	(void)unsetenv("MOHS_PKCS11_MODULE");
	(void)unsetenv("PKCS11_PROVIDER_MODULE");
	return proc_run(&options, 60000, NULL, &err);
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

/* Named like this and with this PIN (NULL: none is to be had). */
static int
load(const char *uri, const char *pin, struct key **ret, struct err *err)
{
	static const struct password_source source = {.fd = -1};

	(void)unsetenv("MOHS_PASSWORD");
	(void)unsetenv("COSIGN_PASSWORD");
	if (pin)
		(void)setenv("MOHS_PASSWORD", pin, 1);
	return key_load(span_from(uri), &source, ret, err);
}

static int
load_public(const char *uri, const char *pin, struct key **ret, struct err *err)
{
	static const struct password_source source = {.fd = -1};

	(void)unsetenv("MOHS_PASSWORD");
	(void)unsetenv("COSIGN_PASSWORD");
	if (pin)
		(void)setenv("MOHS_PASSWORD", pin, 1);
	return key_load_public(span_from(uri), &source, ret, err);
}

/* Fails with this kind and these words, and leaves no key. */
static void
assert_refused(const char *uri, const char *pin, enum err_kind kind, const char *words)
{
	struct err err = ERR_INIT;
	struct key *key = NULL;

	assert_int_equal(load(uri, pin, &key, &err), -(int)kind);
	assert_null(key);
	if (!strstr(err.text, words))
		fail_msg("%s: \"%s\" does not say \"%s\"", uri, err.text, words);
}

static void
tokens_sign_as_files_do(void **state)
{
	static const struct {
		const char *uri;
		enum key_kind kind;
	} keys[] = {
		{"pkcs11:token=mohs;object=p256", KEY_ECDSA_P256},
		{"pkcs11:token=mohs;object=p384", KEY_ECDSA_P384},
		{"pkcs11:token=mohs;id=%03", KEY_ECDSA_P521},
		{"pkcs11:manufacturer=SoftHSM%20project;token=mohs;object=rsa2048;type=private",
		 KEY_RSA_2048},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		CLEANUP(key_cleanup) struct key *private = NULL;
		CLEANUP(key_cleanup) struct key *public = NULL;
		struct span signature;
		struct span pem;

		assert_good(load(keys[i].uri, "2718", &private, err));
		assert_int_equal(key_kind(private), keys[i].kind);
		assert_good(load_public(keys[i].uri, NULL, &public, err));
		assert_fails(ERR_USAGE, key_sign(public, SPAN("x"), arena, &signature, err));
		assert_true(digest_equal(key_id(private), key_id(public)));
		for (size_t n = 0; n < 300; n += 150) {
			struct span message = {folder.p, n % folder.n};

			assert_good(key_sign(private, message, arena, &signature, err));
			assert_good(key_verify(public, message, signature, err));
			assert_fails(ERR_MISMATCH,
				     key_verify(public, SPAN("other"), signature, err));
		}
		assert_good(key_write_public(private, arena, &pem, err));
		CLEANUP(key_cleanup) struct key *again = NULL;
		assert_good(key_public(pem, &again, err));
		assert_good(
			key_verify(again, (struct span){folder.p, 150 % folder.n}, signature, err));
		CLEANUP(secret_cleanup) struct secret *password = NULL;
		assert_good(secret_new(0, &password, err));
		assert_fails(ERR_USAGE, key_write(private, password, arena, &pem, err));
	}
}

/* Of the sanitizer; not there without it. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static void
ed25519(void **state)
{
	struct key *private = NULL;
	struct key *public = NULL;
	struct span signature;

	(void)state;
	/* SoftHSM 2.6.1 does not free the name of the curve. */
	if (__lsan_disable)
		__lsan_disable();
	assert_good(load("pkcs11:token=mohs;object=edwards", "2718", &private, err));
	assert_good(load_public("pkcs11:token=mohs;object=edwards", NULL, &public, err));
	assert_int_equal(key_kind(private), KEY_ED25519);
	for (size_t n = 0; n < 2; n++) {
		assert_good(key_sign(private, (struct span){NULL, 0}, arena, &signature, err));
		assert_good(key_verify(public, SPAN(""), signature, err));
		assert_good(key_sign(private, folder, arena, &signature, err));
		assert_good(key_verify(public, folder, signature, err));
	}
	key_free(private);
	key_free(public);
	if (__lsan_enable)
		__lsan_enable();
}

static void
pins(void **state)
{
	struct span path = arena_printf(arena, "%s/pin", folder.p);
	struct key *key = NULL;

	(void)state;
	assert_refused("pkcs11:token=mohs;object=p256", NULL, ERR_AUTH,
		       "no PIN for token \"mohs\"");
	assert_refused("pkcs11:token=mohs;object=p256", "1234", ERR_AUTH, "wrong PIN");
	assert_refused("pkcs11:token=mohs;object=p256", "1", ERR_AUTH, "wrong PIN");
	assert_refused("pkcs11:token=raw;object=p256", "1234", ERR_AUTH, "no PIN for its user yet");
	/* Both are logged in by the same PIN. */
	assert_good(load("pkcs11:token=mohs;object=p256", "2718", &key, err));
	struct key *second = NULL;
	assert_good(load("pkcs11:token=mohs;object=p384", NULL, &second, err));
	key_cleanup(&key);
	struct span signature;
	assert_good(key_sign(second, SPAN("still"), arena, &signature, err));
	key_cleanup(&second);
	assert_refused("pkcs11:token=mohs;object=p384", NULL, ERR_AUTH, "no PIN");

	assert_good(file_replace(path.p, SPAN("2718\nrest"), 0600, err));
	static const char *const forms[] = {"file:", "file://", ""};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct span uri = arena_printf(
			arena, "pkcs11:token=mohs;object=p256?pin-source=%s%s", forms[i], path.p);

		assert_good(load(uri.p, NULL, &key, err));
		key_cleanup(&key);
	}
	assert_refused("pkcs11:token=mohs;object=p256?pin-source=file:/nowhere/pin", NULL,
		       ERR_NOT_FOUND, "/nowhere/pin");
	assert_refused("pkcs11:token=mohs;object=p256?pin-source=%7C/bin/cat", NULL,
		       ERR_UNSUPPORTED, "a program");
	struct err text = ERR_INIT;
	assert_int_equal(load("pkcs11:token=mohs;object=p256?pin-value=2718", NULL, &key, &text),
			 -ERR_USAGE);
	assert_non_null(strstr(text.text, "pin-value"));
	assert_null(strstr(text.text, "2718"));
}

static void
names(void **state)
{
	struct key *key = NULL;

	(void)state;
	assert_refused("pkcs11:token=none", "2718", ERR_NOT_FOUND, "there are: ");
	assert_refused("pkcs11:token=mohs;object=none", "2718", ERR_NOT_FOUND, "\"p384\"");
	assert_refused("pkcs11:token=mohs", "2718", ERR_USAGE, "object=NAME");
	assert_refused("pkcs11:object=p256", "2718", ERR_USAGE, "\"spare\"");
	assert_refused("pkcs11:token=mohs;object=p256;type=cert", "2718", ERR_USAGE, "type");
	assert_refused("pkcs11:token=mohs;colour=red", "2718", ERR_USAGE, "not known");
	assert_refused("pkcs11:token", "2718", ERR_USAGE, "RFC 7512");
	assert_refused("pkcs11:token=mohs;object=bits", "2718", ERR_UNSUPPORTED, "1024 bits");
	assert_fails(ERR_USAGE, load_public("pkcs11:token=mohs", NULL, &key, err));
	assert_fails(ERR_NOT_FOUND,
		     load_public("pkcs11:token=mohs;object=none;type=public", NULL, &key, err));
}

static void
modules(void **state)
{
	struct span uri =
		arena_printf(arena, "pkcs11:token=mohs;object=p256?module-path=%s", faulty);
	struct key *key = NULL;

	(void)state;
	assert_good(load(uri.p, "2718", &key, err));
	key_cleanup(&key);
	assert_refused("pkcs11:token=mohs?module-path=/nowhere.so", "2718", ERR_NOT_FOUND,
		       "no PKCS #11 module /nowhere.so");
	assert_refused("pkcs11:token=mohs?module-path=/usr/lib/os-release", "2718", ERR_NOT_FOUND,
		       "no PKCS #11 module");
	assert_refused("pkcs11:token=mohs?module-name=none", "2718", ERR_NOT_FOUND, "\"none\"");
	assert_good(load("pkcs11:token=mohs;object=p256?module-name=softhsm2", "2718", &key, err));
	key_cleanup(&key);
	(void)setenv("PKCS11_PROVIDER_MODULE", "/nowhere.so", 1);
	assert_refused("pkcs11:token=mohs;object=p256", "2718", ERR_NOT_FOUND, "/nowhere.so");
	(void)setenv("MOHS_PKCS11_MODULE", faulty, 1);
	assert_good(load("pkcs11:token=mohs;object=p256", "2718", &key, err));
	key_cleanup(&key);
	(void)unsetenv("MOHS_PKCS11_MODULE");
	(void)unsetenv("PKCS11_PROVIDER_MODULE");
}

/* What stands beside a private key, or does not. */
static void
public_halves(void **state)
{
	struct key *key = NULL;
	struct key *public = NULL;
	struct span signature;

	(void)state;
	assert_good(load("pkcs11:token=mohs;object=certified", "2718", &key, err));
	assert_good(key_sign(key, SPAN("m"), arena, &signature, err));
	assert_good(load_public("pkcs11:token=mohs;object=certified", NULL, &public, err));
	assert_good(key_verify(public, SPAN("m"), signature, err));
	key_cleanup(&public);
	key_cleanup(&key);
	assert_refused("pkcs11:token=mohs;object=lonely", "2718", ERR_NOT_FOUND,
		       "no public key or certificate");
	/* An RSA key tells its modulus itself; for that one must be in. */
	assert_fails(ERR_AUTH, load_public("pkcs11:token=mohs;object=lonely-rsa", NULL, &key, err));
	assert_good(load_public("pkcs11:token=mohs;object=lonely-rsa", "2718", &key, err));
	assert_good(key_sign(key, SPAN("m"), arena, &signature, err));
	key_cleanup(&key);
	assert_good(load("pkcs11:token=mohs;object=mismatched", "2718", &key, err));
	assert_fails(ERR_MISMATCH, key_sign(key, SPAN("m"), arena, &signature, err));
	key_cleanup(&key);
}

static void
keys_that_ask_each_time(void **state)
{
	CLEANUP(key_cleanup) struct key *key = NULL;
	struct span signature;

	(void)state;
	assert_good(load("pkcs11:token=mohs;object=each-time", "2718", &key, err));
	for (size_t i = 0; i < 3; i++)
		assert_good(key_sign(key, SPAN("m"), arena, &signature, err));
}

static void
faults(void **state)
{
	static const struct {
		const char *fault;
		const char *pin;
		enum err_kind kind;
		const char *words;
	} loading[] = {
		{"locked", NULL, ERR_AUTH, "the PIN is locked"},
		{"locks", "1234", ERR_AUTH, "one more wrong one locks it"},
		{"full", "2718", ERR_LIMIT, "no session left"},
		{"silent", "2718", ERR_NOT_FOUND, "cannot say what it has"},
	};
	static const struct {
		const char *fault;
		enum err_kind kind;
	} signing[] = {
		{"removed", ERR_NOT_FOUND},
		{"no-sign", ERR_UNSUPPORTED},
		{"no-hash", ERR_UNSUPPORTED},
		{"odd", ERR_INVALID},
	};
	struct span signature;
	struct key *key = NULL;

	(void)state;
	(void)setenv("MOHS_PKCS11_MODULE", faulty, 1);
	for (size_t i = 0; i < sizeof(loading) / sizeof(loading[0]); i++) {
		(void)setenv("TOKEN_FAULT", loading[i].fault, 1);
		assert_refused("pkcs11:token=mohs;object=p256", loading[i].pin, loading[i].kind,
			       loading[i].words);
	}
	for (size_t i = 0; i < sizeof(signing) / sizeof(signing[0]); i++) {
		(void)setenv("TOKEN_FAULT", signing[i].fault, 1);
		assert_good(load("pkcs11:token=mohs;object=p256", "2718", &key, err));
		assert_fails(signing[i].kind, key_sign(key, SPAN("m"), arena, &signature, err));
		key_cleanup(&key);
	}
	/* Of three tokens, one has no keys and one shows that it has no such key. */
	assert_refused("pkcs11:object=p384", "2718", ERR_USAGE, "fits 2 tokens");
	(void)setenv("TOKEN_FAULT", "open", 1);
	assert_good(load("pkcs11:object=p384", "2718", &key, err));
	key_cleanup(&key);
	assert_refused("pkcs11:object=p256", "2718", ERR_USAGE, "fits 2 tokens");
	(void)setenv("TOKEN_FAULT", "keypad", 1);
	assert_good(load("pkcs11:token=mohs;object=each-time", NULL, &key, err));
	assert_good(key_sign(key, SPAN("m"), arena, &signature, err));
	key_cleanup(&key);
	(void)unsetenv("TOKEN_FAULT");
	(void)unsetenv("MOHS_PKCS11_MODULE");
}

static void *
sign_many(void *data)
{
	CLEANUP(arena_cleanup) struct arena *own = arena_new(0);
	const struct key *key = data;
	uintptr_t good = 0;

	for (size_t i = 0; own && i < SIGNATURES; i++) {
		struct err err = ERR_INIT;
		struct span message = {folder.p, i % folder.n};
		struct span signature;

		if (key_sign(key, message, own, &signature, &err) == 0 &&
		    key_verify(key, message, signature, &err) == 0)
			good++;
	}
	return (void *)good;
}

static void
several_threads(void **state)
{
	CLEANUP(key_cleanup) struct key *one = NULL;
	CLEANUP(key_cleanup) struct key *two = NULL;
	pthread_t threads[THREADS];

	(void)state;
	assert_good(load("pkcs11:token=mohs;object=p256", "2718", &one, err));
	assert_good(load("pkcs11:token=mohs;object=p384", NULL, &two, err));
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sign_many, i % 2 ? one : two),
				 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *good = NULL;

		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_int_equal((uintptr_t)good, SIGNATURES);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_sign_as_files_do),
		cmocka_unit_test(ed25519),
		cmocka_unit_test(pins),
		cmocka_unit_test(names),
		cmocka_unit_test(modules),
		cmocka_unit_test(public_halves),
		cmocka_unit_test(keys_that_ask_each_time),
		cmocka_unit_test(faults),
		cmocka_unit_test(several_threads),
	};

	return cmocka_run_group_tests_name("token", tests, set_up, tear_down);
}
