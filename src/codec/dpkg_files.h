/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of files beside a dpkg database: info/NAME.list (one absolute path a line),
 * info/NAME.md5sums (md5sum(1) lines, paths without the first slash) and `diversions` (three lines
 * each: from, to, package or ":" for the administrator).
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct dpkg_file {
	struct span path;   /* of a .list absolute ("/." is the root), of .md5sums relative */
	uint8_t digest[16]; /* of .md5sums only */
};

/*
 * Each cuts the next entry off *rest (at first the whole file; .p NULL behind the last one).
 * False: no more. Lines that are no entry are passed over and counted in *faults.
 */
bool dpkg_list_next(struct span *rest, struct dpkg_file *ret, size_t *faults);
bool dpkg_md5sums_next(struct span *rest, struct dpkg_file *ret, size_t *faults);

/* 32 hex digits. */
bool dpkg_md5_parse(struct span hex, uint8_t ret[16]);

struct dpkg_diversion {
	struct span from;
	struct span to;
	struct span package; /* whose file stays at `from`; empty: of the administrator */
};

bool dpkg_diversion_next(struct span *rest, struct dpkg_diversion *ret, size_t *faults);
