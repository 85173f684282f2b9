/* SPDX-License-Identifier: Apache-2.0 */
/* What manifest and config say of an image, or what they would say. */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"
#include "stage/image/parts.h"

int
draft_add_gap(struct draft *draft, struct span subject, struct span text, struct err *err)
{
	struct gap gap = {arena_copy(draft->image->arena, subject),
			  arena_copy(draft->image->arena, text)};

	if (!gap.subject.p || !gap.text.p)
		return err_memory(err);
	return vec_push(&draft->gaps, &gap, IMAGE_GAPS_MAX, err);
}

int
draft_make_layers(struct draft *draft, size_t count, struct err *err)
{
	static const struct draft_layer blank = {.cached = CACHE_LAYER_INIT};
	struct arena *arena = draft->image->arena;

	if (count > LAYERS_MAX)
		return err_set(err, ERR_LIMIT, "%zu layers (LAYERS_MAX %d)", count, LAYERS_MAX);
	draft->layers = arena_array(arena, count + 1, sizeof(*draft->layers));
	draft->image->layers = arena_array(arena, count + 1, sizeof(*draft->image->layers));
	if (!draft->layers || !draft->image->layers)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		draft->layers[i] = blank;
	draft->image->layer_count = count;
	return 0;
}

/* The config, and one diffID for each layer. */
static int
read_config(struct draft *draft, struct span document, size_t layers, struct err *err)
{
	struct image *image = draft->image;
	struct oci_config config;
	int r = oci_read_config(document, image->arena, &config, err);

	if (r < 0)
		return err_wrap(err, "image config");
	if (config.diff_id_count != layers)
		return err_set(err, ERR_INVALID, "the config states %zu layers, the manifest %zu",
			       config.diff_id_count, layers);
	r = draft_make_layers(draft, layers, err);
	for (size_t i = 0; r == 0 && i < layers; i++)
		image->layers[i].diff_id = config.diff_ids[i];
	for (size_t i = 0; r == 0 && i < config.gaps.count; i++)
		r = draft_add_gap(draft, config.gaps.items[i].subject, config.gaps.items[i].text,
				  err);
	image->config = config.image;
	return r;
}

static bool
is_foreign(struct span media_type)
{
	return span_contains(media_type, SPAN(".foreign.")) ||
	       span_contains(media_type, SPAN(".nondistributable."));
}

static int
describe_layer(struct draft *draft, size_t index, const struct oci_descriptor *descriptor,
	       struct err *err)
{
	struct image_layer *layer = &draft->image->layers[index];

	if (descriptor->size > LAYER_COMPRESSED_MAX)
		return err_set(err, ERR_LIMIT,
			       "layer %zu has %llu bytes (LAYER_COMPRESSED_MAX %lu GiB)", index + 1,
			       (unsigned long long)descriptor->size, LAYER_COMPRESSED_MAX / GIB);
	layer->digest = descriptor->digest;
	layer->size = descriptor->size;
	layer->media_type = descriptor->media_type;
	draft->layers[index].has_digest = true;
	draft->layers[index].foreign = is_foreign(descriptor->media_type);
	return oci_layer_compression(descriptor->media_type, &layer->compression, err);
}

/* An image for another machine than was asked for, of which no index told before. */
static int
check_platform(const struct draft *draft, const struct oci_selected *selected, struct err *err)
{
	const struct image_config *config = &draft->image->config;
	struct oci_platform has = {config->os, config->architecture, config->variant};
	const char *text = draft->options->source.platform;
	struct oci_platform wanted;

	if (!text || selected->has_platform)
		return 0;
	int r = oci_platform_parse(span_from(text), draft->image->arena, &wanted, err);
	if (r < 0 || oci_platform_rank(&wanted, &has) > 0)
		return r;
	return err_set(err, ERR_NOT_FOUND, "the image is for %.*s/%.*s, not for %s",
		       SPAN_ARG(has.os), SPAN_ARG(has.architecture), text);
}

int
draft_read_oci(struct draft *draft, struct err *err)
{
	struct image *image = draft->image;
	const struct oci_manifest *manifest;
	struct oci_selected selected;
	struct span document;
	int r = source_select(draft->source, &draft->options->source, image->arena, &selected, err);

	if (r < 0)
		return r;
	manifest = &selected.manifest;
	if (manifest->config.size > CONFIG_MAX)
		return err_set(err, ERR_LIMIT, "config of %llu bytes (CONFIG_MAX %lu)",
			       (unsigned long long)manifest->config.size, CONFIG_MAX);
	image->manifest = selected.document;
	image->manifest_digest = selected.digest;
	image->config_digest = manifest->config.digest;
	r = source_document(draft->source, &manifest->config, image->arena, &document, err);
	if (r != 0)
		return err_wrap(err, "image config");
	r = read_config(draft, document, manifest->layer_count, err);
	if (r == 0)
		r = check_platform(draft, &selected, err);
	for (size_t i = 0; r == 0 && i < manifest->layer_count; i++)
		r = describe_layer(draft, i, &manifest->layers[i], err);
	return r;
}

