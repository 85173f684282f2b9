/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of an image, from JSON: OCI image-spec 1.1 (descriptor.md, image-index.md,
 * manifest.md, config.md), docker schema 2 (distribution: manifest-v2-2.md) and the
 * manifest.json of `docker save`. Pure; everything returned lives in the arena given.
 *
 * Errors of all readers: ERR_INVALID, ERR_LIMIT, ERR_UNSUPPORTED (a digest algorithm other than
 * sha256, docker schema 1, an unknown media type), ERR_MEMORY.
 */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "model/image.h"

#define OCI_TYPE_INDEX	     "application/vnd.oci.image.index.v1+json"
#define OCI_TYPE_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define OCI_TYPE_CONFIG	     "application/vnd.oci.image.config.v1+json"
#define DOCKER_TYPE_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_TYPE_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_TYPE_CONFIG   "application/vnd.docker.container.image.v1+json"
#define OCI_REF_NAME	     "org.opencontainers.image.ref.name"

/* Empty spans: not stated. Names as Go spells them: "linux", "arm64", "v8". */
struct oci_platform {
	struct span os;
	struct span architecture;
	struct span variant;
};

struct oci_descriptor {
	struct span media_type;
	struct digest digest;
	uint64_t size; /* bytes */
	struct span artifact_type;
	bool has_platform;
	struct oci_platform platform;
	struct image_label *annotations;
	size_t annotation_count;
};

struct oci_index {
	struct oci_descriptor *manifests;
	size_t count;
};

struct oci_manifest {
	struct span media_type;	   /* as stated, or sniffed */
	struct span artifact_type; /* empty for an image */
	struct oci_descriptor config;
	struct oci_descriptor *layers; /* lowest first */
	size_t layer_count;
	bool has_subject;
	struct oci_descriptor subject;
	struct image_label *annotations;
	size_t annotation_count;
};

enum oci_kind {
	OCI_INDEX,
	OCI_MANIFEST,
};

struct oci_document {
	enum oci_kind kind;
	struct oci_index index;	      /* OCI_INDEX */
	struct oci_manifest manifest; /* OCI_MANIFEST */
};

/*
 * An index (manifest list) or a manifest. `media_type`: what the transport or the descriptor says,
 * may be empty. A document without mediaType is told by its members; one that looks like both, or
 * that contradicts `media_type`, is ERR_INVALID.
 */
int oci_read(struct span document, struct span media_type, struct arena *arena,
	     struct oci_document *ret, struct err *err);

/* Whether a media type is that of an index or manifest, which registries serve apart from blobs. */
bool oci_is_manifest_type(struct span media_type);

struct oci_history {
	struct span created_by;
	struct span comment;
	bool empty_layer;
};

struct oci_config {
	struct image_config image;
	struct digest *diff_ids; /* lowest layer first */
	size_t diff_id_count;
	struct oci_history *history;
	size_t history_count;
	struct gap_list gaps; /* members that could not be understood and were left out */
};

/* An image config. image.json refers to a copy of the document in the arena. */
int oci_read_config(struct span document, struct arena *arena, struct oci_config *ret,
		    struct err *err);

/* One image of a `docker save` archive; names of members of the archive. */
struct oci_archive_image {
	struct span config;
	struct span_list tags; /* "nginx:1.27" */
	struct span_list layers;
};

struct oci_archive {
	struct oci_archive_image *images;
	size_t count;
};

int oci_read_archive(struct span document, struct arena *arena, struct oci_archive *ret,
		     struct err *err);

/* The digest a member name promises ("<hex>.json", "blobs/sha256/<hex>"); false when none. */
bool oci_archive_digest(struct span member, struct digest *ret);

/*
 * How a layer's media type says it is compressed. ERR_UNSUPPORTED for encrypted and unknown ones,
 * and for those that hold no file system.
 */
int oci_layer_compression(struct span media_type, enum layer_compression *ret, struct err *err);

/* "OS/ARCH[/VARIANT]" with the usual other spellings (x86_64, aarch64, armhf). ERR_USAGE. */
int oci_platform_parse(struct span text, struct arena *arena, struct oci_platform *ret,
		       struct err *err);

/* The platform of `machine` as uname(2) spells it; NULL: this machine. Static text. */
struct oci_platform oci_platform_host(const char *machine);

/* "linux/arm64/v8"; in arena memory, .p NULL without memory. */
struct span oci_platform_text(const struct oci_platform *platform, struct arena *arena);

/*
 * How well something offered runs where `wanted` is wanted: 0 not at all, more is better. An exact
 * variant beats a lower one (arm v7 runs v6), which beats none.
 */
unsigned oci_platform_rank(const struct oci_platform *wanted, const struct oci_platform *offered);

/* The value of an annotation or label, or .p NULL. */
struct span oci_annotation(const struct image_label *labels, size_t count, struct span name);
