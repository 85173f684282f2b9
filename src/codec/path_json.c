/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/path_json.h"

#include "base/cleanup.h"
#include "base/limits.h"

json_t *
path_json_make(struct span path)
{
	static const char digits[] = "0123456789abcdef";

	if (json_is_text(path))
		return json_stringn_nocheck(path.p, path.n);
	CLEANUP(free_cleanup) char *hex = malloc(path.n * 2 + 1);
	if (!hex)
		return NULL;
	for (size_t i = 0; i < path.n; i++) {
		hex[i * 2] = digits[(unsigned char)path.p[i] >> 4];
		hex[i * 2 + 1] = digits[(unsigned char)path.p[i] & 15];
	}
	return json_pack("{s:o}", "hex", json_stringn(hex, path.n * 2));
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
hex_read(struct span hex, struct arena *arena, struct span *ret, struct err *err)
{
	char *bytes = arena_alloc(arena, hex.n / 2 + 1);

	if (!bytes)
		return err_memory(err);
	for (size_t i = 0; i < hex.n / 2; i++) {
		int high = hex_digit(hex.p[i * 2]);
		int low = hex_digit(hex.p[i * 2 + 1]);

		if (high < 0 || low < 0 || (high | low) == 0)
			return err_set(err, ERR_INVALID, "not hexadecimal bytes of a path");
		bytes[i] = (char)(high << 4 | low);
	}
	if (hex.n % 2)
		return err_set(err, ERR_INVALID, "not hexadecimal bytes of a path");
	*ret = (struct span){bytes, hex.n / 2};
	return 0;
}

static int
bytes_read(const json_t *value, struct arena *arena, struct span *ret, struct err *err)
{
	const json_t *hex = json_object_get(value, "hex");
	const json_t *from = hex ? hex : value;
	struct span text = json_string_span(from);

	if (!json_is_string(from) || memchr(text.p, '\0', text.n))
		return err_set(err, ERR_INVALID, "a path is not text");
	if (hex)
		return hex_read(text, arena, ret, err);
	*ret = arena_copy(arena, text);
	return ret->p ? 0 : err_memory(err);
}

int
path_json_read_below(const json_t *value, struct span folder, struct arena *arena, struct span *ret,
		     struct err *err)
{
	struct span name;
	int r = bytes_read(value, arena, &name, err);

	if (r < 0)
		return r;
	if (name.n == 0 || memchr(name.p, '/', name.n))
		return err_set(err, ERR_INVALID, "a name is empty or has a \"/\"");
	if (name.n > IMAGE_PATH_MAX - folder.n)
		return err_set(err, ERR_LIMIT, "a path of %zu bytes (at most %d)",
			       folder.n + name.n, IMAGE_PATH_MAX);
	*ret = arena_printf(arena, "%.*s/%.*s", (int)(folder.n > 1 ? folder.n : 0), folder.p,
			    SPAN_ARG(name));
	return ret->p ? 0 : err_memory(err);
}

int
path_json_read(const json_t *value, struct arena *arena, struct span *ret, struct err *err)
{
	struct span text;
	int r = bytes_read(value, arena, &text, err);

	if (r < 0)
		return r;
	if (text.n == 0 || text.p[0] != '/')
		return err_set(err, ERR_INVALID, "a path is not absolute");
	if (text.n > IMAGE_PATH_MAX)
		return err_set(err, ERR_LIMIT, "a path of %zu bytes (at most %d)", text.n,
			       IMAGE_PATH_MAX);
	*ret = text;
	return 0;
}
