/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/match: what the database said, so that it is asked once. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "port/advisories.h"

struct memory_rows {
	struct advisory *items;
	size_t count;
};

struct match_memory {
	struct advisories *advisories;
	struct arena *arena; /* of all texts */
	bool keeps_rows;     /* else only CVEs: rows go by once */
	VEC(struct advisory_cve) cves;
	struct map *cve_places; /* id -> place in cves */
	VEC(struct memory_rows) rows;
	struct map *row_places; /* distribution, release and source -> place in rows */
};

/* `arena` is borrowed. ERR_MEMORY. */
int memory_begin(struct match_memory *memory, struct advisories *advisories, struct arena *arena,
		 struct err *err);
/* Frees all but the arena. */
void memory_end(struct match_memory *memory);

/* Valid until the next call. `id` must live as long as the memory. */
int memory_cve(struct match_memory *memory, struct span id, const struct advisory_cve **ret,
	       struct err *err);

/* As advisories_each(). With keeps_rows texts live as long as the memory. */
int memory_each(struct match_memory *memory, struct span distribution, struct span release,
		struct span source, advisories_visitor *each, void *context, struct err *err);
