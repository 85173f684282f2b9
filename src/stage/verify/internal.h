/* SPDX-License-Identifier: Apache-2.0 */
/* One verification under way. */
#pragma once

#include "codec/dsse.h"
#include "codec/intoto.h"
#include "stage/verify.h"

struct verifier {
	const struct verify_keys *keys;
	const struct verify_expect *expect;
	struct arena *arena;
	struct verification result;
};

/*
 * Rows. Failing is a result: these return 1 ("say no more"), 0 to go on, -kind when mohs itself
 * could not.
 */
int verify_fail(struct verifier *verifier, enum verify_check check, struct err *err,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
void verify_pass(struct verifier *verifier, enum verify_check check);

/* The row of a function that failed: want of memory stays an error. */
int verify_refuse(struct verifier *verifier, enum verify_check check, struct err *err);

/* What a statement or payload whose signature holds says. */
int verify_statement(struct verifier *verifier, struct span payload, struct err *err);
int verify_simple(struct verifier *verifier, struct span text, struct err *err);
