/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/build.h"

#include "base/cleanup.h"
#include "codec/oci_write.h"
#include "port/sink.h"
#include "stage/build/layer.h"

#include <limits.h>

#define TOOL_ANNOTATION	       "dev.mohs.tool"
#define GRANULARITY_ANNOTATION "dev.mohs.granularity"

enum { ANNOTATIONS = 4 };

static int
check_plan(const struct image *image, const struct plan *plan, struct err *err)
{
	uint32_t files = 0;

	if (plan->entry_count != image->entry_count)
		return err_set(err, ERR_MISMATCH,
			       "the plan is for another image: %zu paths, the image has %zu",
			       plan->entry_count, image->entry_count);
	for (size_t i = 0; i < plan->entry_count; i++)
		files += plan->entries[i].keep && image->entries[i].type == IMAGE_FILE;
	if (files == 0)
		return err_set(err, ERR_INVALID, "the plan keeps no file at all");
	return 0;
}

/* What the image's layers take up, in the same state as what is written; 0: not known. */
static uint64_t
original_size(const struct image *image, enum layer_compression compression)
{
	uint64_t total = 0;

	for (size_t i = 0; i < image->layer_count; i++)
		total += compression == LAYER_PLAIN ? image->layers[i].inflated
						    : image->layers[i].size;
	return total;
}

/* A second, slower attempt when the first is larger than the original; then it is an error. */
static int
write_layer(struct layer_input *input, struct sink *sink, struct layer_output *ret, struct err *err)
{
	uint64_t most = original_size(input->image, input->compression);
	struct layer_output output = {0};

	for (enum compress_effort effort = COMPRESS_QUICK; effort <= COMPRESS_SMALL; effort++) {
		input->effort = effort;
		int r = sink_rewind(sink, err);
		if (r == 0)
			r = layer_write(input, &output, err);
		if (r < 0)
			return r;
		if (most == 0 || output.size <= most) {
			*ret = output;
			return 0;
		}
	}
	return err_set(
		err, ERR_INVALID,
		"the hardened image would be larger than the original (%llu and %llu bytes): "
		"almost nothing is removed",
		(unsigned long long)output.size, (unsigned long long)most);
}

/* Names of images that are the same on every machine; a folder or file of this one is not. */
static bool
is_registry_name(struct span reference)
{
	static const struct span local[] = {
		SPAN_INIT("oci:"),
		SPAN_INIT("oci-archive:"),
		SPAN_INIT("docker-archive:"),
		SPAN_INIT("docker-daemon:"),
		SPAN_INIT("dir:"),
	};

	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		if (span_starts_with(reference, local[i]))
			return false;
	}
	return reference.n > 0;
}

static size_t
annotate(const struct image *image, const struct plan *plan, char digest[DIGEST_TEXT],
	 struct image_label labels[ANNOTATIONS])
{
	static const struct digest none;
	size_t n = 0;

	labels[n++] = (struct image_label){SPAN(TOOL_ANNOTATION), SPAN("mohs " MOHS_VERSION)};
	labels[n++] = (struct image_label){
		SPAN(GRANULARITY_ANNOTATION),
		plan->granularity == GRANULARITY_PACKAGE ? SPAN("package") : SPAN("file")};
	if (!digest_equal(&image->manifest_digest, &none))
		labels[n++] = (struct image_label){
			SPAN(OCI_BASE_DIGEST),
			span_from(digest_format(&image->manifest_digest, digest))};
	if (is_registry_name(image->reference))
		labels[n++] = (struct image_label){SPAN(OCI_BASE_NAME), image->reference};
	return n;
}

static int
write_documents(const struct image *image, const struct plan *plan,
		const struct layer_output *layer, enum layer_compression compression,
		struct built *built, struct err *err)
{
	struct image_label labels[ANNOTATIONS];
	char digest[DIGEST_TEXT];
	struct oci_write_manifest in = {
		.layer = layer->digest,
		.layer_size = layer->size,
		.compression = compression,
		.annotations = labels,
		.annotation_count = annotate(image, plan, digest, labels),
	};
	struct image_config config = image->config;
	int r = 0;

	if (plan->start)
		r = oci_write_start(&image->config, plan->start->entrypoint, plan->start->command,
				    built->arena, &config.json, err);
	if (r == 0)
		r = oci_write_config(&config, &layer->diff_id, built->arena, &built->config, err);
	if (r < 0)
		return r;
	in.config = built->config;
	r = oci_write_manifest(&in, built->arena, &built->manifest, err);
	if (r < 0)
		return r;
	digest_of(built->config, &built->config_digest);
	digest_of(built->manifest, &built->manifest_digest);
	built->layer_digest = layer->digest;
	built->diff_id = layer->diff_id;
	built->layer_size = layer->size;
	built->inflated = layer->inflated;
	built->media_type = span_from(oci_layer_type(compression));
	return 0;
}

static int
show(struct sink *sink, const struct image *image, struct built *built, struct err *err)
{
	struct sink_image shown = {
		.manifest = built->manifest,
		.manifest_digest = built->manifest_digest,
		.config = built->config,
		.config_digest = built->config_digest,
		.layer_digest = built->layer_digest,
		.layer_size = built->layer_size,
		.platform = {image->config.os, image->config.architecture, image->config.variant},
	};
	struct span path = SPAN("");

	/* Copies first: once the sink shows the image nothing may fail any more. */
	built->reference = arena_copy(built->arena, sink->reference);
	char *room = arena_alloc(built->arena, PATH_MAX);
	if (!built->reference.p || !room)
		return err_memory(err);
	int r = sink->commit(sink, &shown, &path, err);
	if (r < 0)
		return r;
	size_t n = path.n < PATH_MAX ? path.n : 0;
	memcpy(room, path.p, n);
	built->layer_path = (struct span){room, n};
	return 0;
}

static struct built *
new_built(void)
{
	struct arena *arena = arena_new(0);
	struct built *built = arena ? arena_alloc(arena, sizeof(*built)) : NULL;

	if (built)
		built->arena = arena;
	else
		arena_free(arena);
	return built;
}

int
build_write(const struct image *image, const struct contents *contents, const struct plan *plan,
	    const struct build_options *options, struct built **ret, struct err *err)
{
	struct sink_options sink_options = {.plain_http = options->plain_http,
					    .progress = options->progress};
	CLEANUP(built_cleanup) struct built *built = new_built();
	CLEANUP(sink_cleanup) struct sink *sink = NULL;
	struct layer_output layer;

	if (!built)
		return err_memory(err);
	int r = check_plan(image, plan, err);
	if (r < 0)
		return r;
	r = sink_open(span_from(options->output), &sink_options, &sink, err);
	if (r < 0)
		return r;
	struct layer_input input = {
		.image = image,
		.contents = contents,
		.plan = plan,
		.compression = options->compression,
		.fd = sink->fd,
		.progress = options->progress,
	};
	r = write_layer(&input, sink, &layer, err);
	if (r == 0)
		r = write_documents(image, plan, &layer, options->compression, built, err);
	if (r == 0)
		r = show(sink, image, built, err);
	if (r < 0)
		return err_wrap(err, "%s", options->output);
	*ret = TAKE(built);
	return 0;
}
