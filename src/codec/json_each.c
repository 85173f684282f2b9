/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits a JSON document (RFC 8259) into members without holding it: a scanner that knows strings
 * and brackets finds where a member ends, jansson then judges the member alone. One buffer, at most
 * JSON_MEMBER_MAX; a member that lies within it is not copied. What is skipped is checked for
 * balance only.
 */
#include "codec/json.h"

#include "base/buf.h"
#include "base/bytes_mask.h"
#include "base/cleanup.h"
#include "base/limits.h"

enum { SCAN_CHUNK = 256 * 1024 };

struct scan {
	json_reader *read;
	void *context;
	char *p;
	size_t filled;
	size_t capacity;
	size_t at;	 /* next byte to look at */
	size_t mark;	 /* first byte of the member being gathered */
	bool marked;	 /* bytes from `mark` on must stay */
	bool ended;	 /* the reader has nothing more */
	uint64_t before; /* bytes of the document in front of p[0] */
};

struct visit {
	json_member_visitor *each;
	bool beside; /* it wants the scalars that are not on the path, too */
	void *context;
	struct buf *key;
};

static int
malformed(const struct scan *scan, const char *what, struct err *err)
{
	return err_set(err, ERR_INVALID, "not valid JSON: %s at byte %llu", what,
		       (unsigned long long)(scan->before + scan->at));
}

/* Room behind the last byte: drops what is no longer wanted, then grows. */
static int
make_room(struct scan *scan, struct err *err)
{
	size_t keep = scan->marked ? scan->mark : scan->at;

	if (keep > 0) {
		memmove(scan->p, scan->p + keep, scan->filled - keep);
		scan->before += keep;
		scan->filled -= keep;
		scan->at -= keep;
		scan->mark = 0;
	}
	if (scan->filled < scan->capacity)
		return 0;
	if (scan->capacity >= JSON_MEMBER_MAX)
		return err_set(err, ERR_LIMIT, "JSON member at byte %llu is longer than %lu bytes",
			       (unsigned long long)scan->before, JSON_MEMBER_MAX);

	size_t capacity = scan->capacity ? scan->capacity * 2 : SCAN_CHUNK;
	char *p = realloc(scan->p, capacity);
	if (!p)
		return err_memory(err);
	scan->p = p;
	scan->capacity = capacity;
	return 0;
}

/* Reads more when every byte was looked at; sets `ended` when there is none. */
static int
fill(struct scan *scan, struct err *err)
{
	size_t n = 0;

	if (scan->at < scan->filled || scan->ended)
		return 0;
	int r = make_room(scan, err);
	if (r < 0)
		return r;
	r = scan->read(scan->context, scan->p + scan->filled, scan->capacity - scan->filled, &n,
		       err);
	if (r < 0)
		return r;
	scan->ended = n == 0;
	scan->filled += n;
	if (scan->before + scan->filled > FEED_DOCUMENT_MAX)
		return err_set(err, ERR_LIMIT, "JSON document longer than %lu bytes",
			       FEED_DOCUMENT_MAX);
	return 0;
}

/* The byte at the front, not taken; -1 at the end of the document. */
static int
peek(struct scan *scan, int *ret_byte, struct err *err)
{
	int r = fill(scan, err);

	if (r < 0)
		return r;
	*ret_byte = scan->at < scan->filled ? (unsigned char)scan->p[scan->at] : -1;
	return 0;
}

