/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_tape/reader.h"

#include <stdlib.h>

enum {
	TOKENS_START = 1024,
	PAIRWISE_MAX = 12, /* members of an object that are compared each with each */
};

int
json_grow_tokens(struct json_tape *tape, struct err *err)
{
	size_t capacity = tape->capacity ? tape->capacity * 2 : TOKENS_START;

	if (tape->capacity >= JSON_TOKENS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d values in one member",
			       JSON_TOKENS_MAX);
	struct json_token *tokens = reallocarray(tape->tokens, capacity, sizeof(*tape->tokens));
	if (!tokens)
		return err_memory(err);
	tape->tokens = tokens;
	tape->capacity = capacity;
	return 0;
}

static inline void
skip_space(struct json_tape_reader *reader)
{
	const unsigned char *at = reader->at;

	while (at < reader->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	reader->at = at;
}

/* At an opening quote. */
static inline int
read_string(struct json_tape_reader *reader)
{
	const unsigned char *from = ++reader->at;

	for (;;) {
		reader->at = json_skip_plain(reader->at, reader->end);
		if (reader->at == reader->end)
			return json_malformed(reader, "a string without end");
		if (*reader->at == '"')
			break;
		if (*reader->at == '\\')
			return json_decode_string(reader, from);
		if (*reader->at < 0x20)
			return json_malformed(reader, "a control byte in a string");
		int r = json_pass_utf8(reader);
		if (r < 0)
			return r;
	}
	int r = json_add_token(reader, JSON_KIND_STRING, (size_t)(from - reader->start),
			       (size_t)(reader->at - from));
	reader->at++;
	return r;
}

static int
read_word(struct json_tape_reader *reader)
{
	static const struct {
		struct span word;
		enum json_kind kind;
	} words[] = {
		{SPAN_INIT("null"), JSON_KIND_NULL},
		{SPAN_INIT("true"), JSON_KIND_TRUE},
		{SPAN_INIT("false"), JSON_KIND_FALSE},
	};
	struct span rest = {(const char *)reader->at, (size_t)(reader->end - reader->at)};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!span_starts_with(rest, words[i].word))
			continue;
		reader->at += words[i].word.n;
		return json_add_token(reader, words[i].kind, 0, 0);
	}
	return json_malformed(reader, "a value that is none");
}

static int
compare_names(const void *a, const void *b)
{
	const struct span *one = a;
	const struct span *other = b;

	if (one->n != other->n)
		return one->n < other->n ? -1 : 1;
	return one->n ? memcmp(one->p, other->p, one->n) : 0;
}

static int
twice(struct json_tape_reader *reader)
{
	return json_malformed(reader, "a member that is there twice in the object that ends");
}

/* The first and the last bytes of a name, few enough to be had without a loop. */
static inline uint64_t
mix_name(struct span name)
{
	const uint64_t factor = 0x9e3779b97f4a7c15ULL;
	uint64_t first = 0;
	uint64_t last = 0;
	uint32_t half;

	if (name.n >= sizeof(first)) {
		memcpy(&first, name.p, sizeof(first));
		memcpy(&last, name.p + name.n - sizeof(last), sizeof(last));
	} else if (name.n >= sizeof(half)) {
		memcpy(&half, name.p, sizeof(half));
		first = half;
		memcpy(&half, name.p + name.n - sizeof(half), sizeof(half));
		last = half;
	} else if (name.n > 0) {
		first = (unsigned char)name.p[0];
		last = (uint64_t)(unsigned char)name.p[name.n / 2] << 8 |
		       (unsigned char)name.p[name.n - 1];
	}
	uint64_t mixed = (first ^ name.n) * factor ^ last;
	return (mixed ^ mixed >> 32) * factor;
}

enum { BITS_FEW = 8, BITS_MANY = 12, NAMES_MARKED_MAX = 256 };

/*
 * Whether each name sets a bit of its own, of 2^log that are zeroed: then no two are the same, and
 * most objects are done. What is aimed at the same bits is only compared.
 */
static inline bool
differ_by_bits(const struct json_tape *tape, const struct json_token *object, uint64_t *bits,
	       unsigned log)
{
	uint32_t at = (uint32_t)(object - tape->tokens) + 1;

	for (size_t i = 0; i < object->n; i++) {
		size_t bit =
			(size_t)(mix_name(json_token_text(tape, &tape->tokens[at])) >> (64 - log));

		if (bits[bit / 64] >> bit % 64 & 1)
			return false;
		bits[bit / 64] |= 1ULL << bit % 64;
		at = tape->tokens[at + 1].next;
	}
	return true;
}

static int
judge_few_names(struct json_tape_reader *reader, const struct json_token *object)
{
	struct span names[PAIRWISE_MAX];
	const struct json_tape *tape = reader->tape;
	uint32_t at = (uint32_t)(object - tape->tokens) + 1;

	for (size_t i = 0; i < object->n; i++) {
		names[i] = json_token_text(tape, &tape->tokens[at]);
		for (size_t j = 0; j < i; j++) {
			if (names[j].n == names[i].n && compare_names(&names[j], &names[i]) == 0)
				return twice(reader);
		}
		at = tape->tokens[at + 1].next;
	}
	return 0;
}

