/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zip archives from memory (PKWARE APPNOTE 6.3: sections 4.3.6 to 4.3.16 and 4.5.3), as far as
 * archives of Java and of feeds need it: by the central directory, with Zip64, and with something
 * in front (a start script). Only members that are asked for are touched. Every offset is checked
 * against the file; what does not fit is ERR_INVALID.
 */
#pragma once

#include "base/buf.h"

struct zip {
	struct span file;
	struct span directory; /* the central one */
	uint64_t count;	       /* of members, as it is stated */
	uint64_t shift;	       /* bytes in front of the archive */
};

struct zip_member {
	struct span name; /* raw bytes, in the file */
	uint16_t mode;	  /* of Unix; 0: not stated */
	uint16_t method;
	uint16_t flags;
	uint32_t crc;
	uint64_t packed;
	uint64_t size;
	uint64_t offset; /* of its local header, without what is in front */
};

/* Begins as a zip does, or as one without members. */
bool zip_is(struct span file);

/* Finds the directory from the end. ERR_INVALID; ERR_LIMIT: ZIP_MEMBERS_MAX. */
int zip_open(struct span file, struct zip *ret, struct err *err);

/*
 * The member at *at (0 for the first), and moves it on. 1, or 0 behind the last; ERR_INVALID when
 * the directory is damaged from here on.
 */
int zip_next(const struct zip *zip, size_t *at, struct zip_member *ret, struct err *err);

/*
 * The content of a member: in the file where it is stored as it is, else inflated into `buf`, which
 * is emptied first and whose `max` is the ceiling. Length and CRC-32 are compared. ERR_INVALID,
 * ERR_LIMIT, ERR_MEMORY; ERR_UNSUPPORTED: encrypted, or packed by another method than deflate.
 */
int zip_read(const struct zip *zip, const struct zip_member *member, struct buf *buf,
	     struct span *ret, struct err *err);
