/* SPDX-License-Identifier: Apache-2.0 */
/* Stored bills of materials -> what is known of each now, and what changed. docs/rescan.md */
#pragma once

#include "model/rescan.h"
#include "port/advisories.h"

struct rescan_request {
	const char *const *paths; /* files and folders */
	size_t path_count;
	const char *state; /* the file that is kept for the next time; NULL: one below the cache */
	size_t workers;	   /* threads; 0: as many as there are processors */
	const char *database; /* each worker opens it for itself; NULL: the default one */
};

/*
 * Reads and matches them all, then replaces what is kept. A bill that cannot be read has a problem,
 * and keeps what is known of it for the next time. A kept file that is damaged is an error:
 * ERR_INVALID. ERR_NOT_FOUND for a path that is not there, ERR_CANCELLED.
 */
int rescan_run(const struct rescan_request *request, struct rescan **ret, struct err *err);
