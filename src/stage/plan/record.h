/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/plan: package databases cut down to what stays. One file each, one row in
 * record.c. */
#pragma once

#include "stage/plan/planner.h"

struct record_cutter {
	struct span ecosystem;
	struct span suffix; /* what the path of a database's main file ends in */
	/* Keeps the files of the database that say something of what stays; may be called again. */
	int (*keep)(struct planner *planner, struct span database, struct err *err);
	/* Adds the new contents of its kept files to planner->rewrites. */
	int (*rewrite)(struct planner *planner, struct span database, struct err *err);
};

/* The content of a file; .p NULL when it is not there or, with a gap, cannot be read. */
int record_load(struct planner *planner, uint32_t entry, struct span *ret, struct err *err);

/* Copies the new content of a kept file. */
int record_put(struct planner *planner, uint32_t entry, struct span content, struct err *err);

/* One file each. */
int apk_keep(struct planner *planner, struct span path, struct err *err);
int apk_rewrite(struct planner *planner, struct span path, struct err *err);
int composer_keep(struct planner *planner, struct span path, struct err *err);
int composer_rewrite(struct planner *planner, struct span path, struct err *err);
int dotnet_keep(struct planner *planner, struct span path, struct err *err);
int dotnet_rewrite(struct planner *planner, struct span path, struct err *err);
int dpkg_keep(struct planner *planner, struct span status, struct err *err);
int dpkg_rewrite(struct planner *planner, struct span status, struct err *err);
int rpm_keep(struct planner *planner, struct span path, struct err *err);
int rpm_rewrite(struct planner *planner, struct span path, struct err *err);
