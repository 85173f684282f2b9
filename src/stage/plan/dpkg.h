/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/plan: a dpkg database cut down to what stays (deb822(5), dpkg-query(1)). */
#pragma once

#include "stage/plan/planner.h"

/* A file that another package's took the place of. */
struct dpkg_diverted {
	struct span to;
	struct span package; /* whose file stays at the old place */
};

struct dpkg_folder {
	struct planner *planner;
	struct span path;	/* as the inventory has it: "/var/lib/dpkg" */
	uint32_t entry;		/* of the folder, links followed; IMAGE_NONE: not there */
	uint32_t info;		/* of its folder info, or IMAGE_NONE */
	struct map *components; /* "NAME\nARCHITECTURE" -> 1 when it stays on record, else 0 */
	struct map *diversions; /* diverted path -> index in diverted */
	VEC(struct dpkg_diverted) diverted;
};

/* `status` is the path of the database's main file. The folder is good until dpkg_close(). */
int dpkg_open(struct planner *planner, struct span status, struct dpkg_folder *ret,
	      struct err *err);
void dpkg_close(struct dpkg_folder *folder);

/* Keeps the files of the database that say something of what stays. */
int dpkg_keep(struct dpkg_folder *folder, struct err *err);

/*
 * The new content of one of the folder's files, in the plan's arena; .p NULL when this is no file
 * that is rewritten. Unreadable: .p NULL and a gap.
 */
int dpkg_rewrite(struct dpkg_folder *folder, uint32_t entry, struct span *ret, struct err *err);
