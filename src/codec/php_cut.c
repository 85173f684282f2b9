/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/php_cut.h"

#include "base/limits.h"

struct walk {
	struct span text;
	size_t at;
	size_t copied; /* up to here it is in `out`, or was left out */
	struct span name;
	php_cut_judge *judge;
	void *context;
	struct buf *out;
	struct err *err;
};

static int
strange(struct walk *walk)
{
	return err_set(walk->err, ERR_UNSUPPORTED, "byte %zu: more than a literal", walk->at);
}

static void
skip_blanks(struct walk *walk)
{
	while (walk->at < walk->text.n && walk->text.p[walk->at] &&
	       strchr(" \t\r\n", walk->text.p[walk->at]))
		walk->at++;
}

/* Passes over `word` and the blanks behind it. */
static bool
take(struct walk *walk, struct span word)
{
	if (!span_starts_with(span_slice(walk->text, walk->at, walk->text.n), word))
		return false;
	walk->at += word.n;
	skip_blanks(walk);
	return true;
}

static int
take_string(struct walk *walk, struct span *ret)
{
	size_t from = ++walk->at;

	while (walk->at < walk->text.n && walk->text.p[walk->at] != '\'')
		walk->at += walk->text.p[walk->at] == '\\' ? 2 : 1;
	if (walk->at >= walk->text.n)
		return strange(walk);
	*ret = span_slice(walk->text, from, walk->at);
	walk->at++;
	skip_blanks(walk);
	return 0;
}

/* A number, or one of the words that mean a value. */
static int
take_word(struct walk *walk)
{
	static const struct span words[] = {SPAN_INIT("__DIR__"), SPAN_INIT("true"),
					    SPAN_INIT("false"), SPAN_INIT("null"),
					    SPAN_INIT("NULL")};
	size_t from = walk->at;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (take(walk, words[i]))
			return 0;
	}
	while (walk->at < walk->text.n && walk->text.p[walk->at] >= '0' &&
	       walk->text.p[walk->at] <= '9')
		walk->at++;
	if (walk->at == from)
		return strange(walk);
	skip_blanks(walk);
	return 0;
}

/* Strings and words joined by dots; *ret is the string when it is one alone. */
static int
take_scalar(struct walk *walk, struct span *ret)
{
	bool more = true;
	int r = 0;

	*ret = SPAN("");
	for (size_t parts = 0; r == 0 && more; parts++) {
		struct span text = SPAN("");

		if (walk->at < walk->text.n && walk->text.p[walk->at] == '\'')
			r = take_string(walk, &text);
		else
			r = take_word(walk);
		*ret = parts ? SPAN("") : text;
		more = r == 0 && take(walk, SPAN("."));
	}
	return r;
}

enum place {
	PLACE_TOP,    /* in the array that is returned */
	PLACE_INSIDE, /* in the array whose members are judged */
	PLACE_OTHER,
};

static int take_value(struct walk *walk, enum place place, size_t depth, struct span *ret);

/* What was passed over since the last time goes out; what follows up to `at` does not. */
static int
leave_out(struct walk *walk, size_t from)
{
	int r = buf_append(walk->out, span_slice(walk->text, walk->copied, from), walk->err);

	walk->copied = walk->at;
	return r;
}

/* One member with the comma behind it, from `from` on, which is before the blanks. */
static int
take_member(struct walk *walk, enum place place, size_t depth, size_t from)
{
	struct span key = SPAN("");
	struct span ignored;
	bool named = false;
	int r = take_value(walk, PLACE_OTHER, depth, &key);

	if (r == 0 && take(walk, SPAN("=>"))) {
		bool judged = place == PLACE_TOP && span_equal(key, walk->name);

		named = key.n > 0;
		r = take_value(walk, judged ? PLACE_INSIDE : PLACE_OTHER, depth, &ignored);
	}
	if (r < 0)
		return r;
	if (walk->at < walk->text.n && walk->text.p[walk->at] == ',')
		walk->at++;
	if (place == PLACE_INSIDE && named && !walk->judge(walk->context, key))
		return leave_out(walk, from);
	return 0;
}

static int
take_array(struct walk *walk, enum place place, size_t depth, struct span close)
{
	int r = 0;

	if (depth >= LANGUAGE_DEPTH_MAX)
		return err_set(walk->err, ERR_LIMIT, "too deep (LANGUAGE_DEPTH_MAX %d)",
			       LANGUAGE_DEPTH_MAX);
	while (r == 0) {
		size_t from = walk->at;

		skip_blanks(walk);
		if (take(walk, close))
			return 0;
		r = take_member(walk, place, depth + 1, from);
	}
	return r;
}

static int
take_value(struct walk *walk, enum place place, size_t depth, struct span *ret)
{
	*ret = SPAN("");
	if (walk->at < walk->text.n && walk->text.p[walk->at] == '[') {
		walk->at++;
		return take_array(walk, place, depth, SPAN("]"));
	}
	if (take(walk, SPAN("array"))) {
		if (walk->at >= walk->text.n || walk->text.p[walk->at] != '(')
			return strange(walk);
		walk->at++;
		return take_array(walk, place, depth, SPAN(")"));
	}
	return take_scalar(walk, ret);
}

int
php_cut(struct span text, struct span name, php_cut_judge *judge, void *context, struct buf *out,
	struct err *err)
{
	struct walk walk = {text, 0, 0, name, judge, context, out, err};
	struct span ignored;

	if (!take(&walk, SPAN("<?php")) || !take(&walk, SPAN("return")))
		return strange(&walk);
	int r = take_value(&walk, PLACE_TOP, 0, &ignored);
	if (r < 0)
		return r;
	(void)take(&walk, SPAN(";"));
	(void)take(&walk, SPAN("?>"));
	if (walk.at != text.n)
		return strange(&walk);
	return buf_append(out, span_slice(text, walk.copied, text.n), err);
}
