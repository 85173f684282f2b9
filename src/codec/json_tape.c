/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_tape.h"

#include "base/limits.h"
#include "codec/json.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

enum {
	TOKENS_START = 1024,
	PAIRWISE_MAX = 12,   /* members of an object that are compared each with each */
	INTEGER_DIGITS = 18, /* any number of so many digits fits into 64 bits */
	REAL_DIGITS = 15,    /* so many are exact in a double, and so is 10^15 */
	NUMBER_BYTES = 1100, /* longer ones are read from the heap */
};

struct reader {
	struct json_tape *tape;
	const unsigned char *start;
	const unsigned char *at;
	const unsigned char *end;
	uint32_t open[JSON_DEPTH_MAX];
	size_t depth;
	struct err *err;
};

static int
malformed(const struct reader *reader, const char *what)
{
	return err_set(reader->err, ERR_INVALID, "%s at byte %zu", what,
		       (size_t)(reader->at - reader->start));
}

static int
grow_tokens(struct json_tape *tape, struct err *err)
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

static inline int
add_token(struct reader *reader, enum json_kind kind, size_t at, size_t n)
{
	struct json_tape *tape = reader->tape;

	if (tape->count == tape->capacity) {
		int r = grow_tokens(tape, reader->err);

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

static inline void
skip_space(struct reader *reader)
{
	const unsigned char *at = reader->at;

	while (at < reader->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	reader->at = at;
}

/* Which bytes end a run of plain text in a string. */
static inline bool
is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/*
 * A bit of bytes that are not plain, of the first of them (the lowest) and maybe of plain ones
 * behind it; 0: all eight are plain.
 */
static inline uint64_t
odd_bytes(uint64_t word)
{
	const uint64_t ones = 0x0101010101010101ULL;
	const uint64_t tops = 0x8080808080808080ULL;
	uint64_t quote = word ^ (ones * '"');
	uint64_t slash = word ^ (ones * '\\');

	return ((word - ones * 0x20) | (quote - ones) | (slash - ones) | word) & tops;
}

static inline const unsigned char *
skip_plain(const unsigned char *at, const unsigned char *end)
{
	while (end - at >= 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		uint64_t odd = odd_bytes(le64toh(word));
		if (odd)
			return at + __builtin_ctzll(odd) / 8;
		at += 8;
	}
	while (at < end && is_plain(*at))
		at++;
	return at;
}

static int
read_hex(struct reader *reader, const unsigned char *at, uint32_t *ret)
{
	uint32_t value = 0;

	if (reader->end - at < 4)
		return malformed(reader, "a cut escape");
	for (int i = 0; i < 4; i++) {
		unsigned char byte = at[i];
		unsigned char low = (unsigned char)(byte | 0x20);

		if (byte >= '0' && byte <= '9')
			value = value << 4 | (uint32_t)(byte - '0');
		else if (low >= 'a' && low <= 'f')
			value = value << 4 | (uint32_t)(low - 'a' + 10);
		else
			return malformed(reader, "an escape that is none");
	}
	*ret = value;
	return 0;
}

static char *
put_utf8(char *to, uint32_t code)
{
	if (code < 0x80) {
		*to++ = (char)code;
	} else if (code < 0x800) {
		*to++ = (char)(0xc0 | code >> 6);
		*to++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*to++ = (char)(0xe0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
		*to++ = (char)(0x80 | (code & 0x3f));
	} else {
		*to++ = (char)(0xf0 | code >> 18);
		*to++ = (char)(0x80 | (code >> 12 & 0x3f));
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
		*to++ = (char)(0x80 | (code & 0x3f));
	}
	return to;
}

/* Behind "\u": one character, of two escapes when it is beyond 0xffff. */
static int
decode_unicode(struct reader *reader, char **to)
{
	uint32_t code;
	uint32_t low;
	int r = read_hex(reader, reader->at, &code);

	if (r < 0)
		return r;
	reader->at += 4;
	if (code >= 0xdc00 && code <= 0xdfff)
		return malformed(reader, "half a character");
	if (code >= 0xd800 && code <= 0xdbff) {
		if (reader->end - reader->at < 2 || reader->at[0] != '\\' || reader->at[1] != 'u')
			return malformed(reader, "half a character");
		r = read_hex(reader, reader->at + 2, &low);
		if (r < 0)
			return r;
		if (low < 0xdc00 || low > 0xdfff)
			return malformed(reader, "half a character");
		reader->at += 6;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	*to = put_utf8(*to, code);
	return 0;
}

/* At a backslash. */
static int
decode_escape(struct reader *reader, char **to)
{
	static const char plain[256] = {
		['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
		['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
	};

	reader->at++;
	if (reader->at == reader->end)
		return malformed(reader, "a cut escape");
	unsigned char byte = *reader->at++;
	if (byte == 'u')
		return decode_unicode(reader, to);
	if (!plain[byte])
		return malformed(reader, "an escape that is none");
	*(*to)++ = plain[byte];
	return 0;
}

/* Behind bytes of one character beyond ASCII. */
static int
pass_utf8(struct reader *reader)
{
	size_t n = json_utf8_length(
		(struct span){(const char *)reader->at, (size_t)(reader->end - reader->at)});

	if (n == 0)
		return malformed(reader, "bytes that are not UTF-8");
	reader->at += n;
	return 0;
}

/* A string whose first escape is at the front; `from` is its first byte. */
static int
decode_string(struct reader *reader, const unsigned char *from)
{
	struct json_tape *tape = reader->tape;
	char *to;

	/* what is decoded is never longer */
	if (!tape->decoded || tape->decoded_capacity < tape->text.n) {
		char *decoded = realloc(tape->decoded, tape->text.n);

		if (!decoded)
			return err_memory(reader->err);
		tape->decoded = decoded;
		tape->decoded_capacity = tape->text.n;
	}
	char *start = tape->decoded + tape->decoded_count;
	to = start;
	for (;;) {
		size_t run = (size_t)(reader->at - from);

		if (run > 0)
			memcpy(to, from, run);
		to += run;
		if (reader->at == reader->end)
			return malformed(reader, "a string without end");
		if (*reader->at == '"')
			break;
		from = reader->at;
		int r = *reader->at == '\\'  ? decode_escape(reader, &to)
			: *reader->at < 0x20 ? malformed(reader, "a control byte in a string")
					     : pass_utf8(reader);
		if (r < 0)
			return r;
		from = *from == '\\' ? reader->at : from;
		reader->at = skip_plain(reader->at, reader->end);
	}
	int r = add_token(reader, JSON_KIND_STRING, tape->decoded_count, (size_t)(to - start));
	if (r < 0)
		return r;
	tape->tokens[tape->count - 1].decoded = 1;
	tape->decoded_count += (size_t)(to - start);
	reader->at++;
	return 0;
}

/* At an opening quote. */
static inline int
read_string(struct reader *reader)
{
	const unsigned char *from = ++reader->at;

	for (;;) {
		reader->at = skip_plain(reader->at, reader->end);
		if (reader->at == reader->end)
			return malformed(reader, "a string without end");
		if (*reader->at == '"')
			break;
		if (*reader->at == '\\')
			return decode_string(reader, from);
		if (*reader->at < 0x20)
			return malformed(reader, "a control byte in a string");
		int r = pass_utf8(reader);
		if (r < 0)
			return r;
	}
	int r = add_token(reader, JSON_KIND_STRING, (size_t)(from - reader->start),
			  (size_t)(reader->at - from));
	reader->at++;
	return r;
}

static bool
is_digit(const struct reader *reader)
{
	return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

static bool
pass_digits(struct reader *reader)
{
	if (!is_digit(reader))
		return false;
	while (is_digit(reader))
		reader->at++;
	return true;
}

/* By jansson, which knows what the process's locale makes of a point. */
static int
parse_long_number(struct span text, bool real, double *ret_real, int64_t *ret_integer)
{
	char small[NUMBER_BYTES];
	char *copy = text.n < sizeof(small) ? small : malloc(text.n + 1);
	json_error_t ignored;

	if (!copy)
		return -ERR_MEMORY;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	json_t *number = json_loadb(copy, text.n, JSON_DECODE_ANY, &ignored);
	if (copy != small)
		free(copy);
	if (!number)
		return ignored.text[0] ? -ERR_INVALID : -ERR_MEMORY;
	if (real)
		*ret_real = json_real_value(number);
	else
		*ret_integer = (int64_t)json_integer_value(number);
	json_decref(number);
	return 0;
}

/* Numbers that may not fit: jansson is the judge. */
static int
judge_long_number(struct reader *reader, struct span text, bool real)
{
	double a;
	int64_t b;
	int r = parse_long_number(text, real, &a, &b);

	if (r == -ERR_MEMORY)
		return err_memory(reader->err);
	return r < 0 ? malformed(reader, "a number out of range") : 0;
}

static int
read_number(struct reader *reader)
{
	const unsigned char *from = reader->at;
	bool real = false;
	bool large = false;

	if (*reader->at == '-')
		reader->at++;
	const unsigned char *digits = reader->at;
	if (!pass_digits(reader) || (*digits == '0' && reader->at - digits > 1))
		return malformed(reader, "a number that is none");
	large = reader->at - digits > INTEGER_DIGITS;
	if (reader->at < reader->end && *reader->at == '.') {
		reader->at++;
		real = true;
		if (!pass_digits(reader))
			return malformed(reader, "a number that is none");
	}
	if (reader->at < reader->end && (*reader->at | 0x20) == 'e') {
		reader->at++;
		real = true;
		large = true;
		if (reader->at < reader->end && (*reader->at == '+' || *reader->at == '-'))
			reader->at++;
		if (!pass_digits(reader))
			return malformed(reader, "a number that is none");
	}
	struct span text = {(const char *)from, (size_t)(reader->at - from)};
	if (large) {
		int r = judge_long_number(reader, text, real);

		if (r < 0)
			return r;
	}
	return add_token(reader, real ? JSON_KIND_REAL : JSON_KIND_INTEGER,
			 (size_t)(from - reader->start), text.n);
}

static int
read_word(struct reader *reader)
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
		return add_token(reader, words[i].kind, 0, 0);
	}
	return malformed(reader, "a value that is none");
}

static struct span
token_text(const struct json_tape *tape, const struct json_token *token)
{
	const char *base = token->decoded ? tape->decoded : tape->text.p;

	return (struct span){base + token->at, token->n};
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
twice(struct reader *reader)
{
	return malformed(reader, "a member that is there twice in the object that ends");
}

static int
judge_few_names(struct reader *reader, const struct json_token *object)
{
	struct span names[PAIRWISE_MAX];
	const struct json_tape *tape = reader->tape;
	uint32_t at = (uint32_t)(object - tape->tokens) + 1;

	for (size_t i = 0; i < object->n; i++) {
		names[i] = token_text(tape, &tape->tokens[at]);
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
judge_many_names(struct reader *reader, const struct json_token *object)
{
	const struct json_tape *tape = reader->tape;
	uint32_t at = (uint32_t)(object - tape->tokens) + 1;
	struct span *names = reallocarray(NULL, object->n, sizeof(*names));
	bool ordered = true;
	int r = 0;

	if (!names)
		return err_memory(reader->err);
	for (size_t i = 0; i < object->n; i++) {
		names[i] = token_text(tape, &tape->tokens[at]);
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
judge_names(struct reader *reader, const struct json_token *object)
{
	return object->n <= PAIRWISE_MAX ? judge_few_names(reader, object)
					 : judge_many_names(reader, object);
}

/* A member's name and the colon behind it, or the end of an object that has none. */
static int
read_name(struct reader *reader)
{
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != '"')
		return malformed(reader, "a member's name is missing");
	int r = read_string(reader);
	if (r < 0)
		return r;
	const struct json_token *name = &reader->tape->tokens[reader->tape->count - 1];
	if (name->decoded && memchr(reader->tape->decoded + name->at, '\0', name->n))
		return malformed(reader, "a NUL byte in a member's name");
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != ':')
		return malformed(reader, "no colon behind a member's name");
	reader->at++;
	return 0;
}

/* Closes what is open at the top. */
static int
close_container(struct reader *reader)
{
	struct json_token *open = &reader->tape->tokens[reader->open[reader->depth - 1]];

	open->next = (uint32_t)reader->tape->count;
	reader->depth--;
	return open->kind == JSON_KIND_OBJECT && open->n > 1 ? judge_names(reader, open) : 0;
}

/* At an opening bracket; *ret_whole: it closed at once. */
static int
open_container(struct reader *reader, bool object, bool *ret_whole)
{
	char close = object ? '}' : ']';

	if (reader->depth == JSON_DEPTH_MAX)
		return err_set(reader->err, ERR_LIMIT, "JSON nested deeper than %d",
			       JSON_DEPTH_MAX);
	reader->at++;
	reader->open[reader->depth++] = (uint32_t)reader->tape->count;
	int r = add_token(reader, object ? JSON_KIND_OBJECT : JSON_KIND_ARRAY, 0, 0);
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
pass_value_end(struct reader *reader, bool *ret_done)
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
			return malformed(reader, "no comma or closing bracket behind a member");
		reader->at++;
		int r = close_container(reader);
		if (r < 0)
			return r;
	}
	*ret_done = true;
	return 0;
}

static int
read_text(struct reader *reader)
{
	bool done = false;

	while (!done) {
		bool whole = true;
		int r;

		skip_space(reader);
		if (reader->at == reader->end)
			return malformed(reader, "a value is missing");
		unsigned char byte = *reader->at;
		if (byte == '"')
			r = read_string(reader);
		else if (byte == '{' || byte == '[')
			r = open_container(reader, byte == '{', &whole);
		else if (byte == '-' || (byte >= '0' && byte <= '9'))
			r = read_number(reader);
		else
			r = read_word(reader);
		if (r == 0 && whole)
			r = pass_value_end(reader, &done);
		if (r < 0)
			return r;
	}
	skip_space(reader);
	return reader->at == reader->end ? 0 : malformed(reader, "something follows the value");
}

int
json_tape_read(struct json_tape *tape, struct span text, struct err *err)
{
	const unsigned char *start = (const unsigned char *)(text.p ? text.p : "");
	struct reader reader = {
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

static const struct json_token *
token_of(struct json_view view)
{
	return &view.tape->tokens[view.token];
}

size_t
json_view_count(struct json_view view)
{
	enum json_kind kind = json_view_kind(view);

	return kind == JSON_KIND_ARRAY || kind == JSON_KIND_OBJECT ? token_of(view)->n : 0;
}

struct json_view
json_view_get(struct json_view object, struct span name)
{
	if (json_view_kind(object) != JSON_KIND_OBJECT)
		return (struct json_view){0};

	const struct json_token *tokens = object.tape->tokens;
	uint32_t end = tokens[object.token].next;
	for (uint32_t at = object.token + 1; at < end; at = tokens[at + 1].next) {
		if (tokens[at].n == name.n &&
		    span_equal(token_text(object.tape, &tokens[at]), name))
			return (struct json_view){object.tape, at + 1};
	}
	return (struct json_view){0};
}

struct span
json_view_string(struct json_view view)
{
	if (json_view_kind(view) != JSON_KIND_STRING)
		return (struct span){0};
	return token_text(view.tape, token_of(view));
}

/* Few digits with a point among them: exact without any library. */
static bool
parse_short_real(struct span text, double *ret)
{
	static const double powers[] = {1e0, 1e1, 1e2,	1e3,  1e4,  1e5,  1e6,	1e7,
					1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	bool minus = text.n > 0 && text.p[0] == '-';
	uint64_t value = 0;
	size_t digits = 0;
	size_t behind = 0;
	bool point = false;

	for (size_t i = minus; i < text.n; i++) {
		if (text.p[i] == '.') {
			point = true;
			continue;
		}
		if (text.p[i] < '0' || text.p[i] > '9' || digits == REAL_DIGITS)
			return false;
		value = value * 10 + (uint64_t)(text.p[i] - '0');
		digits++;
		behind += point;
	}
	*ret = (double)value / powers[behind];
	*ret = minus ? -*ret : *ret;
	return true;
}

bool
json_view_integer(struct json_view view, int64_t *ret)
{
	double ignored;
	uint64_t value = 0;

	if (json_view_kind(view) != JSON_KIND_INTEGER)
		return false;
	struct span text = token_text(view.tape, token_of(view));
	bool minus = text.p[0] == '-';
	if (text.n - minus > INTEGER_DIGITS)
		return parse_long_number(text, false, &ignored, ret) == 0;
	for (size_t i = minus; i < text.n; i++)
		value = value * 10 + (uint64_t)(text.p[i] - '0');
	*ret = minus ? -(int64_t)value : (int64_t)value;
	return true;
}

bool
json_view_number(struct json_view view, double *ret)
{
	int64_t integer;

	if (json_view_kind(view) == JSON_KIND_REAL) {
		struct span text = token_text(view.tape, token_of(view));

		return parse_short_real(text, ret) ||
		       parse_long_number(text, true, ret, &integer) == 0;
	}
	if (!json_view_integer(view, &integer))
		return false;
	*ret = (double)integer;
	return true;
}

struct json_walk
json_walk_start(struct json_view view)
{
	enum json_kind kind = json_view_kind(view);

	if (kind != JSON_KIND_ARRAY && kind != JSON_KIND_OBJECT)
		return (struct json_walk){0};
	return (struct json_walk){.tape = view.tape,
				  .at = view.token + 1,
				  .end = token_of(view)->next,
				  .object = kind == JSON_KIND_OBJECT};
}

bool
json_walk_next(struct json_walk *walk, struct span *ret_key, struct json_view *ret_value)
{
	if (walk->at >= walk->end)
		return false;
	*ret_key = (struct span){"", 0};
	if (walk->object)
		*ret_key = token_text(walk->tape, &walk->tape->tokens[walk->at++]);
	*ret_value = (struct json_view){walk->tape, walk->at};
	walk->at = walk->tape->tokens[walk->at].next;
	return true;
}
