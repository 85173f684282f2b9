/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/simple_signing.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"

#include <stdlib.h>
#include <strings.h>

/*
 * How Go's encoding/json escapes a byte: \n, \r, \t, quote and backslash short, other control
 * characters and <, >, & as \u00xx. (Go before 1.22 wrote \b and \f long, later ones short: what
 * is signed is what is stored, so either is good.)
 */
static int
put_byte(struct buf *to, unsigned char byte, struct err *err)
{
	static const char *const shorts[256] = {
		['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t", ['"'] = "\\\"", ['\\'] = "\\\\",
	};

	if (shorts[byte])
		return buf_append(to, span_from(shorts[byte]), err);
	if (byte < 0x20 || byte == '<' || byte == '>' || byte == '&')
		return buf_printf(to, err, "\\u%04x", byte);
	return buf_byte(to, (char)byte, err);
}

/* U+2028 and U+2029, which Go escapes as well. */
static bool
is_line_separator(struct span s)
{
	return s.n >= 3 && memcmp(s.p, "\xe2\x80", 2) == 0 &&
	       ((unsigned char)s.p[2] & 0xfe) == 0xa8;
}

static int
put_string(struct buf *to, struct span s, struct err *err)
{
	CLEANUP(json_cleanup) json_t *checked = json_stringn(s.n ? s.p : "", s.n);

	if (!checked)
		return err_set(err, ERR_INVALID, "text that is not UTF-8");
	int r = buf_byte(to, '"', err);
	for (size_t i = 0; r == 0 && i < s.n; i++) {
		if (is_line_separator(span_slice(s, i, s.n))) {
			r = buf_printf(to, err, "\\u%x",
				       0x2000 + ((unsigned char)s.p[i + 2] & 0x3f));
			i += 2;
		} else {
			r = put_byte(to, (unsigned char)s.p[i], err);
		}
	}
	return r < 0 ? r : buf_byte(to, '"', err);
}

static int
put_annotations(struct buf *to, const struct simple_signing *payload, struct err *err)
{
	int r = 0;

	if (payload->annotation_count == 0)
		return buf_append(to, SPAN("null"), err);
	for (size_t i = 0; r == 0 && i < payload->annotation_count; i++) {
		const struct signing_annotation *one = &payload->annotations[i];

		if (i > 0 && span_compare(one[-1].name, one->name) >= 0)
			return err_set(err, ERR_INVALID, "annotations that are not in order");
		r = buf_byte(to, i == 0 ? '{' : ',', err);
		if (r == 0)
			r = put_string(to, one->name, err);
		if (r == 0)
			r = buf_byte(to, ':', err);
		if (r == 0)
			r = put_string(to, one->value, err);
	}
	return r < 0 ? r : buf_byte(to, '}', err);
}

int
simple_signing_write(const struct simple_signing *payload, struct arena *arena, struct span *ret,
		     struct err *err)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(SIGNING_PAYLOAD_MAX);
	char digest[DIGEST_TEXT];
	int r = buf_append(&text, SPAN("{\"critical\":{\"identity\":{\"docker-reference\":"), err);

	if (r == 0)
		r = put_string(&text, payload->reference, err);
	if (r == 0)
		r = buf_printf(&text, err,
			       "},\"image\":{\"docker-manifest-digest\":\"%s\"},"
			       "\"type\":\"" SIMPLE_SIGNING_TYPE "\"},\"optional\":",
			       digest_format(&payload->digest, digest));
	if (r == 0)
		r = put_annotations(&text, payload, err);
	if (r == 0)
		r = buf_byte(&text, '}', err);
	if (r < 0)
		return r;
	struct span copy = arena_copy(arena, buf_span(&text));
	if (!copy.p)
		return err_memory(err);
	*ret = copy;
	return 0;
}

/* The member of this name in any case; *ret is NULL when there is none. */
static int
find_member(json_t *object, const char *name, json_t **ret, struct err *err)
{
	json_t *found = NULL;
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return err_set(err, ERR_INVALID, "what should hold \"%s\" is not an object", name);
	json_object_foreach(object, key, value)
	{
		if (strcasecmp(key, name) != 0)
			continue;
		if (found)
			return err_set(err, ERR_INVALID, "\"%s\" is there twice", name);
		found = value;
	}
	*ret = found;
	return 0;
}

