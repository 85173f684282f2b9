/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of an image, to JSON: OCI image-spec 1.1 (manifest.md, config.md, image-index.md,
 * image-layout.md) and the manifest.json of `docker save`. Sorted keys, so that the same input
 * gives the same bytes. Everything returned lives in the arena given. ERR_INVALID, ERR_MEMORY.
 */
#pragma once

#include "codec/oci.h"

#define OCI_TYPE_LAYER	    "application/vnd.oci.image.layer.v1.tar"
#define OCI_TYPE_LAYER_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define OCI_TYPE_LAYER_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
#define OCI_BASE_DIGEST	    "org.opencontainers.image.base.digest"
#define OCI_BASE_NAME	    "org.opencontainers.image.base.name"

/* The content of a layout's `oci-layout` file. */
#define OCI_LAYOUT "{\"imageLayoutVersion\":\"1.0.0\"}\n"

const char *oci_layer_type(enum layer_compression compression);

/*
 * The config of a hardened image: every member of the original's document, known or not, but
 * rootfs (this one layer) and history (this one step, dated like the image). An image without a
 * document gets one with its architecture and os.
 */
int oci_write_config(const struct image_config *original, const struct digest *diff_id,
		     struct arena *arena, struct span *ret, struct err *err);

/*
 * The config's document with another start: both lists replace what it has, an empty one takes it
 * away.
 */
int oci_write_start(const struct image_config *original, struct span_list entrypoint,
		    struct span_list command, struct arena *arena, struct span *ret,
		    struct err *err);

struct oci_write_manifest {
	struct span config; /* the document */
	struct digest layer;
	uint64_t layer_size;
	enum layer_compression compression;
	const struct image_label *annotations;
	size_t annotation_count;
};

int oci_write_manifest(const struct oci_write_manifest *in, struct arena *arena, struct span *ret,
		       struct err *err);

struct oci_write_entry {
	struct span manifest; /* the document */
	struct span tag;      /* empty: none */
	struct oci_platform platform;
};

/*
 * `index` (empty: none yet) with this manifest in it. An entry of the same tag is replaced, the
 * others and unknown members stay. Without a tag: ERR_USAGE when there are tagged images, since
 * the layout's name alone would no longer say which one is meant.
 */
int oci_write_index(struct span index, const struct oci_write_entry *entry, struct arena *arena,
		    struct span *ret, struct err *err);

/* manifest.json of a one-layer docker-archive; `tag` "NAME:TAG" or empty. */
int oci_write_archive(struct span config_name, struct span layer_name, struct span tag,
		      struct arena *arena, struct span *ret, struct err *err);
