/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_cut.h"

#include "base/cleanup.h"
#include "codec/json.h"

/* The text is known to be JSON: no step looks for what cannot be there, but for its end. */
struct walk {
	struct span text;
	size_t at;
};

static char
peek(const struct walk *walk)
{
	if (walk->at >= walk->text.n)
		return '\0';
	return walk->text.p[walk->at];
}

static void
skip_blanks(struct walk *walk)
{
	while (walk->at < walk->text.n && strchr(" \t\r\n", peek(walk)) && peek(walk))
		walk->at++;
}

static void
skip_string(struct walk *walk)
{
	walk->at++;
	while (walk->at < walk->text.n && peek(walk) != '"')
		walk->at += peek(walk) == '\\' ? 2 : 1;
	walk->at++;
}

/* A value of any kind; nested ones by counting, as their balance was checked. */
static void
skip_value(struct walk *walk)
{
	size_t depth = 0;

	do {
		char c = peek(walk);

		if (c == '"') {
			skip_string(walk);
			continue;
		}
		if (depth == 0 && (c == ',' || c == ']' || c == '}' || strchr(" \t\r\n", c)))
			return;
		depth += c == '{' || c == '[';
		walk->at++;
		if (c == '}' || c == ']') {
			depth--;
			if (depth == 0)
				return;
		}
	} while (walk->at < walk->text.n && (depth || peek(walk) != '\0'));
}

static struct span
since(const struct walk *walk, size_t from)
{
	size_t end = walk->at < walk->text.n ? walk->at : walk->text.n;

	return span_slice(walk->text, from < end ? from : end, end);
}

/* One member or element: its key and value; stands behind it and the blanks that follow. */
static void
take_item(struct walk *walk, bool named, struct span *ret_key, struct span *ret_value)
{
	size_t from = walk->at;

	*ret_key = SPAN("");
	if (named) {
		skip_string(walk);
		struct span quoted = since(walk, from);
		if (quoted.n >= 2)
			*ret_key = span_slice(quoted, 1, quoted.n - 1);
		skip_blanks(walk);
		walk->at++; /* the colon */
		skip_blanks(walk);
		from = walk->at;
	}
	skip_value(walk);
	*ret_value = since(walk, from);
}

static bool
is_end(const struct walk *walk)
{
	char c = peek(walk);

	return c == '}' || c == ']' || c == '\0';
}

/* Moves to the value of a member of the object the text is; false: there is none. */
static bool
find_member(struct walk *walk, struct span name)
{
	skip_blanks(walk);
	if (peek(walk) != '{')
		return false;
	walk->at++;
	for (;;) {
		struct span key;
		struct span value;

		skip_blanks(walk);
		if (is_end(walk))
			return false;
		take_item(walk, true, &key, &value);
		if (span_equal(key, name)) {
			walk->at = (size_t)(value.p - walk->text.p);
			return true;
		}
		skip_blanks(walk);
		walk->at += peek(walk) == ',';
	}
}

/* From behind the bracket that opens to the one that closes. */
static int
cut_items(struct walk *walk, bool named, json_cut_judge *judge, void *context, struct buf *out,
	  struct err *err)
{
	size_t seen = 0;
	size_t kept = 0;
	size_t tail = walk->at; /* the blanks in front of the bracket that closes */
	int r = 0;

	for (;;) {
		size_t from = walk->at;
		struct span key;
		struct span value;
		bool keeps = true;

		skip_blanks(walk);
		if (is_end(walk))
			break;
		take_item(walk, named, &key, &value);
		seen++;
		tail = walk->at;
		skip_blanks(walk);
		bool last = peek(walk) != ',';
		if (last)
			walk->at = tail;
		struct span whole = since(walk, from);
		r = judge(context, key, value, &keeps, err);
		if (r == 0 && keeps && kept++)
			r = buf_byte(out, ',', err);
		if (r == 0 && keeps)
			r = buf_append(out, whole, err);
		if (r < 0)
			return r;
		walk->at += !last;
	}
	return kept || seen == 0 ? buf_append(out, since(walk, tail), err) : 0;
}

int
json_cut(struct span text, struct span name, json_cut_judge *judge, void *context, struct buf *out,
	 struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct walk walk = {text, 0};
	int r = json_parse(text, &json, err);

	if (r < 0)
		return r;
	if (name.n && !find_member(&walk, name))
		return buf_append(out, text, err);
	skip_blanks(&walk);
	char open = peek(&walk);
	if (open != '{' && open != '[')
		return buf_append(out, text, err);
	walk.at++;
	r = buf_append(out, span_slice(text, 0, walk.at), err);
	if (r == 0)
		r = cut_items(&walk, open == '{', judge, context, out, err);
	return r < 0 ? r : buf_append(out, span_slice(text, walk.at, text.n), err);
}
