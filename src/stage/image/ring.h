/* SPDX-License-Identifier: Apache-2.0 */
/* A few blocks between two threads: one fills them, the other empties them, in order. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RING_BLOCKS = 8,
	RING_BLOCK_BYTES = 256 << 10, /* whole tar records */
};

struct ring;

struct ring *ring_new(void); /* NULL without memory */
void ring_free(struct ring *ring);
void ring_cleanup(struct ring **ring);

/* Filling side: a free block of RING_BLOCK_BYTES; NULL: the other side gave up. */
uint8_t *ring_space(struct ring *ring);
void ring_push(struct ring *ring, size_t n);
/* No more blocks; `failure` NULL, or why: the other side gets it once it took what is there. */
void ring_close(struct ring *ring, const struct err *failure);

/*
 * Emptying side: the next block, and the one before is free again; *ret_n == 0 at the end. Fails
 * with what ring_close() was told.
 */
int ring_pop(struct ring *ring, const uint8_t **ret, size_t *ret_n, struct err *err);
void ring_give_up(struct ring *ring);
