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
	bool watch_code; /* tells USE_RUN: the kernel reads page by page, so first reads are slower
			  */
};

/*
 * Mounts at `mount_point` (in the caller's mount namespace, which must be private) and starts to
 * serve. Programs are named through /proc, which must be that of the caller's pid namespace. The
 * server dies with the thread that called this; image and contents must outlive the lens.
 * Overlays above it: mount them with xino=off, or listing a merged directory looks up its entries.
 * ERR_UNSUPPORTED where /dev/fuse cannot be opened, ERR_IO.
 */
int lens_start(const struct lens_options *options, const char *mount_point, struct lens **ret,
	       struct err *err);

/*
 * Says that an overlay mounted here (as the caller sees it) has the view as a layer, so that a
 * new phase and a reset reach through it. At most 16.
 */
int lens_overlay(struct lens *lens, const char *mount_point, struct err *err);

/*
 * Records go to this phase (0 at the start, below PROFILE_PHASES_MAX) from now on; every path is
 * reported afresh, also to processes that have it open. Returns when that is so. ERR_LIMIT;
 * ERR_CHILD when the server has ended, ERR_TIMEOUT.
 */
int lens_phase(struct lens *lens, uint32_t phase, struct err *err);

/*
 * Forgets what was recorded so far (the runtime's own accesses before the first instruction);
 * first_ms and the curve count from here.
 */
int lens_reset(struct lens *lens, struct err *err);

/* Ends service and unmounts. The records stay. Processes still in the view get ENOTCONN. */
int lens_stop(struct lens *lens, struct err *err);

/*
 * Fills paths, missing, curve, last_new_path_ms of a profile under construction from its arena,
 * and used_paths and new_paths of the phases that are in it; adds to gaps. What did not fit is a
 * gap and complete = false. The same records give the same bytes. Any time, also after lens_stop.
 */
int lens_collect(const struct lens *lens, struct profile *profile, struct err *err);

void lens_free(struct lens *lens);
void lens_cleanup(struct lens **lens);
