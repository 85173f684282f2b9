/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image view: a read-only FUSE file system that serves an image from its
 * layers and records the first use of each path. A file that was not served was
 * not used. docs/lens.md says how.
 *
 * Runs in a process of its own; the caller sees its records in shared memory.
 */
#pragma once

#include "model/profile.h"
#include "port/contents.h"

struct lens;

struct lens_options {
	const struct image *image;	 /* what is served */
	const struct contents *contents; /* of `image` */
	const struct image *original; /* NULL, or: a missing path that this one has is `removed` */
};

/*
 * Mounts at `mount_point` (in the caller's mount namespace, which must be private) and starts to
 * serve. ERR_UNSUPPORTED where /dev/fuse cannot be opened, ERR_IO.
 */
int lens_start(const struct lens_options *options, const char *mount_point, struct lens **ret,
	       struct err *err);

/* Records go to this phase from now on; every path is reported afresh. */
int lens_phase(struct lens *lens, uint32_t phase, struct err *err);

/* Forgets what was recorded so far (the runtime's own accesses before the first instruction). */
int lens_reset(struct lens *lens, struct err *err);

/* Ends service and unmounts. */
int lens_stop(struct lens *lens, struct err *err);

/*
 * Appends what was recorded to a profile under construction: paths, missing, curve,
 * last_new_path_ms. ERR_LIMIT-free: what did not fit is a gap and profile->complete = false.
 */
int lens_collect(const struct lens *lens, struct profile *profile, struct err *err);

void lens_free(struct lens *lens);
void lens_cleanup(struct lens **lens);
