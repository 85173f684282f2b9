/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash map from text to a 64-bit value. Keys are borrowed: they must outlive
 * the map. Seeded per process, so that hostile keys cannot be aimed at it.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct map;

/* `expected`: a hint at the number of keys. NULL without memory. */
struct map *map_new(size_t expected);
void map_free(struct map *map);
void map_cleanup(struct map **map);

/* Adds or replaces. */
int map_put(struct map *map, struct span key, uint64_t value, struct err *err);
bool map_get(const struct map *map, struct span key, uint64_t *ret);
size_t map_count(const struct map *map);
