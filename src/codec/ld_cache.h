/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the dynamic loader goes by: /etc/ld.so.cache in the format "glibc-ld.so.cache1.1"
 * (glibc sysdeps/generic/dl-cache.h), alone or behind the old "ld.so-1.7.0" part; and the lines
 * of /etc/ld.so.conf (ldconfig(8)).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct ld_cache_entry {
	struct span name; /* soname: "libc.so.6" */
	struct span path; /* "/lib/x86_64-linux-gnu/libc.so.6" */
	uint32_t flags;	  /* ABI bits as stored */
	uint64_t hwcap;	  /* != 0: only for some processors */
};

/*
 * In the file's order (the loader's preference). Spans point into `file`; entries whose strings
 * lie outside are left out. ERR_INVALID: not such a cache or cut off; ERR_LIMIT:
 * LD_CACHE_ENTRIES_MAX; ERR_MEMORY.
 */
int ld_cache_read(struct span file, struct arena *arena, struct ld_cache_entry **ret,
		  size_t *ret_count, struct err *err);

enum ld_conf_kind {
	LD_CONF_DIRECTORY,
	LD_CONF_INCLUDE, /* a glob; relative ones are meant from the file's own folder */
};

/*
 * Takes the next item off *rest; false at the end. Comments, `hwcap` lines and the old
 * "DIRECTORY=TYPE" suffix are dropped. Never fails: any text has some meaning to ldconfig.
 */
bool ld_conf_next(struct span *rest, enum ld_conf_kind *ret_kind, struct span *ret_text);
