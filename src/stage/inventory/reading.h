/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/inventory: an inventory being read, and the table of package readers. */
#pragma once

#include "base/vec.h"
#include "model/inventory.h"
#include "port/contents.h"

struct reading {
	const struct image *image;
	const struct contents *contents;
	struct arena *arena; /* of the inventory */
	struct os_identity os;
	VEC(struct component) components;
	VEC(struct gap) gaps;
	struct map *parents; /* listed folder -> entry, see paths.c */
	size_t files;	     /* of all components so far */
	bool *listed;	     /* per entry: by a package of the operating system, see language.c */
	size_t seen;	     /* components that `listed` knows of */
	bool any_database;
};

/*
 * One way packages are recorded. It looks for its databases itself, sets any_database when it
 * finds one, and adds components and gaps. Adding a reader: one file and one line in readers.c.
 */
struct inventory_reader {
	struct span ecosystem;
	int (*read)(struct reading *reading, struct err *err);
};

extern const struct inventory_reader inventory_readers[];
extern const size_t inventory_reader_count;

int reading_gap(struct reading *reading, struct err *err, struct span subject, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/*
 * A file's content. When it cannot be read there is a gap with `subject` and *ret_good is false;
 * fails only without memory.
 */
int reading_load(struct reading *reading, uint32_t entry, struct span subject, size_t max,
		 struct span *ret, bool *ret_good, struct err *err);

/*
 * The entry a package database means by `path`, below the folder `root` ("" for the image's root):
 * folders on the way are followed when they are symbolic links, the last component is not.
 * *ret is IMAGE_NONE when it is not there. Strings are borrowed as long as the reading lives.
 */
int reading_entry(struct reading *reading, struct span root, struct span path, uint32_t *ret,
		  struct err *err);

/*
 * "pkg:TYPE/NAMESPACE/NAME@VERSION?arch=..&distro=..&upstream=.." (purl-spec); .p NULL without
 * memory. `vendor`: the namespace where the distribution is not known.
 */
struct span purl_make(struct reading *reading, const char *type, struct span vendor,
		      const struct component *component);

/* os.c: fills reading->os. */
int reading_os(struct reading *reading, struct err *err);

/* One file each. */
int apk_read(struct reading *reading, struct err *err);
int dotnet_read(struct reading *reading, struct err *err);
int dpkg_read(struct reading *reading, struct err *err);
int java_read(struct reading *reading, struct err *err);
int node_read(struct reading *reading, struct err *err);
int php_read(struct reading *reading, struct err *err);
int programs_read(struct reading *reading, struct err *err);
int python_read(struct reading *reading, struct err *err);
int rpm_read(struct reading *reading, struct err *err);
int ruby_read(struct reading *reading, struct err *err);
int unread_databases(struct reading *reading, struct err *err);
