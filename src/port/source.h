/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where images come from: one vtable per transport, found by prefix in a table.
 * A source answers for one image reference. docs/sources.md
 *
 * Who verifies: source_document() checks digest and size, and a registry checks blobs while they
 * arrive. Bytes from blob() and member() are otherwise as stored: the reader checks them.
 */
#pragma once

#include "base/progress.h"
#include "codec/oci_select.h"

struct source_options {
	const char *platform; /* "linux/arm64/v8"; NULL: this machine's */
	const char *cache;    /* folder for blobs of registries; NULL: $MOHS_CACHE, else
				 $XDG_CACHE_HOME/mohs, else ~/.cache/mohs */
	const char *certs;    /* folder HOST[:PORT]/ca.crt of further authorities, one per registry;
				 NULL: $MOHS_CERTS, else /etc/docker/certs.d */
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

/* Closes; good on a zeroed one. */
void blob_cleanup(struct blob *blob);

/* The rest of a blob. ERR_LIMIT past `max`. */
int blob_load(struct blob *blob, size_t max, struct arena *arena, struct span *ret,
	      struct err *err);

enum source_kind {
	SOURCE_OCI,    /* top(), manifest(), blob(): OCI or docker schema 2 documents */
	SOURCE_DOCKER, /* archive(), member(): a `docker save` archive */
	SOURCE_ROOTFS, /* no documents: one plain folder */
};

struct source;

struct source_type {
	const char *prefix; /* "oci"; the registry transport also takes references without one */
	const char *syntax; /* "oci:DIR[:TAG]", for --help */
	int (*open)(struct span rest, const struct source_options *options, struct source **ret,
		    struct err *err);
};

/* The first document: an index or a manifest. */
struct source_top {
	struct span document;
	struct span media_type; /* as the transport says; empty when it does not */
	struct digest digest;	/* of these bytes; checked when reference or layout promise one */
};

/* What every transport's object starts with. Calls for one source come from one thread. */
struct source {
	const struct source_type *type;
	enum source_kind kind;
	struct arena *arena;		     /* holds the object itself and what the calls return */
	struct span reference;		     /* normalised, without credentials */
	void (*free)(struct source *source); /* releases what is not in the arena; may be NULL */

	/* SOURCE_OCI */
	int (*top)(struct source *source, struct source_top *ret, struct err *err);
	int (*blob)(struct source *source, const struct digest *digest, struct blob *ret,
		    struct err *err);
	/* A manifest: registries serve them apart from blobs. NULL: blob() does. */
	int (*manifest)(struct source *source, const struct digest *digest, struct arena *arena,
			struct span *ret, struct err *err);
	/*
	 * Told before the blobs are read: fetches them, several at once, so that blob() has them
	 * at hand. NULL: nothing to gain.
	 */
	int (*prefetch)(struct source *source, const struct oci_descriptor *const *blobs,
			size_t count, struct err *err);

	/* SOURCE_DOCKER: the image the reference names (the only one when it names none) */
	int (*archive)(struct source *source, struct oci_archive_image *ret, struct err *err);
	/* By name inside the archive; links inside the archive are followed. */
	int (*member)(struct source *source, struct span name, struct blob *ret, struct err *err);

	struct span folder; /* SOURCE_ROOTFS */
};

/*
 * Opens any reference. ERR_USAGE for an unknown transport (the text lists those there are),
 * ERR_NOT_FOUND.
 */
int source_open(struct span reference, const struct source_options *options, struct source **ret,
		struct err *err);

/*
 * Told of an image that could not be had: says in *err when the name, taken for one in a registry,
 * may have been meant for a file or folder.
 */
void source_explain(struct span reference, struct err *err);
void source_free(struct source *source);
void source_cleanup(struct source **source);

/*
 * A manifest, index or config (SOURCE_OCI) by descriptor into `arena`, checked against size and
 * digest. ERR_DIGEST, ERR_LIMIT. Fits struct oci_fetch; the context is the source.
 */
int source_document(void *context, const struct oci_descriptor *descriptor, struct arena *arena,
		    struct span *ret, struct err *err);

/*
 * top() and oci_select() in one: the manifest of the platform asked for (SOURCE_OCI).
 * Into `arena`. Errors as theirs.
 */
int source_select(struct source *source, const struct source_options *options, struct arena *arena,
		  struct oci_selected *ret, struct err *err);

/*
 * The cache folder (not created): `given`, else as source_options.cache says; /var/cache/mohs when
 * there is no home.
 */
int cache_folder(const char *given, struct arena *arena, struct span *ret, struct err *err);

/* The table, ended by NULL: for --help and completion. */
extern const struct source_type *const source_types[];
