/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place that keeps images byte for byte, by digest and by tag: a repository of a registry, or an
 * OCI image layout in a folder. What attaching and copying stand on. docs/registry.md
 */
#pragma once

#include "base/progress.h"
#include "codec/oci.h"

struct depot_options {
	const char *cache; /* as source_options.cache */
	const char *certs; /* as in port/http.h */
	bool plain_http;   /* HTTP to hosts other than loopback */
	uint64_t chunk;	   /* as registry_options.chunk */
	const struct progress *progress;
};

/* A manifest or index. */
struct depot_document {
	struct span document;
	struct span media_type;
	struct digest digest; /* of these bytes */
	struct span etag;     /* may be empty */
};

struct depot_blob {
	struct digest digest;
	uint64_t size; /* bytes */
};

struct depot_put {
	struct span document;
	struct span media_type;
	struct span tag; /* empty: only by digest */
	/* Conditions on the tag, where they are understood: the ETag it still has, or none. */
	struct span if_match;
	bool if_absent;
};

struct depot_put_result {
	bool subject;  /* the place itself lists it for its subject */
	bool conflict; /* the condition did not hold; nothing was done */
};

struct depot_list {
	bool supported; /* false: the place has no such list of its own */
	struct oci_descriptor *items;
	size_t count;
};

struct depot {
	struct arena *arena; /* holds the object itself */
	struct span reference;
	struct span host; /* registry; empty: a folder */
	struct span repository;
	struct span tag; /* may be empty */
	bool has_digest;
	struct digest digest;
	const struct depot_options *options; /* of depot_open(); outlive it */
	unsigned settle_ms; /* after a write that others may overwrite, before it is looked at */

	/* Digest checked. ERR_NOT_FOUND. Results go to `arena`. */
	int (*by_tag)(struct depot *depot, struct span tag, struct arena *arena,
		      struct depot_document *ret, struct err *err);
	int (*by_digest)(struct depot *depot, const struct oci_descriptor *descriptor,
			 struct arena *arena, struct depot_document *ret, struct err *err);
	/* Which image the reference names. */
	int (*top)(struct depot *depot, struct arena *arena, struct depot_document *ret,
		   struct err *err);

	int (*has_blob)(struct depot *depot, const struct depot_blob *blob, bool *ret,
			struct err *err);
	/* The whole blob as a file. */
	int (*open_blob)(struct depot *depot, const struct depot_blob *blob, int *ret_fd,
			 struct err *err);
	/* Drops the copy that open_blob() left on this machine. NULL: it leaves none. */
	void (*forget_blob)(struct depot *depot, const struct depot_blob *blob);
	/* Digest and size of the bytes of `fd` are checked. ERR_DIGEST. */
	int (*put_blob)(struct depot *depot, const struct depot_blob *blob, int fd,
			struct err *err);
	/* A blob of `from` without its bytes passing through here. NULL: never. */
	int (*mount_blob)(struct depot *depot, const struct depot *from,
			  const struct depot_blob *blob, bool *ret, struct err *err);

	/* Everything it names must be there. */
	int (*put)(struct depot *depot, const struct depot_put *put, struct depot_put_result *ret,
		   struct err *err);
	/* Shows an image that has no tag. NULL: its digest is all it takes. */
	int (*name)(struct depot *depot, const struct depot_document *document, struct err *err);
	/* What the place itself knows of referrers, tags aside. */
	int (*list)(struct depot *depot, const struct digest *subject, struct arena *arena,
		    struct depot_list *ret, struct err *err);
	/* Keeps others on this machine from rewriting the tag; closing the descriptor ends it. */
	int (*lock)(struct depot *depot, struct span tag, int *ret_fd, struct err *err);
	void (*free)(struct depot *depot);
};

/* "oci:DIR[:TAG]" or a registry reference. ERR_USAGE for other transports. */
int depot_open(struct span reference, const struct depot_options *options, struct depot **ret,
	       struct err *err);
void depot_free(struct depot *depot);
void depot_cleanup(struct depot **depot);

/* put_blob() of bytes in memory, when they are not there yet. */
int depot_put_bytes(struct depot *depot, struct span bytes, struct err *err);

/* A whole blob of at most `max` bytes, its digest checked. ERR_LIMIT, ERR_DIGEST, ERR_NOT_FOUND. */
int depot_get_bytes(struct depot *depot, const struct depot_blob *blob, size_t max,
		    struct arena *arena, struct span *ret, struct err *err);