static int
check_promise(struct span member, const struct digest *digest, struct err *err)
{
	struct digest promised;
	char text[DIGEST_TEXT];

	if (oci_archive_digest(member, &promised) && !digest_equal(&promised, digest))
		return err_set(err, ERR_DIGEST, "%.*s: its bytes are %s", SPAN_ARG(member),
			       digest_format(digest, text));
	return 0;
}

int
draft_read_docker(struct draft *draft, struct err *err)
{
	CLEANUP(blob_cleanup) struct blob blob = {0};
	struct source *source = draft->source;
	struct image *image = draft->image;
	struct oci_archive_image archive;
	struct span document;
	int r = source->archive(source, &archive, err);

	if (r == 0)
		r = source->member(source, archive.config, &blob, err);
	if (r == 0)
		r = blob_load(&blob, CONFIG_MAX, image->arena, &document, err);
	if (r != 0)
		return err_wrap(err, "image config");
	digest_of(document, &image->config_digest);
	r = check_promise(archive.config, &image->config_digest, err);
	if (r == 0)
		r = read_config(draft, document, archive.layers.count, err);
	for (size_t i = 0; r == 0 && i < archive.layers.count; i++)
		draft->layers[i].member = archive.layers.items[i];
	return r;
}

static json_t *
descriptor_json(struct span media_type, const struct digest *digest, uint64_t size)
{
	char text[DIGEST_TEXT];

	return json_pack("{s:s%,s:s,s:I}", "mediaType", media_type.p, media_type.n, "digest",
			 digest_format(digest, text), "size", (json_int_t)size);
}

static const struct span layer_types[] = {
	[LAYER_PLAIN] = SPAN_INIT("application/vnd.oci.image.layer.v1.tar"),
	[LAYER_GZIP] = SPAN_INIT("application/vnd.oci.image.layer.v1.tar+gzip"),
	[LAYER_ZSTD] = SPAN_INIT("application/vnd.oci.image.layer.v1.tar+zstd"),
};

int
draft_write_manifest(struct draft *draft, struct err *err)
{
	struct image *image = draft->image;
	CLEANUP(json_cleanup) json_t *layers = json_array();
	CLEANUP(json_cleanup) json_t *manifest = NULL;

	for (size_t i = 0; i < image->layer_count; i++) {
		struct image_layer *layer = &image->layers[i];

		layer->media_type = layer_types[layer->compression];
		if (json_array_append_new(layers, descriptor_json(layer->media_type, &layer->digest,
								  layer->size)) < 0)
			return err_memory(err);
	}
	manifest = json_pack(
		"{s:i,s:s,s:o,s:O}", "schemaVersion", 2, "mediaType", OCI_TYPE_MANIFEST, "config",
		descriptor_json(SPAN(OCI_TYPE_CONFIG), &image->config_digest, image->config.json.n),
		"layers", layers);
	if (!manifest)
		return err_memory(err);
	int r = json_text(manifest, false, image->arena, &image->manifest, err);
	if (r < 0)
		return r;
	digest_of(image->manifest, &image->manifest_digest);
	return 0;
}

int
draft_write_config(struct draft *draft, struct err *err)
{
	struct image *image = draft->image;
	struct oci_platform host = oci_platform_host(NULL);
	char text[DIGEST_TEXT];
	struct oci_config config;
	struct span document;
	CLEANUP(json_cleanup)
	json_t *json = json_pack("{s:s%,s:s%,s:{},s:{s:s,s:[s]}}", "architecture",
				 host.architecture.p, host.architecture.n, "os", host.os.p,
				 host.os.n, "config", "rootfs", "type", "layers", "diff_ids",
				 digest_format(&image->layers[0].diff_id, text));

	if (!json)
		return err_memory(err);
	int r = json_text(json, false, image->arena, &document, err);
	if (r == 0)
		r = oci_read_config(document, image->arena, &config, err);
	if (r < 0)
		return r;
	digest_of(document, &image->config_digest);
	image->config = config.image;
	return 0;
}
