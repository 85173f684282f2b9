/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the layer cache share. */
#pragma once

#include "base/arena.h"
#include "port/cache.h"

#define CACHE_TAR	"tar"
#define CACHE_INDEX	"index"
#define CACHE_TEMPORARY "tmp-"

enum {
	CACHE_NAME = 80,   /* room for the name of a layer's folder */
	CACHE_MODE = 0700, /* of folders */
	CACHE_FILE = 0600, /* of files */
};

struct cache {
	struct arena *arena;
	struct span folder; /* absolute or as given: "/root/.cache/mohs/layers" */
	int fd;		    /* of that folder */
	uint64_t max;	    /* bytes */
};

/* "<hex>": the name of a layer's folder. */
void cache_name(const struct digest *diff_id, char name[CACHE_NAME]);

/* Removes a folder of the cache with what is in it. */
void cache_remove(const struct cache *cache, const char *name);

/* A new name "tmp-XXXXXXXXXXXXXXXX". */
int cache_temporary_name(char name[CACHE_NAME], struct err *err);

/*
 * Brings the cache below its ceiling: first what a killed mohs left behind, then the layers that
 * were not used for longest. Layers in use stay. What cannot be removed is left.
 */
void cache_evict(const struct cache *cache);

/* ERR_IO with a hint at the folder when the disk is full. */
int cache_failed(const struct cache *cache, int error, const char *what, struct err *err);
