/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/python_metadata.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/package_key.h"
#include "codec/spdx_licence.h"

struct reader {
	struct arena *arena;
	struct python_metadata metadata;
	struct span expression; /* License-Expression */
	struct span classifier; /* the last part of "License :: OSI Approved :: MIT License" */
	struct buf requires;
};

static void
reader_cleanup(struct reader *reader)
{
	buf_cleanup(&reader->requires);
}

/* Letters, digits and a few marks: what goes into a purl and beside advisories. */
static bool
is_word(struct span s, const char *marks)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && (!c || !strchr(marks, c)))
			return false;
	}
	return s.n > 0;
}

static int
take_name(struct reader *reader, struct span value, struct err *err)
{
	if (reader->metadata.name.p)
		return err_set(err, ERR_INVALID, "two names");
	if (!is_word(value, "-_."))
		return err_set(err, ERR_INVALID, "\"%.*s\" is no name", SPAN_ARG(value));
	reader->metadata.name = value;
	return 0;
}

static int
take_version(struct reader *reader, struct span value, struct err *err)
{
	if (reader->metadata.version.p)
		return err_set(err, ERR_INVALID, "two versions");
	if (!is_word(value, "-_.+!*"))
		return err_set(err, ERR_INVALID, "\"%.*s\" is no version", SPAN_ARG(value));
	reader->metadata.version = value;
	return 0;
}

/* A whole text of a licence is no name of one. */
static int
take_licence(struct reader *reader, struct span value, struct err *err)
{
	(void)err;
	if (spdx_licence_is_name(value) && !span_equal_nocase(value, SPAN("UNKNOWN")))
		reader->metadata.licence = value;
	return 0;
}

static int
take_expression(struct reader *reader, struct span value, struct err *err)
{
	(void)err;
	if (spdx_licence_is_name(value))
		reader->expression = value;
	return 0;
}

static int
take_classifier(struct reader *reader, struct span value, struct err *err)
{
	static const struct span head = SPAN_INIT("License :: ");
	size_t colon = span_find_last(value, ':');

	(void)err;
	if (span_starts_with(value, head) && colon < value.n && spdx_licence_is_name(value) &&
	    !span_ends_with(value, SPAN("OSI Approved")))
		reader->classifier = span_trim(span_slice(value, colon + 1, value.n));
	return 0;
}

/* "jinja2>=3.1 ; python_version < '3'": what only an extra asks for is not asked for. */
static int
take_requirement(struct reader *reader, struct span value, struct err *err)
{
	size_t marker = span_find(value, ';');
	size_t n = 0;

	if (marker < value.n && span_contains(span_slice(value, marker, value.n), SPAN("extra")))
		return 0;
	while (n < value.n && is_word(span_slice(value, n, n + 1), "-_."))
		n++;
	if (n == 0)
		return 0;
	struct span name = package_key(SPAN("pypi"), span_slice(value, 0, n), reader->arena);
	if (!name.p)
		return err_memory(err);
	int r = reader->requires.n ? buf_byte(&reader->requires, ' ', err) : 0;
	return r < 0 ? r : buf_append(&reader->requires, name, err);
}

static const struct {
	struct span name;
	int (*take)(struct reader *reader, struct span value, struct err *err);
} headers[] = {
	{SPAN_INIT("Name"), take_name},
	{SPAN_INIT("Version"), take_version},
	{SPAN_INIT("License"), take_licence},
	{SPAN_INIT("License-Expression"), take_expression},
	{SPAN_INIT("Classifier"), take_classifier},
	{SPAN_INIT("Requires-Dist"), take_requirement},
};

static int
take_header(struct reader *reader, struct span header, struct err *err)
{
	size_t colon = span_find(header, ':');

	if (colon == header.n)
		return 0;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (span_equal_nocase(span_slice(header, 0, colon), headers[i].name))
			return headers[i].take(
				reader, span_trim(span_slice(header, colon + 1, header.n)), err);
	}
	return 0;
}

/* One header with the lines that continue it; false at the end of them. */
static bool
next_header(struct span *rest, struct span *ret)
{
	struct span line;

	if (!rest->p)
		return false;
	*ret = span_cut(rest, '\n');
	if (span_trim(*ret).n == 0)
		return false;
	while (rest->p && rest->n && (rest->p[0] == ' ' || rest->p[0] == '\t')) {
		line = span_cut(rest, '\n');
		ret->n = (size_t)(line.p + line.n - ret->p);
	}
	return true;
}

int
python_metadata_read(struct span text, struct arena *arena, struct python_metadata *ret,
		     struct err *err)
{
	CLEANUP(reader_cleanup)
	struct reader reader = {.arena = arena, .requires = BUF_INIT(LANGUAGE_RECORD_MAX)};
	struct python_metadata *metadata = &reader.metadata;
	struct span rest = text;
	struct span header;
	int r = 0;

	if (text.n > LANGUAGE_RECORD_MAX)
		return err_set(err, ERR_LIMIT, "%zu bytes (LANGUAGE_RECORD_MAX %lu)", text.n,
			       LANGUAGE_RECORD_MAX);
	while (r == 0 && next_header(&rest, &header))
		r = take_header(&reader, header, err);
	if (r == 0 && (!metadata->name.p || !metadata->version.p))
		r = err_set(err, ERR_INVALID, "no %s", metadata->name.p ? "Version" : "Name");
	if (r < 0)
		return r;
	if (reader.expression.n || metadata->licence.n == 0)
		metadata->licence = reader.expression.n ? reader.expression : reader.classifier;
	metadata->requires = arena_copy(arena, buf_span(&reader.requires));
	if (!metadata->requires.p)
		return err_memory(err);
	*ret = reader.metadata;
	return 0;
}