/* Many names: those that are not in order already are sorted. */
static int
judge_many_names(struct json_tape_reader *reader, const struct json_token *object)
{
	const struct json_tape *tape = reader->tape;
	uint32_t at = (uint32_t)(object - tape->tokens) + 1;
	struct span *names = reallocarray(NULL, object->n, sizeof(*names));
	bool ordered = true;
	int r = 0;

	if (!names)
		return err_memory(reader->err);
	for (size_t i = 0; i < object->n; i++) {
		names[i] = json_token_text(tape, &tape->tokens[at]);
		ordered = ordered && (i == 0 || compare_names(&names[i - 1], &names[i]) < 0);
		at = tape->tokens[at + 1].next;
	}
	if (!ordered)
		qsort(names, object->n, sizeof(*names), compare_names);
	for (size_t i = 1; r == 0 && !ordered && i < object->n; i++) {
		if (compare_names(&names[i - 1], &names[i]) == 0)
			r = twice(reader);
	}
	free(names);
	return r;
}

static int
judge_names(struct json_tape_reader *reader, const struct json_token *object)
{
	if (object->n <= PAIRWISE_MAX) {
		uint64_t bits[(1 << BITS_FEW) / 64] = {0};

		return differ_by_bits(reader->tape, object, bits, BITS_FEW)
			       ? 0
			       : judge_few_names(reader, object);
	}
	if (object->n <= NAMES_MARKED_MAX) {
		uint64_t bits[(1 << BITS_MANY) / 64] = {0};

		if (differ_by_bits(reader->tape, object, bits, BITS_MANY))
			return 0;
	}
	return judge_many_names(reader, object);
}

/* A member's name and the colon behind it, or the end of an object that has none. */
static int
read_name(struct json_tape_reader *reader)
{
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != '"')
		return json_malformed(reader, "a member's name is missing");
	int r = read_string(reader);
	if (r < 0)
		return r;
	const struct json_token *name = &reader->tape->tokens[reader->tape->count - 1];
	if (name->decoded && memchr(reader->tape->decoded + name->at, '\0', name->n))
		return json_malformed(reader, "a NUL byte in a member's name");
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != ':')
		return json_malformed(reader, "no colon behind a member's name");
	reader->at++;
	return 0;
}

/* Closes what is open at the top. */
static int
close_container(struct json_tape_reader *reader)
{
	struct json_token *open = &reader->tape->tokens[reader->open[reader->depth - 1]];

	open->next = (uint32_t)reader->tape->count;
	reader->depth--;
	return open->kind == JSON_KIND_OBJECT && open->n > 1 ? judge_names(reader, open) : 0;
}

/* At an opening bracket; *ret_whole: it closed at once. */
static int
open_container(struct json_tape_reader *reader, bool object, bool *ret_whole)
{
	char close = object ? '}' : ']';

	if (reader->depth == JSON_DEPTH_MAX)
		return err_set(reader->err, ERR_LIMIT, "JSON nested deeper than %d",
			       JSON_DEPTH_MAX);
	reader->at++;
	reader->open[reader->depth++] = (uint32_t)reader->tape->count;
	int r = json_add_token(reader, object ? JSON_KIND_OBJECT : JSON_KIND_ARRAY, 0, 0);
	if (r < 0)
		return r;
	skip_space(reader);
	*ret_whole = reader->at < reader->end && *reader->at == (unsigned char)close;
	if (*ret_whole) {
		reader->at++;
		return close_container(reader);
	}
	return object ? read_name(reader) : 0;
}

/* Behind a value: on to the next one, closing what ends. *ret_done: all is closed. */
static int
pass_value_end(struct json_tape_reader *reader, bool *ret_done)
{
	while (reader->depth > 0) {
		struct json_token *open = &reader->tape->tokens[reader->open[reader->depth - 1]];
		bool object = open->kind == JSON_KIND_OBJECT;

		open->n++;
		skip_space(reader);
		unsigned char byte = reader->at < reader->end ? *reader->at : '\0';
		if (byte == ',') {
			reader->at++;
			return object ? read_name(reader) : 0;
		}
		if (byte != (object ? '}' : ']'))
			return json_malformed(reader,
					      "no comma or closing bracket behind a member");
		reader->at++;
		int r = close_container(reader);
		if (r < 0)
			return r;
	}
	*ret_done = true;
	return 0;
}

static int
read_text(struct json_tape_reader *reader)
{
	bool done = false;

	while (!done) {
		bool whole = true;
		int r;

		skip_space(reader);
		if (reader->at == reader->end)
			return json_malformed(reader, "a value is missing");
		unsigned char byte = *reader->at;
		if (byte == '"')
			r = read_string(reader);
		else if (byte == '{' || byte == '[')
			r = open_container(reader, byte == '{', &whole);
		else if (byte == '-' || (byte >= '0' && byte <= '9'))
			r = json_read_number(reader);
		else
			r = read_word(reader);
		if (r == 0 && whole)
			r = pass_value_end(reader, &done);
		if (r < 0)
			return r;
	}
	skip_space(reader);
	return reader->at == reader->end ? 0
					 : json_malformed(reader, "something follows the value");
}

int
json_tape_read(struct json_tape *tape, struct span text, struct err *err)
{
	const unsigned char *start = (const unsigned char *)(text.p ? text.p : "");
	struct json_tape_reader reader = {
		.tape = tape, .start = start, .at = start, .end = start + text.n, .err = err};

	if (text.n > JSON_DOCUMENT_MAX)
		return err_set(err, ERR_LIMIT, "JSON of %zu bytes (at most %lu)", text.n,
			       JSON_DOCUMENT_MAX);
	tape->text = text;
	tape->count = 0;
	tape->decoded_count = 0;
	return read_text(&reader);
}

void
json_tape_cleanup(struct json_tape *tape)
{
	free(tape->tokens);
	free(tape->decoded);
	*tape = (struct json_tape){0};
}
