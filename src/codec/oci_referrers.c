/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/oci_referrers.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/oci/parts.h"

#include <stddef.h>
#include <stdio.h>

#define TAG_PREFIX "sha256-"

const char *
oci_referrers_tag(const struct digest *subject, const char *suffix, char text[OCI_REFERRERS_TAG])
{
	char digest[DIGEST_TEXT];

	(void)snprintf(text, OCI_REFERRERS_TAG, TAG_PREFIX "%s%s",
		       digest_format(subject, digest) + sizeof("sha256:") - 1, suffix);
	return text;
}

bool
oci_is_referrers_tag(struct span tag)
{
	static const char *const suffixes[] = {"", ".sig", ".att", ".sbom"};
	size_t start = sizeof(TAG_PREFIX) - 1;

	if (!span_starts_with(tag, SPAN(TAG_PREFIX)) || tag.n < start + DIGEST_HEX)
		return false;
	for (size_t i = start; i < start + DIGEST_HEX; i++) {
		char c = tag.p[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			return false;
	}
	struct span rest = span_slice(tag, start + DIGEST_HEX, tag.n);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (span_equal(rest, span_from(suffixes[i])))
			return true;
	}
	return false;
}

struct referrer_json {
	struct span media_type;
	struct span artifact_type;
	json_t *config;
	json_t *manifests;
	json_t *subject;
	json_t *annotations;
};

static const struct json_field referrer_fields[] = {
	{"mediaType", JSON_FIELD_SPAN, offsetof(struct referrer_json, media_type), false},
	{"artifactType", JSON_FIELD_SPAN, offsetof(struct referrer_json, artifact_type), false},
	{"config", JSON_FIELD_RAW, offsetof(struct referrer_json, config), false},
	{"manifests", JSON_FIELD_RAW, offsetof(struct referrer_json, manifests), false},
	{"subject", JSON_FIELD_RAW, offsetof(struct referrer_json, subject), false},
	{"annotations", JSON_FIELD_RAW, offsetof(struct referrer_json, annotations), false},
	{0},
};

int
oci_referrer_read(struct span document, struct span media_type, struct arena *arena,
		  struct oci_referrer *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct referrer_json raw = {{NULL, 0}};
	struct oci_referrer referrer = {.descriptor = {.size = document.n}};
	struct oci_descriptor *item = &referrer.descriptor;
	struct oci_descriptor part;

	if (json_parse(document, &json, err) < 0 ||
	    json_read(json, referrer_fields, &raw, arena, err) < 0 ||
	    oci_labels_read(raw.annotations, "annotations", arena, &item->annotations,
			    &item->annotation_count, err) < 0)
		return err_wrap(err, "manifest");
	digest_of(document, &item->digest);
	item->media_type = media_type.n ? arena_copy(arena, media_type) : raw.media_type;
	if (item->media_type.n == 0)
		item->media_type = raw.manifests ? SPAN(OCI_TYPE_INDEX) : SPAN(OCI_TYPE_MANIFEST);
	if (!item->media_type.p)
		return err_memory(err);
	item->artifact_type = raw.artifact_type;
	if (raw.config) {
		int r = oci_descriptor_read(raw.config, "config", arena, &part, err);
		if (r < 0)
			return r;
		if (item->artifact_type.n == 0)
			item->artifact_type = part.media_type;
	}
	if (raw.subject) {
		int r = oci_descriptor_read(raw.subject, "subject", arena, &part, err);
		if (r < 0)
			return r;
		referrer.has_subject = true;
		referrer.subject = part.digest;
	}
	*ret = referrer;
	return 0;
}

/* ---- writing ---- */

static json_t *
listed_json(const struct oci_descriptor *entry, struct span tag)
{
	json_t *json = oci_descriptor_json(entry);

	if (tag.n == 0)
		return json;
	json_t *labels = oci_labels_json(entry->annotations, entry->annotation_count);
	json_put(&labels, OCI_REF_NAME, json_span(tag));
	json_put(&json, "annotations", labels);
	return json;
}

