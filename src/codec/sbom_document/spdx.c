/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX 2.3, clauses 6 (document), 7 (package), 11 (relationship), 12 (annotation); as JSON. */
#include "codec/sbom_document/reading.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"

#define DOCUMENT "SPDXRef-DOCUMENT"

struct document {
	struct span version;
	struct span name;
	json_t *described; /* before 2.3 beside the relationships */
	json_t *packages;
	json_t *relationships;
	json_t *annotations;
};

static const struct json_field document_fields[] = {
	{"spdxVersion", JSON_FIELD_SPAN, offsetof(struct document, version), true},
	{"name", JSON_FIELD_SPAN, offsetof(struct document, name), false},
	{"documentDescribes", JSON_FIELD_RAW, offsetof(struct document, described), false},
	{"packages", JSON_FIELD_RAW, offsetof(struct document, packages), false},
	{"relationships", JSON_FIELD_RAW, offsetof(struct document, relationships), false},
	{"annotations", JSON_FIELD_RAW, offsetof(struct document, annotations), false},
	{0},
};

struct package {
	struct span id;
	struct span name;
	struct span version;
	struct span purpose;
	struct span summary;
	struct span source;
	struct span comment;
	json_t *references;
};

static const struct json_field package_fields[] = {
	{"SPDXID", JSON_FIELD_SPAN, offsetof(struct package, id), true},
	{"name", JSON_FIELD_SPAN, offsetof(struct package, name), false},
	{"versionInfo", JSON_FIELD_SPAN, offsetof(struct package, version), false},
	{"primaryPackagePurpose", JSON_FIELD_SPAN, offsetof(struct package, purpose), false},
	{"summary", JSON_FIELD_SPAN, offsetof(struct package, summary), false},
	{"sourceInfo", JSON_FIELD_SPAN, offsetof(struct package, source), false},
	{"comment", JSON_FIELD_SPAN, offsetof(struct package, comment), false},
	{"externalRefs", JSON_FIELD_RAW, offsetof(struct package, references), false},
	{0},
};

struct reference {
	struct span type;
	struct span locator;
};

static const struct json_field reference_fields[] = {
	{"referenceType", JSON_FIELD_SPAN, offsetof(struct reference, type), true},
	{"referenceLocator", JSON_FIELD_SPAN, offsetof(struct reference, locator), true},
	{0},
};

struct relationship {
	struct span from;
	struct span type;
	struct span to;
};

static const struct json_field relationship_fields[] = {
	{"spdxElementId", JSON_FIELD_SPAN, offsetof(struct relationship, from), true},
	{"relationshipType", JSON_FIELD_SPAN, offsetof(struct relationship, type), true},
	{"relatedSpdxElement", JSON_FIELD_SPAN, offsetof(struct relationship, to), true},
	{0},
};

struct annotation {
	struct span annotator;
	struct span comment;
};

static const struct json_field annotation_fields[] = {
	{"annotator", JSON_FIELD_SPAN, offsetof(struct annotation, annotator), false},
	{"comment", JSON_FIELD_SPAN, offsetof(struct annotation, comment), false},
	{0},
};

/* ---- what the document is about ---- */

static int
note_described(struct map *described, struct arena *arena, const json_t *relation, struct err *err)
{
	struct relationship one = {{NULL, 0}};
	const char *type = json_string_value(json_object_get(relation, "relationshipType"));

	/* as many as files: only these few are read whole */
	if (type && strcmp(type, "DESCRIBES") != 0 && strcmp(type, "DESCRIBED_BY") != 0)
		return 0;
	int r = json_read(relation, relationship_fields, &one, arena, err);
	if (r < 0)
		return err_wrap(err, "a relationship");
	if (span_equal(one.type, SPAN("DESCRIBES")) && span_equal(one.from, SPAN(DOCUMENT)))
		return map_put(described, one.to, 1, err);
	if (span_equal(one.type, SPAN("DESCRIBED_BY")) && span_equal(one.to, SPAN(DOCUMENT)))
		return map_put(described, one.from, 1, err);
	return 0;
}

static int
read_described(struct map *described, struct arena *arena, const struct document *document,
	       struct err *err)
{
	int r = json_check_list(document->described, "documentDescribes", err);
	size_t i;
	json_t *item;

