/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A feed that is an archive of many records: zip (by its central directory), or tar as it is or
 * packed by gzip, zstd, xz or bzip2. Told by its bytes. Names of members are labels and never
 * paths.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* One file; both live until it returns. Not 0 ends the reading. */
typedef int feed_archive_visitor(void *context, struct span name, struct span bytes,
				 struct err *err);

/* Whether a file is wanted; the bytes of one that is not are not had where that can be spared. */
typedef bool feed_archive_filter(void *context, struct span name);

/*
 * Every file of the archive that `filter` (NULL: all) lets through, in its order; reads from `fd`,
 * which stays the caller's, from its start. Folders and links are passed over. ERR_INVALID: no
 * archive, damaged or cut. ERR_UNSUPPORTED: a zip that is encrypted or packed otherwise than by
 * deflate. ERR_LIMIT: FEED_MEMBERS_MAX, FEED_MEMBER_MAX, FEED_ARCHIVE_MAX, FEED_RATIO_MAX. ERR_IO.
 */
int feed_archive_each(int fd, feed_archive_filter *filter, feed_archive_visitor *each,
		      void *context, struct err *err);
