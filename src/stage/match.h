/* SPDX-License-Identifier: Apache-2.0 */
/* inventory x advisories -> findings. docs/findings.md */
#pragma once

#include "model/findings.h"
#include "port/advisories.h"

int match_run(const struct inventory *inventory, struct advisories *advisories,
	      struct findings **ret, struct err *err);

/*
 * For many inventories, one after the other, and one database: what it said is remembered, up to
 * MATCH_MEMORY_MAX. One thread.
 */
struct match_memory;

/* The database must outlive it. */
int match_memory_new(struct advisories *advisories, struct match_memory **ret, struct err *err);
void match_memory_free(struct match_memory *memory);
void match_memory_cleanup(struct match_memory **memory);

/* As match_run(). The findings are valid until the next call with this memory, or its end. */
int match_again(struct match_memory *memory, const struct inventory *inventory,
		struct findings **ret, struct err *err);
