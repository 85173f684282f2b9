/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/inventory: the dpkg reader. */
#pragma once

#include "codec/dpkg_status.h"
#include "stage/inventory/reading.h"

/* One dpkg administrative directory inside the image. */
struct dpkg_database {
	uint32_t directory;	/* entry: "/var/lib/dpkg" */
	struct span root;	/* what its paths are below: "" or "/srv/chroot" */
	struct map *diversions; /* diverted path -> index in diversion_items, or NULL */
	struct dpkg_diversion *diversion_items;
};

/* Where the lists of a package's files are. */
struct dpkg_lists {
	uint32_t list; /* entries; IMAGE_NONE: not there */
	uint32_t md5sums;
};

/* The entry DIRECTORY/NAME, links followed; IMAGE_NONE when there is none. */
uint32_t dpkg_child(struct reading *reading, uint32_t directory, struct span name);

/* dpkg_list.c: fills component->files from the lists and from the package's conffiles. */
int dpkg_read_files(struct reading *reading, const struct dpkg_database *database,
		    const struct dpkg_package *package, const struct dpkg_lists *lists,
		    struct component *component, struct err *err);

/* dpkg_list.c: loads DIRECTORY/diversions. */
int dpkg_read_diversions(struct reading *reading, struct dpkg_database *database, struct err *err);

/* dpkg_find.c: calls `each` with every administrative directory, that of the image's root first. */
int dpkg_find_databases(struct reading *reading,
			int (*each)(struct reading *reading, struct dpkg_database *database,
				    struct err *err),
			struct err *err);
