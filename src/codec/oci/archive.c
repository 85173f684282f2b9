/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.json of `docker save` (moby: image/spec/spec.md), and how layers say they are packed. */
#include "codec/oci/parts.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <stddef.h>
#include <stdio.h>

static const struct json_field image_fields[] = {
	{"Config", JSON_FIELD_SPAN, offsetof(struct oci_archive_image, config), true},
	{"RepoTags", JSON_FIELD_STRINGS, offsetof(struct oci_archive_image, tags), false},
	{"Layers", JSON_FIELD_STRINGS, offsetof(struct oci_archive_image, layers), false},
	{0},
};

int
oci_read_archive(struct span document, struct arena *arena, struct oci_archive *ret,
		 struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;

	if (document.n > MANIFEST_MAX)
		return err_set(err, ERR_LIMIT, "manifest.json of %zu bytes (at most %lu)",
			       document.n, MANIFEST_MAX);
	if (json_parse(document, &json, err) < 0)
		return err_wrap(err, "manifest.json");
	size_t count = json_array_size(json);
	if (!json_is_array(json) || count == 0)
		return err_set(err, ERR_INVALID, "manifest.json is not a list of images");
	if (count > ARCHIVE_IMAGES_MAX)
		return err_set(err, ERR_LIMIT, "manifest.json: %zu images (at most %d)", count,
			       ARCHIVE_IMAGES_MAX);
	struct oci_archive_image *images = arena_array(arena, count, sizeof(*images));
	if (!images)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (json_read(json_array_get(json, i), image_fields, &images[i], arena, err) < 0)
			return err_wrap(err, "manifest.json: image %zu", i);
		if (images[i].layers.count > LAYERS_MAX)
			return err_set(err, ERR_LIMIT, "manifest.json: %zu layers (at most %d)",
				       images[i].layers.count, LAYERS_MAX);
	}
	*ret = (struct oci_archive){images, count};
	return 0;
}

bool
oci_archive_digest(struct span member, struct digest *ret)
{
	static const struct span folder = SPAN_INIT("blobs/sha256/");
	static const struct span suffix = SPAN_INIT(".json");
	struct err ignored = ERR_INIT;
	char text[DIGEST_TEXT];

	if (span_starts_with(member, folder))
		member = span_slice(member, folder.n, member.n);
	else if (span_ends_with(member, suffix))
		member = span_slice(member, 0, member.n - suffix.n);
	if (member.n != DIGEST_HEX || memchr(member.p, '\0', member.n))
		return false;
	(void)snprintf(text, sizeof(text), "sha256:%.*s", SPAN_ARG(member));
	return digest_parse(span_from(text), ret, &ignored) == 0;
}

static const struct {
	struct span media_type;
	enum layer_compression compression;
} layer_types[] = {
	{SPAN_INIT("application/vnd.oci.image.layer.v1.tar"), LAYER_PLAIN},
	{SPAN_INIT("application/vnd.oci.image.layer.v1.tar+gzip"), LAYER_GZIP},
	{SPAN_INIT("application/vnd.oci.image.layer.v1.tar+zstd"), LAYER_ZSTD},
	{SPAN_INIT("application/vnd.oci.image.layer.nondistributable.v1.tar"), LAYER_PLAIN},
	{SPAN_INIT("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"), LAYER_GZIP},
	{SPAN_INIT("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"), LAYER_ZSTD},
	{SPAN_INIT("application/vnd.docker.image.rootfs.diff.tar"), LAYER_PLAIN},
	{SPAN_INIT("application/vnd.docker.image.rootfs.diff.tar.gzip"), LAYER_GZIP},
	{SPAN_INIT("application/vnd.docker.image.rootfs.diff.tar.zstd"), LAYER_ZSTD},
	{SPAN_INIT("application/vnd.docker.image.rootfs.foreign.diff.tar"), LAYER_PLAIN},
	{SPAN_INIT("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"), LAYER_GZIP},
};

int
oci_layer_compression(struct span media_type, enum layer_compression *ret, struct err *err)
{
	for (size_t i = 0; i < sizeof(layer_types) / sizeof(layer_types[0]); i++) {
		if (span_equal(layer_types[i].media_type, media_type)) {
			*ret = layer_types[i].compression;
			return 0;
		}
	}
	return err_set(err, ERR_UNSUPPORTED, "%s layer of media type \"%.*s\"",
		       span_ends_with(media_type, SPAN("+encrypted")) ? "an encrypted" : "unknown",
		       media_type.n > 100 ? 100 : (int)media_type.n,
		       media_type.p ? media_type.p : "");
}
