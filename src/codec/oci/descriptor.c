/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/oci/parts.h"

#include "base/limits.h"

#include <stddef.h>

struct descriptor_json {
	struct span media_type;
	struct span digest;
	uint64_t size;
	struct span artifact_type;
	json_t *platform;
	json_t *annotations;
};

static const struct json_field descriptor_fields[] = {
	{"mediaType", JSON_FIELD_SPAN, offsetof(struct descriptor_json, media_type), false},
	{"digest", JSON_FIELD_SPAN, offsetof(struct descriptor_json, digest), true},
	{"size", JSON_FIELD_U64, offsetof(struct descriptor_json, size), true},
	{"artifactType", JSON_FIELD_SPAN, offsetof(struct descriptor_json, artifact_type), false},
	{"platform", JSON_FIELD_RAW, offsetof(struct descriptor_json, platform), false},
	{"annotations", JSON_FIELD_RAW, offsetof(struct descriptor_json, annotations), false},
	{0},
};

static const struct json_field platform_fields[] = {
	{"os", JSON_FIELD_SPAN, offsetof(struct oci_platform, os), false},
	{"architecture", JSON_FIELD_SPAN, offsetof(struct oci_platform, architecture), false},
	{"variant", JSON_FIELD_SPAN, offsetof(struct oci_platform, variant), false},
	{0},
};

static int
read_label(const char *key, const json_t *value, const char *what, struct arena *arena,
	   struct image_label *ret, struct err *err)
{
	struct span text = json_string_span(value);

	if (!json_is_string(value) && !json_is_null(value))
		return err_set(err, ERR_INVALID, "%s: \"%.80s\" is not a string", what, key);
	if (text.n && memchr(text.p, '\0', text.n))
		return err_set(err, ERR_INVALID, "%s: \"%.80s\" holds a NUL byte", what, key);
	ret->name = arena_copy(arena, span_from(key));
	ret->value = arena_copy(arena, text);
	return ret->name.p && ret->value.p ? 0 : err_memory(err);
}

int
oci_labels_read(json_t *json, const char *what, struct arena *arena, struct image_label **ret,
		size_t *ret_count, struct err *err)
{
	size_t count = 0;
	const char *key;
	json_t *value;

	if (!json || json_is_null(json))
		return 0;
	if (!json_is_object(json))
		return err_set(err, ERR_INVALID, "%s is not an object", what);
	if (json_object_size(json) > IMAGE_LABELS_MAX)
		return err_set(err, ERR_LIMIT, "%s: %zu members (at most %d)", what,
			       json_object_size(json), IMAGE_LABELS_MAX);
	struct image_label *labels =
		arena_array(arena, json_object_size(json) + 1, sizeof(*labels));
	if (!labels)
		return err_memory(err);
	json_object_foreach(json, key, value)
	{
		int r = read_label(key, value, what, arena, &labels[count++], err);
		if (r < 0)
			return r;
	}
	*ret = labels;
	*ret_count = count;
	return 0;
}

int
oci_descriptor_read(const json_t *json, const char *what, struct arena *arena,
		    struct oci_descriptor *ret, struct err *err)
{
	struct descriptor_json raw = {{NULL, 0}};
	struct oci_descriptor descriptor = {{NULL, 0}};

	if (json_read(json, descriptor_fields, &raw, arena, err) < 0 ||
	    digest_parse(raw.digest, &descriptor.digest, err) < 0 ||
	    oci_labels_read(raw.annotations, "annotations", arena, &descriptor.annotations,
			    &descriptor.annotation_count, err) < 0)
		return err_wrap(err, "%s", what);
	descriptor.media_type = raw.media_type;
	descriptor.artifact_type = raw.artifact_type;
	descriptor.size = raw.size;
	if (raw.platform) {
		descriptor.has_platform = true;
		if (json_read(raw.platform, platform_fields, &descriptor.platform, arena, err) < 0)
			return err_wrap(err, "%s: platform", what);
	}
	*ret = descriptor;
	return 0;
}

int
oci_descriptors_read(const json_t *json, const char *what, size_t max, struct arena *arena,
		     struct oci_descriptor **ret, size_t *ret_count, struct err *err)
{
	size_t count = json_array_size(json);

	if (!json_is_array(json))
		return err_set(err, ERR_INVALID, "\"%ss\" is not a list", what);
	if (count > max)
		return err_set(err, ERR_LIMIT, "%zu %ss (at most %zu)", count, what, max);
	struct oci_descriptor *items = arena_array(arena, count + 1, sizeof(*items));
	if (!items)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		int r = oci_descriptor_read(json_array_get(json, i), what, arena, &items[i], err);
		if (r < 0)
			return err_wrap(err, "entry %zu", i);
	}
	*ret = items;
	*ret_count = count;
	return 0;
}

struct span
oci_annotation(const struct image_label *labels, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++) {
		if (span_equal(labels[i].name, name))
			return labels[i].value;
	}
	return (struct span){NULL, 0};
}

json_t *
oci_labels_json(const struct image_label *labels, size_t count)
{
	json_t *json = json_object();

	for (size_t i = 0; json && i < count; i++) {
		if (json_object_setn_new(json, labels[i].name.p, labels[i].name.n,
					 json_span(labels[i].value)) < 0) {
			json_decref(json);
			json = NULL;
		}
	}
	return json;
}

static json_t *
platform_json(const struct oci_platform *platform)
{
	const struct {
		const char *name;
		struct span value;
	} members[] = {{"os", platform->os},
		       {"architecture", platform->architecture},
		       {"variant", platform->variant}};
	json_t *json = json_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (members[i].value.n)
			json_put(&json, members[i].name, json_span(members[i].value));
	}
	return json;
}

json_t *
oci_descriptor_json(const struct oci_descriptor *descriptor)
{
	char text[DIGEST_TEXT];
	json_t *json = json_pack("{s:o, s:s, s:I}", "mediaType", json_span(descriptor->media_type),
				 "digest", digest_format(&descriptor->digest, text), "size",
				 (json_int_t)descriptor->size);

	if (descriptor->artifact_type.n)
		json_put(&json, "artifactType", json_span(descriptor->artifact_type));
	if (descriptor->has_platform)
		json_put(&json, "platform", platform_json(&descriptor->platform));
	if (descriptor->annotation_count)
		json_put(&json, "annotations",
			 oci_labels_json(descriptor->annotations, descriptor->annotation_count));
	return json;
}