/* A text at a path of two members. */
static int
read_text(json_t *critical, const char *outer, const char *inner, struct arena *arena,
	  struct span *ret, struct err *err)
{
	json_t *value = critical;
	int r = outer ? find_member(critical, outer, &value, err) : 0;

	if (r == 0)
		r = find_member(value, inner, &value, err);
	if (r < 0)
		return r;
	if (!json_is_string(value))
		return err_set(err, ERR_INVALID, "\"%s\" is missing or not a string", inner);
	*ret = arena_copy(arena, json_string_span(value));
	return ret->p ? 0 : err_memory(err);
}

static int
compare_annotations(const void *a, const void *b)
{
	const struct signing_annotation *left = a;
	const struct signing_annotation *right = b;

	return span_compare(left->name, right->name);
}

static int
annotation_text(const json_t *value, struct arena *arena, struct span *ret, struct err *err)
{
	struct span text;

	if (json_is_string(value)) {
		*ret = arena_copy(arena, json_string_span(value));
		return ret->p ? 0 : err_memory(err);
	}
	int r = json_text(value, false, arena, &text, err);
	if (r == 0)
		*ret = span_slice(text, 0, text.n - 1);
	return r;
}

static int
read_annotations(json_t *optional, struct arena *arena, struct simple_signing *ret, struct err *err)
{
	size_t count = json_object_size(optional);
	const char *name;
	json_t *value;

	if (!optional || json_is_null(optional) || (json_is_object(optional) && count == 0))
		return 0;
	if (!json_is_object(optional))
		return err_set(err, ERR_INVALID, "\"optional\" is not an object");
	struct signing_annotation *items = arena_array(arena, count, sizeof(*items));
	if (!items)
		return err_memory(err);
	size_t n = 0;
	json_object_foreach(optional, name, value)
	{
		items[n].name = arena_copy(arena, span_from(name));
		if (!items[n].name.p)
			return err_memory(err);
		int r = annotation_text(value, arena, &items[n].value, err);
		if (r < 0)
			return r;
		n++;
	}
	qsort(items, n, sizeof(*items), compare_annotations);
	ret->annotations = items;
	ret->annotation_count = n;
	return 0;
}

static int
read_parsed(json_t *json, struct arena *arena, struct simple_signing *ret, struct err *err)
{
	struct simple_signing payload = {0};
	json_t *critical = NULL;
	json_t *optional = NULL;
	struct span type;
	struct span digest;
	int r = find_member(json, "critical", &critical, err);

	if (r == 0)
		r = find_member(json, "optional", &optional, err);
	if (r == 0)
		r = read_text(critical, NULL, "type", arena, &type, err);
	if (r == 0)
		r = read_text(critical, "identity", "docker-reference", arena, &payload.reference,
			      err);
	if (r == 0)
		r = read_text(critical, "image", "docker-manifest-digest", arena, &digest, err);
	if (r != 0)
		return r;
	if (!span_equal(type, SPAN(SIMPLE_SIGNING_TYPE)))
		return err_set(err, ERR_UNSUPPORTED, "its type is not \"" SIMPLE_SIGNING_TYPE "\"");
	r = digest_parse(digest, &payload.digest, err);
	if (r == 0)
		r = read_annotations(optional, arena, &payload, err);
	if (r == 0)
		*ret = payload;
	return r;
}

int
simple_signing_read(struct span text, struct arena *arena, struct simple_signing *ret,
		    struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;

	if (text.n > SIGNING_PAYLOAD_MAX)
		return err_set(err, ERR_LIMIT, "a signing payload of %zu bytes (at most %lu)",
			       text.n, SIGNING_PAYLOAD_MAX);
	int r = json_parse(text, &json, err);
	if (r == 0)
		r = read_parsed(json, arena, ret, err);
	return r < 0 ? err_wrap(err, "signing payload") : 0;
}
