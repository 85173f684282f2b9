/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at what stands on a tape. */
#include "codec/json_tape/reader.h"

enum { REAL_DIGITS = 15 }; /* so many are exact in a double, and so is 10^15 */

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
		    span_equal(json_token_text(object.tape, &tokens[at]), name))
			return (struct json_view){object.tape, at + 1};
	}
	return (struct json_view){0};
}

struct span
json_view_string(struct json_view view)
{
	if (json_view_kind(view) != JSON_KIND_STRING)
		return (struct span){0};
	return json_token_text(view.tape, token_of(view));
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
	struct span text = json_token_text(view.tape, token_of(view));
	bool minus = text.p[0] == '-';
	if (text.n - minus > JSON_INTEGER_DIGITS)
		return json_parse_long_number(text, false, &ignored, ret) == 0;
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
		struct span text = json_token_text(view.tape, token_of(view));

		return parse_short_real(text, ret) ||
		       json_parse_long_number(text, true, ret, &integer) == 0;
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
		*ret_key = json_token_text(walk->tape, &walk->tape->tokens[walk->at++]);
	*ret_value = (struct json_view){walk->tape, walk->at};
	walk->at = walk->tape->tokens[walk->at].next;
	return true;
}
