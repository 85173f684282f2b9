/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/plan: what is known of ELF files and of the loader's configuration. */
#pragma once

#include "codec/ld_cache.h"
#include "stage/plan/planner.h"

/* An ELF file as far as loading goes. */
struct object {
	struct elf_info info; /* strings in the plan's arena */
	bool good;	      /* false: no ELF file, or not readable */
	bool asks_names;      /* imports a function that looks up users, groups, hosts */
	bool ends_threads;    /* imports pthread_cancel or pthread_exit */
	uint32_t parent;      /* entry that loaded it first, or IMAGE_NONE */
	struct span found_in; /* folder by which it was found: another $ORIGIN; may be empty */
};

struct missing {
	uint32_t holder;
	struct span name;
};

struct loader {
	struct object **objects; /* per entry; NULL: not read */
	struct ld_cache_entry *cache;
	size_t cache_count;
	uint32_t *cache_next;	      /* next one of the same name; cache_count at the end */
	struct map *cache_names;      /* name -> first in cache */
	VEC(struct span) directories; /* of ld.so.conf, then of musl's path file */
	VEC(struct missing) missing;
	uint32_t musl_files[8]; /* /etc/ld-musl-ARCH.path */
	size_t musl_count;
	struct span preload; /* content of /etc/ld.so.preload */
};

/* loader_conf.c: cache, ld.so.conf, musl's path file, preload list. */
int loader_read_configuration(struct planner *planner, struct loader *loader, struct err *err);

/* The facts of a file, read once; NULL in *ret when it is no readable ELF file. */
int loader_object(struct planner *planner, uint32_t entry, struct object **ret, struct err *err);

/* loader_search.c: one search for one name. */
struct search {
	struct planner *planner;
	const struct object *wanting; /* NULL: any machine will do */
	struct span name;
	struct span found;     /* path as the loader would open it */
	struct span directory; /* in which it was found */
	uint32_t entry;	       /* IMAGE_NONE until found */
};

/* `holder`: the entry of `wanting`, or IMAGE_NONE with NULL. Fills found, directory and entry. */
int loader_search(struct search *search, uint32_t holder, struct err *err);
