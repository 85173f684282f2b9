/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One repository of a registry: the distribution API (OCI distribution-spec 1.1, and what docker's
 * registry adds: token.md, "Token Authentication"). docs/registry.md
 */
#pragma once

#include "base/progress.h"
#include "base/vec.h"
#include "codec/oci.h"
#include "codec/reference.h"

struct registry_options {
	uint64_t chunk;	   /* most bytes of one request of an upload; 0: 64 MiB */
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

struct registry_manifest {
	struct span document;
	struct span media_type; /* Content-Type without parameters; may be empty */
	struct span etag;	/* empty when there was none */
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

/* Takes a blob out of the cache, for one that is not needed again. Descriptors stay good. */
void registry_blob_forget(struct registry *registry, const struct digest *digest);

/* ERR_DIGEST when the registry has something of another size or digest there. */
int registry_has_blob(struct registry *registry, const struct registry_blob *blob, bool *ret,
		      struct err *err);

/* Names another repository of this registry, whose blobs registry_mount_blob() then takes over. */
int registry_mount_from(struct registry *registry, struct span repository, struct err *err);

/* False when the registry does not do it, or no repository was named. */
int registry_mount_blob(struct registry *registry, const struct digest *digest, bool *ret,
			struct err *err);

/* A blob in a file. */
struct registry_upload {
	struct digest digest;
	uint64_t size; /* bytes */
	int fd;	       /* borrowed; read by position */
	uint64_t offset;
};

/*
 * Sends a blob, whether it is there or not. The bytes are hashed first (ERR_DIGEST), then read from
 * the file as they are sent. What breaks goes on where the registry says it stopped.
 */
int registry_push_blob(struct registry *registry, const struct registry_upload *blob,
		       struct err *err);

struct registry_put {
	struct span document;
	struct span media_type;
	struct span tag;      /* empty: only by digest */
	struct span if_match; /* ETag that the tag must still have; empty: whatever it has */
	bool if_absent;	      /* the tag must not be there yet */
};

struct registry_put_result {
	bool subject;  /* the registry keeps the list of referrers (OCI-Subject) */
	bool conflict; /* the condition did not hold; the tag is as it was */
};

/*
 * By digest, then by tag: a tag never points at what the registry did not take whole. Everything
 * the manifest names must be there. ERR_DIGEST when the registry says it got something else.
 */
int registry_push_manifest(struct registry *registry, const struct registry_put *put,
			   struct registry_put_result *ret, struct err *err);

struct registry_referrers {
	bool supported;			 /* the registry has the referrers API */
	VEC(struct oci_descriptor) list; /* vec_free() it; what it points at is in the arena */
};

/* All pages. ERR_NETWORK, ERR_AUTH: not known; never an empty list. */
int registry_referrers(struct registry *registry, const struct digest *subject, struct arena *arena,
		       struct registry_referrers *ret, struct err *err);
