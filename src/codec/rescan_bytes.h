/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rescan keeps for the next one, as bytes. All numbers little-endian, nothing aligned:
 *
 *	text      4  bytes; the bytes
 *	state     8  "mohsrsc" 1; digest of the database (text)
 *	          4  entries: path (text), digest of the document (text), inventory and findings
 *	             (packed, each a text)
 *	packed    4  bytes unpacked; a zstd frame
 *	findings  4  findings: severity (1), exploited (1), five texts
 */
#pragma once

#include "base/buf.h"
#include "model/rescan.h"

struct rescan_entry {
	struct span path;
	struct span digest;
	struct span inventory; /* packed inventory_bytes_put() */
	struct span findings;  /* packed rescan_findings_put() */
};

struct rescan_state {
	struct span database;
	struct rescan_entry *entries; /* as they were put */
	size_t count;
};

/* A state is its head and so many entries behind it. */
int rescan_head_put(struct span database, size_t entries, struct buf *buf, struct err *err);
int rescan_entry_put(const struct rescan_entry *entry, struct buf *buf, struct err *err);

/* Texts are borrowed from `bytes`; what is packed is not looked into. ERR_INVALID. */
int rescan_state_get(struct span bytes, struct arena *arena, struct rescan_state *ret,
		     struct err *err);

/* Appends the packed form, or what was packed: at most RESCAN_PACKED_MAX bytes. ERR_INVALID. */
int rescan_pack(struct span bytes, struct buf *packed, struct err *err);
int rescan_unpack(struct span packed, struct buf *bytes, struct err *err);

int rescan_findings_put(const struct findings *findings, const struct inventory *inventory,
			struct buf *buf, struct err *err);
/* Texts are borrowed from `bytes`. ERR_INVALID. */
int rescan_findings_get(struct span bytes, struct arena *arena, struct rescan_finding **ret,
			size_t *ret_count, struct err *err);

/* Of a finding in a record. Texts are borrowed. */
struct rescan_finding rescan_finding_of(const struct finding *finding,
					const struct inventory *inventory);
