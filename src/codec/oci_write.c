/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/oci_write.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/oci_referrers.h"

const char *
oci_layer_type(enum layer_compression compression)
{
	static const char *const types[] = {
		[LAYER_PLAIN] = OCI_TYPE_LAYER,
		[LAYER_GZIP] = OCI_TYPE_LAYER_GZIP,
		[LAYER_ZSTD] = OCI_TYPE_LAYER_ZSTD,
	};

	return types[compression];
}

static json_t *
digest_json(const struct digest *digest)
{
	char text[DIGEST_TEXT];

	return json_string(digest_format(digest, text));
}

static json_t *
descriptor_json(const char *type, const struct digest *digest, uint64_t size)
{
	return json_pack("{s:s, s:o, s:I}", "mediaType", type, "digest", digest_json(digest),
			 "size", (json_int_t)size);
}

/* Text of *json, which is NULL when something before ran out of memory. */
static int
finish(const json_t *json, struct arena *arena, struct span *ret, struct err *err)
{
	return json ? json_text(json, false, arena, ret, err) : err_memory(err);
}

static json_t *
bare_config(const struct image_config *original)
{
	json_t *json =
		json_pack("{s:o, s:o, s:{}}", "architecture", json_span(original->architecture),
			  "os", json_span(original->os), "config");

	if (json && original->variant.n > 0 &&
	    json_object_set_new(json, "variant", json_span(original->variant)) < 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}

/* A member of the config's "config"; none for an empty list. -1 without memory. */
static int
set_strings(json_t *object, const char *name, struct span_list list)
{
	json_t *json = json_array();

	(void)json_object_del(object, name);
	for (size_t i = 0; i < list.count; i++)
		json_add(&json, json_span(list.items[i]));
	if (json && list.count == 0) {
		json_decref(json);
		return 0;
	}
	return json_object_set_new(object, name, json);
}

int
oci_write_start(const struct image_config *original, struct span_list entrypoint,
		struct span_list command, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *document = NULL;
	int r = original->json.n > 0 ? json_parse(original->json, &document, err) : 0;

	if (r < 0)
		return err_wrap(err, "image config");
	if (!document)
		document = bare_config(original);
	if (!document)
		return err_memory(err);
	json_t *config = json_object_get(document, "config");
	if (!json_is_object(config))
		return err_set(err, ERR_INVALID, "the image config has no member \"config\"");
	if (set_strings(config, "Entrypoint", entrypoint) < 0 ||
	    set_strings(config, "Cmd", command) < 0)
		return err_memory(err);
	return finish(document, arena, ret, err);
}

int
oci_write_config(const struct image_config *original, const struct digest *diff_id,
		 struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *config = NULL;

	if (original->json.n > 0) {
		int r = json_parse(original->json, &config, err);
		if (r < 0)
			return err_wrap(err, "image config");
		if (!json_is_object(config))
			return err_set(err, ERR_INVALID, "the image config is not an object");
	} else {
		config = bare_config(original);
		if (!config)
			return err_memory(err);
	}

	json_t *rootfs =
		json_pack("{s:s, s:[o]}", "type", "layers", "diff_ids", digest_json(diff_id));
	json_t *step = json_pack("{s:s}", "created_by", "mohs harden");
	json_t *created = json_object_get(config, "created");
	int bad = json_object_set_new(config, "rootfs", rootfs);

	if (step && json_is_string(created))
		bad |= json_object_set(step, "created", created);
	bad |= json_object_set_new(config, "history", json_pack("[o]", step));
	return bad ? err_memory(err) : finish(config, arena, ret, err);
}

static json_t *
labels_json(const struct image_label *labels, size_t count)
{
	json_t *json = json_object();

	for (size_t i = 0; json && i < count; i++) {
		if (json_object_setn_new(json, labels[i].name.p, labels[i].name.n,
					 json_span(labels[i].value)) < 0) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

int
oci_write_manifest(const struct oci_write_manifest *in, struct arena *arena, struct span *ret,
		   struct err *err)
{
	struct digest config;

	digest_of(in->config, &config);
	CLEANUP(json_cleanup)
	json_t *manifest = json_pack(
		"{s:i, s:s, s:o, s:[o], s:o}", "schemaVersion", 2, "mediaType", OCI_TYPE_MANIFEST,
		"config", descriptor_json(OCI_TYPE_CONFIG, &config, in->config.n), "layers",
		descriptor_json(oci_layer_type(in->compression), &in->layer, in->layer_size),
		"annotations", labels_json(in->annotations, in->annotation_count));
	if (manifest && in->annotation_count == 0)
		(void)json_object_del(manifest, "annotations");
	return finish(manifest, arena, ret, err);
}

/* Puts `value` at `name` when there is something to say; -1 without memory. */
static int
set_text(json_t *object, const char *name, struct span value)
{
	return value.n > 0 ? json_object_set_new(object, name, json_span(value)) : 0;
}

static json_t *
entry_json(const struct oci_write_entry *entry)
{
	struct digest digest;

	digest_of(entry->manifest, &digest);
	json_t *json = descriptor_json(OCI_TYPE_MANIFEST, &digest, entry->manifest.n);
	json_t *platform = json_object();
	int bad = !json || !platform;

	if (!bad)
		bad = set_text(platform, "os", entry->platform.os) |
		      set_text(platform, "architecture", entry->platform.architecture) |
		      set_text(platform, "variant", entry->platform.variant);
	if (!bad && json_object_size(platform) > 0)
		bad = json_object_set(json, "platform", platform);
	if (!bad && entry->tag.n > 0)
		bad = json_object_set_new(json, "annotations",
					  json_pack("{s:o}", OCI_REF_NAME, json_span(entry->tag)));
	json_decref(platform);
	if (bad) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static struct span
tag_of(const json_t *entry)
{
	const json_t *annotations = json_object_get(entry, "annotations");
	const json_t *tag = json_object_get(annotations, OCI_REF_NAME);

	return json_string_span(tag);
}

/* Signatures and the like stand beside images and are none. */
static bool
refers_to_image(const json_t *item, struct span tag)
{
	return json_object_get(item, "artifactType") || oci_is_referrers_tag(tag);
}

static int
merge(json_t *manifests, const struct oci_write_entry *entry, struct err *err)
{
	json_t *added = entry_json(entry);

	for (size_t i = json_array_size(manifests); i-- > 0;) {
		const json_t *item = json_array_get(manifests, i);
		struct span tag = tag_of(item);

		if (refers_to_image(item, tag))
			continue;
		if (entry->tag.n == 0 && tag.n > 0) {
			json_decref(added);
			return err_set(err, ERR_USAGE,
				       "the layout holds other images (\"%.*s\"): name a tag, "
				       "oci:DIR:TAG",
				       tag.n > 60 ? 60 : (int)tag.n, tag.p);
		}
		if (span_equal(tag, entry->tag))
			(void)json_array_remove(manifests, i);
	}
	return json_array_append_new(manifests, added) < 0 ? err_memory(err) : 0;
}

int
oci_write_index(struct span index, const struct oci_write_entry *entry, struct arena *arena,
		struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	int r = 0;

	if (index.n > 0)
		r = json_parse(index, &json, err);
	else
		json = json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType",
				 OCI_TYPE_INDEX, "manifests");
	if (r < 0)
		return err_wrap(err, "index.json");
	if (!json)
		return err_memory(err);
	json_t *manifests = json_object_get(json, "manifests");
	if (!json_is_array(manifests))
		return err_set(err, ERR_INVALID, "index.json has no list of manifests");
	if (json_array_size(manifests) >= INDEX_MANIFESTS_MAX)
		return err_set(err, ERR_LIMIT, "index.json lists more than %d images",
			       INDEX_MANIFESTS_MAX);
	r = merge(manifests, entry, err);
	return r < 0 ? r : json_text(json, false, arena, ret, err);
}

int
oci_write_archive(struct span config_name, struct span layer_name, struct span tag,
		  struct arena *arena, struct span *ret, struct err *err)
{
	json_t *tags = tag.n > 0 ? json_pack("[o]", json_span(tag)) : json_null();
	CLEANUP(json_cleanup)
	json_t *json = json_pack("[{s:o, s:o, s:[o]}]", "Config", json_span(config_name),
				 "RepoTags", tags, "Layers", json_span(layer_name));

	return finish(json, arena, ret, err);
}
