/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A feed's file, inflated while it is read: gzip, zstd and bzip2 are told by their first bytes,
 * whatever the name says; anything else is taken as it is.
 */
#pragma once

#include "codec/feed.h"

struct feed_file;

/* Reads from `fd`, which stays the caller's, from its start and by position. ERR_INVALID. */
int feed_file_open(int fd, struct feed_file **ret, struct err *err);
void feed_file_free(struct feed_file *file);
void feed_file_cleanup(struct feed_file **file);

/* ERR_INVALID when the compressed bytes are damaged or cut, ERR_LIMIT over FEED_DOCUMENT_MAX. */
struct feed_input feed_file_input(struct feed_file *file);
