/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Well-known programs by their own words: a file's name says which one it may be, a text in it says
 * the version. One row each; the bytes are shown piece by piece, once.
 */
#pragma once

#include "base/span.h"

struct known_rule {
	struct span name;     /* as Bitnami's advisories call it */
	struct span files[4]; /* names it has (codec/glob.h) */
	struct span before;   /* what stands right in front of the version; empty: anything */
	struct span behind;   /* and behind it, after at most `between` other bytes of the text */
	uint8_t between;
	uint8_t parts; /* so many numbers at least */
	bool series; /* it begins with the numbers in the file's name: "3.12" of "libpython3.12.so"
		      */
	bool build_id; /* what stands behind it is run into it (Redis) */
	bool quiet;    /* the file may be a small one that only starts a library */
};

/* By the last component of a path; NULL: none. */
const struct known_rule *known_rule_find(struct span path);

enum {
	KNOWN_VERSION_MAX = 63,
	KNOWN_VERSIONS_MAX = 8,
	/* each piece but the first begins with so many bytes of the end of the one before */
	KNOWN_OVERLAP = 512,
};

struct known_version {
	char text[KNOWN_VERSION_MAX + 1];
	size_t n;
};

struct known_scan {
	const struct known_rule *rule;
	struct span series; /* borrowed from the path */
	struct known_version versions[KNOWN_VERSIONS_MAX];
	size_t count; /* of distinct ones; not more than there is room for */
};

void known_scan_start(const struct known_rule *rule, struct span path, struct known_scan *ret);
void known_scan_feed(struct known_scan *scan, struct span bytes, bool last);

/* The version when there is exactly one; points into `scan`. */
bool known_scan_version(const struct known_scan *scan, struct span *ret);
