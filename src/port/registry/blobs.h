/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs on their way into the cache. */
#pragma once

#include "base/digest.h"
#include "port/http.h"
#include "port/registry.h"
#include "port/registry/session.h"

#include <limits.h>

struct registry {
	struct session session;
	const struct registry_options *options; /* points at `kept` */
	struct registry_options kept;
	struct span folder; /* CACHE/blobs/sha256 */
};

/* One blob being written to FOLDER/HEX.part, hashed on its way. */
struct download {
	const struct registry *registry;
	struct registry_blob blob;
	char text[DIGEST_TEXT];
	char path[PATH_MAX];
	char part[PATH_MAX];
	int fd;
	uint64_t received;
	bool own_name; /* `part` is no name that a later run would look for */
	bool carried;  /* starts with bytes of an earlier run */
	bool finished;
	struct digest_stream *stream;
	struct download_total *total;
	struct http_sink sink;
};

/* For progress: of all downloads together. */
struct download_total {
	const struct progress *progress;
	uint64_t done;
	uint64_t size;
	size_t blobs;
};

/* Takes the .part file (locked) and hashes what is there; finished when the cache has the blob. */
int download_open(struct download *download, const struct registry *registry,
		  const struct registry_blob *blob, struct download_total *total, struct err *err);

/* Checks size and digest, and puts the file in its place. ERR_DIGEST throws it away. */
int download_finish(struct download *download, struct err *err);
void download_close(struct download *download);

/* ERR_DIGEST when the answer to a push names another digest than `digest`. */
int registry_check_promise(const struct http_response *response, const struct digest *digest,
			   const char *what, struct err *err);
