/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the tape's reader share. */
#pragma once

#include "base/bytes_mask.h"
#include "base/limits.h"
#include "codec/json_tape.h"

enum { JSON_INTEGER_DIGITS = 18 }; /* any number of so many digits fits into 64 bits */

struct json_tape_reader {
	struct json_tape *tape;
	const unsigned char *start;
	const unsigned char *at;
	const unsigned char *end;
	uint32_t open[JSON_DEPTH_MAX];
	size_t depth;
	struct err *err;
};

/* ERR_INVALID at the byte where the reader is. */
static inline int
json_malformed(const struct json_tape_reader *reader, const char *what)
{
	return err_set(reader->err, ERR_INVALID, "%s at byte %zu", what,
		       (size_t)(reader->at - reader->start));
}

int json_grow_tokens(struct json_tape *tape, struct err *err);

static inline int
json_add_token(struct json_tape_reader *reader, enum json_kind kind, size_t at, size_t n)
{
	struct json_tape *tape = reader->tape;

	if (tape->count == tape->capacity) {
		int r = json_grow_tokens(tape, reader->err);

		if (r < 0)
			return r;
	}
	tape->tokens[tape->count] = (struct json_token){.at = (uint32_t)at,
							.n = (uint32_t)n,
							.next = (uint32_t)tape->count + 1,
							.kind = (uint16_t)kind};
	tape->count++;
	return 0;
}

/* Which bytes end a run of plain text in a string. */
static inline bool
json_is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static inline const unsigned char *
json_skip_plain(const unsigned char *at, const unsigned char *end)
{
	while (end - at >= JSON_ODD_BYTES) {
		const __auto_type odd = json_odd_bytes(at);

		if (odd)
			return at + json_odd_first(odd);
		at += JSON_ODD_BYTES;
	}
	while (at < end && json_is_plain(*at))
		at++;
	return at;
}

static inline struct span
json_token_text(const struct json_tape *tape, const struct json_token *token)
{
	const char *base = token->decoded ? tape->decoded : tape->text.p;

	return (struct span){base + token->at, token->n};
}

/* Behind bytes of one character beyond ASCII. */
int json_pass_utf8(struct json_tape_reader *reader);

/* A string whose first escape is at the front; `from` is its first byte. */
int json_decode_string(struct json_tape_reader *reader, const unsigned char *from);

int json_read_number(struct json_tape_reader *reader);

/* By jansson, which knows what the process's locale makes of a point. -ERR_MEMORY, -ERR_INVALID. */
int json_parse_long_number(struct span text, bool real, double *ret_real, int64_t *ret_integer);
