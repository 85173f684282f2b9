/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles verified per second on one core, against what the signature alone takes: the ratio says
 * what reading JSON, base64 and the statement adds. usage: verify [ROUNDS]
 */
#include "stage/verify.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "stage/sign.h"

#include <stdio.h>
#include <stdlib.h>

static double
time_bundles(struct span bundle, const struct key *key, const struct digest *digest, size_t rounds)
{
	struct verify_keys keys = {&key, 1};
	struct verify_expect expect = {.digest = digest};
	uint64_t start = clock_ms();

	for (size_t i = 0; i < rounds; i++) {
		CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
		struct verification result;
		struct err err = ERR_INIT;

		if (!arena || verify_bundle(bundle, &keys, &expect, arena, &result, &err) < 0 ||
		    !result.passed)
			return -1;
	}
	return (double)(clock_ms() - start) / 1000;
}

static double
time_signatures(struct span message, struct span signature, const struct key *key, size_t rounds)
{
	uint64_t start = clock_ms();

	for (size_t i = 0; i < rounds; i++) {
		struct err err = ERR_INIT;

		if (key_verify(key, message, signature, &err) < 0)
			return -1;
	}
	return (double)(clock_ms() - start) / 1000;
}

static int
measure(enum key_kind kind, size_t rounds, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(key_cleanup) struct key *key = NULL;
	CLEANUP(key_cleanup) struct key *public = NULL;
	struct sign_image image = {.reference = SPAN("registry.example.com/shop/frontend")};
	struct sign_result result;
	struct span signature;
	struct span pem;
	int r = arena ? key_generate(kind, &key, err) : err_memory(err);

	digest_of(SPAN("image"), &image.digest);
	if (r == 0)
		r = key_write_public(key, arena, &pem, err);
	if (r == 0)
		r = key_public(pem, &public, err);
	if (r == 0)
		r = sign_image(&image, key, arena, &result, err);
	if (r == 0)
		r = key_sign(key, result.payload, arena, &signature, err);
	if (r < 0)
		return r;
	double whole = time_bundles(result.bundle, public, &image.digest, rounds);
	double bare = time_signatures(result.payload, signature, public, rounds);
	if (whole <= 0 || bare <= 0)
		return err_set(err, ERR_MISMATCH, "a good bundle did not verify");
	(void)printf("%-10s  %8.0f bundles/s  ratio %.2f to the bare signature (%.0f/s)\n",
		     key_kind_name(kind), (double)rounds / whole, whole / bare,
		     (double)rounds / bare);
	return 0;
}

int
main(int argc, char **argv)
{
	static const enum key_kind kinds[] = {KEY_ECDSA_P256, KEY_RSA_2048, KEY_ED25519};
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct err err = ERR_INIT;

		if (measure(kinds[i], rounds, &err) < 0) {
			(void)fprintf(stderr, "verify: %s\n", err.text);
			return 1;
		}
	}
	return 0;
}
