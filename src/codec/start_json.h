/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts as JSON: a state on its way out of the sandbox, and what is made of them (the member
 * "start" of profile.json, "entrypoint" of evidence.json; data/schema/profile.json).
 */
#pragma once

#include "codec/json.h"
#include "model/start.h"

int start_state_write(const struct start_state *state, struct arena *arena, struct span *ret,
		      struct err *err);

/* ERR_INVALID, ERR_LIMIT. */
int start_state_read(struct span text, struct arena *arena, struct start_state **ret,
		     struct err *err);

/* NULL without memory. */
json_t *start_json_make(const struct start *start);

/* Texts live in `arena`; the record's own arena is NULL. */
int start_json_read(const json_t *json, struct arena *arena, struct start **ret, struct err *err);