static bool
is_space(int byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* The first byte that is not white space, not taken; -1 at the end. */
static int
peek_token(struct scan *scan, int *ret_byte, struct err *err)
{
	int byte;

	for (;;) {
		int r = peek(scan, &byte, err);
		if (r < 0)
			return r;
		if (!is_space(byte))
			break;
		scan->at++;
	}
	*ret_byte = byte;
	return 0;
}

static int
expect(struct scan *scan, char wanted, const char *what, struct err *err)
{
	int byte;
	int r = peek_token(scan, &byte, err);

	if (r < 0)
		return r;
	if (byte != (unsigned char)wanted)
		return malformed(scan, what, err);
	scan->at++;
	return 0;
}

/* Moves to the next of the bytes that `stops` marks, which may be behind what is read. */
static inline void
run_to(struct scan *scan, const bool stops[256])
{
	const unsigned char *p = (const unsigned char *)scan->p;
	size_t at = scan->at;
	size_t end = scan->filled;

	while (at < end && !stops[p[at]])
		at++;
	scan->at = at;
}

static const bool string_stops[256] = {['"'] = true, ['\\'] = true};
static const bool nested_stops[256] = {
	['"'] = true, ['{'] = true, ['}'] = true, ['['] = true, [']'] = true,
};
static const bool scalar_stops[256] = {
	[' '] = true, ['\t'] = true, ['\n'] = true, ['\r'] = true, [','] = true,
	[']'] = true, ['}'] = true,  [':'] = true,  ['"'] = true,
};

/* Behind a string whose opening quote is at the front. */
static int
pass_string(struct scan *scan, struct err *err)
{
	size_t skip = 1;

	for (;;) {
		while (skip > 0) {
			int r = fill(scan, err);
			if (r < 0)
				return r;
			if (scan->at == scan->filled)
				return malformed(scan, "the document ends in a string", err);
			scan->at++;
			skip--;
		}
		run_to(scan, string_stops);
		if (scan->at == scan->filled) {
			int r = fill(scan, err);
			if (r < 0)
				return r;
			if (scan->ended)
				return malformed(scan, "the document ends in a string", err);
			continue;
		}
		if (scan->p[scan->at] == '"')
			break;
		skip = 2;
	}
	scan->at++;
	return 0;
}

/* Behind an object or array whose opening bracket is at the front. */
static int
pass_nested(struct scan *scan, struct err *err)
{
	bool object[JSON_DEPTH_MAX];
	size_t depth = 0;
	int byte;

	do {
		run_to(scan, nested_stops);
		int r = peek(scan, &byte, err);
		if (r < 0)
			return r;
		if (byte < 0)
			return malformed(scan, "the document ends in a member", err);
		if (!nested_stops[byte])
			continue;
		if (byte == '"') {
			r = pass_string(scan, err);
			if (r < 0)
				return r;
			continue;
		}
		if (byte == '{' || byte == '[') {
			if (depth == JSON_DEPTH_MAX)
				return err_set(err, ERR_LIMIT, "JSON nested deeper than %d",
					       JSON_DEPTH_MAX);
			object[depth++] = byte == '{';
		} else if (depth == 0 || object[--depth] != (byte == '}')) {
			return malformed(scan, "a bracket that does not match", err);
		}
		scan->at++;
	} while (depth > 0);
	return 0;
}

/* A bit for each byte from an odd quote to the one behind it. */
static inline uint64_t
between_quotes(uint64_t quotes)
{
	for (unsigned n = 1; n < 64; n *= 2)
		quotes ^= quotes << n;
	return quotes;
}

/* Brackets that are open. */
struct nesting {
	uint64_t objects; /* a bit for each, the innermost lowest */
	size_t depth;
};

_Static_assert(JSON_DEPTH_MAX <= 64, "struct nesting has a bit for each");

/* Brackets at these places; how many bytes there are up to the one that closes all, 0: none does.
 */
static inline size_t
follow_brackets(struct nesting *nesting, const unsigned char *p, const struct json_masks *masks,
		uint64_t places, bool *ret_bad)
{
	for (; places; places &= places - 1) {
		size_t at = (size_t)__builtin_ctzll(places);

		if (masks->opens >> at & 1) {
			*ret_bad |= nesting->depth++ == JSON_DEPTH_MAX;
			nesting->objects = nesting->objects << 1 | (p[at] == '{');
		} else {
			*ret_bad |= nesting->depth == 0 || (nesting->objects & 1) != (p[at] == '}');
			nesting->objects >>= 1;
			if (*ret_bad || --nesting->depth == 0)
				return at + 1;
		}
		if (*ret_bad)
			return at + 1;
	}
	return 0;
}

/*
 * As pass_nested(), for a value that lies in the buffer and is well: the way that nearly all of
 * them go, by 64 bytes or those in front of a backslash. Else nothing was done.
 */
static bool
pass_nested_here(struct scan *scan)
{
	const unsigned char *p = (const unsigned char *)scan->p + scan->at;
	const unsigned char *end = (const unsigned char *)scan->p + scan->filled;
	struct nesting nesting = {0, 0};
	bool in_string = false;
	bool bad = false;

	while (p < end) {
		unsigned char last[MASK_BYTES] = {0};
		size_t left = (size_t)(end - p);
		const unsigned char *block = p;

		if (left < MASK_BYTES)
			block = memcpy(last, p, left);
		struct json_masks masks = json_masks_of(block);
		size_t n = left < MASK_BYTES ? left : MASK_BYTES;
		uint64_t before = ~0ULL;
		if (masks.slashes) {
			n = (size_t)__builtin_ctzll(masks.slashes);
			before = (1ULL << n) - 1;
		}
		uint64_t inside = between_quotes(masks.quotes & before) ^ (in_string ? ~0ULL : 0);
		size_t done =
			follow_brackets(&nesting, block, &masks,
					(masks.opens | masks.closes) & before & ~inside, &bad);
		if (bad)
			return false;
		if (done) {
			scan->at +=
				(size_t)(p - ((const unsigned char *)scan->p + scan->at)) + done;
			return true;
		}
		in_string ^= __builtin_popcountll(masks.quotes & before) & 1;
		/* what a backslash stands for is passed with it; outside a string it is nothing */
		n += masks.slashes ? 1 + (size_t)in_string : 0;
		if (n > left)
			return false;
		p += n;
	}
	return false;
}

static int
pass_scalar(struct scan *scan, struct err *err)
{
	uint64_t start = scan->before + scan->at;

	do {
		run_to(scan, scalar_stops);
		int r = fill(scan, err);
		if (r < 0)
			return r;
	} while (scan->at == scan->filled ? !scan->ended
					  : !scalar_stops[(unsigned char)scan->p[scan->at]]);
	return scan->before + scan->at == start ? malformed(scan, "a value is missing", err) : 0;
}

static int
pass_value(struct scan *scan, struct err *err)
{
	int byte;
	int r = peek_token(scan, &byte, err);

	if (r < 0)
		return r;
	if (byte == '"')
		return pass_string(scan, err);
	if (byte == '{' || byte == '[')
		return pass_nested_here(scan) ? 0 : pass_nested(scan, err);
	return pass_scalar(scan, err);
}

/* The next value's own text, in the buffer until the next call. */
static int
take_value(struct scan *scan, struct span *ret, struct err *err)
{
	int byte;
	int r = peek_token(scan, &byte, err);

	if (r < 0)
		return r;
	scan->mark = scan->at;
	scan->marked = true;
	r = pass_value(scan, err);
	scan->marked = false;
	if (r < 0)
		return r;
	*ret = (struct span){scan->p + scan->mark, scan->at - scan->mark};
	return 0;
}

/* `end`: the document's bytes up to the text's end. */
static int
decode(uint64_t end, struct span text, json_t **ret, struct err *err)
{
	json_error_t at;
	json_t *json = json_loadb(text.p, text.n,
				  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &at);

	if (!json && !at.text[0])
		return err_memory(err);
	if (!json)
		return err_set(err, ERR_INVALID,
			       "not valid JSON: %.120s in the member that ends at byte %llu",
			       at.text, (unsigned long long)end);
	*ret = json;
	return 0;
}

static bool
is_plain(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' || (unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] > 0x7e)
			return false;
	}
	return true;
}

