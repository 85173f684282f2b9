/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's record of a running lens. */
#pragma once

#include "port/lens/serve.h"

struct lens {
	const struct image *image;
	const struct image *original; /* or NULL */
	struct lens_records records;
	char *mount_point;
	pid_t pid; /* of the server; -1: not running */
	int control;
	bool mounted;
	bool stopping;
	bool died; /* before it was told to */
};
