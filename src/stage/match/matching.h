/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/match: an inventory being matched. */
#pragma once

#include "base/vec.h"
#include "codec/distribution.h"
#include "codec/version_order.h"
#include "model/findings.h"
#include "port/advisories.h"
#include "stage/match/memory.h"

/* Who speaks for the components of one ecosystem in this image. */
struct answer {
	struct span ecosystem;
	const struct distribution *distribution; /* NULL: nobody */
	const struct version_order *order;
	struct span release;
	bool covered; /* there are advisories; else a gap says why not */
	size_t components;
};

struct matching {
	struct arena *arena; /* of the findings */
	struct advisories *advisories;
	const struct inventory *inventory;
	struct advisory_feed *feeds; /* of the database */
	size_t feed_count;
	VEC(struct answer) answers; /* one for each ecosystem that the inventory has */
	const struct answer *answer;
	uint32_t component; /* the one that is asked for now */
	bool as_source;	    /* by its source package, of a distribution that goes by binary ones */
	VEC(struct finding) findings;
	VEC(struct gap) gaps;
	struct match_memory *memory;
};

int matching_gap(struct matching *matching, struct err *err, struct span subject,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Fills the answers. *ret_matched is false, and gaps say why, when nothing could be matched, or
 * nothing of the operating system where it has packages.
 */
int matching_answers(struct matching *matching, bool *ret_matched, struct err *err);

/* Whether a feed was never had: the gap of what it would have matched says why. */
bool matching_never_had(const struct advisory_feed *feed);
