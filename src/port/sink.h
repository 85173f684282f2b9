/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a built image goes: one vtable per transport, found by prefix in a table. The layer is
 * written to `fd` first, since its digest is known only at its end; commit() puts the documents
 * beside it and shows the image, all or nothing. docs/build.md
 */
#pragma once

#include "base/arena.h"
#include "base/progress.h"
#include "codec/oci.h"

struct sink_options {
	const char *cache; /* these three as source_options has them */
	const char *certs;
	bool plain_http;
	const struct progress *progress;
};

/* An image with one layer, ready to be shown. */
struct sink_image {
	struct span manifest; /* documents, byte for byte */
	struct digest manifest_digest;
	struct span config;
	struct digest config_digest;
	struct digest layer_digest;
	uint64_t layer_size; /* bytes written to sink->fd */
	struct oci_platform platform;
};

struct sink;

struct sink_type {
	const char *prefix; /* "oci" */
	const char *syntax; /* "oci:DIR[:TAG]", for --help */
	int (*open)(struct span rest, const struct sink_options *options, struct sink **ret,
		    struct err *err);
};

/* What every transport's object starts with. */
struct sink {
	const struct sink_type *type;
	struct arena *arena;
	struct span reference; /* opens with source_open() once committed */
	int fd;		       /* takes the layer's bytes at `start`; owned by the sink */
	uint64_t start;	       /* offset in fd of the layer's first byte */
	/* Shows the image. ret_layer_path: file that holds nothing but the layer, or empty. */
	int (*commit)(struct sink *sink, const struct sink_image *image,
		      struct span *ret_layer_path, struct err *err);
	/* Without a commit that succeeded, leaves nothing behind. */
	void (*free)(struct sink *sink);
};

/* ERR_USAGE for an unknown transport (the text lists those there are), ERR_IO. */
int sink_open(struct span reference, const struct sink_options *options, struct sink **ret,
	      struct err *err);

/* Whether an output is a registry, where others see it as soon as it is written. */
bool sink_is_registry(struct span reference);

/* Drops what was written to fd so far. */
int sink_rewind(struct sink *sink, struct err *err);
void sink_free(struct sink *sink);
void sink_cleanup(struct sink **sink);
