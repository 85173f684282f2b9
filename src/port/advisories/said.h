/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the records of a feed say of one id of a package: the row is made of all of them, so it does
 * not matter in which order they came, nor whether one of them went meanwhile.
 */
#pragma once

#include "base/vec.h"
#include "port/advisories/rows.h"

struct said_claim {
	struct span content; /* borrowed */
	uint64_t times;	     /* > 0 */
};

/* The buffers' `max` is set before use. */
struct said {
	VEC(struct said_claim) claims; /* in the order of the contents */
	struct buf text;	       /* the content that is made of several */
	struct buf versions;
};

void said_cleanup(struct said *said);

/* One record more says so. ERR_LIMIT. */
int said_add(struct said *said, struct span content, struct err *err);

/* One less; false when none did. */
bool said_remove(struct said *said, struct span content);

/* Whether more than one record speaks of it. */
static inline bool
said_is_contested(const struct said *said)
{
	return said->claims.count > 1 ||
	       (said->claims.count == 1 && said->claims.items[0].times > 1);
}

/*
 * The content of the row, of one claim and more, until the next is asked for: of ADVISORY_RANGES
 * the versions of all with the worst severity, else the one that sorts first, an open one before a
 * fixed one.
 */
int said_content(struct said *said, enum advisories_table table, struct span *ret, struct err *err);
