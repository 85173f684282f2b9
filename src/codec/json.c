/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json.h"

#include "base/buf.h"
#include "base/bytes_mask.h"
#include "base/cleanup.h"
#include "base/limits.h"

void
json_cleanup(json_t **json)
{
	json_decref(*json);
	*json = NULL;
}

void
json_prepare(void)
{
	json_object_seed(0);
}

int
json_parse(struct span text, json_t **ret, struct err *err)
{
	json_error_t at;

	if (text.n > JSON_DOCUMENT_MAX)
		return err_set(err, ERR_LIMIT, "JSON document of %zu bytes (at most %lu)", text.n,
			       JSON_DOCUMENT_MAX);
	if (span_find(text, '\0') < text.n) /* jansson passes over some of them */
		return err_set(err, ERR_INVALID, "not valid JSON: a NUL byte");
	json_t *json = json_loadb(text.p ? text.p : "", text.n,
				  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &at);
	if (!json && !at.text[0]) /* jansson says what is wrong with a text, not that memory is */
		return err_memory(err);
	if (!json)
		return err_set(err, ERR_INVALID, "not valid JSON: line %d, column %d: %.120s",
			       at.line, at.column, at.text);
	*ret = json;
	return 0;
}

static int
wrong_type(const struct json_field *field, const char *wanted, struct err *err)
{
	return err_set(err, ERR_INVALID, "member \"%s\" is not %s", field->name, wanted);
}

struct span
json_string_span(const json_t *json)
{
	return json_is_string(json)
		       ? (struct span){json_string_value(json), json_string_length(json)}
		       : SPAN("");
}

int
json_names(json_t *object, bool (*is_wanted)(struct span name), struct arena *arena,
	   struct span *ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf names = BUF_INIT(JSON_DOCUMENT_MAX);
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		int r = is_wanted(span_from(key))
				? buf_printf(&names, err, "%s%s", names.n ? " " : "", key)
				: 0;

		if (r < 0)
			return r;
	}
	struct span text = arena_copy(arena, buf_span(&names));
	if (!text.p)
		return err_memory(err);
	*ret = text;
	return 0;
}

static int
copy_text(const json_t *value, struct arena *arena, struct span *ret, struct err *err)
{
	struct span text = json_string_span(value);

	if (memchr(text.p, '\0', text.n))
		return err_set(err, ERR_INVALID, "a string with a NUL byte");
	*ret = arena_copy(arena, text);
	return ret->p ? 0 : err_memory(err);
}

static int
read_strings(const json_t *value, const struct json_field *field, struct span_list *ret,
	     struct arena *arena, struct err *err)
{
	size_t count = json_array_size(value);

	if (!json_is_array(value))
		return wrong_type(field, "a list of strings", err);
	struct span *items = arena_array(arena, count ? count : 1, sizeof(*items));
	if (!items)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(value, i);

		if (!json_is_string(item))
			return wrong_type(field, "a list of strings", err);
		int r = copy_text(item, arena, &items[i], err);
		if (r < 0)
			return err_wrap(err, "\"%s\"", field->name);
	}
	*ret = (struct span_list){items, count};
	return 0;
}

static int
read_integer(const json_t *value, const struct json_field *field, void *to, struct err *err)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value))
		return wrong_type(field, "a whole number", err);
	if (field->type != JSON_FIELD_I64 && number < 0)
		return wrong_type(field, "a number of at least 0", err);
	if (field->type == JSON_FIELD_U32 && number > UINT32_MAX)
		return wrong_type(field, "a number below 2^32", err);
	if (field->type == JSON_FIELD_U32)
		*(uint32_t *)to = (uint32_t)number;
	else if (field->type == JSON_FIELD_U64)
		*(uint64_t *)to = (uint64_t)number;
	else
		*(int64_t *)to = number;
	return 0;
}

static int
read_field(json_t *value, const struct json_field *field, void *to, struct arena *arena,
	   struct err *err)
{
	switch (field->type) {
	case JSON_FIELD_SPAN:
		if (!json_is_string(value))
			return wrong_type(field, "a string", err);
		return copy_text(value, arena, to, err);
	case JSON_FIELD_U64:
	case JSON_FIELD_I64:
	case JSON_FIELD_U32:
		return read_integer(value, field, to, err);
	case JSON_FIELD_DOUBLE:
		if (!json_is_number(value))
			return wrong_type(field, "a number", err);
		*(double *)to = json_number_value(value);
		return 0;
	case JSON_FIELD_BOOL:
		if (!json_is_boolean(value))
			return wrong_type(field, "true or false", err);
		*(bool *)to = json_is_true(value);
		return 0;
	case JSON_FIELD_STRINGS:
		return read_strings(value, field, to, arena, err);
	case JSON_FIELD_RAW:
		*(json_t **)to = value;
		return 0;
	}
	return 0;
}

