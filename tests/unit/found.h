/* SPDX-License-Identifier: Apache-2.0 */
/* Inventories of images made from a table, and what a test asks of them. */
#pragma once

#include "fixture.h"
#include "model/inventory.h"

/* The image of a table, and its inventory. */
struct inventory *found_read(const struct fixture_entry *table, size_t count,
			     struct fixture *fixture);
#define READ(table, fixture) found_read(table, sizeof(table) / sizeof((table)[0]), fixture)

/* Frees both. */
void found_drop(struct inventory *inventory, struct fixture *fixture);

/* Name of the component that owns a path; "-" when none does. Fails when the path is not there. */
struct span found_owner(const struct fixture *fixture, const struct inventory *inventory,
			const char *path);

/* A gap of this subject whose text has this part. */
bool found_gap(const struct inventory *inventory, const char *subject, const char *part);
