/* SPDX-License-Identifier: Apache-2.0 */
/* Whole images in a folder of their own, to be opened or refused. Every failure fails the test. */
#pragma once

#include "layer.h"
#include "stage/image.h"

/* A folder with a layout, a cache and what else a test needs. */
struct place {
	struct arena *arena;
	struct span folder;
	struct span layout; /* folder */
	struct span reference;
	struct image_options options;
};

struct place place_make(void);
void place_free(struct place *place);

/* A plain tar of members, and bytes packed by gzip, in the place's arena. */
struct span place_tar(struct place *place, const struct tar_member *members, size_t count);
struct span place_gzip(struct place *place, struct span plain);

/* Layers in the cache. */
size_t place_cached(const struct place *place);

/* An image of these layers (of one with these members) is refused with such an error. */
void place_refuse(struct place *place, enum err_kind kind, const struct layout_layer *layers,
		  size_t count, const char *text);
void place_refuse_members(struct place *place, enum err_kind kind, const struct tar_member *members,
			  size_t count, const char *text);

/* The tar of the lowest of three layers: files of all modes, folders, links of both kinds. */
struct span place_lowest(struct place *place);

/* Three layers of different compression, with whiteouts and hard links. */
void place_three_layers(struct place *place, struct layout_layer layers[3]);

/* A path has this content. */
void place_check_file(const struct image *image, const struct contents *contents, const char *path,
		      const char *wanted);
