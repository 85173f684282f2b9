/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's record of a running lens. */
#pragma once

#include "port/lens/serve.h"

enum { LENS_OVERLAYS_MAX = 16 };

struct lens {
	const struct image *image;
	const struct image *original; /* or NULL */
	const struct contents *contents;
	struct lens_records records;
	char *mount_point;
	pid_t pid; /* of the server; -1: not running */
	int control;
	char *overlays[LENS_OVERLAYS_MAX];
	size_t overlay_count;
	bool overlay_kept; /* an overlay did not forget its missing names at a change of phase */
	bool mounted;
	bool stopping;
	bool died; /* before it was told to */
};
