/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/inventory: what the readers of languages' packages share. docs/inventory.md */
#pragma once

#include "codec/purl.h"
#include "stage/inventory/reading.h"

/*
 * Whether a package of the operating system that was read before lists the entry: then the
 * distribution's advisories speak for what is recorded there, and it is left out.
 */
int language_is_owned(struct reading *reading, uint32_t entry, bool *ret, struct err *err);

/*
 * Adds a component of which ecosystem, name and version are filled, and whatever else is known:
 * with its purl ("pkg:npm/%40scope/name@1.0"), with source_version, and with the key that
 * advisories use as its source, unless it has one. `qualifiers` of the purl may be NULL, and are in
 * order.
 */
int language_add(struct reading *reading, struct component *component,
		 const struct purl_qualifier *qualifiers, size_t count, struct err *err);

/* Files of one component, collected. */
struct language_files {
	struct reading *reading;
	VEC(struct component_file) list;
};

/* Adds one file; *ret (may be NULL) is valid until the next is added. ERR_LIMIT. */
int language_file(struct language_files *files, struct span listed, uint32_t entry,
		  struct component_file **ret, struct err *err);

/*
 * Adds an entry and all below it, folders included. What `skips` (may be NULL) is true for is left
 * out with all below it.
 */
int language_tree(struct language_files *files, uint32_t top,
		  bool (*skips)(void *context, uint32_t entry), void *context, struct err *err);

/* Hands what was collected to the component, and starts anew. */
int language_take(struct language_files *files, struct component *component, struct err *err);
void language_files_cleanup(struct language_files *files);

/* The child of a folder, links not followed; IMAGE_NONE: there is none. */
uint32_t language_child(const struct reading *reading, uint32_t directory, struct span name);

/* "/a/b" of "/a/b/c"; "" of "/c". */
struct span language_folder(struct span path);

/*
 * An absolute path from one below a folder of the image, "." and ".." resolved by the letter; .p
 * NULL without memory.
 */
struct span language_path(struct arena *arena, struct span folder, struct span path);

/* A codec's reader of one record, and what it fills. */
typedef int language_codec(struct span text, struct arena *arena, void *ret, struct err *err);

/*
 * What the record at an entry says: 1. Where it cannot be read, or is longer than
 * LANGUAGE_RECORD_MAX, a gap says so: 0. An `arena` of NULL is ERR_MEMORY.
 */
int language_read(struct reading *reading, uint32_t entry, language_codec *codec,
		  struct arena *arena, void *ret, struct err *err);
