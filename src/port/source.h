/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where images come from: one vtable per transport, found by prefix in a table.
 * A source answers for one image reference. It verifies nothing: stage/image
 * checks every byte against its digest and size.
 */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/progress.h"

struct source_options {
	const char *platform; /* "linux/arm64/v8"; NULL: this machine's */
	bool plain_http;      /* HTTP to hosts other than loopback */
	const struct progress *progress;
};

/* A blob's bytes, from the start. */
struct blob {
	void *context;
	uint64_t size; /* as the source says; UINT64_MAX when it does not know */
	/* Fills p with up to n bytes; *ret_n == 0 at the end. */
	int (*read)(void *context, void *p, size_t n, size_t *ret_n, struct err *err);
	void (*close)(void *context);
};

void blob_cleanup(struct blob *blob);

enum source_kind {
	SOURCE_OCI,    /* top document is an OCI or docker schema 2 index or manifest */
	SOURCE_DOCKER, /* top document is a docker-archive manifest.json */
	SOURCE_ROOTFS, /* no documents: one plain folder */
};

struct source;

struct source_type {
	const char *prefix; /* "oci"; the registry transport also takes references without one */
	const char *syntax; /* "oci:DIR[:TAG]", for --help */
	int (*open)(struct span rest, const struct source_options *options, struct source **ret,
		    struct err *err);
};

/* What every transport's object starts with. */
struct source {
	const struct source_type *type;
	enum source_kind kind;
	struct arena *arena;
	struct span reference; /* normalised, without credentials */
	void (*free)(struct source *source);
	/*
	 * The top document: an index or manifest (SOURCE_OCI), manifest.json (SOURCE_DOCKER).
	 * ret_digest: what the reference or the layout promises; false in *ret_known when nothing
	 * does.
	 */
	int (*top)(struct source *source, struct span *ret_document, struct digest *ret_digest,
		   bool *ret_known, struct err *err);
	/* By digest (SOURCE_OCI). */
	int (*blob)(struct source *source, const struct digest *digest, struct blob *ret,
		    struct err *err);
	/* By name inside the archive (SOURCE_DOCKER). */
	int (*member)(struct source *source, struct span name, struct blob *ret, struct err *err);
	/* A manifest by digest: registries serve them apart from blobs. NULL: blob() does. */
	int (*manifest)(struct source *source, const struct digest *digest, size_t max,
			struct span *ret, struct err *err);
	/* Hint before the blobs are read: fetch these (in parallel). NULL: nothing to gain. */
	int (*prefetch)(struct source *source, const struct digest *digests, const uint64_t *sizes,
			size_t count, struct err *err);
	/* SOURCE_ROOTFS: the folder. */
	struct span folder;
};

/* Opens any reference. ERR_USAGE for an unknown transport (the text lists those there are). */
int source_open(struct span reference, const struct source_options *options, struct source **ret,
		struct err *err);
void source_free(struct source *source);
void source_cleanup(struct source **source);

/* The table, ended by a NULL prefix: for --help and completion. */
extern const struct source_type *const source_types[];
