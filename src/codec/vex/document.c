/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/vex_document.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/vex/reading.h"

static const struct vex_format *const formats[] = {
	&vex_openvex,
	&vex_cyclonedx,
	&vex_csaf,
};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

static int
count_parts(struct vex_reading *reading, size_t count, struct err *err)
{
	if (count > VEX_PRODUCTS_MAX - reading->parts)
		return err_set(err, ERR_LIMIT, "more than %d products", VEX_PRODUCTS_MAX);
	reading->parts += count;
	return 0;
}

int
vex_products(struct vex_reading *reading, size_t count, struct openvex_product **ret,
	     struct err *err)
{
	int r = count_parts(reading, count, err);

	if (r < 0)
		return r;
	*ret = arena_array(reading->arena, count ? count : 1, sizeof(**ret));
	return *ret ? 0 : err_memory(err);
}

int
vex_components(struct vex_reading *reading, size_t count, struct openvex_component **ret,
	       struct err *err)
{
	int r = count_parts(reading, count, err);

	if (r < 0)
		return r;
	*ret = arena_array(reading->arena, count ? count : 1, sizeof(**ret));
	return *ret ? 0 : err_memory(err);
}

int
vex_add(struct vex_reading *reading, const struct vex_statement *statement, struct err *err)
{
	return vec_push(&reading->statements, statement, VEX_STATEMENTS_MAX, err);
}

int
vex_time(struct span text, int64_t *ret, struct err *err)
{
	return text.n ? clock_parse(text, ret, err) : 0;
}

int
vex_join(struct vex_reading *reading, struct span a, struct span b, struct span *ret,
	 struct err *err)
{
	*ret = arena_printf(reading->arena, "%.*s%s%.*s", SPAN_ARG(a), a.n && b.n ? ": " : "",
			    SPAN_ARG(b));
	return ret->p ? 0 : err_memory(err);
}

/* A document has one meaning or none. */
static int
find_format(const json_t *json, const struct vex_format **ret, struct err *err)
{
	const struct vex_format *found = NULL;

	for (size_t i = 0; i < FORMATS; i++) {
		if (!json_object_get(json, formats[i]->member))
			continue;
		if (found)
			return err_set(err, ERR_INVALID, "both \"%s\" and \"%s\"", found->member,
				       formats[i]->member);
		found = formats[i];
	}
	if (!found)
		return err_set(err, ERR_UNSUPPORTED,
			       "not OpenVEX, CycloneDX or CSAF in JSON: no other VEX is read");
	*ret = found;
	return 0;
}

static int
take_statements(const struct vex_reading *reading, struct vex_document *ret, struct err *err)
{
	struct vex_statement *items = vec_keep(&reading->statements, reading->arena);

	if (!items)
		return err_memory(err);
	*ret = (struct vex_document){reading->format, reading->author, items,
				     reading->statements.count};
	return 0;
}

int
vex_document_read(struct span text, struct arena *arena, struct vex_document *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct vex_reading reading = {.arena = arena, .author = SPAN("")};
	const struct vex_format *format = NULL;
	int r = json_parse(text, &json, err);

	if (r == 0)
		r = find_format(json, &format, err);
	if (r == 0)
		r = format->read(&reading, json, err);
	if (r == 0)
		r = take_statements(&reading, ret, err);
	vec_free(&reading.statements);
	return r;
}
