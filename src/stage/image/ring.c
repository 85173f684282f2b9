/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/image/ring.h"

#include <pthread.h>
#include <stdlib.h>

struct ring {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t pushed; /* blocks, in all */
	size_t popped; /* blocks handed out, in all */
	size_t freed;  /* blocks that came back, in all */
	bool closed;
	bool given_up;
	struct err failure;
	size_t sizes[RING_BLOCKS];
	uint8_t *bytes;
};

struct ring *
ring_new(void)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return NULL;
	ring->bytes = malloc((size_t)RING_BLOCKS * RING_BLOCK_BYTES);
	if (!ring->bytes) {
		free(ring);
		return NULL;
	}
	(void)pthread_mutex_init(&ring->lock, NULL);
	(void)pthread_cond_init(&ring->changed, NULL);
	return ring;
}

void
ring_free(struct ring *ring)
{
	if (!ring)
		return;
	(void)pthread_cond_destroy(&ring->changed);
	(void)pthread_mutex_destroy(&ring->lock);
	free(ring->bytes);
	free(ring);
}

void
ring_cleanup(struct ring **ring)
{
	ring_free(*ring);
	*ring = NULL;
}

static uint8_t *
block(const struct ring *ring, size_t number)
{
	return ring->bytes + number % RING_BLOCKS * RING_BLOCK_BYTES;
}

uint8_t *
ring_space(struct ring *ring)
{
	uint8_t *p = NULL;

	(void)pthread_mutex_lock(&ring->lock);
	while (!ring->given_up && ring->pushed - ring->freed == RING_BLOCKS)
		(void)pthread_cond_wait(&ring->changed, &ring->lock);
	if (!ring->given_up)
		p = block(ring, ring->pushed);
	(void)pthread_mutex_unlock(&ring->lock);
	return p;
}

void
ring_push(struct ring *ring, size_t n)
{
	(void)pthread_mutex_lock(&ring->lock);
	ring->sizes[ring->pushed % RING_BLOCKS] = n;
	ring->pushed++;
	(void)pthread_cond_signal(&ring->changed);
	(void)pthread_mutex_unlock(&ring->lock);
}

void
ring_close(struct ring *ring, const struct err *failure)
{
	(void)pthread_mutex_lock(&ring->lock);
	ring->closed = true;
	if (failure)
		ring->failure = *failure;
	(void)pthread_cond_signal(&ring->changed);
	(void)pthread_mutex_unlock(&ring->lock);
}

int
ring_pop(struct ring *ring, const uint8_t **ret, size_t *ret_n, struct err *err)
{
	int r = 0;

	(void)pthread_mutex_lock(&ring->lock);
	if (ring->freed != ring->popped) {
		ring->freed = ring->popped;
		(void)pthread_cond_signal(&ring->changed);
	}
	while (ring->pushed == ring->popped && !ring->closed)
		(void)pthread_cond_wait(&ring->changed, &ring->lock);
	if (ring->pushed != ring->popped) {
		*ret = block(ring, ring->popped);
		*ret_n = ring->sizes[ring->popped % RING_BLOCKS];
		ring->popped++;
	} else if (ring->failure.kind != ERR_NONE) {
		*err = ring->failure;
		r = -(int)err->kind;
	} else {
		*ret_n = 0;
	}
	(void)pthread_mutex_unlock(&ring->lock);
	return r;
}

void
ring_give_up(struct ring *ring)
{
	(void)pthread_mutex_lock(&ring->lock);
	ring->given_up = true;
	(void)pthread_cond_signal(&ring->changed);
	(void)pthread_mutex_unlock(&ring->lock);
}
