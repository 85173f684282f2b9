/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of mohs under test: members by path, and the judgement of python3-jsonschema. */
#pragma once

#include "base/arena.h"
#include "codec/predicates.h"

#include <jansson.h>

enum { DOCUMENT_NO_JUDGE = 77 };

/* "a.b.0.c" in a document; fails the test when it is not there. */
const json_t *document_get(const json_t *json, const char *path);
const char *document_text(const json_t *json, const char *path);

/* 0: valid against the schema file; DOCUMENT_NO_JUDGE: no python3-jsonschema; else not valid. */
int document_validate(struct arena *arena, const char *schema, struct span text);

/*
 * Makes the predicate while the first, second, third... allocation of jansson fails: it is whole,
 * or there is an error.
 */
void document_starve(const struct predicate *predicate, const struct predicate_context *context);
