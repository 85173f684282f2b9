/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate: what a server wants to see first (RFC 9110, section 11.6.1). Pure. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* Parameters that registries use; .p NULL when absent. */
struct challenge {
	struct span scheme; /* as written: "Bearer" */
	struct span realm;
	struct span service;
	struct span scope;
	struct span error;
};

/*
 * The challenges of one header value, at most CHALLENGES_MAX; *ret in arena memory. Unknown
 * parameters are skipped. ERR_INVALID for anything outside of the grammar.
 */
int challenge_parse(struct span header, struct arena *arena, struct challenge **ret,
		    size_t *ret_count, struct err *err);
