/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of pipeline/rescan: what is found, what is kept, and what differs. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "codec/rescan_bytes.h"
#include "pipeline/rescan.h"
#include "stage/match.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- walk.c ---- */

struct rescan_file {
	struct span path;
	struct span key;     /* absolute: the same from every working directory */
	struct span problem; /* of a folder that cannot be read; else empty */
	bool named;	     /* by who asks, or by its ending: it must be a bill */
};

struct rescan_files {
	VEC(struct rescan_file) items; /* by key, each once */
	struct span name;	       /* of the set: 64 hexadecimal digits */
};

/* Every path, and all files below folders whose names end in ".json". Texts go to `arena`. */
int rescan_walk(const struct rescan_request *request, struct arena *arena, struct rescan_files *ret,
		struct err *err);

/* ---- the work ---- */

/* What becomes of one file. */
struct rescan_outcome {
	struct rescan_bill bill;
	bool other;  /* it is no bill */
	size_t from; /* its entry, among the worker's bytes; to == from: none */
	size_t to;
	size_t worker;
};

struct rescan_batch {
	const struct rescan_request *request;
	struct rescan_files files;
	struct rescan_state last;
	struct map *entries; /* key -> place in last.entries */
	struct rescan_outcome *outcomes;
	atomic_size_t next;
	pthread_mutex_t lock; /* of the failure */
	struct err failure;
};

struct rescan_worker {
	struct rescan_batch *batch;
	size_t number;
	struct arena *arena; /* of the bills' texts */
	struct buf kept;     /* entries of the next state */
	struct advisories *advisories;
	struct match_memory *memory;
	struct advisory_identity database;
};

/* ---- job.c ---- */

/* ERR_MEMORY, ERR_CANCELLED and what the database says end it all; what a bill says does not. */
int rescan_file(struct rescan_worker *worker, size_t number, struct err *err);

/* ---- state.c ---- */

int rescan_state_path(const struct rescan_batch *batch, struct arena *arena, struct span *ret,
		      struct err *err);
/* Fills last and entries, which borrow from `arena`; nothing where there is none. */
int rescan_load(struct rescan_batch *batch, struct span path, struct arena *arena, struct err *err);
int rescan_save(const struct rescan_batch *batch, const struct rescan_worker *workers,
		struct span path, struct err *err);

/* ---- changes.c ---- */

/* Fills changes, fresh and gone of the bill. Texts go to `arena`. */
int rescan_compare(const struct rescan_finding *before, size_t before_count,
		   const struct rescan_finding *after, size_t after_count, struct arena *arena,
		   struct rescan_bill *bill, struct err *err);
