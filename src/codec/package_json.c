/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/package_json.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/spdx_licence.h"

/* No blanks, nothing that cannot be printed, and no slash but behind a scope. */
static bool
is_name(struct span name)
{
	size_t slashes = 0;

	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c <= ' ' || c == 0x7f || c == '\\')
			return false;
		slashes += c == '/';
	}
	return name.n > 0 && name.p[0] != '.' && slashes == (name.p[0] == '@' ? 1U : 0U) &&
	       name.p[name.n - 1] != '/' && !span_starts_with(name, SPAN("@/"));
}

static bool
is_version(struct span version)
{
	for (size_t i = 0; i < version.n; i++) {
		unsigned char c = (unsigned char)version.p[i];

		if (c <= ' ' || c >= 0x7f)
			return false;
	}
	return true;
}

static int
take_name(const json_t *json, struct arena *arena, struct package_json *ret, struct err *err)
{
	const json_t *name = json_object_get(json, "name");
	const json_t *version = json_object_get(json, "version");

	if ((name && !json_is_string(name)) || (version && !json_is_string(version)))
		return err_set(err, ERR_INVALID, "its %s is no text",
			       name && !json_is_string(name) ? "name" : "version");
	ret->name = arena_copy(arena, json_string_span(name));
	ret->version = arena_copy(arena, span_trim(json_string_span(version)));
	if (!ret->name.p || !ret->version.p)
		return err_memory(err);
	if (ret->name.n && !is_name(ret->name))
		return err_set(err, ERR_INVALID, "its name is none");
	if (!is_version(ret->version))
		return err_set(err, ERR_INVALID, "its version is none");
	return 0;
}

/* "MIT", {"type": "MIT"}, and of old [{"type": "MIT"}]. */
static struct span
licence_of(const json_t *json)
{
	const json_t *licence = json_object_get(json, "license");

	if (!licence)
		licence = json_object_get(json, "licenses");
	if (json_is_array(licence) && json_array_size(licence) == 1)
		licence = json_array_get(licence, 0);
	if (json_is_object(licence))
		licence = json_object_get(licence, "type");
	struct span text = span_trim(json_string_span(licence));
	/* "(MIT OR CC0-1.0)" */
	if (text.n > 2 && text.p[0] == '(' && span_find(text, ')') == text.n - 1 &&
	    span_find_last(text, '(') == 0)
		text = span_trim(span_slice(text, 1, text.n - 1));
	return spdx_licence_is_name(text) ? text : SPAN("");
}

int
package_json_read(struct span text, struct arena *arena, struct package_json *ret, struct err *err)
{
	static const struct span mark = SPAN_INIT("\xef\xbb\xbf"); /* npm passes over it, too */
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct package_json package = {.name = SPAN("")};

	if (text.n > LANGUAGE_RECORD_MAX)
		return err_set(err, ERR_LIMIT, "%zu bytes (LANGUAGE_RECORD_MAX %lu)", text.n,
			       LANGUAGE_RECORD_MAX);
	if (span_starts_with(text, mark))
		text = span_slice(text, mark.n, text.n);
	int r = json_parse(text, &json, err);
	if (r == 0 && !json_is_object(json))
		r = err_set(err, ERR_INVALID, "no JSON object");
	if (r == 0)
		r = take_name(json, arena, &package, err);
	if (r == 0)
		r = json_names(json_object_get(json, "dependencies"), is_name, arena,
			       &package.depends, err);
	if (r < 0)
		return r;
	package.licence = arena_copy(arena, licence_of(json));
	if (!package.licence.p)
		return err_memory(err);
	*ret = package;
	return 0;
}
