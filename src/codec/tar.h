/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tar stream to its members, with the place of each file's bytes in the stream: ustar, pax and
 * GNU tar (POSIX.1-2017 pax, "pax Interchange Format"; GNU tar manual, "Standard"), sparse files of
 * all GNU kinds. Names, link targets and attributes are the bytes that are stored.
 */
#pragma once

#include "base/err.h"
#include "codec/layer_record.h"

/* The next block of the stream, valid until the next call; *ret_n == 0 at the end. */
typedef int (*tar_source)(void *context, const void **ret, size_t *ret_n, struct err *err);

struct tar_reader;

int tar_reader_new(tar_source source, void *context, struct tar_reader **ret, struct err *err);
void tar_reader_free(struct tar_reader *reader);
void tar_reader_cleanup(struct tar_reader **reader);

/*
 * The next member, or NULL at the end: then the stream has been read to its end, too. The record
 * lives until the next call.
 * A stream may end right behind the last file's content, without padding and end marker.
 * ERR_INVALID: no tar, damaged, truncated, something behind the end. ERR_LIMIT:
 * IMAGE_SPARSE_MAX, IMAGE_XATTR_MAX, IMAGE_XATTRS_MAX, IMAGE_ENTRIES_MAX. ERR_UNSUPPORTED: a kind
 * of member that no image has. And what `source` returns.
 */
int tar_reader_next(struct tar_reader *reader, const struct layer_record **ret, struct err *err);