	if (r == 0)
		r = json_check_list(document->relationships, "relationships", err);
	if (r < 0)
		return r;
	json_array_foreach(document->described, i, item)
	{
		if (!json_is_string(item))
			return err_set(err, ERR_INVALID,
				       "member \"documentDescribes\" is not a list of strings");
		r = map_put(described, json_string_span(item), 1, err);
		if (r < 0)
			return r;
	}
	json_array_foreach(document->relationships, i, item)
	{
		r = note_described(described, arena, item, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- packages ---- */

/* The first package URL; a gap says when there are others. */
static int
read_purl(struct sbom_reading *reading, const struct package *package, struct span *ret,
	  struct err *err)
{
	int r = json_check_list(package->references, "externalRefs", err);
	bool several = false;
	size_t i;
	json_t *item;

	if (r < 0)
		return r;
	json_array_foreach(package->references, i, item)
	{
		struct reference one = {{NULL, 0}};

		r = json_read(item, reference_fields, &one, reading->arena, err);
		if (r < 0)
			return err_wrap(err, "externalRefs");
		if (!span_equal(one.type, SPAN("purl")))
			continue;
		several |= ret->n && !span_equal(*ret, one.locator);
		if (ret->n == 0)
			*ret = one.locator;
	}
	return several ? sbom_reading_gap(
				 reading, *ret,
				 SPAN("the document gives it further package URLs: not matched"),
				 err)
		       : 0;
}

/* "built package from: NAME VERSION", the sentence in which the source package is stated. */
static void
read_source(struct span text, struct sbom_item *item)
{
	const struct span start = SPAN("built package from: ");

	if (!span_starts_with(text, start))
		return;
	struct span rest = span_trim(span_slice(text, start.n, text.n));
	item->source = span_cut(&rest, ' ');
	item->source_version = rest.p ? span_trim(rest) : SPAN("");
}

/* "guessed: told from the bytes of FILE alone", as mohs writes it. */
static void
read_guessed(struct span comment, struct sbom_item *item)
{
	const struct span start = SPAN("guessed: told from the bytes of ");
	const struct span end = SPAN(" alone");

	if (span_starts_with(comment, start) && span_ends_with(comment, end))
		item->guessed = span_slice(comment, start.n, comment.n - end.n);
}

/* The specification writes an underscore; some tools do not. */
static bool
is_system(struct span purpose)
{
	return span_equal(purpose, SPAN("OPERATING_SYSTEM")) ||
	       span_equal(purpose, SPAN("OPERATING-SYSTEM"));
}

static int
read_package(struct sbom_reading *reading, const struct map *described, const json_t *json,
	     struct err *err)
{
	struct package package = {{NULL, 0}};
	struct sbom_item item = {.purl = SPAN("")};
	uint64_t ignored;
	int r = json_read(json, package_fields, &package, reading->arena, err);

	if (r == 0)
		r = read_purl(reading, &package, &item.purl, err);
	if (r < 0)
		return err_wrap(err, "package %.*s", package.id.n > 80 ? 80 : (int)package.id.n,
				package.id.p ? package.id.p : "");
	item.kind = is_system(package.purpose)		       ? SBOM_ITEM_SYSTEM
		    : map_get(described, package.id, &ignored) ? SBOM_ITEM_SUBJECT
							       : SBOM_ITEM_PACKAGE;
	item.name = package.name;
	item.version = package.version;
	item.description = package.summary;
	read_source(package.source, &item);
	read_guessed(package.comment, &item);
	return sbom_reading_add(reading, &item, err);
}

static int
read_packages(struct sbom_reading *reading, const struct document *document, struct err *err)
{
	CLEANUP(map_cleanup) struct map *described = map_new(16);
	int r = json_check_list(document->packages, "packages", err);
	size_t i;
	json_t *item;

	if (!described)
		return err_memory(err);
	if (r == 0)
		r = read_described(described, reading->arena, document, err);
	if (r < 0)
		return r;
	json_array_foreach(document->packages, i, item)
	{
		r = read_package(reading, described, item, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Gaps that mohs wrote. */
static int
read_gaps(struct sbom_reading *reading, const struct document *document, struct err *err)
{
	const struct span start = SPAN("gap: ");
	int r = json_check_list(document->annotations, "annotations", err);
	size_t i;
	json_t *item;

	if (r < 0)
		return r;
	json_array_foreach(document->annotations, i, item)
	{
		struct annotation one = {{NULL, 0}};

		r = json_read(item, annotation_fields, &one, reading->arena, err);
		if (r == 0 && span_starts_with(one.annotator, SPAN("Tool: mohs")) &&
		    span_starts_with(one.comment, start))
			r = sbom_reading_stated_gap(
				reading, span_slice(one.comment, start.n, one.comment.n), err);
		if (r < 0)
			return err_wrap(err, "an annotation");
	}
	return 0;
}

static int
read(struct sbom_reading *reading, const json_t *json, struct err *err)
{
	struct document document = {{NULL, 0}};
	int r = json_read(json, document_fields, &document, reading->arena, err);

	if (r < 0)
		return r;
	if (!span_equal(document.version, SPAN("SPDX-2.2")) &&
	    !span_equal(document.version, SPAN("SPDX-2.3")))
		return err_set(err, ERR_UNSUPPORTED, "%.*s: only SPDX-2.2 and SPDX-2.3 are read",
			       document.version.n > 40 ? 40 : (int)document.version.n,
			       document.version.p);
	reading->format = document.version;
	reading->name = document.name;
	r = read_packages(reading, &document, err);
	return r < 0 ? r : read_gaps(reading, &document, err);
}

const struct sbom_format sbom_spdx = {"spdxVersion", read};
