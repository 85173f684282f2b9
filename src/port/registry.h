/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One repository of a registry: the distribution API (OCI distribution-spec 1.1, and what docker's
 * registry adds: token.md, "Token Authentication"). docs/registry.md
 */
#pragma once

#include "base/progress.h"
#include "codec/oci.h"
#include "codec/reference.h"

struct registry_options {
	const char *cache; /* blobs land in CACHE/blobs/sha256/HEX; required */
	const char *certs; /* as in port/http.h */
	bool plain_http;
	const struct progress *progress;
};

struct registry;

/*
 * Finds out how the registry is spoken to; no credentials are sent yet. Only domain and repository
 * of the reference matter. ERR_NETWORK, ERR_TIMEOUT.
 */
int registry_open(const struct reference *reference, const struct registry_options *options,
		  struct registry **ret, struct err *err);
void registry_free(struct registry *registry);
void registry_cleanup(struct registry **registry);

struct registry_manifest {
	struct span document;
	struct span media_type; /* Content-Type without parameters; may be empty */
	struct digest digest;	/* of these bytes; checked against what was asked and promised */
};

/* A manifest or index by tag. ERR_NOT_FOUND, ERR_AUTH, ERR_DIGEST, ERR_LIMIT. */
int registry_manifest_by_tag(struct registry *registry, struct span tag, struct arena *arena,
			     struct registry_manifest *ret, struct err *err);
int registry_manifest_by_digest(struct registry *registry, const struct digest *digest,
				struct arena *arena, struct registry_manifest *ret,
				struct err *err);

/* What is known of a blob before it is there; size UINT64_MAX: not known. */
struct registry_blob {
	struct digest digest;
	uint64_t size;
};

/*
 * Brings blobs into the cache, several at once. Each byte is hashed while it arrives; one that
 * does not match is thrown away (ERR_DIGEST). A broken download goes on where it stopped, also in
 * the next run. Blobs in the cache are hashed again and fetched anew when they are damaged.
 */
int registry_fetch(struct registry *registry, const struct registry_blob *blobs, size_t count,
		   struct err *err);

/* A blob of the cache for reading. ERR_NOT_FOUND when it was not fetched. */
int registry_blob_open(struct registry *registry, const struct digest *digest, int *ret_fd,
		       struct err *err);
