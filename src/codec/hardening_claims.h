/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hardening attestation claims, read back as the records it was written from, as far as they
 * are in it: counts without single findings, phases without commands. Judged by the same rules as a
 * run. Pure; fuzzed. data/schema/hardening.json
 */
#pragma once

#include "codec/json.h"
#include "model/evidence.h"

struct hardening_claims {
	struct span tool;
	int64_t created; /* seconds since 1970 */
	struct span service;
	struct digest before; /* manifest of the image that was hardened */
	struct digest after;
	bool has_before;
	bool has_after;
	/* NULL: that step was not done. In the arena, not to be freed one by one. */
	const struct findings *findings_before;
	const struct findings *findings_after;
	const struct profile *profile;
	const struct suite *suite;
	const struct shells *shells;
};

/* ERR_INVALID with the member that is wrong, ERR_LIMIT over CLAIMS_MAX in a list. */
int hardening_claims_read(const json_t *predicate, struct arena *arena,
			  struct hardening_claims *ret, struct err *err);
