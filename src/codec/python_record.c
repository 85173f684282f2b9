/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/python_record.h"

/* A field in quotes, doubled ones in it made one. `raw` is what stands between them. */
static struct span
unquote(struct arena *arena, struct span raw)
{
	char *text = arena_alloc(arena, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; text && i < raw.n; i++) {
		text[n++] = raw.p[i];
		i += raw.p[i] == '"';
	}
	return (struct span){text, n};
}

/* The end of a quoted field that begins at `at`: the place of its last quote, or text.n. */
static size_t
quote_end(struct span text, size_t at)
{
	for (size_t i = at + 1; i < text.n; i++) {
		if (text.p[i] != '"')
			continue;
		if (i + 1 == text.n || text.p[i + 1] != '"')
			return i;
		i++;
	}
	return text.n;
}

/* One field from *at on; *at is then behind it, on the comma, the end of line or the end. */
static int
take_field(struct span text, size_t *at, struct arena *arena, struct span *ret, struct err *err)
{
	size_t start = *at;
	size_t end = start;

	if (start < text.n && text.p[start] == '"') {
		size_t last = quote_end(text, start);

		if (last == text.n)
			return err_set(err, ERR_INVALID, "a quoted field does not end");
		*ret = span_slice(text, start + 1, last);
		if (span_find(*ret, '"') < ret->n)
			*ret = unquote(arena, *ret);
		if (!ret->p)
			return err_memory(err);
		end = last + 1;
	}
	size_t from = end;
	while (end < text.n && text.p[end] != ',' && text.p[end] != '\n')
		end++;
	if (from == start)
		*ret = span_slice(text, start, end);
	*at = end;
	return 0;
}

int
python_record_next(struct span *rest, struct arena *arena, struct python_record_line *ret,
		   bool *ret_more, struct err *err)
{
	struct python_record_line line = {.path = SPAN(""), .digest = SPAN("")};
	size_t at = 0;
	int r = 0;

	*ret_more = rest->n > 0;
	if (rest->n == 0)
		return 0;
	for (size_t field = 0; r == 0; field++) {
		struct span value = SPAN("");

		r = take_field(*rest, &at, arena, &value, err);
		if (field == 0)
			line.path = value;
		if (field == 1)
			line.digest = value;
		if (at == rest->n || rest->p[at] != ',')
			break;
		at++;
	}
	if (r < 0)
		return r;
	if (line.path.n && line.path.p[line.path.n - 1] == '\r')
		line.path.n--;
	at += at < rest->n;
	line.text = span_slice(*rest, 0, at);
	*rest = span_slice(*rest, at, rest->n);
	*ret = line;
	return 0;
}

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool
python_record_digest(struct span digest, uint8_t ret[PYTHON_DIGEST_BYTES])
{
	static const struct span prefix = SPAN_INIT("sha256=");
	uint8_t bytes[33] = {0};
	unsigned bits = 0;
	size_t n = 0;

	if (!span_starts_with(digest, prefix))
		return false;
	struct span text = span_slice(digest, prefix.n, digest.n);
	while (text.n && text.p[text.n - 1] == '=')
		text.n--;
	if (text.n != 43) /* of 32 bytes */
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int value = value_of(text.p[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (unsigned)value;
		if (i % 4 != 0)
			bytes[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	memcpy(ret, bytes, PYTHON_DIGEST_BYTES);
	return true;
}
