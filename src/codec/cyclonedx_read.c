/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cyclonedx_read.h"

#include "base/limits.h"

struct raw {
	struct span format;
	struct span version;
	struct cyclonedx_document document;
};

static const struct json_field fields[] = {
	{"bomFormat", JSON_FIELD_SPAN, offsetof(struct raw, format), true},
	{"specVersion", JSON_FIELD_SPAN, offsetof(struct raw, version), true},
	{"metadata", JSON_FIELD_RAW, offsetof(struct raw, document.metadata), false},
	{"components", JSON_FIELD_RAW, offsetof(struct raw, document.components), false},
	{"vulnerabilities", JSON_FIELD_RAW, offsetof(struct raw, document.vulnerabilities), false},
	{"compositions", JSON_FIELD_RAW, offsetof(struct raw, document.compositions), false},
	{0},
};

static int
check_version(struct span version, struct err *err)
{
	static const char versions[][4] = {"1.4", "1.5", "1.6", "1.7"};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (span_equal(version, span_from(versions[i])))
			return 0;
	}
	return err_set(err, ERR_UNSUPPORTED, "CycloneDX %.*s: only 1.4 to 1.7 are read",
		       version.n > 40 ? 40 : (int)version.n, version.p);
}

int
cyclonedx_read(const json_t *json, struct arena *arena, struct cyclonedx_document *ret,
	       struct err *err)
{
	struct raw raw = {.format = SPAN("")};
	int r = json_read(json, fields, &raw, arena, err);

	if (r == 0 && !span_equal(raw.format, SPAN("CycloneDX")))
		r = err_set(err, ERR_INVALID, "member \"bomFormat\" is not \"CycloneDX\"");
	if (r == 0)
		r = check_version(raw.version, err);
	if (r == 0)
		r = json_check_list(raw.document.components, "components", err);
	if (r < 0)
		return r;
	raw.document.format = arena_printf(arena, "CycloneDX %.*s", SPAN_ARG(raw.version));
	if (!raw.document.format.p)
		return err_memory(err);
	*ret = raw.document;
	return 0;
}

int
cyclonedx_walk(const json_t *list, cyclonedx_visitor *each, void *context, struct err *err)
{
	struct {
		const json_t *list;
		size_t next;
	} levels[SBOM_DEPTH_MAX];
	size_t depth = 1;

	levels[0].list = list;
	levels[0].next = 0;
	while (depth > 0) {
		const json_t *json =
			json_array_get(levels[depth - 1].list, levels[depth - 1].next++);
		json_t *inner = NULL;

		if (!json) {
			depth--;
			continue;
		}
		int r = each(context, json, &inner, err);
		if (r < 0)
			return r;
		if (json_array_size(inner) == 0)
			continue;
		if (depth == SBOM_DEPTH_MAX)
			return err_set(err, ERR_LIMIT, "components inside one another %d deep",
				       SBOM_DEPTH_MAX);
		levels[depth].list = inner;
		levels[depth].next = 0;
		depth++;
	}
	return 0;
}
