/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

struct slot {
	struct span key; /* .p == NULL: free */
	uint64_t hash;
	uint64_t value;
};

struct map {
	struct slot *slots;
	size_t capacity; /* a power of two */
	size_t count;
};

static uint64_t seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void
make_seed(void)
{
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = (uint64_t)(uintptr_t)&seed;
}

struct map *
map_new(size_t expected)
{
	struct map *map = calloc(1, sizeof(*map));
	size_t capacity = 16;

	if (!map)
		return NULL;
	(void)pthread_once(&seed_once, make_seed);
	while (capacity / 4 * 3 < expected)
		capacity *= 2;
	map->slots = calloc(capacity, sizeof(*map->slots));
	if (!map->slots) {
		free(map);
		return NULL;
	}
	map->capacity = capacity;
	return map;
}

void
map_free(struct map *map)
{
	if (!map)
		return;
	free(map->slots);
	free(map);
}

void
map_cleanup(struct map **map)
{
	map_free(*map);
	*map = NULL;
}

static struct slot *
find_slot(const struct map *map, struct span key, uint64_t hash)
{
	size_t mask = map->capacity - 1;

	for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
		struct slot *slot = &map->slots[i];

		if (!slot->key.p || (slot->hash == hash && span_equal(slot->key, key)))
			return slot;
	}
}

static int
grow(struct map *map, struct err *err)
{
	struct map bigger = {.capacity = map->capacity * 2, .count = map->count};

	bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
	if (!bigger.slots)
		return err_memory(err);
	for (size_t i = 0; i < map->capacity; i++) {
		if (map->slots[i].key.p)
			*find_slot(&bigger, map->slots[i].key, map->slots[i].hash) = map->slots[i];
	}
	free(map->slots);
	*map = bigger;
	return 0;
}

int
map_put(struct map *map, struct span key, uint64_t value, struct err *err)
{
	if (map->count >= map->capacity / 4 * 3) {
		int r = grow(map, err);
		if (r < 0)
			return r;
	}
	if (!key.p)
		key.p = "";

	uint64_t hash = span_hash(key, seed);
	struct slot *slot = find_slot(map, key, hash);
	if (!slot->key.p)
		map->count++;
	*slot = (struct slot){key, hash, value};
	return 0;
}

bool
map_get(const struct map *map, struct span key, uint64_t *ret)
{
	const struct slot *slot = find_slot(map, key, span_hash(key, seed));

	if (!slot->key.p)
		return false;
	*ret = slot->value;
	return true;
}

size_t
map_count(const struct map *map)
{
	return map->count;
}