/* A member's name and the colon behind it. */
static int
take_key(struct scan *scan, struct buf *key, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct span text;
	int byte;
	int r = peek_token(scan, &byte, err);

	if (r < 0)
		return r;
	if (byte != '"')
		return malformed(scan, "a member's name is missing", err);
	r = take_value(scan, &text, err);
	if (r < 0)
		return r;

	struct span name = span_slice(text, 1, text.n - 1);
	if (!is_plain(name)) {
		r = decode(scan->before + scan->at, text, &json, err);
		if (r < 0)
			return r;
		name = json_string_span(json);
	}
	key->n = 0;
	if (buf_append(key, name, err) < 0)
		return err_wrap(err, "a JSON member's name");
	return expect(scan, ':', "no colon behind a member's name", err);
}

/* Hands on the next value under the name in visit->key. */
static int
visit_value(struct scan *scan, const struct visit *visit, bool beside, struct err *err)
{
	struct json_member member = {.key = buf_span(visit->key), .beside = beside};
	int r = take_value(scan, &member.text, err);

	if (r < 0)
		return r;
	member.end = scan->before + scan->at;
	return visit->each(visit->context, &member, err);
}

/* Behind a member: true in *ret_more behind a comma, false behind the closing bracket. */
static int
next_member(struct scan *scan, int close, bool *ret_more, struct err *err)
{
	int byte;
	int r = peek_token(scan, &byte, err);

	if (r < 0)
		return r;
	if (byte != ',' && byte != close)
		return malformed(scan, "no comma or closing bracket behind a member", err);
	scan->at++;
	*ret_more = byte == ',';
	return 0;
}

