/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this stage share. */
#pragma once

#include "base/vec.h"
#include "port/cache.h"
#include "port/source.h"
#include "stage/image.h"
#include "stage/image/ring.h"

#include <pthread.h>

/* One layer of the image that is being opened. */
struct draft_layer {
	struct span member; /* SOURCE_DOCKER: name in the archive */
	bool has_digest;    /* image_layer.digest and .size are promised, not computed */
	bool foreign;	    /* its media type says that it may have to be fetched elsewhere */
	struct cache_layer cached; /* open once it is in the cache */
};

/* An image on its way: documents first, then layers, then the merge. */
struct draft {
	const struct image_options *options;
	struct source *source;
	struct cache *cache;
	struct image *image; /* layers[] has what the documents say; filled in by the layers */
	struct draft_layer *layers;
	VEC(struct gap) gaps;

	pthread_mutex_t lock; /* for all below, and for calls of source and progress */
	uint64_t done;	      /* compressed bytes */
	uint64_t total;
	size_t next; /* layer to take */
	struct err failure;
};

/* Manifest and config into draft->image; draft->layers. */
int draft_read_oci(struct draft *draft, struct err *err);
int draft_read_docker(struct draft *draft, struct err *err);

/* Room for `count` layers in draft and image. */
int draft_make_layers(struct draft *draft, size_t count, struct err *err);

/*
 * Manifest (and config, when there is none) of an image that has none of its own, once its layers
 * are known. The same layers and config give the same bytes.
 */
int draft_write_config(struct draft *draft, struct err *err);
int draft_write_manifest(struct draft *draft, struct err *err);

int draft_add_gap(struct draft *draft, struct span subject, struct span text, struct err *err);

/* Brings every layer into the cache, several at once, and opens it there. */
int draft_fetch_layers(struct draft *draft, struct err *err);

/* SOURCE_ROOTFS: the folder as the only layer. */
int draft_pack_rootfs(struct draft *draft, struct err *err);

/* Records of all layers -> entries. *ret_damaged: layer whose index is damaged, or SIZE_MAX. */
int draft_merge(struct draft *draft, size_t *ret_damaged, struct err *err);

/* Tells the progress that `n` more compressed bytes were read. */
void draft_step(struct draft *draft, uint64_t n);

/*
 * Takes an uncompressed layer through hash, index and cache: `produce` runs in a thread of its own
 * and fills the ring; what it returns is the error that counts. `expected` NULL: any diffID.
 */
int layer_store(struct cache *cache,
		int (*produce)(void *context, struct ring *ring, struct err *err), void *context,
		const struct digest *expected, struct cache_layer *ret, struct err *err);
