/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes and manifests. */
#include "codec/oci/parts.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <stddef.h>

enum type_family {
	FAMILY_INDEX,
	FAMILY_MANIFEST,
	FAMILY_SCHEMA1,
};

static const struct {
	struct span media_type;
	enum type_family family;
} types[] = {
	{SPAN_INIT(OCI_TYPE_INDEX), FAMILY_INDEX},
	{SPAN_INIT(DOCKER_TYPE_LIST), FAMILY_INDEX},
	{SPAN_INIT(OCI_TYPE_MANIFEST), FAMILY_MANIFEST},
	{SPAN_INIT(DOCKER_TYPE_MANIFEST), FAMILY_MANIFEST},
	{SPAN_INIT("application/vnd.docker.distribution.manifest.v1+json"), FAMILY_SCHEMA1},
	{SPAN_INIT("application/vnd.docker.distribution.manifest.v1+prettyjws"), FAMILY_SCHEMA1},
};

/* -1: none of ours. */
static int
family_of(struct span media_type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (span_equal(types[i].media_type, media_type))
			return (int)types[i].family;
	}
	return -1;
}

bool
oci_type_is_index(struct span media_type)
{
	return family_of(media_type) == FAMILY_INDEX;
}

bool
oci_is_manifest_type(struct span media_type)
{
	return family_of(media_type) >= 0;
}

struct document_json {
	uint64_t schema_version;
	struct span media_type;
	struct span artifact_type;
	json_t *manifests;
	json_t *config;
	json_t *layers;
	json_t *subject;
	json_t *annotations;
	json_t *fs_layers; /* docker schema 1 */
};

static const struct json_field document_fields[] = {
	{"schemaVersion", JSON_FIELD_U64, offsetof(struct document_json, schema_version), false},
	{"mediaType", JSON_FIELD_SPAN, offsetof(struct document_json, media_type), false},
	{"artifactType", JSON_FIELD_SPAN, offsetof(struct document_json, artifact_type), false},
	{"manifests", JSON_FIELD_RAW, offsetof(struct document_json, manifests), false},
	{"config", JSON_FIELD_RAW, offsetof(struct document_json, config), false},
	{"layers", JSON_FIELD_RAW, offsetof(struct document_json, layers), false},
	{"subject", JSON_FIELD_RAW, offsetof(struct document_json, subject), false},
	{"annotations", JSON_FIELD_RAW, offsetof(struct document_json, annotations), false},
	{"fsLayers", JSON_FIELD_RAW, offsetof(struct document_json, fs_layers), false},
	{0},
};

/* What the members alone say the document is. */
static int
family_by_members(const struct document_json *raw, enum type_family *ret, struct err *err)
{
	bool manifest = raw->config || raw->layers;

	if (raw->schema_version == 1 || raw->fs_layers)
		*ret = FAMILY_SCHEMA1;
	else if (raw->manifests && manifest)
		return err_set(err, ERR_INVALID, "looks both like an index and like a manifest");
	else if (raw->manifests)
		*ret = FAMILY_INDEX;
	else if (manifest)
		*ret = FAMILY_MANIFEST;
	else
		return err_set(err, ERR_INVALID, "neither an image index nor a manifest");
	return 0;
}

/*
 * Members, mediaType and what the transport says must agree, so that two readers can never take
 * the same bytes for different things (image-spec 1.1, manifest.md, "mediaType").
 */