static struct span
tag_of(const json_t *entry)
{
	return json_string_span(
		json_object_get(json_object_get(entry, "annotations"), OCI_REF_NAME));
}

/* Whether an entry already says it all. Without a tag, the digest is all there is to say. */
static bool
is_listed(const json_t *manifests, const char *digest, struct span tag)
{
	size_t i;
	json_t *entry;

	json_array_foreach(manifests, i, entry)
	{
		if (span_equal(json_string_span(json_object_get(entry, "digest")),
			       span_from(digest)) &&
		    (tag.n == 0 || span_equal(tag_of(entry), tag)))
			return true;
	}
	return false;
}

static int
load_index(struct span index, json_t **ret, json_t **ret_manifests, struct err *err)
{
	int r = 0;

	if (index.n > 0)
		r = json_parse(index, ret, err);
	else
		*ret = json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType",
				 OCI_TYPE_INDEX, "manifests");
	if (r < 0)
		return r;
	if (!*ret)
		return err_memory(err);
	*ret_manifests = json_object_get(*ret, "manifests");
	if (!json_is_array(*ret_manifests))
		return err_set(err, ERR_INVALID, "the index has no list of manifests");
	return 0;
}

int
oci_write_listed(struct span index, const struct oci_descriptor *entry, struct span tag,
		 struct arena *arena, struct span *ret, bool *ret_changed, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	json_t *manifests = NULL;
	char digest[DIGEST_TEXT];
	int r = load_index(index, &json, &manifests, err);

	if (r < 0)
		return r;
	if (index.n > 0 && is_listed(manifests, digest_format(&entry->digest, digest), tag)) {
		*ret = index;
		*ret_changed = false;
		return 0;
	}
	for (size_t i = json_array_size(manifests); tag.n && i-- > 0;) {
		if (span_equal(tag_of(json_array_get(manifests, i)), tag))
			(void)json_array_remove(manifests, i);
	}
	if (json_array_size(manifests) >= INDEX_MANIFESTS_MAX)
		return err_set(err, ERR_LIMIT, "the index lists %d manifests already",
			       INDEX_MANIFESTS_MAX);
	json_t *added = listed_json(entry, tag);
	if (!added || json_array_append_new(manifests, added) < 0)
		return err_memory(err);
	r = json_text(json, false, arena, ret, err);
	if (r == 0)
		*ret_changed = true;
	return r;
}

static json_t *
content_json(struct span type, struct span content, const struct image_label *annotations,
	     size_t annotation_count)
{
	struct oci_descriptor descriptor = {.media_type = type,
					    .size = content.n,
					    .annotations = (struct image_label *)annotations,
					    .annotation_count = annotation_count};

	digest_of(content, &descriptor.digest);
	return oci_descriptor_json(&descriptor);
}

static json_t *
config_json(const struct oci_write_artifact *in)
{
	if (in->config_type.n)
		return content_json(in->config_type, in->config, NULL, 0);
	json_t *json = content_json(SPAN(OCI_TYPE_EMPTY), SPAN(OCI_EMPTY), NULL, 0);
	json_put(&json, "data", json_string("e30="));
	return json;
}

static json_t *
layers_json(const struct oci_write_artifact *in)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < in->layer_count; i++) {
		const struct oci_write_layer *layer = &in->layers[i];

		json_add(&list, content_json(layer->media_type, layer->content, layer->annotations,
					     layer->annotation_count));
	}
	return list;
}

int
oci_write_artifact(const struct oci_write_artifact *in, struct arena *arena, struct span *ret,
		   struct err *err)
{
	CLEANUP(json_cleanup)
	json_t *json = json_pack("{s:i, s:s}", "schemaVersion", 2, "mediaType", OCI_TYPE_MANIFEST);

	json_put(&json, "artifactType", json_span(in->type));
	json_put(&json, "config", config_json(in));
	json_put(&json, "layers", layers_json(in));
	json_put(&json, "subject", oci_descriptor_json(&in->subject));
	if (in->annotation_count)
		json_put(&json, "annotations",
			 oci_labels_json(in->annotations, in->annotation_count));
	return json_text(json, false, arena, ret, err);
}
