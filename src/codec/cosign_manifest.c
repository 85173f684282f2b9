/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cosign_manifest.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/oci/parts.h"

/* What Go writes for a time that was never set; the same layers give the same bytes. */
#define NEVER "0001-01-01T00:00:00Z"

static int
load(struct span before, struct arena *arena, json_t **ret, struct err *err)
{
	struct oci_document document;

	if (before.n == 0) {
		*ret = json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType",
				 OCI_TYPE_MANIFEST, "layers");
		return *ret ? 0 : err_memory(err);
	}
	int r = oci_read(before, SPAN(""), arena, &document, err);
	if (r == 0 && document.kind != OCI_MANIFEST)
		r = err_set(err, ERR_INVALID, "an index where cosign keeps an image");
	return r < 0 ? r : json_parse(before, ret, err);
}

static bool
has_layer(const json_t *layers, const json_t *layer)
{
	static const char *const members[] = {"digest", "annotations"};
	size_t i;
	json_t *one;

	json_array_foreach(layers, i, one)
	{
		bool same = true;

		for (size_t j = 0; j < sizeof(members) / sizeof(members[0]); j++) {
			const json_t *a = json_object_get(one, members[j]);
			const json_t *b = json_object_get(layer, members[j]);

			same = same && (a == b || json_equal(a, b));
		}
		if (same)
			return true;
	}
	return false;
}

static int
add_layers(json_t *layers, const struct oci_descriptor *add, size_t count, bool *ret_changed,
	   struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(json_cleanup) json_t *layer = oci_descriptor_json(&add[i]);

		if (!layer)
			return err_memory(err);
		if (has_layer(layers, layer))
			continue;
		if (json_array_size(layers) >= LAYERS_MAX)
			return err_set(err, ERR_LIMIT, "%d documents at one tag already",
				       LAYERS_MAX);
		if (json_array_append(layers, layer) < 0)
			return err_memory(err);
		*ret_changed = true;
	}
	return 0;
}

static json_t *
config_json(const json_t *layers)
{
	json_t *history = json_array();
	json_t *diff_ids = json_array();
	json_t *json = json_object();
	size_t i;
	json_t *layer;

	json_array_foreach(layers, i, layer)
	{
		json_add(&history, json_pack("{s:s}", "created", NEVER));
		json_add(&diff_ids, json_incref(json_object_get(layer, "digest")));
	}
	json_put(&json, "architecture", json_string(""));
	json_put(&json, "config", json_object());
	json_put(&json, "created", json_string(NEVER));
	json_put(&json, "history", history);
	json_put(&json, "os", json_string(""));
	json_put(&json, "rootfs", json_pack("{s:s, s:o}", "type", "layers", "diff_ids", diff_ids));
	return json;
}

static int
write_config(json_t *manifest, const json_t *layers, struct arena *arena, struct span *ret,
	     struct err *err)
{
	CLEANUP(json_cleanup) json_t *config = config_json(layers);
	struct oci_descriptor descriptor = {.media_type = SPAN_INIT(OCI_TYPE_CONFIG)};
	int r = json_text(config, false, arena, ret, err);

	if (r < 0)
		return r;
	digest_of(*ret, &descriptor.digest);
	descriptor.size = ret->n;
	json_t *json = oci_descriptor_json(&descriptor);
	return json_object_set_new(manifest, "config", json) < 0 ? err_memory(err) : 0;
}

int
cosign_manifest_add(struct span before, const struct oci_descriptor *layers, size_t count,
		    struct arena *arena, struct cosign_manifest *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct cosign_manifest result = {.manifest = SPAN_INIT(""), .config = SPAN_INIT("")};
	int r = load(before, arena, &json, err);

	if (r < 0)
		return r;
	json_t *list = json_object_get(json, "layers");
	r = add_layers(list, layers, count, &result.changed, err);
	if (r == 0 && result.changed)
		r = write_config(json, list, arena, &result.config, err);
	if (r == 0 && result.changed)
		r = json_text(json, false, arena, &result.manifest, err);
	if (r == 0)
		*ret = result;
	return r;
}
