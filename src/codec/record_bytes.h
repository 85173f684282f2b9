/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as bytes on their way from the process that made them to the one that asked: both are
 * the same program, and yet what comes is not trusted. All numbers little-endian, nothing aligned:
 *
 *	text       4   bytes, 0xffffffff: none (.p NULL);  the bytes and a NUL
 *	inventory  8   "mohsinv" NUL; any_database (1), os.known (1); nine texts:
 *	           of the document, of the system
 *	           4   components: essential (1), state (1), no_files (1), guessed (1), fifteen
 *	               texts, number of files (4), files: entry (4), conffile (1), digest_of (1),
 *	               digest (20), listed (text)
 *	           4   gaps: two texts each
 *	shells     8   "mohsshl" NUL
 *	           4   shells: entry (4), kind (1), proof (1), what (text)
 *	           4   gaps: two texts each
 *	risks      8   "mohsrsk" NUL; found (4)
 *	           4   risks, by entry: entry (4), via (4), kind (1), files (4)
 *	           4   gaps: two texts each
 */
#pragma once

#include "base/buf.h"
#include "model/inventory.h"
#include "model/risks.h"
#include "model/shells.h"

/* Appends. ERR_LIMIT over the buffer's own. Owners are not among it: they follow from the files. */
int inventory_bytes_put(const struct inventory *inventory, struct buf *buf, struct err *err);
int shells_bytes_put(const struct shells *shells, struct buf *buf, struct err *err);
int risks_bytes_put(const struct risks *risks, struct buf *buf, struct err *err);

/*
 * A new record in `arena`, which it holds afterwards; no text refers to `bytes`. Every entry is
 * below `entry_count` (a file's may be IMAGE_NONE). `owners` stays empty. ERR_INVALID.
 */
int inventory_bytes_get(struct span bytes, size_t entry_count, struct arena *arena,
			struct inventory **ret, struct err *err);
int shells_bytes_get(struct span bytes, size_t entry_count, struct arena *arena,
		     struct shells **ret, struct err *err);
int risks_bytes_get(struct span bytes, size_t entry_count, struct arena *arena, struct risks **ret,
		    struct err *err);
