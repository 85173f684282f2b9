/* SPDX-License-Identifier: Apache-2.0 */
/* Test results as JSON; struct suite without its `run`. */
#pragma once

#include "codec/json.h"
#include "model/suite.h"

#define SUITE_SCHEMA "https://mohs.dev/schema/suite/v1"

int suite_json_write(const struct suite *suite, struct arena *arena, struct span *ret,
		     struct err *err);

/* Counts are made from the cases. ERR_INVALID, ERR_UNSUPPORTED, ERR_LIMIT. */
int suite_json_read(struct span text, struct suite **ret, struct err *err);

/* Sets passed, failed and skipped from the cases. */
void suite_count(struct suite *suite);
