/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cargo_audit.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/elf.h"
#include "codec/json.h"

#include <zlib.h>

static bool
note_section(void *context, const struct elf_section *section)
{
	struct span *found = context;

	if (!span_equal(section->name, SPAN(".dep-v0")))
		return true;
	*found = section->bytes;
	return false;
}

static int
unpack(struct span packed, char *to, size_t *n, struct err *err)
{
	uLongf room = (uLongf)*n;
	int code = uncompress((Bytef *)to, &room, (const Bytef *)packed.p, (uLong)packed.n);

	if (code == Z_MEM_ERROR)
		return err_memory(err);
	if (code == Z_BUF_ERROR && room == *n)
		return err_set(err, ERR_LIMIT,
			       "its list of crates has more than %lu bytes (CARGO_AUDIT_MAX)",
			       CARGO_AUDIT_MAX);
	if (code != Z_OK)
		return err_set(err, ERR_INVALID, "its list of crates cannot be unpacked");
	*n = (size_t)room;
	return 0;
}

struct row {
	struct cargo_package package;
	struct span kind;
};

static const struct json_field fields[] = {
	{"name", JSON_FIELD_SPAN, offsetof(struct row, package.name), true},
	{"version", JSON_FIELD_SPAN, offsetof(struct row, package.version), true},
	{"source", JSON_FIELD_SPAN, offsetof(struct row, package.source), false},
	{"root", JSON_FIELD_BOOL, offsetof(struct row, package.root), false},
	{"kind", JSON_FIELD_SPAN, offsetof(struct row, kind), false},
	{0},
};

static int
read_packages(const json_t *document, struct arena *arena, struct cargo_audit *ret, struct err *err)
{
	const json_t *list = json_object_get(document, "packages");
	struct cargo_audit audit = {0};

	if (!json_is_array(list))
		return err_set(err, ERR_INVALID, "its list of crates has no \"packages\"");
	if (json_array_size(list) > CARGO_PACKAGES_MAX)
		return err_set(err, ERR_LIMIT, "%zu crates (CARGO_PACKAGES_MAX %d)",
			       json_array_size(list), CARGO_PACKAGES_MAX);
	audit.packages = arena_array(arena, json_array_size(list) + 1, sizeof(*audit.packages));
	if (!audit.packages)
		return err_memory(err);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct row row = {.kind = SPAN("runtime")};
		int r = json_read(json_array_get(list, i), fields, &row, arena, err);

		if (r == 0 && row.package.name.n == 0)
			r = err_set(err, ERR_INVALID, "no name");
		if (r < 0)
			return err_wrap(err, "crate %zu", i);
		if (!span_equal(row.kind, SPAN("build")))
			audit.packages[audit.count++] = row.package;
	}
	*ret = audit;
	return 0;
}

int
cargo_audit_read(struct span file, struct arena *arena, struct cargo_audit *ret, struct err *err)
{
	CLEANUP(free_cleanup) char *text = NULL;
	CLEANUP(json_cleanup) json_t *document = NULL;
	struct span section = {NULL, 0};
	size_t n = CARGO_AUDIT_MAX;
	int r = elf_sections(file, note_section, &section, err);

	if (r < 0)
		return r;
	if (!section.p)
		return err_set(err, ERR_NOT_FOUND, "no list of crates");
	text = malloc(n);
	if (!text)
		return err_memory(err);
	r = unpack(section, text, &n, err);
	if (r == 0)
		r = json_parse((struct span){text, n}, &document, err);
	return r < 0 ? r : read_packages(document, arena, ret, err);
}
