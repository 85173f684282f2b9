/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) into one flat array of tokens, for records that come by the hundred thousand: no
 * allocation per value, strings stay where they are in the text. It takes and refuses exactly what
 * jansson does with JSON_REJECT_DUPLICATES, JSON_ALLOW_NUL and JSON_DECODE_ANY, but for the depth
 * (JSON_DEPTH_MAX), the number of values (JSON_TOKENS_MAX), and a NUL byte, which jansson takes for
 * the end. docs/decisions/0025-reading-feeds.md
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum json_kind {
	JSON_KIND_ABSENT,
	JSON_KIND_NULL,
	JSON_KIND_FALSE,
	JSON_KIND_TRUE,
	JSON_KIND_INTEGER,
	JSON_KIND_REAL,
	JSON_KIND_STRING,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT,
};

struct json_token {
	uint32_t at;   /* of a string or number: its first byte in the text, or in `decoded` */
	uint32_t n;    /* its bytes; of an array or object: its values or members */
	uint32_t next; /* the token behind the whole value */
	uint16_t kind;
	uint16_t decoded; /* a string with escapes, which stands in `decoded` */
};

/* Zeroed before first use; the memory is kept for the next text. */
struct json_tape {
	struct json_token *tokens;
	size_t count;
	size_t capacity;
	struct span text;
	char *decoded;
	size_t decoded_count;
	size_t decoded_capacity;
};

/* A value of a tape; all of it lives until the next text is read, or the text ends. */
struct json_view {
	const struct json_tape *tape; /* NULL: absent */
	uint32_t token;
};

/* Reads a text, which is borrowed. ERR_INVALID, ERR_LIMIT, ERR_MEMORY. */
int json_tape_read(struct json_tape *tape, struct span text, struct err *err);
void json_tape_cleanup(struct json_tape *tape);

/* The whole text's value. */
static inline struct json_view
json_tape_top(const struct json_tape *tape)
{
	return (struct json_view){tape, 0};
}

static inline enum json_kind
json_view_kind(struct json_view view)
{
	return view.tape ? (enum json_kind)view.tape->tokens[view.token].kind : JSON_KIND_ABSENT;
}

/* Values of an array or members of an object; 0 of anything else. */
size_t json_view_count(struct json_view view);

/* A member of an object; absent also when it is no object. */
struct json_view json_view_get(struct json_view object, struct span name);

/* A string's bytes (.p NULL: it is none). */
struct span json_view_string(struct json_view view);

/* False for what is no number. */
bool json_view_number(struct json_view view, double *ret);
/* False for what is no whole number. */
bool json_view_integer(struct json_view view, int64_t *ret);

/* struct json_walk walk = json_walk_start(view); while (json_walk_next(&walk, &key, &value)) ... */
struct json_walk {
	const struct json_tape *tape;
	uint32_t at;
	uint32_t end;
	bool object;
};

/* Nothing comes of a view that is no array or object. */
struct json_walk json_walk_start(struct json_view view);

/* `key` is empty in an array. */
bool json_walk_next(struct json_walk *walk, struct span *ret_key, struct json_view *ret_value);