/* Takes an opening bracket; false in *ret_more when the closing one follows at once. */
static int
open_members(struct scan *scan, bool array, int *ret_close, bool *ret_more, struct err *err)
{
	int byte;
	int r = peek_token(scan, &byte, err);

	if (r < 0)
		return r;
	if (byte != '{' && (byte != '[' || !array))
		return malformed(scan, array ? "no object or array" : "no object", err);
	*ret_close = byte == '{' ? '}' : ']';
	scan->at++;
	r = peek_token(scan, &byte, err);
	if (r < 0)
		return r;
	*ret_more = byte != *ret_close;
	if (!*ret_more)
		scan->at++;
	return 0;
}

static int
visit_members(struct scan *scan, const struct visit *visit, struct err *err)
{
	bool more;
	int close;
	int r = open_members(scan, true, &close, &more, err);

	while (r == 0 && more) {
		visit->key->n = 0;
		if (close == '}')
			r = take_key(scan, visit->key, err);
		if (r == 0)
			r = visit_value(scan, visit, false, err);
		if (r == 0)
			r = next_member(scan, close, &more, err);
	}
	return r;
}

/* Behind a member that is not on the path. */
static int
pass_member(struct scan *scan, const struct visit *visit, struct err *err)
{
	int byte;
	int r = peek_token(scan, &byte, err);

	if (r < 0)
		return r;
	if (!visit->beside || byte == '{' || byte == '[')
		return pass_value(scan, err);
	return visit_value(scan, visit, true, err);
}

/* Follows `path` through objects; as deep as the path, whatever the document. */
static int
walk(struct scan *scan, struct span path, const struct visit *visit, struct err *err)
{
	struct span rest = path;
	bool found = false;
	bool more;
	int close;

	if (path.n == 0)
		return visit_members(scan, visit, err);
	struct span wanted = span_cut(&rest, '/');
	int r = open_members(scan, false, &close, &more, err);
	while (r == 0 && more) {
		r = take_key(scan, visit->key, err);
		bool here = r == 0 && span_equal(buf_span(visit->key), wanted);

		if (here && found)
			return malformed(scan, "a member that is there twice", err);
		if (r == 0)
			r = here ? walk(scan, rest, visit, err) : pass_member(scan, visit, err);
		found |= here;
		if (r == 0)
			r = next_member(scan, close, &more, err);
	}
	if (r == 0 && !found)
		return err_set(err, ERR_INVALID, "member \"%.*s\" is missing", SPAN_ARG(wanted));
	return r;
}

int
json_each(json_reader *read, void *context, const char *path, bool beside,
	  json_member_visitor *each, void *each_context, struct err *err)
{
	struct scan scan = {.read = read, .context = context};
	CLEANUP(buf_cleanup) struct buf key = BUF_INIT(JSON_KEY_MAX);
	struct visit visit = {each, beside, each_context, &key};
	int byte = 0;
	int r = walk(&scan, span_from(path), &visit, err);

	if (r == 0)
		r = peek_token(&scan, &byte, err);
	if (r == 0 && byte != -1)
		r = malformed(&scan, "something follows the document", err);
	free(scan.p);
	return r;
}