int
json_read(const json_t *object, const struct json_field *fields, void *record, struct arena *arena,
	  struct err *err)
{
	if (!json_is_object(object))
		return err_set(err, ERR_INVALID, "not a JSON object");
	for (const struct json_field *field = fields; field->name; field++) {
		json_t *value = json_object_get(object, field->name);

		if (!value || json_is_null(value)) {
			if (field->required)
				return err_set(err, ERR_INVALID, "member \"%s\" is missing",
					       field->name);
			continue;
		}
		int r = read_field(value, field, (char *)record + field->offset, arena, err);
		if (r < 0)
			return r;
	}
	return 0;
}

struct sink {
	struct buf text;
	struct err *err;
	int failed; /* the first failure */
};

static int
take_text(const char *text, size_t n, void *context)
{
	struct sink *sink = context;

	if (sink->failed == 0)
		sink->failed = buf_append(&sink->text, (struct span){text, n}, sink->err);
	return sink->failed < 0 ? -1 : 0;
}

int
json_text(const json_t *json, bool indent, struct arena *arena, struct span *ret, struct err *err)
{
	size_t flags = JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12) |
		       (indent ? (size_t)JSON_INDENT(2) : JSON_COMPACT);
	struct sink sink = {.text = BUF_INIT(ARENA_LIMIT_DEFAULT), .err = err};
	/* jansson forgets that a member's name could not be written; the sink does not */
	int dumped = json ? json_dump_callback(json, take_text, &sink, flags) : -1;
	int r = sink.failed;

	if (r == 0 && dumped < 0)
		r = err_memory(err);
	if (r == 0)
		r = buf_byte(&sink.text, '\n', err);
	struct span text = r == 0 ? arena_copy(arena, buf_span(&sink.text)) : SPAN("");
	buf_cleanup(&sink.text);
	if (r < 0)
		return r;
	if (!text.p)
		return err_memory(err);
	*ret = text;
	return 0;
}

int
json_check_list(const json_t *value, const char *name, struct err *err)
{
	if (!value || json_is_array(value))
		return 0;
	return err_set(err, ERR_INVALID, "member \"%s\" is not a list", name);
}

int
json_check_items(const json_t *list, const char *name, size_t max, struct err *err)
{
	if (!json_is_array(list))
		return err_set(err, ERR_INVALID, "member \"%s\" is not a list", name);
	if (json_array_size(list) > max)
		return err_set(err, ERR_LIMIT, "member \"%s\" has %zu items (at most %zu)", name,
			       json_array_size(list), max);
	return 0;
}

int
json_items(const json_t *list, const struct json_items *kind, struct arena *arena, void *ret_items,
	   size_t *ret_count, struct err *err)
{
	size_t count = json_array_size(list);
	int r = json_check_items(list, kind->name, kind->max, err);

	if (r < 0)
		return r;
	void *items = arena_array(arena, count + 1, kind->size);
	if (!items)
		return err_memory(err);
	memcpy(ret_items, &items, sizeof(items));
	*ret_count = count;
	return 0;
}

json_t *
json_number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

void
json_put(json_t **object, const char *name, json_t *value)
{
	if (json_object_set_new(*object, name, value) < 0) {
		json_decref(*object);
		*object = NULL;
	}
}

void
json_add(json_t **list, json_t *value)
{
	if (json_array_append_new(*list, value) < 0) {
		json_decref(*list);
		*list = NULL;
	}
}

size_t
json_utf8_length(struct span s)
{
	unsigned char first = (unsigned char)s.p[0];
	size_t n = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (n == 0 || first > 0xf4 || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return 0;
	}
	unsigned char second = n > 1 ? (unsigned char)s.p[1] : 0;
	bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
		   (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
	return bad ? 0 : n;
}

/* Whole words of ASCII at its beginning, in bytes. */
static size_t
ascii_length(struct span s)
{
	size_t n = 0;

	while (s.n - n >= sizeof(uint64_t) &&
	       (mask_word((const unsigned char *)s.p + n) & MASK_TOPS) == 0)
		n += sizeof(uint64_t);
	return n;
}

bool
json_is_text(struct span s)
{
	while (s.n > 0) {
		size_t n = ascii_length(s);

		if (n == 0)
			n = json_utf8_length(s);
		if (n == 0)
			return false;
		s = span_slice(s, n, s.n);
	}
	return true;
}

json_t *
json_span(struct span s)
{
	if (json_is_text(s))
		return json_stringn_nocheck(s.n ? s.p : "", s.n);

	CLEANUP(buf_cleanup) struct buf clean = BUF_INIT(s.n * 3 + 1);
	struct err ignored = ERR_INIT;
	while (s.n > 0) {
		size_t n = json_utf8_length(s);
		struct span part = n ? span_slice(s, 0, n) : SPAN("\xef\xbf\xbd");

		if (buf_append(&clean, part, &ignored) < 0)
			return NULL;
		s = span_slice(s, n ? n : 1, s.n);
	}
	return json_stringn(buf_span(&clean).p, clean.n);
}
