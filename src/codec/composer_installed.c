/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/composer_installed.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/spdx_licence.h"

static bool
is_printable(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f)
			return false;
	}
	return s.n > 0;
}

/* "vendor/name". */
static bool
is_name(struct span name)
{
	size_t slash = span_find(name, '/');

	return is_printable(name) && slash > 0 && slash + 1 < name.n && name.p[0] != '.' &&
	       name.p[slash + 1] != '.' && span_find_last(name, '/') == slash;
}

static int
join(struct buf *buf, const char *separator, struct span part, struct err *err)
{
	int r = buf->n ? buf_append(buf, span_from(separator), err) : 0;

	return r < 0 ? r : buf_append(buf, part, err);
}

/* Any one of them may be chosen. */
static int
take_licences(const json_t *json, struct arena *arena, struct composer_package *ret,
	      struct err *err)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(PACKAGE_DATABASE_MAX);
	const json_t *list = json_object_get(json, "license");
	int r = 0;

	if (json_is_string(list))
		r = buf_append(&text, json_string_span(list), err);
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = join(&text, " OR ", json_string_span(json_array_get(list, i)), err);
	if (r < 0)
		return r;
	bool good = spdx_licence_is_name(buf_span(&text));
	ret->licence = arena_copy(arena, good ? buf_span(&text) : SPAN(""));
	return ret->licence.p ? 0 : err_memory(err);
}

static int
take_package(json_t *json, struct arena *arena, struct composer_package *ret, struct err *err)
{
	const json_t *place = json_object_get(json, "install-path");
	struct span type = json_string_span(json_object_get(json, "type"));
	struct composer_package package = {
		.name = arena_copy(arena, json_string_span(json_object_get(json, "name"))),
		.version = arena_copy(arena, json_string_span(json_object_get(json, "version"))),
		.place = arena_copy(arena, json_string_span(place)),
		.nothing = json_is_null(place) || span_equal(type, SPAN("metapackage")),
	};

	if (!package.name.p || !package.version.p || !package.place.p)
		return err_memory(err);
	if (span_find(package.place, '\0') < package.place.n)
		package.place = SPAN("");
	int r = take_licences(json, arena, &package, err);
	/* "php" and "ext-json" have no slash and are no packages. */
	if (r == 0)
		r = json_names(json_object_get(json, "require"), is_name, arena, &package.depends,
			       err);
	if (r == 0)
		*ret = package;
	return r;
}

int
composer_installed_read(struct span text, struct arena *arena, struct composer_installed *ret,
			struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct composer_installed installed = {0};

	if (text.n > PACKAGE_DATABASE_MAX)
		return err_set(err, ERR_LIMIT, "%zu bytes (PACKAGE_DATABASE_MAX %lu)", text.n,
			       PACKAGE_DATABASE_MAX);
	int r = json_parse(text, &json, err);
	if (r < 0)
		return r;
	const json_t *list = json_is_object(json) ? json_object_get(json, "packages") : json;
	if (!json_is_array(list))
		return err_set(err, ERR_INVALID, "no list of packages");
	installed.packages =
		arena_array(arena, json_array_size(list) + 1, sizeof(*installed.packages));
	if (!installed.packages)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		struct composer_package *package = &installed.packages[installed.package_count];

		r = take_package(json_array_get(list, i), arena, package, err);
		bool good = r == 0 && is_name(package->name) && is_printable(package->version);
		installed.package_count += good;
		installed.faults += !good;
	}
	if (r == 0)
		*ret = installed;
	return r;
}

int
composer_entry_name(struct span entry, struct arena *arena, struct span *ret, struct err *err)
{
	json_error_t at;
	CLEANUP(json_cleanup)
	json_t *json = json_loadb(entry.p, entry.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &at);
	struct span name =
		json_string_span(json_is_object(json) ? json_object_get(json, "name") : json);

	name = arena_copy(arena, name);
	if (!name.p)
		return err_memory(err);
	*ret = name;
	return 0;
}