static int
family_of_document(const struct document_json *raw, struct span told, enum type_family *ret,
		   struct err *err)
{
	const struct span claims[] = {raw->media_type, told};
	enum type_family family = FAMILY_SCHEMA1;
	int r = family_by_members(raw, &family, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		int claimed = family_of(claims[i]);

		if (claims[i].n == 0 || (i == 1 && claimed < 0))
			continue; /* "application/json" of a plain web server says nothing */
		if (claimed < 0)
			return err_set(err, ERR_UNSUPPORTED, "unknown media type %.*s",
				       claims[i].n > 100 ? 100 : (int)claims[i].n, claims[i].p);
		if (claimed != (int)family)
			return err_set(err, ERR_INVALID, "media type %.*s, but its members say %s",
				       SPAN_ARG(claims[i]),
				       family == FAMILY_INDEX ? "index" : "manifest");
	}
	if (family == FAMILY_SCHEMA1)
		return err_set(err, ERR_UNSUPPORTED,
			       "a docker schema 1 manifest; push the image again with a current "
			       "tool, or copy it with skopeo");
	if (raw->schema_version != 2)
		return err_set(err, ERR_UNSUPPORTED, "schemaVersion is %llu, not 2",
			       (unsigned long long)raw->schema_version);
	*ret = family;
	return 0;
}

static int
check_size(const struct oci_descriptor *descriptor, uint64_t max, const char *what, struct err *err)
{
	if (descriptor->size > max)
		return err_set(err, ERR_LIMIT, "%s of %llu bytes (at most %llu)", what,
			       (unsigned long long)descriptor->size, (unsigned long long)max);
	return 0;
}

static int
read_index(const struct document_json *raw, struct arena *arena, struct oci_index *ret,
	   struct err *err)
{
	struct oci_index index = {0};
	int r = oci_descriptors_read(raw->manifests, "manifest", INDEX_MANIFESTS_MAX, arena,
				     &index.manifests, &index.count, err);

	if (r < 0)
		return r;
	*ret = index;
	return 0;
}

static int
read_manifest(const struct document_json *raw, struct arena *arena, struct oci_manifest *ret,
	      struct err *err)
{
	struct oci_manifest manifest = {
		.media_type = raw->media_type,
		.artifact_type = raw->artifact_type,
		.has_subject = raw->subject != NULL,
	};

	if (!raw->config || !raw->layers)
		return err_set(err, ERR_INVALID, "member \"%s\" is missing",
			       raw->config ? "layers" : "config");
	if (manifest.media_type.n == 0)
		manifest.media_type = SPAN(OCI_TYPE_MANIFEST);
	if (oci_descriptor_read(raw->config, "config", arena, &manifest.config, err) < 0 ||
	    check_size(&manifest.config, CONFIG_MAX, "config", err) < 0 ||
	    oci_descriptors_read(raw->layers, "layer", LAYERS_MAX, arena, &manifest.layers,
				 &manifest.layer_count, err) < 0 ||
	    oci_labels_read(raw->annotations, "annotations", arena, &manifest.annotations,
			    &manifest.annotation_count, err) < 0)
		return -(int)err->kind;
	for (size_t i = 0; i < manifest.layer_count; i++) {
		int r = check_size(&manifest.layers[i], LAYER_COMPRESSED_MAX, "layer", err);
		if (r < 0)
			return r;
	}
	if (raw->subject) {
		int r = oci_descriptor_read(raw->subject, "subject", arena, &manifest.subject, err);
		if (r < 0)
			return r;
	}
	*ret = manifest;
	return 0;
}

int
oci_read(struct span document, struct span media_type, struct arena *arena,
	 struct oci_document *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct document_json raw = {0};
	struct oci_document out = {0};
	enum type_family family = FAMILY_SCHEMA1;

	if (document.n > MANIFEST_MAX)
		return err_set(err, ERR_LIMIT, "manifest of %zu bytes (at most %lu)", document.n,
			       MANIFEST_MAX);
	if (json_parse(document, &json, err) < 0 ||
	    json_read(json, document_fields, &raw, arena, err) < 0 ||
	    family_of_document(&raw, media_type, &family, err) < 0)
		return err_wrap(err, "manifest");
	out.kind = family == FAMILY_INDEX ? OCI_INDEX : OCI_MANIFEST;
	int r = out.kind == OCI_INDEX ? read_index(&raw, arena, &out.index, err)
				      : read_manifest(&raw, arena, &out.manifest, err);
	if (r < 0)
		return err_wrap(err, "%s", out.kind == OCI_INDEX ? "image index" : "manifest");
	*ret = out;
	return 0;
}
