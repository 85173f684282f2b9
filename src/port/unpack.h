/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image as an ordinary tree of files: what a container runtime would unpack. Contents come from
 * the layer cache, where they are verified; owners, modes, times, extended attributes, devices,
 * sparse files and hard links are those of the image.
 */
#pragma once

#include "model/image.h"
#include "port/contents.h"

/*
 * Into an existing empty directory that nobody else writes to. What is there after a failure is the
 * caller's to remove. ERR_UNSUPPORTED says what the machine lacks: room, the right to set an owner
 * or to make a device, a file system that takes the attributes. ERR_IO.
 */
int unpack_image(const struct image *image, const struct contents *contents, const char *directory,
		 struct err *err);
